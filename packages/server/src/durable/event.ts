import type { Execution } from './execution.ts';
import { pageBytes } from './limits.ts';
import { replayed, shown, type ErrorObject, type Operation } from './operation.ts';
import { writeMarker } from './pages.ts';

/** The event of an invocation, as SDKs read it: moments are milliseconds. @source spec 10.2-01, 10.2-02 */
export function invocationEvent(execution: Execution, checkpointToken: string, updated: readonly string[]): Uint8Array {
  const all = replayed(execution.operations.values());
  const first = upTo(all, pageBytes);
  const last = first.at(-1);
  return Buffer.from(
    JSON.stringify(
      {
        DurableExecutionArn: execution.arn,
        CheckpointToken: checkpointToken,
        InitialExecutionState: {
          Operations: first.map((operation) => shown(operation, execution.arn)),
          NextMarker: first.length < all.length && last !== undefined ? writeMarker(String(last.seq)) : '',
        },
        UpdatedOperationIds: updated,
      },
      milliseconds,
    ),
  );
}

/** Dates have become text when a replacer is asked; what they were is still in their place. */
function milliseconds(this: Readonly<Record<string, unknown>>, key: string, value: unknown): unknown {
  const given = this[key];
  return given instanceof Date ? given.getTime() : value;
}

/** As many as fit, at least one. */
export function upTo(operations: readonly Operation[], bytes: number): Operation[] {
  const fitting: Operation[] = [];
  let left = bytes;
  for (const operation of operations) {
    left -= sizeOf(operation);
    if (left < 0 && fitting.length > 0) break;
    fitting.push(operation);
  }
  return fitting;
}

/** About: what a function wrote, and room for the rest. */
const sizeOf = ({ input, result, error }: Operation): number =>
  500 + (input?.length ?? 0) + (result?.length ?? 0) + (error === undefined ? 0 : JSON.stringify(error).length);

/** What an invocation came to. @source spec 10.2-03 */
export type Answer =
  | { readonly kind: 'succeeded'; readonly result?: string }
  | { readonly kind: 'failed'; readonly error?: ErrorObject }
  | { readonly kind: 'pending' }
  /** Not an answer of an SDK. */
  | { readonly kind: 'senseless'; readonly error: ErrorObject };

export function readAnswer(body: Uint8Array): Answer {
  let answer: { readonly Status?: unknown; readonly Result?: unknown; readonly Error?: unknown } | null;
  try {
    answer = JSON.parse(Buffer.from(body).toString('utf8')) as typeof answer;
  } catch {
    answer = null;
  }
  if (typeof answer !== 'object' || answer === null || answer.Status === undefined)
    return senseless('Response status is required');
  const { Status: status, Result: result, Error: error } = answer;
  switch (status) {
    case 'SUCCEEDED':
      if (error !== undefined && error !== null) return senseless('Cannot provide an Error for SUCCEEDED status.');
      return { kind: 'succeeded', ...(typeof result === 'string' ? { result } : {}) };
    case 'FAILED':
      if (result !== undefined && result !== null) return senseless('Cannot provide a Result for FAILED status.');
      return { kind: 'failed', ...(isObject(error) ? { error: errorOf(error) } : {}) };
    case 'PENDING':
      return { kind: 'pending' };
    default:
      return senseless(`Unexpected invocation status: ${JSON.stringify(status)}`);
  }
}

const senseless = (text: string): Answer => ({
  kind: 'senseless',
  error: { ErrorType: 'InvalidParameterValueException', ErrorMessage: text },
});

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

/** Only what the shape has: it is stored, and told to callers. */
const errorOf = (given: Readonly<Record<string, unknown>>): ErrorObject => ({
  ...(typeof given['ErrorMessage'] === 'string' ? { ErrorMessage: given['ErrorMessage'] } : {}),
  ...(typeof given['ErrorType'] === 'string' ? { ErrorType: given['ErrorType'] } : {}),
  ...(typeof given['ErrorData'] === 'string' ? { ErrorData: given['ErrorData'] } : {}),
  ...(Array.isArray(given['StackTrace']) ? { StackTrace: given['StackTrace'].map(String) } : {}),
});

/** The error of a function, as an invocation ends with it, in the words of executions. */
export function errorIn(body: Uint8Array): ErrorObject {
  try {
    const { errorMessage, errorType, stackTrace } = JSON.parse(Buffer.from(body).toString('utf8')) as Readonly<
      Record<string, unknown>
    >;
    return {
      ...(typeof errorMessage === 'string' ? { ErrorMessage: errorMessage } : {}),
      ...(typeof errorType === 'string' ? { ErrorType: errorType } : {}),
      ...(Array.isArray(stackTrace) ? { StackTrace: stackTrace.map(String) } : {}),
    };
  } catch {
    return { ErrorMessage: Buffer.from(body).toString('utf8') };
  }
}

/** The other way round: what a caller of the function is told. */
export const errorBody = ({ ErrorMessage, ErrorType, StackTrace }: ErrorObject): Uint8Array =>
  Buffer.from(
    JSON.stringify({
      errorMessage: ErrorMessage ?? '',
      errorType: ErrorType ?? 'Error',
      ...(StackTrace === undefined ? {} : { stackTrace: StackTrace }),
    }),
  );
