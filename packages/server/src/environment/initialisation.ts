import type { Clock, InitializationType, InitPhase, PhaseStatus, Timer } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { Failure } from './failures.ts';
import type { EnvironmentLog } from './log.ts';
import { runtimeVersion } from './records.ts';
import type { ResolvedRuntime } from './runtimes/port.ts';

export interface InitialisationOptions {
  readonly phase: InitPhase;
  readonly initializationType: InitializationType;
  readonly version: FunctionVersion;
  readonly runtime: ResolvedRuntime;
  readonly log: EnvironmentLog;
  readonly clock: Clock;
}

/** One crew's way to its first event, as the log tells it: a start, the runtime's end of it, a report. @source spec 3.5-09 to 3.5-11 */
export class Initialisation implements Disposable {
  readonly phase: InitPhase;
  /** Of its limit, where it has one of its own. */
  timer: Timer | undefined;
  readonly #options: InitialisationOptions;
  readonly #startedAtMs: number;
  #runtimeDone = false;

  constructor(options: InitialisationOptions) {
    this.#options = options;
    this.phase = options.phase;
    this.#startedAtMs = options.clock.monotonic();
    const { log, version, runtime } = options;
    log.platform({
      type: 'platform.initStart',
      record: {
        ...this.#names,
        functionName: version.functionName,
        functionVersion: version.version,
        ...runtimeVersion(runtime, version.region),
      },
    });
  }

  get durationMs(): number {
    return this.#options.clock.monotonic() - this.#startedAtMs;
  }

  runtimeDone(status: PhaseStatus = 'success', errorType?: string): void {
    if (this.#runtimeDone) return;
    this.#runtimeDone = true;
    this.#options.log.platform({
      type: 'platform.initRuntimeDone',
      record: { ...this.#names, status, ...(errorType === undefined ? {} : { errorType }) },
    });
  }

  succeeded(durationMs: number): void {
    this.#options.log.platform({
      type: 'platform.initReport',
      record: { ...this.#names, status: 'success', metrics: { durationMs } },
    });
  }

  failed({ status, errorType, reportedAs }: Failure): void {
    this[Symbol.dispose]();
    const type = status === 'timeout' ? undefined : (reportedAs ?? errorType);
    this.runtimeDone(status, type);
    this.#options.log.platform({
      type: 'platform.initReport',
      record: {
        ...this.#names,
        status,
        ...(type === undefined ? {} : { errorType: type }),
        metrics: { durationMs: this.durationMs },
      },
    });
  }

  [Symbol.dispose](): void {
    this.timer?.[Symbol.dispose]();
  }

  get #names(): { readonly initializationType: InitializationType; readonly phase: InitPhase } {
    return { initializationType: this.#options.initializationType, phase: this.phase };
  }
}
