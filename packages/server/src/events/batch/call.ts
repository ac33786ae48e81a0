import { ServiceFault } from '@mayfly/wire';
import type { Clock, Limits, Random, RequestId } from '../../base/index.ts';
import { buffered, newTraceId, type Invoker } from '../../invoke/index.ts';
import type { Mapping } from '../port.ts';
import type { LastTry } from './failure-record.ts';

/** How one synchronous call of a poller ended. */
export type CallResult =
  | { readonly kind: 'returned'; readonly body: Uint8Array; readonly last: LastTry }
  | { readonly kind: 'failed'; readonly last: LastTry }
  /** No place now: does not count as a try. */
  | { readonly kind: 'throttled' }
  /** The function is not there, or not able to run. */
  | { readonly kind: 'impossible'; readonly why: string };

/**
 * Calls the mapping's function with a batch. Never rejects. @source spec 6.2-03
 *
 * @param traceId  that one of the records came with: a loop goes through the source and back. @source spec 2.10-01
 */
export async function call(
  mapping: Mapping,
  event: object,
  house: { readonly invoker: Invoker; readonly random: Random; readonly limits: Limits; readonly clock: Clock },
  traceId?: string,
): Promise<CallResult> {
  const requestId = house.random.uuid() as RequestId;
  try {
    const { outcome, executedVersion } = await house.invoker.invoke({
      account: mapping.account,
      region: mapping.region,
      functionName: mapping.functionArn,
      requestId,
      payload: Buffer.from(JSON.stringify(event)),
      ...(traceId === undefined ? {} : { traceId: newTraceId(traceId, house) }),
    });
    const result = await buffered(outcome, house.limits.syncResponseBytes);
    const last = { requestId, executedVersion };
    return result.functionError === undefined
      ? { kind: 'returned', body: result.body, last }
      : { kind: 'failed', last: { ...last, functionError: result.functionError } };
  } catch (error) {
    if (!(error instanceof ServiceFault)) return { kind: 'failed', last: { requestId } };
    if (error.code === 'TooManyRequestsException' || (error.status ?? 400) >= 500) return { kind: 'throttled' };
    if (error.code === 'RequestEntityTooLargeException') return { kind: 'failed', last: { requestId } };
    return { kind: 'impossible', why: error.message };
  }
}
