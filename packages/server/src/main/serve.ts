import { AwsDoor, GatewayDoor, listen, SiteDoor, UrlDoor, type Listener } from '../api/index.ts';
import { jsonLogger, systemClock, systemRandom, type Logger } from '../base/index.ts';
import { isLoopback, type Config } from './config.ts';
import { openHouse, type FirstKey, type House } from './house.ts';
import { lockDataFolder } from './lock.ts';

export interface Started {
  readonly origin: string;
  readonly port: number;
  readonly isolation: string;
  readonly remedy?: string;
  /** Shown this once: the key with which `--auth strict` begins. */
  readonly firstKey?: FirstKey;
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
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  const house: House = rooms.use(
    await openHouse({
      config,
      clock,
      random,
      log,
      serveEndpoint: (connection) => (listener === undefined ? void connection.destroy() : listener.serveConnection(connection)),
      origin: () => listener?.origin ?? `http://${config.host}:${config.port}`,
      onStorageFailure: (error) => failure.reject(error),
    }),
  );
  const aws = new AwsDoor({
    handlers: house.handlers,
    limits: config.limits,
    log,
    region: config.region,
    ...(house.signatures === undefined ? {} : { signatures: house.signatures }),
    ...(house.authoriser === undefined ? {} : { authoriser: house.authoriser }),
    callers: house.callers,
    buckets: house.buckets,
  });
  const shared = {
    limits: config.limits,
    clock,
    random,
    log,
    ...(house.signatures === undefined ? {} : { signatures: house.signatures }),
    ...(house.authoriser === undefined ? {} : { authoriser: house.authoriser }),
    callers: house.callers,
  };
  const urls = new UrlDoor({ ...house.urls, ...shared });
  const gateway = new GatewayDoor({ ...house.gateway, ...shared });
  const sites = new SiteDoor({ aws, site: (bucket) => house.buckets.site(bucket), log });
  listener = rooms.use(
    await listen({
      host: config.host,
      port: config.port,
      // Where others may reach us anyway, or where signatures are checked, a name proves nothing.
      ...(config.auth === 'open' && isLoopback(config.host) ? { hostNames: config.hostNames } : {}),
      aws,
      urls,
      gateway,
      sites,
      registry: house.registry,
      admin: house.admin,
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
    ...(house.firstKey === undefined ? {} : { firstKey: house.firstKey }),
  });
  // A disk that fails is no reason to answer half of the calls: whoever starts us again finds everything that was acknowledged.
  await Promise.race([stopped(options.signal), failure.promise]);
  const withinMs = config.drainMs;
  await Promise.all([listener.drain({ withinMs }), house.drain({ withinMs })]);
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
