import {
  rateLimited,
  type AccountId,
  type Clock,
  type Limits,
  type Logger,
  type Random,
  type Recorder,
  type Region,
} from '../base/index.ts';
import type { Catalog } from '../control/index.ts';
import type { DurableRoad, DurableRunner } from '../invoke/index.ts';
import type { Database } from '../storage/index.ts';
import { Chained } from './chained.ts';
import { bury } from './dead-letters.ts';
import { Engine } from './engine.ts';
import { durableHandlers, type DurableHandlers } from './handlers.ts';
import type { DurablePorts } from './port.ts';
import { Reports } from './reports.ts';
import { forgetting } from './retention.ts';
import { Starter } from './start.ts';
import { ExecutionStore, type Sealer } from './store.ts';

export interface DurableOptions {
  readonly database: Database;
  readonly sealer: Sealer;
  readonly catalog: Catalog;
  readonly road: DurableRoad;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Limits;
  readonly ports?: DurablePorts;
}

/** Durable executions: functions that may wait for a year, and survive whatever happens to the server meanwhile. */
export interface Durable extends AsyncDisposable {
  readonly handlers: DurableHandlers;
  /** For the hall: calls of functions that have executions. */
  readonly runner: DurableRunner;
  /** Executions under way, of one version or of all. */
  running(of: { readonly account: AccountId; readonly region: Region }, functionName: string, version?: string): number;
  /** Starts nothing more; invocations under way may end. */
  close(): void;
}

/** Opens the room, and goes on with every execution that an earlier server left. Disposing ends nothing: what runs is taken up again. */
export async function openDurable(options: DurableOptions): Promise<Durable> {
  const { catalog, road, recorder, clock, random, limits, ports = {} } = options;
  const log = rateLimited(options.log, clock);
  const store = await ExecutionStore.open(options.database, options.sealer);
  const reports = new Reports({ recorder, ports, clock });
  const { syncResponseBytes: responseBytes } = limits;
  const engine: Engine = new Engine({
    store,
    catalog,
    road,
    reports,
    clock,
    random,
    log,
    // Half the account's places: what is due at once must not make synchronous callers wait for their 429s.
    inFlight: Math.max(1, limits.accountConcurrency >> 1),
    responseBytes,
    chain: (parent, operation) => chained.run(parent, operation),
    bury: (execution) => bury(execution, { ports, clock, log, signal: engine.signal }),
  });
  const starter = new Starter({ store, engine, road, clock, random });
  const chained = new Chained({ engine, starter, catalog, road, ports, clock, random, log, responseBytes });
  const retention = forgetting({ store, catalog, clock, log });
  await engine.resume();
  return {
    handlers: durableHandlers({ engine, store, catalog }),
    runner: starter,
    running: (of, functionName, version) => reports.present({ ...of, functionName }, version),
    close: () => engine.close(),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await retention[Symbol.asyncDispose]();
    },
  };
}
