import {
  ConfigError,
  DataFolderInUse,
  isLoopback,
  readConfig,
  serve,
  type Config,
  type Given,
  type Started,
} from '@mayfly/server';
import { exitCodes, Stop } from './exit.ts';

/** Runs a server in this process until SIGTERM or SIGINT. The second signal ends it at once. */
export async function start(
  flags: Given & { readonly config?: string | undefined; readonly json?: boolean | undefined },
): Promise<void> {
  const config = configured(flags);
  const stop = new AbortController();
  const onSignal = (): void => (stop.signal.aborted ? process.exit(130) : stop.abort());
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  try {
    await serve(config, {
      signal: stop.signal,
      onStarted: (started) =>
        process.stdout.write(
          flags.json === true
            ? JSON.stringify({ ...started, dataDir: config.dataDir, auth: config.auth }) + '\n'
            : greeting(started, config),
        ),
    });
  } catch (error) {
    throw explained(error, config);
  } finally {
    process.off('SIGTERM', onSignal);
    process.off('SIGINT', onSignal);
  }
}

function configured(flags: Given & { readonly config?: string | undefined }): Config {
  try {
    return readConfig({ flags, env: process.env, file: flags.config });
  } catch (error) {
    throw error instanceof ConfigError ? new Stop(exitCodes.usage, error.message) : error;
  }
}

function explained(error: unknown, config: Config): unknown {
  if (error instanceof DataFolderInUse || error instanceof ConfigError) return new Stop(exitCodes.usage, error.message);
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new Stop(
        exitCodes.usage,
        `Port ${config.port} on ${config.host} is taken. Give another with --port, or 0 for any free one.`,
      );
    case 'EACCES':
      return new Stop(
        exitCodes.usage,
        `Not allowed: ${(error as Error).message}. Another --data folder or a --port above 1023 will do.`,
      );
    default:
      return error;
  }
}

function greeting(started: Started, config: Config): string {
  const rows = [
    ['endpoint', started.origin],
    ['isolation', started.isolation],
    ['data', config.dataDir],
    ...(started.remedy === undefined ? [] : [['better', started.remedy]]),
  ];
  const lines = rows.map(([name, value]) => `  ${(name ?? '').padEnd(10)} ${value}`);
  const width = Math.max(...lines.map((line) => line.length)) + 2;
  const rule = '─'.repeat(width);
  const loud =
    config.auth === 'open' && !isLoopback(config.host)
      ? '\nWARNING: anyone who can reach this address can run code here (--auth open).\n'
      : '';
  return [
    `┌${rule}┐`,
    ...['  Mayfly', ...lines].map((line) => `│${line.padEnd(width)}│`),
    `└${rule}┘${loud}`,
    ...(started.firstKey === undefined ? [] : ['The first key of this server. It is not shown again:']),
    ...exportLines({ endpoint: started.origin, region: config.region, ...keyOf(started, config) }),
    'Ready.',
    '',
  ].join('\n');
}

/** What stands in the export lines: the new key, or a place for the one that was shown before. */
const keyOf = ({ firstKey }: Started, { auth }: Config): { readonly accessKeyId?: string; readonly secretAccessKey?: string } =>
  firstKey ?? (auth === 'open' ? {} : { accessKeyId: '<your key id>', secretAccessKey: '<your secret>' });

/** What points every AWS tool at a server. */
export const exportLines = (target: {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
}): readonly string[] => [
  `export AWS_ENDPOINT_URL=${target.endpoint}`,
  `export AWS_ACCESS_KEY_ID=${target.accessKeyId ?? '000000000000'}`,
  `export AWS_SECRET_ACCESS_KEY=${target.secretAccessKey ?? 'mayfly'}`,
  `export AWS_DEFAULT_REGION=${target.region}`,
];
