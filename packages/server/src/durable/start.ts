import { createHash } from 'node:crypto';
import type { Clock, Random } from '../base/index.ts';
import type { Resolution } from '../control/index.ts';
import { newTraceId, type DurableCall, type DurableRoad, type DurableRunner, type Outcome } from '../invoke/index.ts';
import type { Engine } from './engine.ts';
import { errorBody } from './event.ts';
import { Execution, type ExecutionHead } from './execution.ts';
import { alreadyStarted, invalid, stopping } from './faults.ts';
import { started } from './history.ts';
import { longestSyncMs } from './limits.ts';
import { executionArn } from './names.ts';
import type { Operation } from './operation.ts';
import type { ExecutionStore } from './store.ts';

interface Options {
  readonly store: ExecutionStore;
  readonly engine: Engine;
  readonly road: Pick<DurableRoad, 'admit'>;
  readonly clock: Clock;
  readonly random: Random;
}

type How = 'sync' | 'async' | 'chained';

/** Where calls of functions become executions. @source spec 10.1-03, 10.1-05 */
export class Starter implements DurableRunner {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async run(call: DurableCall): ReturnType<DurableRunner['run']> {
    const { version } = call.resolution;
    if ((version.durable?.executionTimeoutMs ?? 0) > longestSyncMs)
      throw invalid('You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.');
    const head = await this.start(call, 'sync');
    const execution = await this.#options.engine.ended(head.id);
    return { outcome: outcomeOf(execution), executedVersion: head.version, durableExecutionArn: execution.arn };
  }

  async begin(call: DurableCall): ReturnType<DurableRunner['begin']> {
    return { durableExecutionArn: executionArn(await this.start(call, 'async')) };
  }

  /**
   * Resolves when the execution is on stable storage, or is found there under the name that the request gives.
   *
   * @throws ServiceFault InvalidParameterValueException, DurableExecutionAlreadyStartedException, TooManyRequestsException
   */
  async start(call: DurableCall, how: How): Promise<ExecutionHead> {
    const { store, engine, road } = this.#options;
    if (engine.isClosed) throw stopping();
    if (!isQualified(call.resolution)) throw invalid('You cannot invoke a durable function using an unqualified ARN.');
    // Who waits is refused where an ordinary call would be; what nobody waits for has time.
    if (how === 'sync' && call.request.durableExecutionName === undefined) road.admit(call.resolution);
    const execution = this.#made(call, how);
    const isNamed = call.request.durableExecutionName !== undefined;
    const { head, isNew } = isNamed ? await store.startNamed(execution) : await this.#unnamed(execution);
    if (isNew) engine.begin(execution, call.request.onLog);
    else if (head.inputDigest !== execution.head.inputDigest) throw alreadyStarted(head.name);
    return head;
  }

  /** Nobody has its name yet: it was made up. */
  async #unnamed(execution: Execution): Promise<{ readonly head: ExecutionHead; readonly isNew: true }> {
    await this.#options.store.save(execution);
    return { head: execution.head, isNew: true };
  }

  #made({ resolution, request }: DurableCall, how: How): Execution {
    const { clock, random } = this.#options;
    const { version } = resolution;
    const { durable } = version;
    const id = random.uuid();
    const startedAtMs = clock.now();
    const input = Buffer.from(request.payload).toString('utf8');
    const head: ExecutionHead = {
      account: version.account,
      region: version.region,
      functionName: version.functionName,
      version: version.version,
      name: request.durableExecutionName ?? random.uuid(),
      id,
      qualifier: resolution.alias ?? version.version,
      startedAtMs,
      timeoutMs: durable?.executionTimeoutMs ?? longestSyncMs,
      retentionDays: durable?.retentionDays ?? 1,
      ...(durable?.kmsKeyArn === undefined ? {} : { kmsKeyArn: durable.kmsKeyArn }),
      inputDigest: createHash('sha256').update(request.payload).digest('base64'),
      isAsync: how !== 'sync',
      isChained: how === 'chained',
      traceId: newTraceId(request.traceId, { clock, random }),
      ...(request.clientContext === undefined ? {} : { clientContext: request.clientContext }),
      ...(request.tenantId === undefined ? {} : { tenantId: request.tenantId }),
      ...(how !== 'async' || version.deadLetterTargetArn === undefined
        ? {}
        : { deadLetterTargetArn: version.deadLetterTargetArn }),
    };
    const execution = new Execution(head, {
      status: 'RUNNING',
      phase: 'ready',
      failures: 0,
      refusals: 0,
      idlePendings: 0,
      unseen: [],
      lastEventId: 0,
      writtenBytes: 0,
    });
    const root: Operation = {
      seq: 0,
      // SDKs look for it under the id in the ARN.
      id,
      name: head.name,
      type: 'EXECUTION',
      status: 'STARTED',
      startedAtMs,
      input,
    };
    execution.put(root);
    execution.record(started(root, startedAtMs, { executionArn: execution.arn, executionTimeoutS: head.timeoutMs / 1000 }));
    return execution;
  }
}

/** `$LATEST` is a qualifier, too. @source spec 10.1-03 */
const isQualified = ({ invokedArn, version }: Resolution): boolean => invokedArn !== version.functionArn;

/** As whoever called the function is told of it; `null` where the function returned nothing. */
function outcomeOf({ state }: Execution): Outcome {
  if (state.status === 'SUCCEEDED') return { kind: 'returned', body: Buffer.from(state.result || 'null') };
  const error = state.error ?? { ErrorType: state.status, ErrorMessage: `The execution ended with the status ${state.status}.` };
  return { kind: 'threw', errorType: error.ErrorType ?? 'Error', body: errorBody(error) };
}
