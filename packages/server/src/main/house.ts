import type { Socket } from 'node:net';
import { isNotYet, loadApi, notYet, serviceNames, type ServiceName } from '@mayfly/wire';
import type { CallerSource, HandlerTable, HandlerTables, SignatureCheck } from '../api/index.ts';
import type { Clock, Logger, Random } from '../base/index.ts';
import type { Config } from './config.ts';

/** Everything behind the street door, opened and connected. */
export interface House extends AsyncDisposable {
  readonly handlers: HandlerTables;
  /** For `--auth strict`; absent where signatures are not checked. */
  readonly signatures?: SignatureCheck;
  readonly callers?: CallerSource;
  /** The walls in force, in words for people: `jail (bubblewrap 0.8.0, cgroup v1)`. */
  readonly isolation: string;
  /** The one line that would make the walls better. */
  readonly remedy?: string;
  metrics(): string;
  status(): Promise<object>;
  /** Refuses new invocations, waits for running ones. */
  drain(options: { readonly withinMs: number }): Promise<void>;
}

export interface HouseOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Serves a connection from inside a sandbox; callable once the listener is open. */
  serveEndpoint(connection: Socket): void;
}

/** Opens the rooms in the order of their needs. */
export async function openHouse(options: HouseOptions): Promise<House> {
  const tables: Partial<Record<ServiceName, () => Promise<HandlerTable>>> = {};
  return {
    handlers: completed(tables),
    isolation: 'no functions can run yet',
    metrics: () => '',
    status: () => Promise.resolve({ dataDir: options.config.dataDir }),
    drain: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Every operation of every service: the room's handler, or the answer that it is not there yet. */
export function completed(tables: Partial<Record<ServiceName, () => Promise<HandlerTable>>>): HandlerTables {
  const complete = async (service: ServiceName): Promise<HandlerTable> => {
    const [api, built] = await Promise.all([loadApi(service), tables[service]?.() ?? {}]);
    const known: HandlerTable = built;
    return Object.fromEntries(
      [...api.operations.keys()].map((name) => [name, Object.hasOwn(known, name) ? known[name] : notYet(name)]),
    ) as HandlerTable;
  };
  return Object.fromEntries(serviceNames.map((service) => [service, () => complete(service)])) as unknown as HandlerTables;
}

/** How many operations each loaded service answers, for `mayfly status`. */
export const answered = (table: HandlerTable): { readonly built: number; readonly all: number } => {
  const all = Object.values(table);
  return { built: all.filter((handler) => !isNotYet(handler)).length, all: all.length };
};
