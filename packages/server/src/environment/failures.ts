import type { PhaseStatus } from '../base/index.ts';
import type { ProcessExit } from '../sandbox/index.ts';
import type { Outcome } from './port.ts';

/**
 * How a run of runtime and extensions can end before its time. `body` is there when the runtime found its
 * own words (an init error); otherwise the platform says `reason`.
 */
export interface Failure {
  readonly errorType: string;
  readonly status: PhaseStatus;
  readonly reason: string;
  readonly body?: Uint8Array;
  /** What REPORT and the telemetry call it, when that differs from what the caller is told. */
  readonly reportedAs?: string;
}

/** What the caller gets: always the platform's or the runtime's JSON. @source spec 2.4 */
export function failureBody(failure: Failure, requestId: string): Uint8Array {
  const errorMessage = `RequestId: ${requestId} Error: ${failure.reason}`;
  return failure.body ?? Buffer.from(JSON.stringify({ errorType: failure.errorType, errorMessage }));
}

export function failedOutcome(failure: Failure, requestId: string): Outcome {
  const body = failureBody(failure, requestId);
  if (failure.body !== undefined) return { kind: 'threw', errorType: failure.errorType, body };
  return { kind: 'failed', errorType: failure.errorType, status: failure.status, body };
}

/** @source spec 2.4-09 */
export const timedOut = (timeoutMs: number): Failure => ({
  errorType: 'Sandbox.Timedout',
  status: 'timeout',
  reason: `Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`,
});

/** @source spec 2.3-03 */
export const responseTooLarge = (limitBytes: number): { readonly errorType: string; readonly body: Uint8Array } => ({
  errorType: 'Function.ResponseSizeTooLarge',
  body: Buffer.from(
    JSON.stringify({
      errorMessage: `Response payload size exceeded maximum allowed payload size (${limitBytes} bytes).`,
      errorType: 'Function.ResponseSizeTooLarge',
    }),
  ),
});

/** @source spec 2.4-13 */
export const invalidEntrypoint = (candidates: readonly string[]): Failure => ({
  errorType: 'Runtime.InvalidEntrypoint',
  status: 'error',
  reason: `Couldn't find valid bootstrap(s): [${candidates.join(' ')}]`,
});

/** What an image names to be run, and does not have. @source spec 2.4-13 */
export const invalidProgram = (reason: string): Failure => ({ errorType: 'Runtime.InvalidEntrypoint', status: 'error', reason });

/** @source spec 2.4-14 */
export const invalidWorkingDir = (folder: string): Failure => ({
  errorType: 'Runtime.InvalidWorkingDir',
  status: 'error',
  reason: `chdir ${folder}: no such file or directory`,
});

/** @source spec 2.4-17 */
export const sandboxFailure = (reason: string): Failure => ({ errorType: 'Sandbox.Failure', status: 'failure', reason });

/** The words of Go's `os/exec`, which Lambda's supervisor speaks. */
const signalWords: Readonly<Record<string, string>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGINT: 'interrupt',
  SIGHUP: 'hangup',
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGILL: 'illegal instruction',
  SIGFPE: 'floating point exception',
  SIGTRAP: 'trace/breakpoint trap',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
};

const exitWords = ({ exitCode, signal }: ProcessExit): string | undefined => {
  if (signal !== null) return `signal: ${signalWords[signal] ?? signal}`;
  return exitCode === 0 ? undefined : `exit status ${exitCode}`;
};

/** @source spec 2.4-10, 2.4-11 */
export function runtimeExit(exit: ProcessExit, options: { readonly outOfMemory: boolean }): Failure {
  const words = exitWords(exit);
  return {
    errorType: 'Runtime.ExitError',
    status: 'error',
    reason: words === undefined ? 'Runtime exited without providing a reason' : `Runtime exited with error: ${words}`,
    ...(options.outOfMemory ? { reportedAs: 'Runtime.OutOfMemory' } : {}),
  };
}

/** @source spec 2.4-15, 3.4-09 */
export const extensionExit = (name: string, exit: ProcessExit): Failure => ({
  errorType: 'Extension.Crash',
  status: 'error',
  reason: `Extension ${name} exited: ${exitWords(exit) ?? 'exit status 0'}`,
});

export const extensionError = (
  errorType: 'Extension.InitError' | 'Extension.ExitError' | 'Extension.LaunchError',
  reason: string,
): Failure => ({
  errorType,
  status: 'error',
  reason,
});

/**
 * An error type that the platform may repeat in its own lines. Names of exceptions pass; `Runtime.` and
 * `Function.` are followed by capitalised letters or become unknown; nobody speaks in the name of the sandbox.
 *
 * @source spec 3.2-17
 */
export function errorTypeOf(told: unknown): string {
  if (typeof told !== 'string' || told === '') return 'Runtime.Unknown';
  if (/^(Runtime|Function)\./.test(told)) {
    if (/^(Runtime|Function)\.[A-Z][a-zA-Z]{0,100}$/.test(told)) return told;
    return told.startsWith('Function.') ? 'Function.Unknown' : 'Runtime.Unknown';
  }
  if (/^(Sandbox|Extension)\./.test(told)) return 'Runtime.Unknown';
  return /^[\w.$:<>-]{1,128}$/.test(told) ? told : 'Runtime.Unknown';
}
