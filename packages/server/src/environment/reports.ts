import type { Clock } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import type { Failure } from './failures.ts';
import type { EnvironmentLog } from './log.ts';
import type { Memory } from './memory.ts';
import type { Usage } from './port.ts';
import { report, runtimeDone, tracing } from './records.ts';
import type { Run } from './run.ts';

/** What the log says of an invocation: START, its end, what it cost. */
export class Reports {
  /** Of the first initialisation, until an invocation has told it. */
  initMs: number | undefined;
  memory: Memory | undefined;
  readonly #version: FunctionVersion;
  readonly #log: EnvironmentLog;
  readonly #clock: Clock;

  constructor(options: { readonly version: FunctionVersion; readonly log: EnvironmentLog; readonly clock: Clock }) {
    this.#version = options.version;
    this.#log = options.log;
    this.#clock = options.clock;
  }

  start(run: Run): void {
    run.started = true;
    const { requestId } = run.invocation;
    this.#log.platform({
      type: 'platform.start',
      record: { requestId, version: this.#version.version, ...tracing(this.#version, run.invocation) },
    });
  }

  /** Everything the function wrote before is in the log. */
  runtimeDone(run: Run): void {
    if (run.doneLogged) return;
    run.doneLogged = true;
    this.#log.settle();
    if (this.#log.heeds('platform.runtimeDone')) this.#log.platform(runtimeDone(this.#version, run));
  }

  /** END and REPORT; at once where no counter has to be read. @param extensions  whether there were any, whose time counts too */
  end(run: Run, options: { readonly extensions: boolean }): Usage | Promise<Usage> {
    const peak = this.memory?.peakMiB(run.status !== 'success') ?? 0;
    return typeof peak === 'number'
      ? this.#end(run, peak, options.extensions)
      : peak.then((mib) => this.#end(run, mib, options.extensions));
  }

  /** The same for a run whose crew is dead: whatever is missing comes first. */
  failed(run: Run, failure: Failure): Usage | Promise<Usage> {
    run.ending = true;
    if (!run.started) this.start(run);
    this.#explain(run, failure);
    run.runtimeDoneAtMs ??= this.#clock.monotonic();
    this.runtimeDone(run);
    return this.end(run, { extensions: false });
  }

  /** Lines that only the text log has. @source spec 5.1-08 */
  #explain(run: Run, failure: Failure): void {
    const { requestId } = run.invocation;
    if (failure.status === 'timeout') {
      this.#log.platformText(`${new Date(this.#clock.now()).toISOString()} ${requestId} ${failure.reason}`);
    } else if (failure.body === undefined) {
      this.#log.platformText(`RequestId: ${requestId} Error: ${failure.reason}\n${failure.errorType}`);
    }
  }

  #end(run: Run, maxMemoryUsedMiB: number, extensions: boolean): Usage {
    run.deadline?.clear(run);
    const { initMs } = this;
    this.initMs = undefined;
    const doneAtMs = run.runtimeDoneAtMs ?? this.#clock.monotonic();
    // Our own bookkeeping between the last call and this line is not the function's time.
    const endMs = extensions ? (run.allDoneAtMs ?? doneAtMs) : doneAtMs;
    const usage: Usage = {
      durationMs: endMs - run.startedAtMs,
      initMs,
      postRuntimeExtensionsMs: extensions ? endMs - doneAtMs : undefined,
      maxMemoryUsedMiB,
      status: run.status,
      errorType: run.errorType,
    };
    this.#log.platform(report(this.#version, run, usage));
    this.#log.tail = undefined;
    return usage;
  }
}
