import { rateLimited, type Clock, type Limits, type Logger, type Random, type Recorder } from '../base/index.ts';
import type { Catalog, FunctionVersion } from '../control/index.ts';
import type { EnvironmentFactory } from '../environment/index.ts';
import type { Database } from '../storage/index.ts';
import { Admission, throttled, type ConcurrencyCount } from './admission.ts';
import { invokeHandlers, type InvokeHandlers } from './handlers.ts';
import { checkOrdinary, DurableDesk, type DurableRoad, type DurableRunner } from './durable.ts';
import { House } from './house.ts';
import { defaultKeepAlive, type KeepAlive } from './keep-alive.ts';
import { Keepers, type ProvisionedDesk } from './keepers.ts';
import { fixedPatience, learningPatience } from './patience/patience.ts';
import { checkJson, checkSize, orEmpty } from './payload.ts';
import type { InvokeRequest, InvokeResult, Invoker } from './port.ts';
import type { EventPorts } from './queue/event.ts';
import { QueueDesk } from './queue/desk.ts';
import { EventQueue, type QueueLimits } from './queue/event-queue.ts';
import type { DeadLetters } from './queue/redrive.ts';
import { Road } from './road.ts';
import { traceId } from './trace.ts';

export interface InvokeOptions {
  readonly catalog: Catalog;
  readonly environments: EnvironmentFactory;
  readonly database: Database;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Limits;
  readonly keepAlive?: Partial<KeepAlive>;
  readonly queue?: Partial<QueueLimits>;
  /** Settings and targets of asynchronous invocations; AWS's defaults and none when absent. */
  readonly events?: EventPorts;
  /** Where provisioned concurrency is asked for; opened once its environments can be started. */
  readonly provisioned?: ProvisionedDesk;
  /** Whether what a version mounts and the network it joins are there. @throws ServiceFault */
  checkPlace?(version: FunctionVersion): void;
  /** Where failed events may be brought back from. */
  readonly deadLetters?: DeadLetters;
  /** Runs the functions that have durable executions. */
  readonly durable?: DurableRunner;
}

/** The hall: everything that is invoked passes here. */
export interface Invoke extends AsyncDisposable {
  readonly invoker: Invoker;
  readonly handlers: InvokeHandlers;
  /** The road for the invocations of durable executions. */
  readonly durable: DurableRoad;
  /** For the operator. */
  readonly queue: Pick<QueueDesk, 'list' | 'peek' | 'purge' | 'redrive'>;
  /** What happens now, for metrics. */
  counts(): InvokeCounts;
  /** By function, only those that run. */
  concurrency(): readonly ConcurrencyCount[];
  /** Refuses what is new, then waits for what runs, but no longer than this. */
  drain(options: { readonly withinMs: number }): Promise<void>;
}

export interface InvokeCounts {
  readonly idle: number;
  readonly busy: number;
  readonly booting: number;
  /** Requests without an environment. */
  readonly waiting: number;
  readonly queuedEvents: number;
}

/** Opens the hall, and takes up the queue where an earlier server left it. Disposing stops every environment. */
export async function openInvoke(options: InvokeOptions): Promise<Invoke> {
  const { catalog, clock, random, recorder, limits, database, durable = new DurableDesk() } = options;
  const log = rateLimited(options.log, clock);
  const keepAlive = { ...defaultKeepAlive, ...options.keepAlive };
  const patience = keepAlive.learns ? learningPatience(keepAlive) : fixedPatience(keepAlive);
  const house = new House({ factory: options.environments, keepAlive, patience, clock, log });
  const keepers = new Keepers({ catalog, factory: options.environments, keepAlive, clock, log, cores: house.cores });
  const admission = new Admission({
    accountConcurrency: limits.accountConcurrency,
    reservedTotal: catalog.reservedTotal?.bind(catalog),
    provisionedTotal: catalog.provisionedTotal?.bind(catalog),
    keepers,
  });
  const road = new Road({ catalog, admission, house, recorder, clock, random, checkPlace: options.checkPlace });
  const queue = await EventQueue.open({
    database,
    road,
    admission,
    ports: options.events ?? {},
    recorder,
    clock,
    log,
    limits: {
      // Half the account's places: a backlog must not make synchronous callers wait for their 429s.
      inFlight: Math.max(1, limits.accountConcurrency >> 1),
      laneStart: 4 * (options.keepAlive?.boots ?? defaultKeepAlive.boots),
      events: 1_000_000,
      cachedBytes: 64 * 1_048_576,
      responseBytes: limits.syncResponseBytes,
      ...options.queue,
    },
  });
  const changes = catalog.onChange((change) => house.onChange(change));
  options.provisioned?.open(keepers);

  const invoke = async (request: InvokeRequest): Promise<InvokeResult> => {
    const resolution = road.resolve(request);
    const payload = orEmpty(request.payload);
    checkSize(payload, limits.syncRequestBytes, 'RequestResponse');
    checkJson(payload);
    if (resolution.version.durable !== undefined) return durable.run({ resolution, request: { ...request, payload } });
    checkOrdinary(request);
    const started = await road.start(resolution, { ...request, payload });
    return { outcome: await started.outcome, executedVersion: started.executedVersion };
  };
  const enqueue = async (request: InvokeRequest): Promise<string | undefined> => {
    const resolution = road.resolve(request);
    const payload = orEmpty(request.payload);
    checkSize(payload, limits.asyncRequestBytes, 'Event');
    checkJson(payload);
    const event = { ...request, payload, traceId: traceId(request.traceId, { clock, random }) };
    if (resolution.version.durable !== undefined)
      return (await durable.begin({ resolution, request: event })).durableExecutionArn;
    checkOrdinary(request);
    await queue.enqueue(event, resolution);
    return undefined;
  };

  const invoker: Invoker = { invoke, enqueue: async (request) => void (await enqueue(request)) };

  return {
    invoker,
    durable: {
      start: (resolution, request) => road.start(resolution, request),
      admit(resolution) {
        const reason = admission.refusal(resolution);
        if (reason === undefined) return;
        road.countThrottle(resolution, reason);
        throw throttled(reason, resolution.reservedConcurrency === 0 ? undefined : 1);
      },
    },
    queue: new QueueDesk({ database, queue, catalog, enqueue: invoker.enqueue, deadLetters: options.deadLetters, clock, random }),
    handlers: invokeHandlers({ road, enqueue, durable, limits, clock, random }),
    counts() {
      const counts = house.counts();
      const kept = keepers.counts();
      return { ...counts, idle: counts.idle + kept.idle, busy: counts.busy + kept.busy, queuedEvents: queue.depth };
    },
    concurrency: () => admission.counts(),
    async drain({ withinMs }) {
      queue.close();
      await road.drain({ withinMs });
    },
    async [Symbol.asyncDispose]() {
      changes[Symbol.dispose]();
      queue.abandon();
      await road.drain({ withinMs: 0 });
      await Promise.all([house[Symbol.asyncDispose](), keepers.close()]);
      await queue[Symbol.asyncDispose]();
    },
  };
}
