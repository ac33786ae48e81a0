import { serviceNames, type ServiceName } from '@mayfly/wire';
import {
  AwsDoor,
  listen,
  type AwsDoorOptions,
  type HandlerTable,
  type HandlerTables,
} from '../../packages/server/src/api/index.ts';
import { awsLimits, silentLogger, systemClock, systemRandom } from '../../packages/server/src/base/index.ts';

export interface Street extends AsyncDisposable {
  readonly origin: string;
  /** For the constructor of any SDK client. */
  readonly client: {
    readonly endpoint: string;
    readonly region: string;
    readonly maxAttempts: number;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** For a process that reads the usual variables. */
  readonly env: Readonly<Record<string, string>>;
}

/** A street door with real sockets in front of the neighbours that a test has opened. */
export async function openStreet(
  tables: Partial<Readonly<Record<ServiceName, object>>>,
  options: Partial<AwsDoorOptions> = {},
): Promise<Street> {
  const handlers = Object.fromEntries(
    serviceNames.map((name) => [name, () => Promise.resolve((tables[name] ?? {}) as HandlerTable)]),
  ) as unknown as HandlerTables;
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    admin: { metrics: () => '', status: () => Promise.resolve({}) },
    aws: new AwsDoor({ handlers, limits: awsLimits, log: silentLogger, region: 'us-east-1', ...options }),
  });
  const credentials = { accessKeyId: '000000000000', secretAccessKey: 'secret' };
  return {
    origin: listener.origin,
    client: { endpoint: listener.origin, region: 'us-east-1', maxAttempts: 1, credentials },
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: '/nonexistent',
      AWS_ENDPOINT_URL: listener.origin,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    [Symbol.asyncDispose]: () => listener[Symbol.asyncDispose](),
  };
}
