import type { Clock, Limits, Logger, Random, Recorder } from '../base/index.ts';
import type { Invoker } from '../invoke/index.ts';
import type { Checkpoints } from './stream/checkpoints.ts';
import type {
  BrokerAddresses,
  CompileFilters,
  DeliverFailure,
  MappingBook,
  QueueSource,
  ReadSecret,
  ShardSource,
} from './port.ts';

/** What every poller is given. */
export interface PollerHouse {
  readonly book: MappingBook;
  readonly invoker: Invoker;
  readonly compileFilters: CompileFilters;
  readonly deliverFailure: DeliverFailure;
  /** By the service in a source's ARN: `sqs`; `kinesis`, `dynamodb`. */
  readonly queues: Readonly<Record<string, QueueSource>>;
  readonly streams: Readonly<Record<string, ShardSource>>;
  readonly readSecret: ReadSecret;
  readonly brokerAddresses: BrokerAddresses;
  readonly checkpoints: Checkpoints;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Limits;
}

/** One mapping at work. Disposing lets what runs end and takes nothing more. */
export interface Poller extends AsyncDisposable {
  /** Where it begins to read is fixed, or could not be at the first try: what comes from here on is for the function. */
  readonly standing?: Promise<void>;
  /** Takes nothing more; does not wait. */
  stop(): void;
}

/** Waits, and is content to be woken early by the end. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  try {
    await clock.sleep(delayMs, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** 100 ms, doubling to a ceiling. */
export const backoffMs = (tries: number, ceilingMs: number): number => Math.min(ceilingMs, 100 * 2 ** Math.min(tries, 20));
