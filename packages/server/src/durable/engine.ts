import { ServiceFault } from '@mayfly/wire';
import type { Clock, Logger, Random, RequestId } from '../base/index.ts';
import type { Catalog } from '../control/index.ts';
import type { DurableRoad, InvokeRequest } from '../invoke/index.ts';
import { applyDue, nextDueMs, over } from './due.ts';
import { endExecution } from './ending.ts';
import { invocationEvent } from './event.ts';
import type { Execution } from './execution.ts';
import { executionNotFound, invalidToken } from './faults.ts';
import { invoked, started } from './history.ts';
import { pauseMs } from './limits.ts';
import { Line } from './line.ts';
import { isPending, shown, type ChainedStart, type ErrorObject, type Operation, type Shown, type Update } from './operation.ts';
import type { Reports } from './reports.ts';
import { resolutionOf } from './resolution.ts';
import type { ExecutionStore } from './store.ts';
import { Timetable } from './timetable.ts';
import { Turns, type Turn } from './turns.ts';
import { applyUpdates } from './updates/apply.ts';
import { checkUpdates } from './updates/check.ts';
import { decide, endingOf, type Ending } from './verdict.ts';
import { Waiting } from './waiting.ts';

type LogTail = NonNullable<InvokeRequest['onLog']>;

export interface EngineOptions {
  readonly store: ExecutionStore;
  readonly catalog: Catalog;
  readonly road: DurableRoad;
  readonly reports: Reports;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Executions invoked at once, of all functions. */
  readonly inFlight: number;
  readonly responseBytes: number;
  /** A chained invoke has begun, or has no end yet: brings it there, and calls `tell`. */
  chain(parent: Execution, operation: Operation): Promise<void>;
  /** Brings the event of an execution that failed to its dead-letter target, or gives up. */
  bury(execution: Execution): Promise<void>;
}

/**
 * Brings executions to their ends: invokes the function, suspends, and invokes it again when something is due or told.
 *
 * Whatever is decided is on storage before anybody hears of it. See NOTES.md for the life of an execution.
 */
export class Engine implements AsyncDisposable {
  readonly #options: EngineOptions;
  readonly #clock: Clock;
  readonly #turns: Turns;
  readonly #timetable: Timetable;
  readonly #line: Line;
  readonly #waiting = new Waiting();
  readonly #tails = new Map<string, LogTail>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #abandoned = false;

  constructor(options: EngineOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#turns = new Turns(options.store);
    this.#timetable = new Timetable({ clock: options.clock, look: (id) => void this.#spawn(this.#look(id)) });
    this.#line = new Line({ places: options.inFlight, run: (id) => this.#spawn(this.#invoke(id)) });
  }

  /** Goes on where an earlier server stopped: what ran then is invoked again, what became due meanwhile is due now. */
  async resume(): Promise<void> {
    const { store, reports } = this.#options;
    for (const { id, of, dueAtMs, hasChained } of await store.running()) {
      reports.resumed(of);
      this.#timetable.set(id, dueAtMs);
      if (hasChained) void this.#spawn(this.#chainAgain(id));
    }
    for (const id of await store.owingDeadLetter()) void this.#spawn(this.#buryAgain(id));
  }

  get isClosed(): boolean {
    return this.#stop.signal.aborted;
  }

  /** Aborted when nothing is started any more. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Takes on a new execution, which is on storage. */
  begin(execution: Execution, onLog: LogTail | undefined): void {
    const { id } = execution.head;
    if (onLog !== undefined) this.#tails.set(id, onLog);
    this.#options.reports.started(execution);
    void this.#spawn(this.#turns.take(id, (turn) => Promise.resolve(this.#goOn(turn)), execution));
  }

  /** Resolves with the execution when it is over. @throws ServiceFault when there is none, or the server stops before */
  async ended(id: string): Promise<Execution> {
    const known = await this.#turns.take(id, (turn) => {
      const execution = present(turn);
      // Not the promise of the end itself: whoever waits for that gives the turn back.
      return Promise.resolve({ execution, over: execution.isRunning ? this.#waiting.for(id) : undefined });
    });
    return known.over ?? known.execution;
  }

  /** @source spec 10.2-05 */
  checkpoint(
    id: string,
    arn: string,
    request: { readonly token: string; readonly clientToken: string | undefined; readonly updates: readonly Update[] },
  ): Promise<{ readonly CheckpointToken: string; readonly NewExecutionState: { readonly Operations: Shown[] } }> {
    return this.#turns.take(id, async (turn) => {
      const execution = present(turn, arn);
      const { invoking } = turn;
      const again = invoking?.answered;
      if (again !== undefined && again.token === request.token && again.clientToken === request.clientToken)
        return again.answer as Awaited<ReturnType<Engine['checkpoint']>>;
      const nowMs = this.#clock.now();
      applyDue(execution, nowMs);
      if (invoking === undefined || invoking.token !== request.token || !execution.isRunning) {
        await this.#write(turn);
        throw invalidToken();
      }
      checkUpdates(execution, request.updates);
      const touched = applyUpdates(execution, request.updates, nowMs);
      const told = new Set([...execution.state.unseen, ...touched]);
      if (execution.state.unseen.length > 0) execution.change({ unseen: [] });
      await this.#write(turn);
      invoking.token = this.#token();
      const answer = {
        CheckpointToken: invoking.token,
        NewExecutionState: { Operations: this.#shown(execution, told) },
      };
      if (request.clientToken !== undefined)
        invoking.answered = { token: request.token, clientToken: request.clientToken, answer };
      this.#options.reports.wrote(execution, request.updates);
      for (const { Id: operationId = '', Type: type } of request.updates)
        if (type === 'CHAINED_INVOKE') this.#chain(execution, operationId);
      return answer;
    });
  }

  /** What one who holds the token of the invocation may read. @throws ServiceFault InvalidParameterValueException for another token */
  read<T>(id: string, arn: string, token: string, look: (execution: Execution) => T): Promise<T> {
    return this.#turns.take(id, (turn) => {
      const execution = present(turn, arn);
      if (turn.invoking?.token !== token || !execution.isRunning) throw invalidToken();
      return Promise.resolve(look(execution));
    });
  }

  /** @source spec 10.4-04 */
  stop(id: string, arn: string, error: ErrorObject | undefined): Promise<number> {
    return this.#turns.take(id, async (turn) => {
      const execution = present(turn, arn);
      const nowMs = this.#clock.now();
      applyDue(execution, nowMs);
      if (execution.isRunning) endExecution(execution, 'STOPPED', { error }, nowMs);
      await this.#write(turn);
      return execution.state.endedAtMs ?? nowMs;
    });
  }

  /** Somebody outside moves an operation on. `change` may refuse by throwing a ServiceFault. */
  move(
    id: string,
    arn: string,
    operationId: string,
    change: (execution: Execution, operation: Operation | undefined, nowMs: number) => void,
  ): Promise<void> {
    return this.#turns.take(id, async (turn) => {
      const execution = present(turn, arn);
      const nowMs = this.#clock.now();
      applyDue(execution, nowMs);
      change(execution, execution.operations.get(operationId), nowMs);
      await this.#write(turn);
    });
  }

  /** A chained invoke has ended. */
  tell(id: string, operationId: string, told: Pick<Operation, 'status' | 'result' | 'error'>): Promise<void> {
    return this.#turns.take(id, async (turn) => {
      const operation = turn.execution?.operations.get(operationId);
      if (turn.execution === undefined || operation === undefined || !turn.execution.isRunning || !isPending(operation)) return;
      if (this.#abandoned) return;
      const nowMs = this.#clock.now();
      over(turn.execution, { ...chainStarted(turn.execution, operation, {}, nowMs), ...told }, nowMs);
      await this.#write(turn);
    });
  }

  /** A chained invoke has begun. */
  tellStart(id: string, operationId: string, start: ChainedStart): Promise<void> {
    return this.#turns.take(id, async (turn) => {
      const operation = turn.execution?.operations.get(operationId);
      if (turn.execution === undefined || operation === undefined || !turn.execution.isRunning || !isPending(operation)) return;
      turn.execution.put(chainStarted(turn.execution, operation, start, this.#clock.now()));
      await this.#write(turn);
    });
  }

  /** Whether an operation is still to be ended by somebody else than the function. */
  isPending(id: string, operationId: string): Promise<boolean> {
    return this.#turns.take(id, ({ execution }) => {
      const operation = execution?.operations.get(operationId);
      return Promise.resolve(execution?.isRunning === true && operation !== undefined && isPending(operation));
    });
  }

  /** Starts nothing more; what runs may end, and everything else is on storage. */
  close(): void {
    this.#stop.abort();
    this.#timetable[Symbol.dispose]();
    this.#line.close();
    this.#waiting.close();
  }

  /** Environments are about to be ended under their executions: how those end says nothing about the function. */
  abandon(): void {
    this.close();
    this.#abandoned = true;
  }

  /** Closes, and resolves when what was started has ended and is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.abandon();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    await this.#turns.settled();
  }

  /** A moment has come that the timetable knows. */
  #look(id: string): Promise<void> {
    return this.#turns.take(id, async (turn) => {
      if (turn.execution === undefined || this.isClosed) return;
      applyDue(turn.execution, this.#clock.now());
      await this.#write(turn);
    });
  }

  /** Puts what was decided on storage; then everybody may hear of it. */
  async #write(turn: Turn): Promise<void> {
    const execution = present(turn);
    const { state } = execution;
    // Whoever moved an operation on wakes a suspended function.
    if (execution.isRunning && state.phase === 'suspended' && state.unseen.length > 0) execution.change({ phase: 'ready' });
    const { hasJustEnded } = execution;
    if (execution.isChanged) await this.#save(execution);
    this.#goOn(turn);
    if (!hasJustEnded) return;
    this.#options.reports.ended(execution);
    this.#tails.delete(execution.head.id);
    this.#waiting.tell(execution);
    if (turn.invoking === undefined) this.#options.reports.left(execution);
    if (execution.state.owesDeadLetter === true) void this.#spawn(this.#bury(execution));
  }

  async #save(execution: Execution): Promise<void> {
    try {
      await this.#options.store.save(execution);
    } catch (error) {
      // What is on storage is what is true; from there it goes on when storage works again.
      this.#timetable.set(execution.head.id, this.#clock.now() + pauseMs(0));
      throw error;
    }
  }

  /** Whatever follows from how the execution stands. */
  #goOn(turn: Turn): void {
    const execution = present(turn);
    const { id } = execution.head;
    const { phase, retryAtMs = 0 } = execution.state;
    if (execution.isRunning && phase === 'ready' && turn.invoking === undefined && retryAtMs <= this.#clock.now()) {
      this.#line.add(id);
      this.#timetable.set(id, nextDueMs(execution, true));
    } else this.#timetable.set(id, nextDueMs(execution, turn.invoking !== undefined));
  }

  async #invoke(id: string): Promise<void> {
    const begun = await this.#turns.take(id, (turn) => Promise.resolve(this.#prepare(turn)));
    if (begun === undefined) return;
    const { head, event, requestId } = begun;
    const ending = await this.#endingOf(head, { requestId, payload: event, onLog: this.#tails.get(id) });
    await this.#turns.take(id, (turn) => this.#finish(turn, ending));
  }

  /** Never rejects. */
  async #endingOf(head: Execution['head'], call: Pick<InvokeRequest, 'requestId' | 'payload' | 'onLog'>): Promise<Ending> {
    const { account, region, traceId, clientContext, tenantId } = head;
    try {
      const resolution = resolutionOf(this.#options.catalog, head);
      const request = { account, region, functionName: resolution.invokedArn, traceId, clientContext, tenantId, ...call };
      const started = await this.#options.road.start(resolution, request);
      const ending = await endingOf(await started.outcome, this.#options.responseBytes);
      // Whoever waits with the log has all of it.
      if (call.onLog !== undefined) await started.released;
      return ending;
    } catch (error) {
      if (!(error instanceof ServiceFault))
        this.#options.log.warn('A durable execution could not be invoked yet.', { functionName: head.functionName, error });
      return { kind: 'refused', error };
    }
  }

  /** @returns undefined when there is nothing to invoke any more */
  #prepare(
    turn: Turn,
  ): { readonly head: Execution['head']; readonly event: Uint8Array; readonly requestId: RequestId } | undefined {
    const { execution } = turn;
    if (execution === undefined || !execution.isRunning || turn.invoking !== undefined || this.isClosed) return undefined;
    const requestId = this.#options.random.uuid() as RequestId;
    const token = this.#token();
    turn.invoking = { requestId, startedAtMs: this.#clock.now(), token };
    const event = invocationEvent(execution, token, execution.state.unseen);
    execution.change({ unseen: [] });
    return { head: execution.head, event, requestId };
  }

  /** What the invocation came to. */
  async #finish(turn: Turn, ending: Ending): Promise<void> {
    const { execution, invoking } = turn;
    turn.invoking = undefined;
    if (execution === undefined || invoking === undefined) return;
    // The row still says that the invocation is to come; the next server makes it.
    if (this.#abandoned || (this.isClosed && ending.kind !== 'returned')) return;
    const nowMs = this.#clock.now();
    if (ending.kind !== 'refused')
      execution.record(
        invoked({
          requestId: invoking.requestId,
          startedAtMs: invoking.startedAtMs,
          endedAtMs: nowMs,
          ...(ending.kind === 'failed' ? { error: ending.error } : {}),
        }),
      );
    const wasOver = !execution.isRunning;
    if (!wasOver) decide(execution, ending, nowMs);
    await this.#write(turn);
    if (wasOver) this.#options.reports.left(execution);
  }

  #token(): string {
    return Buffer.from(this.#options.random.bytes(24)).toString('base64');
  }

  #shown(execution: Execution, ids: ReadonlySet<string>): Shown[] {
    return [...execution.operations.values()].filter(({ id }) => ids.has(id)).map((operation) => shown(operation, execution.arn));
  }

  #chain(execution: Execution, operationId: string): void {
    const operation = execution.operations.get(operationId);
    if (operation !== undefined && isPending(operation)) void this.#spawn(this.#options.chain(execution, operation));
  }

  /** What had no end when the server stopped. */
  #chainAgain(id: string): Promise<void> {
    return this.#turns.take(id, ({ execution }) => {
      for (const operation of execution?.operations.values() ?? [])
        if (operation.type === 'CHAINED_INVOKE' && execution !== undefined) this.#chain(execution, operation.id);
      return Promise.resolve();
    });
  }

  async #bury(execution: Execution): Promise<void> {
    await this.#options.bury(execution);
    if (this.isClosed) return;
    await this.#turns.take(execution.head.id, async (turn) => {
      if (turn.execution === undefined) return;
      turn.execution.change({ owesDeadLetter: undefined });
      await this.#write(turn);
    });
  }

  async #buryAgain(id: string): Promise<void> {
    const execution = await this.#turns.take(id, (turn) => Promise.resolve(turn.execution));
    if (execution !== undefined) await this.#bury(execution);
  }

  /** @returns a promise that never rejects */
  #spawn(task: Promise<void>): Promise<void> {
    const watched = task.catch((error: unknown) => {
      if (!this.isClosed) this.#options.log.error('A durable execution failed to go on.', { error });
    });
    this.#tasks.add(watched);
    void watched.then(() => this.#tasks.delete(watched));
    return watched;
  }
}

/** Tells the history of a chained invoke's start, once. */
function chainStarted(execution: Execution, operation: Operation, start: ChainedStart, nowMs: number): Operation {
  if (operation.chained === undefined || operation.chained.isTold === true) return operation;
  execution.record(started(operation, nowMs, { executionArn: execution.arn, chained: start }));
  return { ...operation, chained: { ...operation.chained, isTold: true } };
}

/** @throws ServiceFault ResourceNotFoundException, also where the ARN's other parts are not this execution's */
function present({ execution }: Turn, arn?: string): Execution {
  if (execution === undefined || (arn !== undefined && execution.arn !== arn)) throw executionNotFound();
  return execution;
}
