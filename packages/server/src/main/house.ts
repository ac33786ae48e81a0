import type { Socket } from 'node:net';
import path from 'node:path';
import { loadApi, notYet, ServiceFault, serviceNames, type ServiceName } from '@mayfly/wire';
import {
  archiveLink,
  gatewayPrefix,
  pathStyle,
  type AdminPorts,
  type BucketPort,
  type CallerSource,
  type HandlerTable,
  type GatewayDoorOptions,
  type HandlerTables,
  type RegistryDoor,
  type SiteDoorOptions,
  type SignatureCheck,
  type UrlDoorOptions,
} from '../api/index.ts';
import type { AccountId, Clock, Logger, Random, Recorder, Region } from '../base/index.ts';
import { openCodeStore, openControl, openImages, passwordsIn, type Control } from '../control/index.ts';
import { CompileCaches, openEnvironments, openRuntimes, supportPhase, type Runtimes } from '../environment/index.ts';
import { openDurable, type Durable } from '../durable/index.ts';
import { deliverEnded, deliverFailures, openEvents } from '../events/index.ts';
import { DurableDesk, defaultEventInvokeConfig, openInvoke, ProvisionedDesk, type Invoke } from '../invoke/index.ts';
import { openObserve, platformLines } from '../observe/index.ts';
import { installBubblewrap, jailObstacle, openSandboxes } from '../sandbox/index.ts';
import { Keys, MasterKey, outward, outwardHttp, parsePattern, type FetchPort, type Road } from '../services/index.ts';
import { openStorage } from '../storage/index.ts';
import { bootId } from './boot-id.ts';
import { CodeLinks } from './code-links.ts';
import { openGatekeeper, type Gatekeeper } from './access.ts';
import { isLoopback, type Config } from './config.ts';
import { FileSystems } from './file-systems.ts';
import { openInProcess } from './in-process.ts';
import { LambdaMetrics } from './lambda-metrics.ts';
import { openNeighbours, type Neighbours } from './neighbours.ts';
import { Networks } from './networks.ts';
import { openServiceCalls } from './service-calls.ts';
import { keepStocked } from './stock.ts';

/** Everything behind the street door, opened and connected. */
export interface House extends AsyncDisposable {
  readonly handlers: HandlerTables;
  /** For `--auth strict`; absent where signatures are not checked. */
  readonly signatures?: SignatureCheck;
  readonly callers: CallerSource;
  /** Absent where everybody may do everything. */
  readonly authoriser?: Gatekeeper;
  readonly urls: Pick<UrlDoorOptions, 'urls' | 'invoker'>;
  readonly gateway: Pick<GatewayDoorOptions, 'httpApis' | 'restApis' | 'invoker' | 'http' | 'services' | 'logs' | 'admit'>;
  /** For requests that only the name of a bucket tells apart. */
  readonly buckets: BucketPort & Pick<SiteDoorOptions, 'site'>;
  /** Where images are pushed to. */
  readonly registry: RegistryDoor;
  readonly admin: AdminPorts;
  /** The walls in force, in words for people: `jail: bubblewrap 0.8.0, cgroup v1`. */
  readonly isolation: string;
  /** The one line that would make the walls better. */
  readonly remedy?: string;
  /** Made at the first start with `--auth strict`, and shown this once. */
  readonly firstKey?: FirstKey;
  /** Refuses new invocations, waits for running ones. */
  drain(options: { readonly withinMs: number }): Promise<void>;
}

export interface FirstKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface HouseOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Of this server; final once the listener is open. */
  origin(): string;
  /** Serves a connection from inside a sandbox; callable once the listener is open. */
  serveEndpoint(connection: Socket): void;
  /** The disk has failed and nothing is accepted any more: time to end the process. */
  onStorageFailure(error: Error): void;
}

/** Opens the rooms in the order of their needs; they close in the opposite one. */
export async function openHouse(options: HouseOptions): Promise<House> {
  const { config, clock, random, log, serveEndpoint } = options;
  const { dataDir, limits } = config;
  await using rooms = new AsyncDisposableStack();

  // The first box that proves the walls is made while the records are read.
  const building = walls(options);
  rooms.defer(async () => {
    const built = await building.catch(() => undefined);
    await built?.driver[Symbol.asyncDispose]();
  });
  const database = rooms.use(await openStorage({ dataDir, clock, log, onFailure: options.onStorageFailure }));
  const masterKey = MasterKey.open({ file: path.join(dataDir, 'keys', 'master.key'), random });
  const observe = rooms.use(await openObserve({ database, clock, log }));
  const keys = await Keys.open({ database, masterKey, clock, random });
  rooms.defer(() => keys.settled());
  const code = rooms.use(await openCodeStore({ dataDir, limits, clock, random, log }));
  const hallIsOpen = Promise.withResolvers<Invoke>();
  hallIsOpen.promise.catch(() => undefined);
  const roadIsOpen = Promise.withResolvers<Road>();
  roadIsOpen.promise.catch(() => undefined);
  /** Functions behind walls reach this server at an address of their own. */
  let endpointInside: string | undefined;
  const http = deliverer(options);
  let gatekeeper: Gatekeeper | undefined;
  let functions: Pick<Control, 'executionRole'> | undefined;
  const neighbours = rooms.use(
    await openNeighbours({
      database,
      dataDir,
      keys,
      masterKey,
      clock,
      random,
      log,
      invoker: async () => (await hallIsOpen.promise).invoker,
      hasFunction(arn) {
        const [, , , region = '', account = '', , name = '', qualifier] = arn.split(':');
        return (
          functions === undefined ||
          functions.executionRole(account as AccountId, region as Region, name, qualifier) !== undefined
        );
      },
      road: () => roadIsOpen.promise,
      functionOrigin: () => endpointInside ?? options.origin(),
      ignoreUnknownTypes: config.cfnUnknown === 'ignore',
      origin: options.origin,
      strict: config.auth === 'strict',
      ...(config.auth === 'open' ? {} : { admit: (from, resource) => present(gatekeeper).admit(from, resource) }),
      archives: { seal: (zip, { sign }) => code.seal(zip, { maxUnzippedBytes: limits.unzippedBytes, sign }) },
      region: config.region,
      http,
      gatewayPrefix,
    }),
  );
  // What still waits for the hall when the neighbours close must not keep them.
  rooms.defer(() => {
    hallIsOpen.reject(new Error('The server stops.'));
    roadIsOpen.reject(new Error('The server stops.'));
  });

  const sandboxes = await building;
  if (sandboxes.driver.name === 'jail') endpointInside = 'http://127.0.0.1:4566';
  const runtimes = await openRuntimes({ dataDir, clock, log });
  const images = rooms.use(
    await openImages({
      dataDir,
      registry: {
        isOwn: isOwnRegistry(options.origin),
        ...(config.auth === 'open' ? { shared: { account: operatorAccount, region: config.region } } : {}),
        manifest: (at, reference) => neighbours.registry.manifest(at, reference),
        blob: (at, digest) => neighbours.registry.blob(at, digest),
      },
      registries: (host) => (config.imageRegistries.includes(host) ? 'https' : 'no'),
      ...(config.imageFolder === '' ? {} : { folder: config.imageFolder }),
      ...(config.registryAuth === '' ? {} : { passwords: passwordsIn(config.registryAuth) }),
      fetch: (url, init) => fetch(url, init),
      bootId: bootId(random),
      clock,
      random,
      log,
    }),
  );
  const cloudMetrics = rooms.use(new LambdaMetrics(neighbours.metrics, clock));
  const recorder: Recorder = {
    record(fact) {
      observe.record(fact);
      cloudMetrics.record(fact);
    },
  };
  const links = new CodeLinks(masterKey.sealer('code links'), clock);
  const provisioned = new ProvisionedDesk();
  // Without walls there is no `/mnt` and no network of a function's own.
  const fileSystems = new FileSystems(sandboxes.driver.name === 'jail' ? config.fileSystems : {});
  const networks = new Networks(sandboxes.driver.name === 'jail' ? config.networks : {});
  let running: Durable['running'] | undefined;
  const control = rooms.use(
    await openControl({
      database,
      code,
      runtimes: config.unavailableRuntimes === 'accept' ? accepting(runtimes, clock) : runtimes,
      masterKeyFile: path.join(dataDir, 'keys', 'environment.key'),
      ports: {
        codeUrl: (call, account, codeSha256) => archiveLink(call.origin, links.issue({ account, codeSha256 })),
        functionUrl: (id) => pathStyle(options.origin(), id),
        sources: neighbours.sources,
        provisioned,
        executions: { running: (...of) => running?.(...of) ?? 0 },
        signatures: neighbours.signatures,
        recorder,
        // Plain processes have no root of their own; tools that only deploy may go on.
        ...(sandboxes.driver.name === 'none' && config.unavailableRuntimes === 'refuse' ? {} : { images }),
        ...(networks.some ? { networks } : {}),
        supports: new Set(['tenantIsolation', 'durableExecutions', ...(fileSystems.some ? (['fileSystems'] as const) : [])]),
        objects: {
          get: async ({ bucket, key, versionId }) => (await neighbours.buckets.get(bucket, key, versionId)).body,
        },
      },
      clock,
      random,
      log,
      limits,
    }),
  );
  functions = control;
  if (config.auth !== 'open') gatekeeper = openGatekeeper({ config, neighbours, control, clock, log });
  const compileCaches = rooms.use(await CompileCaches.open({ dataDir, random, log }));
  rooms.use(control.catalog.onChange((change) => compileCaches.onChange(change)));
  const environments = rooms.use(
    openEnvironments({
      sandboxes: sandboxes.driver,
      runtimes,
      ports: {
        logs: neighbours.logs,
        platformLines,
        credentials: (version) =>
          Promise.resolve(
            keys.issueRoleCredentials(version.role, version.functionName, {
              context: { 'lambda:SourceFunctionArn': version.functionArn },
            }),
          ),
        serveEndpoint,
        fileSystem: (arn) => fileSystems.folderOf(arn),
        networkOf: (version) => networks.networkOf(version),
      },
      clock,
      random,
      log,
      limits,
      compileCaches,
      poolSize: config.poolSize,
    }),
  );
  const executions = new DurableDesk();
  const hall = await openInvoke({
    durable: executions,
    catalog: control.catalog,
    environments,
    database,
    recorder,
    clock,
    random,
    log,
    limits,
    provisioned,
    ...(config.idleMs === 'learned' ? {} : { keepAlive: { learns: false, idleMs: config.idleMs } }),
    checkPlace: (version) => {
      fileSystems.check(version);
      networks.check(version);
    },
    ...(neighbours.queues['sqs'] === undefined ? {} : { deadLetters: neighbours.queues['sqs'] }),
    events: {
      eventInvokeConfig: ({ eventInvoke }) => eventInvoke ?? defaultEventInvokeConfig,
      async deliver(ended, target) {
        gatekeeper?.admitOf(ended.invokedArn, target.arn);
        await deliverEnded(ended, target, neighbours.targets, random);
      },
    },
  });
  const durable = await openDurable({
    database,
    sealer: masterKey.sealer('durable executions'),
    catalog: control.catalog,
    road: hall.durable,
    recorder,
    clock,
    random,
    log,
    limits,
    ports: {
      onStatus: neighbours.onDurableStatus,
      onLeft: (of) => control.drained(of),
      admit: (from, target) => gatekeeper?.admitOf(from, target),
      async deadLetter(ended, arn) {
        gatekeeper?.admitOf(ended.invokedArn, arn);
        await deliverEnded(ended, { kind: 'deadLetter', arn }, neighbours.targets, random);
      },
    },
  });
  ({ running } = durable);
  control.drained();
  executions.open(durable.runner);
  hallIsOpen.resolve(hall);
  rooms.use(keepStocked(control, environments, clock));
  const events = await openEvents({
    book: control.mappings,
    invoker: hall.invoker,
    compileFilters,
    async deliverFailure(arn, record, context) {
      gatekeeper?.admitOf(context.mapping.functionArn, arn);
      await deliverFailures(neighbours.targets, { clock, random })(arn, record, context);
    },
    queues: neighbours.queues,
    streams: neighbours.streams,
    readSecret: neighbours.secret,
    brokerAddresses: (arn) => config.brokers[arn],
    database,
    recorder,
    clock,
    random,
    log,
    limits,
  });
  // Pollers and executions wait for the calls they made, and those end when the hall closes: the three close together.
  rooms.defer(async () => {
    await Promise.all([events[Symbol.asyncDispose](), durable[Symbol.asyncDispose](), hall[Symbol.asyncDispose]()]);
  });

  const firstKey = gatekeeper === undefined ? undefined : await keys.ensureRoot(operatorAccount);
  const handlers = completed({ ...neighbours.tables, lambda: { ...control.handlers, ...hall.handlers, ...durable.handlers } });
  roadIsOpen.resolve(
    openInProcess({ handlers, random, origin: options.origin, ...(gatekeeper === undefined ? {} : { authoriser: gatekeeper }) }),
  );
  const all = rooms.move();
  return {
    handlers,
    ...(gatekeeper === undefined ? {} : { signatures: keys, authoriser: gatekeeper }),
    callers: { find: (accessKeyId, sessionToken) => keys.find(accessKeyId, sessionToken) },
    buckets: neighbours.buckets,
    registry: neighbours.registry,
    urls: { urls: control.urls, invoker: hall.invoker },
    gateway: {
      httpApis: neighbours.httpApis,
      restApis: neighbours.restApis,
      invoker: hall.invoker,
      http,
      services: openServiceCalls({
        road: () => roadIsOpen.promise,
        keys,
        random,
        ...(config.auth === 'strict' ? { authority: neighbours.authority } : {}),
      }),
      logs: neighbours.logs,
      ...(gatekeeper === undefined ? {} : { admit: gatekeeper.admit }),
    },
    admin: {
      queue: hall.queue,
      ...(gatekeeper === undefined
        ? {}
        : {
            signatures: keys,
            accounts: { operator: operatorAccount, list: () => keys.accounts(), create: (account) => keys.ensureRoot(account) },
          }),
      callers: { find: (accessKeyId, sessionToken) => keys.find(accessKeyId, sessionToken) },
      region: config.region,
      metrics: () => observe.prometheus(),
      status: async () => ({
        isolation: sandboxes.reason,
        dataDir,
        environments: hall.counts(),
        pooled: Object.fromEntries(environments.pooled()),
        auth: config.auth,
        node: process.version,
      }),
      archive: (word) => {
        const link = links.open(word);
        return link === undefined ? undefined : code.archive(link.account, link.codeSha256);
      },
      document: (place) => neighbours.document(place),
      signal: (token, answer) => neighbours.signal(token, answer),
    },
    isolation: sandboxes.reason,
    ...(sandboxes.remedy === undefined ? {} : { remedy: sandboxes.remedy }),
    ...(firstKey === undefined ? {} : { firstKey }),
    drain: async ({ withinMs }) => {
      events.stop();
      neighbours.close();
      durable.close();
      await hall.drain({ withinMs });
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** Function URLs and APIs are open to everybody; the rest of this server is as private as its address. */
const deliverer = ({ config, origin }: HouseOptions): FetchPort =>
  outwardHttp({
    outward: outward(config.deliverTo),
    isOwn: (url) =>
      url.origin === origin() && (url.pathname.startsWith('/_mayfly/url/') || url.pathname.startsWith(gatewayPrefix)),
  });

/** Patterns are OR-ed. @source spec 6.9-01 */
function compileFilters(patterns: readonly string[]): (record: object) => boolean {
  const compiled = patterns.map((pattern) => parsePattern(pattern));
  return (record) => compiled.some((pattern) => pattern.matches(record));
}

/** An address or name of this machine, with our port: `127.0.0.1:4566`, `localhost:4566`, and the host we listen on. */
const isOwnRegistry =
  (origin: () => string) =>
  (host: string): boolean => {
    const own = new URL(origin());
    const [, name = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
    return host === own.host || (port === own.port && (isLoopback(name) || name.endsWith('.localhost')));
  };

/** Whose root may do everything here until somebody makes other keys. */
const operatorAccount = '000000000000';

/** The best walls this host has; a missing bubblewrap is installed where that is allowed. */
async function walls({ config, clock, log }: HouseOptions): ReturnType<typeof openSandboxes> {
  const wanted = { isolation: config.isolation, dataDir: config.dataDir, clock, log } as const;
  const obstacle = config.isolation === 'none' ? undefined : jailObstacle();
  if (obstacle?.remedy !== undefined && config.install && (await installBubblewrap({ log }))) log.info('bubblewrap is installed');
  return openSandboxes(wanted);
}

/** For tools that deploy functions of every runtime of AWS without calling them: what is missing shows at the call. */
const accepting = (runtimes: Runtimes, clock: Clock): Runtimes => ({
  ...runtimes,
  check: (runtime) => {
    const seen = runtimes.check(runtime);
    return seen.kind === 'unavailable' && supportPhase(runtime, clock.now()) !== undefined ? { kind: 'ready' } : seen;
  },
});

/** What was left by an earlier server waits until somebody can decide about it. */
const present = (gatekeeper: Gatekeeper | undefined): Gatekeeper => {
  if (gatekeeper === undefined) throw new ServiceFault('ServiceUnavailable', 'This server has not opened yet.', { status: 503 });
  return gatekeeper;
};

/** Every operation of every service: the room's handler, or the answer that it is not there yet. */
export function completed(tables: Neighbours['tables']): HandlerTables {
  const complete = async (service: ServiceName): Promise<HandlerTable> => {
    const api = await loadApi(service);
    const table = tables[service] ?? {};
    const known: HandlerTable = typeof table === 'function' ? await table() : table;
    return Object.fromEntries(
      [...api.operations.keys()].map((name) => [name, Object.hasOwn(known, name) ? known[name] : notYet(name)]),
    ) as HandlerTable;
  };
  return Object.fromEntries(serviceNames.map((service) => [service, () => complete(service)])) as unknown as HandlerTables;
}
