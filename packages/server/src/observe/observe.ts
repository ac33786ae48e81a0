import type { Clock, Fact, Logger, Recorder } from '../base/index.ts';
import type { Database } from '../storage/index.ts';
import { Bills, type Bill, type BillQuery } from './bills.ts';
import { Metrics } from './metrics.ts';
import { Minutes, type MinuteQuery, type MinuteStatistic } from './minutes.ts';
import type { Gauge } from './prometheus.ts';

/** The visitors' book: facts come in, metrics and bills come out. */
export interface Observe extends Recorder, AsyncDisposable {
  /** Text exposition format, for `/_mayfly/metrics`. */
  prometheus(): string;
  /** A value that somebody else knows, asked when the metrics are read. Disposing takes it out again. */
  gauge(gauge: Gauge): Disposable;
  /** The last three hours by minute, as CloudWatch would tell them. */
  minutes(query: MinuteQuery): readonly MinuteStatistic[];
  bills(query: BillQuery): Promise<readonly Bill[]>;
  /** Resolves when what was recorded is on stable storage. */
  flush(): Promise<void>;
}

/** Opens the book. Disposing writes what is left; close it after everything that records. */
export async function openObserve(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<Observe> {
  const bills = await Bills.open(options);
  const metrics = new Metrics();
  const minutes = new Minutes();
  return {
    record(fact: Fact) {
      // The recorder is called on the warm path by rooms that cannot help us: a mistake of ours ends here.
      try {
        metrics.add(fact);
        minutes.add(fact);
        if (fact.kind === 'invocation') bills.add(fact);
      } catch (error) {
        options.log.error('A fact could not be recorded.', { error });
      }
    },
    prometheus: () => metrics.text(),
    gauge: (gauge) => metrics.gauge(gauge),
    minutes: (query) => minutes.read(query),
    bills: (query) => bills.read(query),
    flush: () => bills.flush(),
    [Symbol.asyncDispose]: () => bills[Symbol.asyncDispose](),
  };
}
