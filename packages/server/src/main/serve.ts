import { AwsDoor, listen, type Listener } from '../api/index.ts';
import { jsonLogger, systemClock, systemRandom, type Logger } from '../base/index.ts';
import { ConfigError, type Config } from './config.ts';
import { openHouse, type House } from './house.ts';
import { lockDataFolder } from './lock.ts';

export interface Started {
  readonly origin: string;
  readonly port: number;
  readonly isolation: string;
  readonly remedy?: string;
}

/**
 * Runs a server until the signal says stop: refuse, drain, deadline, kill.
 *
 * @param onStarted  called once requests are answered
 * @throws ConfigError for what cannot be kept, DataFolderInUse, or the listener's error with `code` EADDRINUSE, EACCES …
 */
export async function serve(
  config: Config,
  options: { readonly signal: AbortSignal; readonly onStarted?: (started: Started) => void; readonly log?: Logger },
): Promise<void> {
  const clock = systemClock;
  const random = systemRandom;
  const log = options.log ?? jsonLogger({ clock, level: config.logLevel });

  await using rooms = new AsyncDisposableStack();
  rooms.use(lockDataFolder(config.dataDir));
  let listener: Listener | undefined;
  const house: House = rooms.use(
    await openHouse({
      config,
      clock,
      random,
      log,
      serveEndpoint: (connection) => (listener === undefined ? void connection.destroy() : listener.serveConnection(connection)),
    }),
  );
  if (config.auth === 'strict' && house.signatures === undefined)
    throw new ConfigError('--auth strict: this build cannot verify signatures yet. Use --auth open on a loopback address.');
  const aws = new AwsDoor({
    handlers: house.handlers,
    limits: config.limits,
    log,
    region: config.region,
    ...(house.signatures === undefined ? {} : { signatures: house.signatures }),
    ...(house.callers === undefined ? {} : { callers: house.callers }),
  });
  listener = rooms.use(
    await listen({
      host: config.host,
      port: config.port,
      aws,
      admin: { metrics: () => house.metrics(), status: async () => ({ ...(await house.status()), auth: config.auth, node: process.version }) },
      clock,
      random,
      log,
    }),
  );
  options.onStarted?.({
    origin: listener.origin,
    port: listener.port,
    isolation: house.isolation,
    ...(house.remedy === undefined ? {} : { remedy: house.remedy }),
  });
  await stopped(options.signal);
  const withinMs = config.drainMs;
  await Promise.all([listener.drain({ withinMs }), house.drain({ withinMs })]);
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
