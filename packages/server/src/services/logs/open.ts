import { systemRandom, type Clock, type Logger, type LogSink, type Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records, type MetricSink } from '../kit/index.ts';
import { deliveryHandlers } from './deliveries.ts';
import { destinationHandlers, targetOf } from './destinations.ts';
import { ExportTasks, type ExportOptions } from './export-tasks.ts';
import { Fan, type Delivery } from './fan.ts';
import { filterHandlers } from './filter-handlers.ts';
import { groupHandlers, type LogHandlers } from './group-handlers.ts';
import { Groups, type LogKinds, type LogRecords } from './groups.ts';
import { Queries } from './insights/queries.ts';
import { readLines, type Line, type LineRange, type Place } from './lines.ts';
import { policyHandlers } from './policy-handlers.ts';
import { putHandlers } from './put.ts';
import { queryDefinitionHandlers } from './query-definitions.ts';
import { readHandlers } from './read.ts';
import { Sink } from './sink.ts';
import { LogStore } from './store.ts';
import { streamHandlers } from './stream-handlers.ts';
import { Trim } from './trim.ts';

export interface LogsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: Random;
  /** Where log groups are exported to. */
  readonly buckets?: ExportOptions['buckets'];
  /** Takes what metric filters and embedded metrics measure. */
  readonly metrics?: MetricSink;
  /**
   * Takes what subscription filters let through, once it is safe with the destination; rejects to be
   * asked again. Without it no subscription can be made.
   */
  readonly deliver?: (delivery: Delivery) => Promise<void>;
  /** Whether there is such a function; absent = nobody knows. */
  readonly hasFunction?: (arn: string) => boolean;
  /** Bytes of lines that may wait for the disk. */
  readonly holdBytes?: number;
}

export interface Logs extends AsyncDisposable {
  readonly handlers: LogHandlers;
  /** Takes the lines of environments; makes groups and streams that are missing. */
  readonly sink: LogSink;
  /** Lines of groups, whose names may end with a star; from one moment until before another. */
  lines(place: Place, range: LineRange): AsyncIterable<Line>;
  /** Applies retention now, instead of within ten minutes. */
  trim(): Promise<void>;
}

/** CloudWatch Logs on our own disk. @source spec 5.3 */
export async function openLogs(options: LogsOptions): Promise<Logs> {
  const { database, clock, log } = options;
  const records = await Records.open<LogKinds>(database, 'logs');
  const store = await LogStore.open(database, clock);
  const groups = new Groups(records, () => clock.now());
  const deliver = options.deliver === undefined ? undefined : throughDestinations(records, options.deliver);
  const fan = new Fan({ clock, log, metrics: options.metrics, deliver });
  const trim = new Trim({ records, store, clock, log });
  const sink = new Sink({
    groups,
    store,
    clock,
    log,
    written: (stream, group, chunks) => fan.written(stream, group, chunks),
    ...(options.holdBytes === undefined ? {} : { holdBytes: options.holdBytes }),
  });
  await trim.sweep();
  const fresh = (): Promise<void> => sink.flushed();
  const random = options.random ?? systemRandom;
  const exports = await ExportTasks.open({ groups, store, database, clock, random, log, buckets: options.buckets, fresh });

  const queries = new Queries({ groups, store, database, clock, random, log, fresh });

  return {
    handlers: {
      ...groupHandlers({ groups, store, discard: (group) => trim.discard(group) }),
      ...streamHandlers({ groups, store, fresh }),
      ...putHandlers({ groups, store, clock, written: (from, group, chunks) => fan.written(from, group, chunks) }),
      ...readHandlers({ database, groups, store, clock, fresh }),
      ...filterHandlers({
        groups,
        clock,
        deliver,
        hasFunction: options.hasFunction ?? (() => true),
        targetOf: (arn) => targetOf(records, arn),
      }),
      ...policyHandlers({ records, clock }),
      ...destinationHandlers({ records, clock }),
      ...deliveryHandlers({ records, random }),
      ...exports.handlers(),
      ...queries.handlers(),
      ...queryDefinitionHandlers({ records, clock, random }),
    },
    sink,
    lines: (place, range) => readLines({ database, groups, clock, fresh }, place, range),
    trim: () => trim.run(),
    async [Symbol.asyncDispose]() {
      await queries[Symbol.asyncDispose]();
      await exports[Symbol.asyncDispose]();
      await sink[Symbol.asyncDispose]();
      await fan[Symbol.asyncDispose]();
      await trim[Symbol.asyncDispose]();
      await records.settled();
    },
  };
}

type DeliverTo = NonNullable<LogsOptions['deliver']>;

/** What goes to a destination goes to its target; to one that was deleted, nowhere. */
const throughDestinations =
  (records: LogRecords, deliver: DeliverTo): DeliverTo =>
  async (delivery) => {
    const destinationArn = targetOf(records, delivery.destinationArn);
    if (destinationArn !== undefined) await deliver({ ...delivery, destinationArn });
  };
