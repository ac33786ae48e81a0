import type { PhaseStatus } from '../base/index.ts';
import type { Deadline } from './deadline.ts';
import type { Failure } from './failures.ts';
import type { Invocation, Outcome, Running, Usage } from './port.ts';

/** One invocation from `invoke` to the moment the environment is idle again. */
export class Run implements Running {
  readonly invocation: Invocation;
  readonly outcome: Promise<Outcome>;
  readonly released: Promise<Usage>;
  readonly startedAtMs: number;
  deadline: Deadline | undefined;
  /** START is in the log. */
  started = false;
  answeredAtMs: number | undefined;
  runtimeDoneAtMs: number | undefined;
  /** The extensions, too. */
  allDoneAtMs: number | undefined;
  /** `platform.runtimeDone` is in the log. */
  doneLogged = false;
  /** It is over, and only the report is missing. */
  ending = false;
  status: PhaseStatus = 'success';
  errorType: string | undefined;
  producedBytes: number | undefined;
  readonly #answer: (outcome: Outcome) => void;
  readonly #release: (usage: Usage) => void;

  constructor(invocation: Invocation, nowMs: number) {
    this.invocation = invocation;
    this.startedAtMs = nowMs;
    const outcome = Promise.withResolvers<Outcome>();
    const released = Promise.withResolvers<Usage>();
    this.outcome = outcome.promise;
    this.released = released.promise;
    this.#answer = outcome.resolve;
    this.#release = released.resolve;
  }

  /** The runtime's answer; a second one changes nothing. */
  answered(outcome: Outcome, nowMs: number): void {
    if (this.answeredAtMs !== undefined) return;
    this.answeredAtMs = nowMs;
    switch (outcome.kind) {
      case 'returned':
        this.producedBytes = outcome.body.byteLength;
        break;
      case 'streamed':
        void outcome.end.then((end) => {
          if (end.kind === 'failed') this.#mark('error', end.errorType);
        });
        break;
      case 'threw':
        this.#mark('error', outcome.errorType);
        break;
      case 'failed':
        this.#mark(outcome.status, outcome.errorType);
        break;
    }
    this.#answer(outcome);
  }

  /** Runtime or extensions did not get to their next call. */
  failed(failure: Failure): void {
    this.#mark(failure.status, failure.reportedAs ?? failure.errorType);
  }

  release(usage: Usage): void {
    this.#release(usage);
  }

  #mark(status: PhaseStatus, errorType: string): void {
    this.status = status;
    this.errorType = errorType;
  }
}
