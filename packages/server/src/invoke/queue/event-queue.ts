import { ServiceFault } from '@mayfly/wire';
import {
  countFact,
  type Clock,
  type CountFact,
  type FunctionArn,
  type Logger,
  type Recorder,
  type Timer,
} from '../../base/index.ts';
import type { Resolution } from '../../control/index.ts';
import type { Database } from '../../storage/index.ts';
import type { Admission } from '../admission.ts';
import { throttled } from '../admission.ts';
import { buffered, type Buffered } from '../outcome.ts';
import { isThrottle, type Road } from '../road.ts';
import type { InvokeRequest } from '../port.ts';
import {
  defaultEventInvokeConfig,
  type Condition,
  type Ending,
  type EventInvokeConfig,
  type EventPorts,
  type QueuedEvent,
} from './event.ts';
import { EventStore } from './event-store.ts';
import { Heap } from './heap.ts';
import { Lane } from './lane.ts';
import { Outbox } from './outbox.ts';
import { backoffMs, functionErrorDelayMs } from './retry.ts';

/** Bounds of the queue. */
export interface QueueLimits {
  /** Queued invocations running at once, of all functions: synchronous callers keep the rest. */
  readonly inFlight: number;
  /** Queued invocations of one function running at once when its backlog begins; doubled each second it stands. */
  readonly laneStart: number;
  /** Events waiting, of all functions; more are refused with a 429. */
  readonly events: number;
  /** Payload bytes kept in memory besides storage. */
  readonly cachedBytes: number;
  /** A response larger than this is not kept for a destination. */
  readonly responseBytes: number;
}

/**
 * A lane holds no more than this many times what it leaves free: four fifths of all places when it is alone. A
 * backlog of slow events then never takes the last place from a function that comes later.
 */
const leftFactor = 4;

interface Options {
  readonly database: Database;
  readonly road: Road;
  readonly admission: Admission;
  readonly ports: EventPorts;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: QueueLimits;
}

/**
 * Asynchronous invocations: accepted once they are on stable storage, then down the same road as every
 * other call, with the retries of `retry.ts`. See NOTES.md for the life of an event. @source spec 2.9
 */
export class EventQueue implements AsyncDisposable {
  readonly #options: Options;
  readonly #store: EventStore;
  readonly #outbox: Outbox;
  readonly #clock: Clock;
  readonly #lanes = new Map<FunctionArn, Lane>();
  /** Lanes with something to try, served in turn. */
  readonly #ready = new Set<Lane>();
  /** What becomes due later: an event's retry, or a lane's next try. */
  readonly #later = new Heap<QueuedEvent | Lane>();
  #timer: { readonly timer: Timer; readonly atMs: number } | undefined;
  #inFlight = 0;
  #size = 0;
  #cachedBytes = 0;
  readonly #stop = new AbortController();
  #abandoned = false;
  readonly #tasks = new Set<Promise<void>>();

  private constructor(options: Options, store: EventStore) {
    this.#options = options;
    this.#clock = options.clock;
    this.#store = store;
    this.#outbox = new Outbox({ ...options, store, deliver: options.ports.deliver, signal: this.#stop.signal });
  }

  /** Opens the queue and goes on where an earlier server stopped. */
  static async open(options: Options): Promise<EventQueue> {
    const { store, events } = await EventStore.open(options.database, options.clock);
    const queue = new EventQueue(options, store);
    const nowMs = options.clock.monotonic();
    queue.#size = events.length;
    for (const { event, readyAtMs } of events) {
      if (event.ending !== undefined) queue.#spawn(queue.#deliverStored(event, event.ending));
      else if (readyAtMs > nowMs) queue.#later.push(readyAtMs, event);
      else queue.#lane(event.functionArn).push(event);
    }
    for (const lane of queue.#lanes.values()) queue.#ready.add(lane);
    queue.#arm();
    queue.#pump();
    return queue;
  }

  /** Events accepted whose last word is not spoken. */
  get depth(): number {
    return this.#size;
  }

  /** @throws ServiceFault TooManyRequestsException when the queue is full, ServiceException when storage fails */
  async enqueue(request: InvokeRequest & { readonly traceId: string }, resolution: Resolution): Promise<void> {
    if (this.#closed) throw new ServiceFault('ServiceException', 'The server is stopping; try again.', { status: 503 });
    if (this.#size >= this.#options.limits.events) throw throttled('ConcurrentInvocationLimitExceeded', 1);
    this.#size += 1;
    let event: QueuedEvent;
    try {
      const { functionArn } = resolution.version;
      event = await this.#store.append(request, { functionArn, invokedArn: resolution.invokedArn, traceId: request.traceId });
    } catch (cause) {
      this.#size -= 1;
      throw new ServiceFault('ServiceException', 'The event could not be stored.', { status: 503, cause });
    }
    this.#cache(event);
    this.#count(resolution, 'AsyncEventsReceived', 1);
    const lane = this.#lane(event.functionArn);
    lane.push(event);
    this.#wake(lane);
  }

  /** Invocations of a function's events that hold a place. */
  inFlightOf(functionArn: FunctionArn): number {
    return this.#lanes.get(functionArn)?.inFlight ?? 0;
  }

  /** Drops the events of a function that wait for a first or another try. @returns how many */
  async purge(functionArn: FunctionArn): Promise<number> {
    const waiting = this.#lanes.get(functionArn)?.clear() ?? [];
    for (const item of this.#later)
      if (!(item instanceof Lane) && item.functionArn === functionArn && item.purged !== true) waiting.push(item);
    for (const event of waiting) {
      event.purged = true;
      this.#uncache(event);
    }
    this.#size -= waiting.length;
    await this.#persist(() => this.#store.removeAll(waiting));
    return waiting.length;
  }

  /** Starts nothing more; what runs may end, and everything else is on storage. */
  close(): void {
    this.#stop.abort();
    this.#timer?.timer[Symbol.dispose]();
    this.#timer = undefined;
  }

  /** Environments are about to be ended under their events: how those end says nothing about the function, and counts for nothing. */
  abandon(): void {
    this.close();
    this.#abandoned = true;
  }

  /** Closes, and resolves when what was started has ended and is written. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    await this.#store.settled();
  }

  get #closed(): boolean {
    return this.#stop.signal.aborted;
  }

  #lane(functionArn: FunctionArn): Lane {
    let lane = this.#lanes.get(functionArn);
    if (lane === undefined) this.#lanes.set(functionArn, (lane = new Lane(functionArn, this.#options.limits.laneStart)));
    return lane;
  }

  #wake(lane: Lane): void {
    if (lane.size === 0) {
      if (lane.inFlight === 0) this.#lanes.delete(lane.functionArn);
      return;
    }
    if (lane.pausedUntilMs > this.#clock.monotonic() + 1) return;
    this.#ready.add(lane);
    this.#pump();
  }

  /** One event of each ready lane in turn, until every place is taken. */
  #pump(): void {
    for (const lane of this.#ready) {
      if (this.#closed || this.#inFlight >= this.#options.limits.inFlight) return;
      // Deleting and adding again puts the lane at the end, and this same loop comes back to it.
      this.#ready.delete(lane);
      if (this.#tryFirst(lane)) this.#ready.add(lane);
      else if (lane.size === 0 && lane.inFlight === 0) this.#lanes.delete(lane.functionArn);
    }
  }

  /** @returns whether the lane may be tried again at once */
  #tryFirst(lane: Lane): boolean {
    const event = lane.first;
    if (event === undefined) return false;
    let resolution: Resolution;
    try {
      resolution = this.#options.road.resolve({
        account: event.account,
        region: event.region,
        functionName: event.invokedArn,
        ...(event.tenantId === undefined ? {} : { tenantId: event.tenantId }),
      });
    } catch (error) {
      lane.shift();
      this.#spawn(this.#unresolved(event, error));
      return lane.size > 0;
    }
    const config = this.#config(resolution);
    const expired = this.#clock.monotonic() - event.acceptedAtMs >= config.maximumEventAgeMs;
    // Reserved concurrency 0 means nobody will ever run it. @source spec 2.7-03
    const hopeless = resolution.reservedConcurrency === 0;
    const { road } = this.#options;
    const loops = road.isLoop(resolution, road.turns(resolution, event.traceId));
    if (loops) road.countLoop(resolution);
    if (expired || hopeless || loops) {
      lane.shift();
      const condition = expired ? 'EventAgeExceeded' : hopeless ? 'ZeroReservedConcurrency' : 'RetriesExhausted';
      this.#spawn(this.#end(event, resolution, config, condition, undefined));
      return lane.size > 0;
    }
    const refusal = this.#options.admission.refusal(resolution);
    if (refusal !== undefined) {
      // Our own invocations fill the function: the next one of them to end wakes the lane, without any throttle.
      if (lane.inFlight > 0) return false;
      this.#options.road.countThrottle(resolution, refusal);
      this.#pause(lane, event, config);
      return false;
    }
    const fullForMs = lane.fullForMs(this.#clock.monotonic());
    if (fullForMs > 0) {
      this.#lookAt(lane, fullForMs);
      return false;
    }
    // Its own next end wakes it: there is one, for it holds places.
    if (lane.inFlight > leftFactor * (this.#options.limits.inFlight - this.#inFlight)) return false;
    lane.shift();
    lane.inFlight += 1;
    this.#inFlight += 1;
    this.#spawn(this.#run(lane, event, resolution, config));
    return lane.size > 0;
  }

  /** An event that ends wakes the lane anyway; this is for lanes whose events are all slow. */
  #lookAt(lane: Lane, delayMs: number): void {
    if (lane.looksAgain) return;
    lane.looksAgain = true;
    this.#later.push(this.#clock.monotonic() + delayMs, lane);
    this.#arm();
  }

  #pause(lane: Lane, first: QueuedEvent, config: EventInvokeConfig): void {
    lane.throttles += 1;
    const nowMs = this.#clock.monotonic();
    // An event that grows too old meanwhile is told so when it happens, not when the pause is over.
    const expiryMs = first.acceptedAtMs + config.maximumEventAgeMs;
    lane.pausedUntilMs = Math.max(nowMs, Math.min(nowMs + backoffMs(lane.throttles), expiryMs));
    this.#later.push(lane.pausedUntilMs, lane);
    this.#arm();
  }

  async #run(lane: Lane, event: QueuedEvent, resolution: Resolution, config: EventInvokeConfig): Promise<void> {
    let released: Promise<void> | undefined;
    try {
      const payload = event.payload ?? (await this.#store.payload(event));
      const { account, region, invokedArn: functionName, requestId, traceId, clientContext, tenantId } = event;
      const started = await this.#options.road.start(resolution, {
        account,
        region,
        functionName,
        requestId,
        payload,
        traceId,
        ...(clientContext === undefined ? {} : { clientContext }),
        ...(tenantId === undefined ? {} : { tenantId }),
      });
      released = started.released;
      lane.throttles = 0;
      this.#count(resolution, 'AsyncEventAge', this.#clock.monotonic() - event.acceptedAtMs, 'Milliseconds');
      const result = await buffered(await started.outcome, this.#options.limits.responseBytes);
      await this.#finished(event, resolution, config, result);
    } catch (error) {
      if (this.#closed) return;
      if (isThrottle(error)) {
        lane.unshift(event);
        this.#pause(lane, event, config);
      } else this.#systemFailure(event, config, error);
    } finally {
      await released;
      lane.inFlight -= 1;
      this.#inFlight -= 1;
      if (!this.#closed) {
        this.#wake(lane);
        this.#pump();
      }
    }
  }

  #finished(event: QueuedEvent, resolution: Resolution, config: EventInvokeConfig, result: Buffered): Promise<void> {
    // The row stays as it is: the next server runs the event again, with the attempts it had.
    if (this.#abandoned && result.functionError !== undefined) return Promise.resolve();
    event.failures = result.errorType === 'Sandbox.Failure' ? event.failures : 0;
    if (result.functionError === undefined) return this.#end(event, resolution, config, 'Success', result);
    if (result.errorType === 'Sandbox.Failure') {
      this.#systemFailure(event, config, new Error('The sandbox failed.'));
      return Promise.resolve();
    }
    event.attempts += 1;
    if (event.attempts > config.maximumRetryAttempts) {
      return this.#end(event, resolution, config, 'RetriesExhausted', result);
    }
    const delayMs = functionErrorDelayMs(event.attempts);
    // A try that would come too late is none, and the destination hears of the last one. @source recorded, test_maxeventage
    if (this.#clock.monotonic() + delayMs - event.acceptedAtMs >= config.maximumEventAgeMs) {
      return this.#end(event, resolution, config, 'EventAgeExceeded', result);
    }
    this.#dueAfter(event, delayMs, config);
    return this.#persist(() => this.#store.retry(event, delayMs));
  }

  /** The last word: the event goes, or waits in the outbox until its targets have it. */
  async #end(
    event: QueuedEvent,
    resolution: Resolution,
    config: EventInvokeConfig,
    condition: Condition,
    result: Buffered | undefined,
  ): Promise<void> {
    const success = condition === 'Success';
    const destination = success ? config.onSuccess : config.onFailure;
    const deadLetter = success ? undefined : resolution.version.deadLetterTargetArn;
    const ending: Ending = {
      condition,
      // @source spec 2.9-08
      targets: [
        ...(deadLetter === undefined ? [] : [{ kind: 'deadLetter', arn: deadLetter } as const]),
        ...(destination === undefined ? [] : [{ kind: 'destination', arn: destination } as const]),
      ],
      approximateInvokeCount: event.attempts + (success ? 1 : 0),
      endedAtMs: this.#clock.now(),
      ...(result === undefined ? {} : { executedVersion: resolution.version.version }),
      ...(result?.functionError === undefined ? {} : { functionError: result.functionError }),
    };
    if (!success) this.#count(resolution, 'AsyncEventsDropped', 1);
    if (ending.targets.length > 0) {
      await this.#persist(() => this.#store.end(event, ending, result?.body));
      await this.#outbox.deliver(event, ending, result?.body, resolution.version);
    }
    await this.#gone(event);
  }

  /** The ending was stored by an earlier server; the event is not to run again. */
  async #deliverStored(event: QueuedEvent, ending: Ending): Promise<void> {
    const name = event.functionArn.split(':').at(-1) ?? '';
    const subject = { account: event.account, region: event.region, functionName: name, version: '$LATEST' };
    await this.#outbox.deliver(event, ending, await this.#store.response(event), subject);
    await this.#gone(event);
  }

  async #gone(event: QueuedEvent): Promise<void> {
    await this.#persist(() => this.#store.remove(event));
    this.#uncache(event);
    this.#size -= 1;
  }

  /** A function that no longer exists takes its events with it; anything else may pass. */
  async #unresolved(event: QueuedEvent, error: unknown): Promise<void> {
    if (!(error instanceof ServiceFault) || error.code !== 'ResourceNotFoundException') {
      return this.#systemFailure(event, defaultEventInvokeConfig, error);
    }
    this.#options.log.info('A queued event was dropped: its function is gone.', { functionArn: event.functionArn });
    await this.#gone(event);
  }

  #systemFailure(event: QueuedEvent, config: EventInvokeConfig, error: unknown): void {
    event.failures += 1;
    if (event.failures === 1)
      this.#options.log.warn('A queued event could not be run yet.', { functionArn: event.functionArn, error });
    this.#dueAfter(event, backoffMs(event.failures), config);
  }

  #dueAfter(event: QueuedEvent, delayMs: number, config: EventInvokeConfig): void {
    const nowMs = this.#clock.monotonic();
    const expiryMs = event.acceptedAtMs + config.maximumEventAgeMs;
    this.#later.push(Math.max(nowMs, Math.min(nowMs + delayMs, expiryMs)), event);
    this.#arm();
  }

  #arm(): void {
    const atMs = this.#later.firstKey;
    if (atMs === undefined || this.#closed) return;
    if (this.#timer !== undefined && this.#timer.atMs <= atMs) return;
    this.#timer?.timer[Symbol.dispose]();
    const timer = this.#clock.after(Math.max(0, atMs - this.#clock.monotonic()), () => this.#due());
    timer.unref();
    this.#timer = { timer, atMs };
  }

  #due(): void {
    this.#timer = undefined;
    const nowMs = this.#clock.monotonic();
    // Timers of the platform may fire a fraction early.
    for (let key = this.#later.firstKey; key !== undefined && key <= nowMs + 1; key = this.#later.firstKey) {
      const item = this.#later.pop();
      if (item === undefined) break;
      if (!(item instanceof Lane) && item.purged === true) continue;
      const lane = item instanceof Lane ? item : this.#lane(item.functionArn);
      if (item instanceof Lane) lane.looksAgain = false;
      else lane.push(item);
      if (lane.size > 0 && lane.pausedUntilMs <= nowMs + 1) this.#ready.add(lane);
    }
    this.#arm();
    this.#pump();
  }

  #config(resolution: Resolution): EventInvokeConfig {
    return this.#options.ports.eventInvokeConfig?.(resolution) ?? defaultEventInvokeConfig;
  }

  /** Storage that fails now may work in a second; what is decided is written then. */
  async #persist(write: () => Promise<void>): Promise<void> {
    // When the server stops in between, the row as it stands is enough: the event runs again.
    for (let failures = 1; failures === 1 || !this.#closed; failures += 1) {
      try {
        return await write();
      } catch (error) {
        this.#options.log.error('The event queue could not be written.', { error });
        await this.#clock.sleep(backoffMs(failures), { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
  }

  #cache(event: QueuedEvent): void {
    if (this.#cachedBytes + event.payloadBytes > this.#options.limits.cachedBytes) delete event.payload;
    else this.#cachedBytes += event.payloadBytes;
  }

  #uncache(event: QueuedEvent): void {
    if (event.payload === undefined) return;
    delete event.payload;
    this.#cachedBytes -= event.payloadBytes;
  }

  #spawn(task: Promise<void>): void {
    const watched = task.catch((error: unknown) => {
      if (!this.#closed) this.#options.log.error('The event queue failed.', { error });
    });
    this.#tasks.add(watched);
    void watched.then(() => this.#tasks.delete(watched));
  }

  #count({ version }: Resolution, metric: string, value: number, unit: CountFact['unit'] = 'Count'): void {
    this.#options.recorder.record(countFact(version, { metric, value, unit, atMs: this.#clock.now() }));
  }
}
