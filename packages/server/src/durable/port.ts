import type { AccountId, Region } from '../base/index.ts';
import type { EndedEvent } from '../invoke/index.ts';
import type { ExecutionStatus } from './execution.ts';

/** What the room asks of the house around it; `main` plugs it in. */
export interface DurablePorts {
  /** An execution has started or ended. Best effort; must not throw and must not wait. @source spec 5.7-01 */
  onStatus?(change: StatusChange): void;
  /** An execution has ended, and so has the last of its invocations. Must not throw and must not wait. */
  onLeft?(of: { readonly account: AccountId; readonly region: Region; readonly functionName: string }): void;
  /** Whether a function may invoke another one. @throws ServiceFault AccessDeniedException */
  admit?(functionArn: string, targetArn: string): void;
  /** Brings the event of a failed asynchronous execution to the dead-letter target of its function. @source spec 10.1-08 */
  deadLetter?(ended: EndedEvent, targetArn: string): Promise<void>;
}

export interface StatusChange {
  readonly account: AccountId;
  readonly region: Region;
  readonly durableExecutionArn: string;
  readonly durableExecutionName: string;
  readonly functionArn: string;
  readonly status: ExecutionStatus;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
}
