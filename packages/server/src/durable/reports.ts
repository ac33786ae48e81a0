import { countFact, functionArn, type Clock, type CountFact, type Recorder, type Subject } from '../base/index.ts';
import type { Execution, ExecutionHead, ExecutionStatus } from './execution.ts';
import type { Update } from './operation.ts';
import type { DurablePorts } from './port.ts';
import { writtenBytes } from './updates/check.ts';

type Place = Pick<ExecutionHead, 'account' | 'region' | 'functionName'>;
type Version = Place & Pick<ExecutionHead, 'version'>;

/** Running executions of an account in a region. @source spec 8.2-01 */
const mostRunning = 5_000_000;

const endings: Readonly<Record<Exclude<ExecutionStatus, 'RUNNING'>, string>> = {
  SUCCEEDED: 'DurableExecutionSucceeded',
  FAILED: 'DurableExecutionFailed',
  TIMED_OUT: 'DurableExecutionTimedOut',
  STOPPED: 'DurableExecutionStopped',
};

/** What executions do, told to metrics and to the event bus. @source spec 5.5-22, 5.7-01 */
export class Reports {
  readonly #recorder: Recorder;
  readonly #ports: DurablePorts;
  readonly #clock: Clock;
  /** By function, then by version: until the last of their invocations is over. */
  readonly #present = new Map<string, Map<string, number>>();
  #running = 0;

  constructor(options: { readonly recorder: Recorder; readonly ports: DurablePorts; readonly clock: Clock }) {
    this.#recorder = options.recorder;
    this.#ports = options.ports;
    this.#clock = options.clock;
  }

  /** @param version  absent = of all versions */
  present(place: Place, version?: string): number {
    const versions = this.#present.get(keyOf(place));
    if (version !== undefined) return versions?.get(version) ?? 0;
    return [...(versions?.values() ?? [])].reduce((sum, count) => sum + count, 0);
  }

  resumed(version: Version): void {
    this.#add(version, 1);
    this.#running += 1;
  }

  started(execution: Execution): void {
    this.resumed(execution.head);
    this.#count(execution.head, 'DurableExecutionStarted', 1);
    this.#gauge(execution.head);
    this.#tellBus(execution);
  }

  ended(execution: Execution): void {
    const { head, state } = execution;
    this.#running -= 1;
    if (state.status !== 'RUNNING') this.#count(head, endings[state.status], 1);
    this.#count(head, 'DurableExecutionDuration', (state.endedAtMs ?? head.startedAtMs) - head.startedAtMs, 'Milliseconds');
    this.#gauge(head);
    this.#tellBus(execution);
  }

  /** It has ended, and its last invocation, too. */
  left({ head }: Execution): void {
    this.#add(head, -1);
    this.#ports.onLeft?.(head);
  }

  wrote({ head }: Execution, updates: readonly Update[]): void {
    const bytes = writtenBytes(updates);
    // An operation counts once, when it appears. @source spec 8.3-12
    const operations = updates.filter(({ Action: action }) => action === 'START').length;
    if (operations > 0) this.#count(head, 'DurableExecutionOperations', operations);
    if (bytes > 0) this.#count(head, 'DurableExecutionStorageWrittenBytes', bytes, 'Bytes');
  }

  #add(head: Version, by: number): void {
    const key = keyOf(head);
    const versions = this.#present.get(key) ?? new Map<string, number>();
    const count = (versions.get(head.version) ?? 0) + by;
    if (count > 0) versions.set(head.version, count);
    else versions.delete(head.version);
    if (versions.size > 0) this.#present.set(key, versions);
    else this.#present.delete(key);
  }

  #gauge(head: ExecutionHead): void {
    this.#count(head, 'ApproximateRunningDurableExecutions', this.present(head));
    this.#count(head, 'ApproximateRunningDurableExecutionsUtilization', (100 * this.#running) / mostRunning);
  }

  #count(of: Subject, metric: string, value: number, unit: CountFact['unit'] = 'Count'): void {
    this.#recorder.record(countFact(of, { metric, value, unit, atMs: this.#clock.now() }));
  }

  #tellBus({ head, state, arn }: Execution): void {
    const { account, region, functionName, version } = head;
    this.#ports.onStatus?.({
      account,
      region,
      durableExecutionArn: arn,
      durableExecutionName: head.name,
      functionArn: `${functionArn(region, account, functionName)}:${version}`,
      status: state.status,
      startedAtMs: head.startedAtMs,
      ...(state.endedAtMs === undefined ? {} : { endedAtMs: state.endedAtMs }),
    });
  }
}

const keyOf = ({ account, region, functionName }: Place): string => functionArn(region, account, functionName);
