import type { LambdaOperations } from '@mayfly/wire';
import type { ExecutionName } from './names.ts';
import { executionArn } from './names.ts';
import type { ErrorObject, Operation } from './operation.ts';

type Items<List> = Exclude<List, undefined> extends readonly (infer Item)[] ? Item : never;
/** Kept as it is told. */
export type HistoryEvent = Items<LambdaOperations['GetDurableExecutionHistory']['output']['Events']>;
export type ExecutionStatus = NonNullable<LambdaOperations['GetDurableExecution']['output']['Status']>;

/** What is known of an execution when it starts, and stays. */
export interface ExecutionHead extends ExecutionName {
  /** As called: an alias, a version or `$LATEST`. */
  readonly qualifier: string;
  readonly startedAtMs: number;
  readonly timeoutMs: number;
  readonly retentionDays: number;
  readonly kmsKeyArn?: string;
  /** Of the event, so that a name that comes again is told from another event under the same name. */
  readonly inputDigest: string;
  readonly isAsync: boolean;
  /** It is a step of another execution, whose bounds hold for its result. */
  readonly isChained: boolean;
  readonly traceId: string;
  readonly clientContext?: string;
  readonly tenantId?: string;
  /** Absent where nobody is told of a failure. */
  readonly deadLetterTargetArn?: string;
}

/** What changes. */
export interface ExecutionState {
  readonly status: ExecutionStatus;
  readonly endedAtMs?: number;
  readonly result?: string;
  readonly error?: ErrorObject;
  /** `ready`: an invocation is to come, or was under way when this was written. `suspended`: until something below is due or told. */
  readonly phase: 'ready' | 'suspended';
  /** No invocation before this. */
  readonly retryAtMs?: number | undefined;
  /** Invocations in a row that failed. */
  readonly failures: number;
  /** Tries in a row that came to no invocation. */
  readonly refusals: number;
  /** The same, of those that would wait for nothing. */
  readonly idlePendings: number;
  /** Operations that moved on without the function's doing, and that it has not been told of. */
  readonly unseen: readonly string[];
  readonly lastEventId: number;
  /** Payloads written by checkpoints. */
  readonly writtenBytes: number;
  /** The dead letter is not delivered yet. */
  readonly owesDeadLetter?: true | undefined;
}

export interface Changes {
  readonly operations: readonly Operation[];
  readonly events: readonly HistoryEvent[];
}

/**
 * One execution in memory: decides nothing, remembers what changed since it was written last.
 *
 * Whoever holds its turn (`turns.ts`) may change it, and writes it before anybody is told.
 */
export class Execution {
  readonly head: ExecutionHead;
  readonly arn: string;
  #state: ExecutionState;
  readonly #operations = new Map<string, Operation>();
  #written: ExecutionState;
  #changed = new Set<string>();
  #events: HistoryEvent[] = [];

  constructor(head: ExecutionHead, state: ExecutionState, operations: Iterable<Operation> = []) {
    this.head = head;
    this.arn = executionArn(head);
    this.#state = state;
    this.#written = state;
    for (const operation of operations) this.#operations.set(operation.id, operation);
  }

  get state(): ExecutionState {
    return this.#state;
  }
  get isRunning(): boolean {
    return this.#state.status === 'RUNNING';
  }
  /** Something is to be written. */
  get isChanged(): boolean {
    return this.#state !== this.#written || this.#changed.size > 0 || this.#events.length > 0;
  }
  /** It was running when it was written last. */
  get hasJustEnded(): boolean {
    return !this.isRunning && this.#written.status === 'RUNNING';
  }
  get deadlineMs(): number {
    return this.head.startedAtMs + this.head.timeoutMs;
  }
  /** In their order. */
  get operations(): ReadonlyMap<string, Operation> {
    return this.#operations;
  }

  change(part: Partial<ExecutionState>): void {
    this.#state = { ...this.#state, ...part };
  }

  put(operation: Operation): void {
    this.#operations.set(operation.id, operation);
    this.#changed.add(operation.id);
  }

  /** As `put`, for what the function has to be told. */
  move(operation: Operation): void {
    this.put(operation);
    if (!this.#state.unseen.includes(operation.id)) this.change({ unseen: [...this.#state.unseen, operation.id] });
  }

  record(event: Omit<HistoryEvent, 'EventId'>): void {
    const lastEventId = this.#state.lastEventId + 1;
    this.change({ lastEventId });
    this.#events.push({ ...event, EventId: lastEventId });
  }

  /** What is to be written; from here on it counts as written. */
  takeChanges(): Changes {
    const operations = [...this.#changed].map((id) => this.#operations.get(id) as Operation);
    const events = this.#events;
    this.#changed = new Set();
    this.#events = [];
    this.#written = this.#state;
    return { operations, events };
  }
}
