import type { AccountId, Region, RequestId } from '../base/index.ts';
import type { LogTail, Outcome } from '../environment/index.ts';

/** What every gate (API, URL, schedule, poller, queue) hands to the one road. */
export interface InvokeRequest {
  readonly account: AccountId;
  readonly region: Region;
  /** Any form of spec 0.2-02. */
  readonly functionName: string;
  readonly qualifier?: string | undefined;
  readonly requestId: RequestId;
  readonly payload: Uint8Array;
  readonly traceId?: string | undefined;
  readonly clientContext?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Of functions with durable executions. @source spec 2.1-05 */
  readonly durableExecutionName?: string | undefined;
  readonly onLog?: LogTail | undefined;
}

export interface InvokeResult {
  readonly outcome: Outcome;
  /** `$LATEST` or a number. @source spec 2.2-02 */
  readonly executedVersion: string;
}

export interface Invoker {
  /**
   * Runs a function and waits for its outcome.
   *
   * @throws ServiceFault of spec 2.6: not found, conflict, throttled with its Reason …
   */
  invoke(request: InvokeRequest): Promise<InvokeResult>;
  /**
   * Takes an event for later. Resolves when it is on stable storage. @source spec 2.9-01
   *
   * @throws ServiceFault as above, but never for concurrency
   */
  enqueue(request: InvokeRequest): Promise<void>;
}
