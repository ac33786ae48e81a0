import type { Handlers, SchedulerOperations } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records } from '../kit/index.ts';
import { Outbox } from '../kit/outbox.ts';
import { Delivery, type SchedulerPorts } from './delivery.ts';
import { schedulerHandlers } from './handlers.ts';
import { Runs } from './runs.ts';
import type { SchedulerKinds } from './schedule.ts';

export interface SchedulerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ports: SchedulerPorts;
}

export interface Scheduler extends AsyncDisposable {
  readonly handlers: Handlers<SchedulerOperations>;
}

/** EventBridge Scheduler: a run is on storage before its slot counts as done, and delivered at least once. */
export async function openScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const { database, clock, random, log, ports } = options;
  const records = await Records.open<SchedulerKinds>(database, 'scheduler');
  const delivery = new Delivery({ ports, clock, random, log });
  const outbox = await Outbox.open({
    database,
    clock,
    log,
    service: 'scheduler',
    deliver: (parcel, attempt) => delivery.deliver(parcel, attempt),
  });
  const runs = await Runs.open({ database, records, outbox, clock, random, log });
  outbox.start();
  return {
    handlers: schedulerHandlers({ records, runs, ports, clock, openedAtMs: clock.now() }),
    async [Symbol.asyncDispose]() {
      await runs[Symbol.asyncDispose]();
      await outbox[Symbol.asyncDispose]();
      await records.settled();
    },
  };
}
