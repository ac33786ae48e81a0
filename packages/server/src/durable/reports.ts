import { functionArn, type Clock, type CountFact, type Recorder, type Subject } from '../base/index.ts';
import type { Execution, ExecutionHead, ExecutionStatus } from './execution.ts';
import type { Update } from './operation.ts';
import type { DurablePorts } from './port.ts';
import { writtenBytes } from './updates/check.ts';

type Place = Pick<ExecutionHead, 'account' | 'region' | 'functionName'>;

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
  /** By function. */
  readonly #running = new Map<string, number>();
  #allRunning = 0;

  constructor(options: { readonly recorder: Recorder; readonly ports: DurablePorts; readonly clock: Clock }) {
    this.#recorder = options.recorder;
    this.#ports = options.ports;
    this.#clock = options.clock;
  }

  running(place: Place): number {
    return this.#running.get(keyOf(place)) ?? 0;
  }

  resumed(place: Place): void {
    this.#add(place, 1);
  }

  started(execution: Execution): void {
    this.#add(execution.head, 1);
    this.#count(execution.head, 'DurableExecutionStarted', 1);
    this.#gauge(execution.head);
    this.#tellBus(execution);
  }

  ended(execution: Execution): void {
    const { head, state } = execution;
    this.#add(head, -1);
    if (state.status !== 'RUNNING') this.#count(head, endings[state.status], 1);
    this.#count(head, 'DurableExecutionDuration', (state.endedAtMs ?? head.startedAtMs) - head.startedAtMs, 'Milliseconds');
    this.#gauge(head);
    this.#tellBus(execution);
  }

  wrote({ head }: Execution, updates: readonly Update[]): void {
    const bytes = writtenBytes(updates);
    // An operation counts once, when it appears. @source spec 8.3-12
    const operations = updates.filter(({ Action: action }) => action === 'START').length;
    if (operations > 0) this.#count(head, 'DurableExecutionOperations', operations);
    if (bytes > 0) this.#count(head, 'DurableExecutionStorageWrittenBytes', bytes, 'Bytes');
  }

  #add(place: Place, by: number): void {
    const key = keyOf(place);
    const count = (this.#running.get(key) ?? 0) + by;
    this.#allRunning += by;
    if (count > 0) this.#running.set(key, count);
    else this.#running.delete(key);
  }

  #gauge(head: ExecutionHead): void {
    this.#count(head, 'ApproximateRunningDurableExecutions', this.running(head));
    this.#count(head, 'ApproximateRunningDurableExecutionsUtilization', (100 * this.#allRunning) / mostRunning);
  }

  #count(
    { account, region, functionName, version }: Subject,
    metric: string,
    value: number,
    unit: CountFact['unit'] = 'Count',
  ): void {
    this.#recorder.record({
      kind: 'count',
      account,
      region,
      functionName,
      version,
      metric,
      value,
      unit,
      atMs: this.#clock.now(),
    });
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
