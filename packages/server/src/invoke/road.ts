import { ServiceFault } from '@mayfly/wire';
import { countFact, type Clock, type Random, type Recorder } from '../base/index.ts';
import type { Catalog, FunctionVersion, Resolution } from '../control/index.ts';
import type { Invocation, Outcome, Running, Usage } from '../environment/index.ts';
import type { Admission, Slot } from './admission.ts';
import { throttled } from './admission.ts';
import { stopping, type House } from './house.ts';
import type { Kept } from './kept.ts';
import { mostTurns, nextTurn, type Turn } from './lineage.ts';
import type { Box } from './pool.ts';
import type { InvokeRequest } from './port.ts';
import { traceId } from './trace.ts';

/** An invocation on its way. */
export interface Started {
  readonly executedVersion: string;
  /** Never rejects. */
  readonly outcome: Promise<Outcome>;
  /** Resolves when slot and environment are free again and the fact is recorded; the log is complete then. Never rejects. */
  readonly released: Promise<void>;
}

/** An environment that turned out to be dead when it was handed the event: how often another one is tried. */
const environmentTries = 3;

/** How long a refused caller waits for a place whose own caller is answered already. */
const releaseGraceMs = 250;

/** How long a call waits for a provisioned environment whose caller is answered already, before it spills over. */
const provisionedGraceMs = 50;

/** Steps 4 to 10 of one Invoke, for every gate: resolve, admit, place, run, give back, record. */
export class Road {
  readonly #catalog: Catalog;
  readonly #admission: Admission;
  readonly #house: House;
  readonly #recorder: Recorder;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #checkPlace: ((version: FunctionVersion) => void) | undefined;
  #running = 0;
  #closed = false;
  #whenEmpty: (() => void)[] = [];

  constructor(options: {
    readonly catalog: Catalog;
    readonly admission: Admission;
    readonly house: House;
    readonly recorder: Recorder;
    readonly clock: Clock;
    readonly random: Random;
    /** @throws ServiceFault  what the version mounts or joins is not there */
    readonly checkPlace?: ((version: FunctionVersion) => void) | undefined;
  }) {
    this.#catalog = options.catalog;
    this.#admission = options.admission;
    this.#house = options.house;
    this.#recorder = options.recorder;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#checkPlace = options.checkPlace;
  }

  /**
   * The version a request means, if it may be invoked now.
   *
   * @throws ServiceFault ResourceNotFoundException, InvalidParameterValueException, ResourceConflictException
   */
  resolve(request: Pick<InvokeRequest, 'account' | 'region' | 'functionName' | 'qualifier' | 'tenantId'>): Resolution {
    const resolution = this.#catalog.resolve(request.account, request.region, request.functionName, request.qualifier);
    const { state } = resolution.version;
    if (state !== 'Active') {
      throw new ServiceFault(
        'ResourceConflictException',
        `The operation cannot be performed at this time. The function is currently in the following state: ${state}`,
        { status: 409, members: { Type: 'User' } },
      );
    }
    if ((request.tenantId === undefined) !== (resolution.version.tenantIsolation === undefined))
      throw wrongTenant(request.tenantId);
    return resolution;
  }

  /**
   * Runs one event. Resolves when an environment has it.
   *
   * @throws ServiceFault TooManyRequestsException when there is no place for it
   */
  async start(resolution: Resolution, request: InvokeRequest): Promise<Started> {
    if (this.#closed) throw stopping();
    const { turns, traceId: trace } = this.#turn(resolution, request.traceId);
    if (this.isLoop(resolution, turns)) {
      this.countLoop(resolution);
      throw recursive();
    }
    if (resolution.version.fileSystems !== undefined || resolution.version.vpc !== undefined)
      this.#checkPlace?.(resolution.version);
    if (resolution.provisionedConcurrency !== undefined)
      await this.#admission.awaitProvisioned(resolution, this.#clock, provisionedGraceMs);
    const refusal = this.#admission.refusal(resolution);
    const slot = refusal === undefined ? this.#admission.enter(resolution) : await this.#enterSoon(resolution);
    this.#running += 1;
    try {
      for (let left = environmentTries; ; left -= 1) {
        const taken = slot.kept?.take() ?? this.#house.take(resolution.version, request.tenantId);
        const box = taken instanceof Promise ? await taken : taken;
        const running = this.#begin(box, resolution, request, trace);
        if (running === undefined && left > 1) continue;
        if (running === undefined) {
          throw new ServiceFault('ServiceException', 'The execution environment ended unexpectedly.', { status: 500 });
        }
        this.#answered(running, box, slot);
        if (resolution.provisionedConcurrency !== undefined) this.#countProvisioned(resolution, box.kept);
        const startedAtMs = this.#clock.now();
        return {
          executedVersion: resolution.version.version,
          outcome: running.outcome,
          released: running.released.then((usage) => this.#end(box, slot, resolution, request, usage, startedAtMs)),
        };
      }
    } catch (error) {
      this.#leave(slot);
      if (isThrottle(error)) this.#recordThrottle(resolution, error);
      throw error;
    }
  }

  /** How often the function has been called in the chain of this trace, the call in question included. */
  turns(resolution: Resolution, trace: string): number {
    return this.#turn(resolution, trace).turns;
  }

  /** Whether so many turns are a loop that is to end. @source spec 2.10-03, 2.10-04 */
  isLoop(resolution: Resolution, turns: number): boolean {
    return turns > mostTurns && resolution.recursiveLoop !== 'Allow';
  }

  /** @source spec 5.5-15 */
  countLoop(resolution: Resolution): void {
    this.#count(resolution, 'RecursiveInvocationsDropped', 1);
  }

  /** Counts a refusal that the caller made without asking `start`. */
  countThrottle(resolution: Resolution, reason: Parameters<typeof throttled>[0]): void {
    this.#recordThrottle(resolution, throttled(reason));
  }

  /** Takes nothing more, and waits until what runs has ended or the time is over. */
  async drain(options: { readonly withinMs: number }): Promise<void> {
    this.#closed = true;
    if (this.#running === 0 || options.withinMs <= 0) return;
    const empty = new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
    const late = Promise.withResolvers<void>();
    using _deadline = this.#clock.after(options.withinMs, late.resolve);
    await Promise.race([empty, late.promise]);
  }

  async #enterSoon(resolution: Resolution): Promise<Slot> {
    const slot = await this.#admission.enterSoon(resolution, this.#clock, releaseGraceMs);
    if (slot !== undefined) return slot;
    try {
      return this.#admission.enter(resolution);
    } catch (error) {
      if (isThrottle(error)) this.#recordThrottle(resolution, error);
      throw error;
    }
  }

  /** The caller has all of its answer; what is left is the environment's own business. */
  #answered(running: Running, box: Box, slot: Slot): void {
    void running.outcome.then(async (outcome) => {
      if (outcome.kind === 'streamed') await outcome.end;
      slot.answered();
      this.#house.answered(box);
    });
  }

  /** @returns undefined when the environment was no longer able to take anything */
  #begin(box: Box, resolution: Resolution, request: InvokeRequest, trace: string): Running | undefined {
    const invocation: Invocation = {
      requestId: request.requestId,
      payload: request.payload,
      invokedArn: resolution.invokedArn,
      deadlineMs: this.#clock.now() + resolution.version.timeoutMs,
      traceId: trace,
      clientContext: request.clientContext,
      tenantId: request.tenantId,
    };
    try {
      return box.environment.invoke(invocation, request.onLog);
    } catch (error) {
      this.#house.discard(box);
      if ((error as { code?: unknown }).code === 'ENVIRONMENT_NOT_IDLE') return undefined;
      throw error;
    }
  }

  #end(box: Box, slot: Slot, resolution: Resolution, request: InvokeRequest, usage: Usage, startedAtMs: number): void {
    this.#house.giveBack(box);
    this.#leave(slot);
    const { account, region, functionName, version, memoryMiB } = resolution.version;
    this.#recorder.record({
      kind: 'invocation',
      account,
      region,
      functionName,
      version,
      requestId: request.requestId,
      environmentId: box.environment.id,
      alias: resolution.alias,
      startedAtMs,
      billedMs: Math.ceil(usage.durationMs + (usage.initMs ?? 0)),
      memorySizeMiB: memoryMiB,
      ...usage,
    });
  }

  #leave(slot: Slot): void {
    slot[Symbol.dispose]();
    this.#running -= 1;
    if (this.#running > 0 || this.#whenEmpty.length === 0) return;
    const waiting = this.#whenEmpty;
    this.#whenEmpty = [];
    for (const resolve of waiting) resolve();
  }

  #turn({ version }: Resolution, trace: string | undefined): Turn {
    return nextTurn(trace ?? traceId(undefined, { clock: this.#clock, random: this.#random }), version);
  }

  /** @source spec 5.5-10 */
  #countProvisioned(resolution: Resolution, kept: Kept | undefined): void {
    const theirs = kept ?? this.#admission.provisioned(resolution);
    if (theirs === undefined || theirs.places === 0) return;
    this.#count(
      resolution,
      kept === undefined ? 'ProvisionedConcurrencySpilloverInvocations' : 'ProvisionedConcurrencyInvocations',
      1,
    );
    this.#count(resolution, 'ProvisionedConcurrentExecutions', theirs.taken);
    this.#count(resolution, 'ProvisionedConcurrencyUtilization', theirs.taken / theirs.places);
  }

  #count({ version, alias }: Resolution, metric: string, value: number): void {
    const counted = { metric, value, unit: 'Count', atMs: this.#clock.now() } as const;
    this.#recorder.record(countFact(version, alias === undefined ? counted : { ...counted, alias }));
  }

  #recordThrottle(resolution: Resolution, fault: ServiceFault): void {
    const { account, region, functionName, version } = resolution.version;
    const reason = String(fault.members['Reason']);
    this.#recorder.record({ kind: 'throttle', account, region, functionName, version, atMs: this.#clock.now(), reason });
  }
}

/** @source spec 2.10-03 */
const recursive = (): ServiceFault =>
  new ServiceFault(
    'RecursiveInvocationException',
    'The function calls itself in a loop, alone or with others; this invocation was stopped.',
    {
      status: 400,
      members: { Type: 'User' },
    },
  );

/** @source spec 1.15-02; the texts are ours */
const wrongTenant = (tenantId: string | undefined): ServiceFault =>
  new ServiceFault(
    'InvalidParameterValueException',
    tenantId === undefined
      ? 'The function has tenant isolation: each invocation names its tenant in X-Amz-Tenant-Id.'
      : 'The function does not have tenant isolation.',
    { status: 400, members: { Type: 'User' } },
  );

export const isThrottle = (error: unknown): error is ServiceFault =>
  error instanceof ServiceFault && error.code === 'TooManyRequestsException';
