import type { AccountId, EnvironmentId, Region, RequestId } from './ids.ts';

/** What every fact about a function says of its subject. */
export interface Subject {
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName: string;
  /** `$LATEST` or a number. */
  readonly version: string;
}

/** How an environment's initialisation or an invocation ended. @source spec 3.5-13 */
export type PhaseStatus = 'success' | 'failure' | 'error' | 'timeout';

/** One invocation from claim to idle; from it come the REPORT line, the metrics, the trace and the bill. */
export interface InvocationFact extends Subject {
  readonly kind: 'invocation';
  readonly requestId: RequestId;
  readonly environmentId: EnvironmentId;
  /** Alias the caller named, if any; for the metric's Resource dimension. */
  readonly alias?: string | undefined;
  readonly startedAtMs: number;
  readonly durationMs: number;
  /** Whole milliseconds, initialisation included since August 2025. @source spec 5.1-10 */
  readonly billedMs: number;
  /** Only on the invocation that waited for the cold start. */
  readonly initMs?: number | undefined;
  /** After the response, until extensions were done. @source spec 3.1-06 */
  readonly postRuntimeExtensionsMs?: number | undefined;
  readonly memorySizeMiB: number;
  readonly maxMemoryUsedMiB: number;
  readonly status: PhaseStatus;
  readonly errorType?: string | undefined;
  readonly tracing?: string;
}

export interface ThrottleFact extends Subject {
  readonly kind: 'throttle';
  readonly atMs: number;
  readonly reason: string;
}

export interface ConcurrencyFact {
  readonly kind: 'concurrency';
  readonly account: AccountId;
  readonly region: Region;
  readonly functionName?: string;
  readonly atMs: number;
  readonly inUse: number;
}

/** Counted by name in the metric store; `AsyncEventsReceived`, `DeadLetterErrors` … @source spec 5.5 */
export interface CountFact extends Subject {
  readonly kind: 'count';
  /** As of an invocation. */
  readonly alias?: string | undefined;
  readonly metric: string;
  readonly value: number;
  readonly unit: 'Count' | 'Milliseconds' | 'Bytes';
  readonly atMs: number;
}

/** One more of something, about whoever is named; the first parameter may hold more than that. */
export const countFact = (
  { account, region, functionName, version }: Subject,
  counted: Pick<CountFact, 'alias' | 'metric' | 'value' | 'unit' | 'atMs'>,
): CountFact => ({ kind: 'count', account, region, functionName, version, ...counted });

export type Fact = InvocationFact | ThrottleFact | ConcurrencyFact | CountFact;

/** Where rooms put what happened. Must not throw and must not wait: it is called on the warm path. */
export interface Recorder {
  record(fact: Fact): void;
}

export const noRecorder: Recorder = { record: () => {} };

/** Who wrote a line of a function's log. Set by us, never by the function. */
export type LogOrigin = 'platform' | 'function' | 'extension';

/**
 * One event of an environment's log stream. `message` is the exact text stored in CloudWatch Logs,
 * without a trailing newline.
 */
export interface LogEvent {
  readonly atMs: number;
  readonly origin: LogOrigin;
  readonly message: string;
}

/** Where an environment's log goes. Buffers; must not throw and must not wait. */
export interface LogSink {
  append(stream: LogStreamName, event: LogEvent): void;
}

export interface LogStreamName {
  readonly account: AccountId;
  readonly region: Region;
  readonly logGroup: string;
  readonly logStream: string;
}
