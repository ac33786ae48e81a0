import { serviceNames, type ServiceName } from '../../packages/wire/src/index.ts';
import {
  AwsDoor,
  listen,
  type CallerSource,
  type HandlerTable,
  type HandlerTables,
  type Listener,
  type SignatureCheck,
} from '../../packages/server/src/api/index.ts';
import { awsLimits, silentLogger, systemClock, systemRandom } from '../../packages/server/src/base/index.ts';

/** The street door in front of the handlers a test is about, on a port of its own. */
export function openDoor(
  handlers: Partial<Record<ServiceName, object>>,
  options: { readonly callers?: CallerSource; readonly signatures?: SignatureCheck } = {},
): Promise<Listener> {
  const tables = Object.fromEntries(
    serviceNames.map((name) => [name, () => Promise.resolve((handlers[name] ?? {}) as HandlerTable)]),
  );
  return listen({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    admin: { metrics: () => '', status: () => Promise.resolve({}) },
    aws: new AwsDoor({
      limits: awsLimits,
      log: silentLogger,
      region: 'us-east-1',
      ...options,
      handlers: tables as unknown as HandlerTables,
    }),
  });
}

/** Settings of an SDK client that calls it. */
export const clientOf = (
  door: Listener,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = {
    accessKeyId: '123456789012',
    secretAccessKey: 'x',
  },
) => ({
  endpoint: door.origin,
  region: 'eu-west-1',
  maxAttempts: 1,
  credentials,
});
