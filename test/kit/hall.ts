import {
  awsLimits,
  silentLogger,
  systemRandom,
  type Fact,
  type Limits,
  type Recorder,
} from '../../packages/server/src/base/index.ts';
import {
  openInvoke,
  ProvisionedDesk,
  type EventPorts,
  type Invoke,
  type InvokeRequest,
  type KeepAlive,
} from '../../packages/server/src/invoke/index.ts';
import type { Database } from '../../packages/server/src/storage/index.ts';
import { PlainDatabase } from './plain-database.ts';
import { account, region, ScriptedCatalog } from './scripted-catalog.ts';
import { returned, ScriptedEnvironments, type ScriptedHandler } from './scripted-environments.ts';
import { VirtualClock } from './virtual-clock.ts';

/** The hall with scripted neighbours on a virtual clock. */
export interface Hall extends AsyncDisposable {
  readonly clock: VirtualClock;
  readonly catalog: ScriptedCatalog;
  readonly environments: ScriptedEnvironments;
  readonly database: Database;
  readonly facts: Fact[];
  readonly invoke: Invoke;
  readonly provisioned: ProvisionedDesk;
  request(functionName: string, payload?: string): InvokeRequest;
}

let requests = 0;

/** Takes over `database` when one is given. */
export async function openHall(
  options: {
    readonly handler?: ScriptedHandler;
    readonly boot?: ConstructorParameters<typeof ScriptedEnvironments>[0]['boot'];
    readonly lingering?: () => Promise<unknown>;
    readonly limits?: Partial<Limits>;
    readonly keepAlive?: Partial<KeepAlive>;
    readonly events?: EventPorts;
    readonly database?: Database;
    readonly clock?: VirtualClock;
    readonly catalog?: ScriptedCatalog;
    readonly durable?: NonNullable<Parameters<typeof openInvoke>[0]['durable']>;
    readonly queue?: NonNullable<Parameters<typeof openInvoke>[0]['queue']>;
  } = {},
): Promise<Hall> {
  const clock = options.clock ?? new VirtualClock();
  const catalog = options.catalog ?? new ScriptedCatalog();
  const database = options.database ?? new PlainDatabase();
  const environments = new ScriptedEnvironments({
    clock,
    handler: options.handler ?? (() => returned('"fine"')),
    ...(options.boot === undefined ? {} : { boot: options.boot }),
    ...(options.lingering === undefined ? {} : { lingering: options.lingering }),
  });
  const facts: Fact[] = [];
  const recorder: Recorder = { record: (fact) => void facts.push(fact) };
  const provisioned = new ProvisionedDesk();
  const invoke = await openInvoke({
    provisioned,
    catalog,
    environments,
    database,
    recorder,
    clock,
    random: systemRandom,
    log: silentLogger,
    limits: { ...awsLimits, ...options.limits },
    ...(options.keepAlive === undefined ? {} : { keepAlive: options.keepAlive }),
    ...(options.events === undefined ? {} : { events: options.events }),
    ...(options.durable === undefined ? {} : { durable: options.durable }),
    ...(options.queue === undefined ? {} : { queue: options.queue }),
  });
  return {
    clock,
    catalog,
    environments,
    database,
    facts,
    invoke,
    provisioned,
    request: (functionName, payload = '{}') => ({
      account,
      region,
      functionName,
      requestId: `request-${++requests}` as InvokeRequest['requestId'],
      payload: Buffer.from(payload),
    }),
    async [Symbol.asyncDispose]() {
      await invoke[Symbol.asyncDispose]();
      await environments[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}
