import { createHash } from 'node:crypto';
import { ServiceFault } from '@mayfly/wire';
import { functionArn, type Clock, type Logger, type Random, type RequestId } from '../base/index.ts';
import type { Catalog, Resolution } from '../control/index.ts';
import { buffered, nextTurn, type DurableCall, type DurableRoad, type InvokeRequest } from '../invoke/index.ts';
import type { Engine } from './engine.ts';
import { errorIn } from './event.ts';
import type { Execution } from './execution.ts';
import { willPass } from './faults.ts';
import { chainedBytes, pauseMs } from './limits.ts';
import { executionArn } from './names.ts';
import type { ChainedStart, ErrorObject, Operation } from './operation.ts';
import type { DurablePorts } from './port.ts';
import type { Starter } from './start.ts';

interface Options {
  readonly engine: Engine;
  readonly starter: Starter;
  readonly catalog: Catalog;
  readonly road: DurableRoad;
  readonly ports: DurablePorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly responseBytes: number;
}

type Told = Pick<Operation, 'status' | 'result' | 'error'>;
type Begun = (start: ChainedStart) => Promise<void>;

/**
 * Invokes of functions that are operations of an execution.
 *
 * A durable function is started under a name made from the operation, so that a server that goes on finds the execution that an earlier
 * one started. An ordinary function runs again when a crash cut it short. @source spec 10.3-06
 */
export class Chained {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  async run(parent: Execution, operation: Operation): Promise<void> {
    const { engine, clock, log } = this.#options;
    const { id } = parent.head;
    for (let tries = 0; await engine.isPending(id, operation.id); tries += 1) {
      try {
        const told = await this.#tried(parent, operation);
        // An end that comes with the end of the server says nothing; the next one makes the call again.
        if (engine.isClosed && told?.status !== 'SUCCEEDED') return;
        if (told !== undefined) return await engine.tell(id, operation.id, told);
      } catch (error) {
        if (!engine.isClosed) log.warn('A chained invoke could not be made yet.', { arn: parent.arn, error });
      }
      await clock.sleep(pauseMs(tries), { signal: engine.signal });
    }
  }

  /** @returns undefined when it is to be tried again */
  async #tried(parent: Execution, operation: Operation): Promise<Told | undefined> {
    try {
      const { account, region, functionName, version } = parent.head;
      const target = operation.chained?.functionName ?? '';
      const resolution = this.#options.catalog.resolve(account, region, target);
      this.#options.ports.admit?.(
        `arn:aws:lambda:${region}:${account}:function:${functionName}:${version}`,
        resolution.invokedArn,
      );
      const request = this.#request(parent, operation, resolution);
      const begun: Begun = (start) => this.#options.engine.tellStart(parent.head.id, operation.id, start);
      const call = { resolution, request };
      return await (resolution.version.durable === undefined ? this.#ordinary(call, begun) : this.#durable(call, begun));
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      if (willPass(error)) return undefined;
      return failed({ ErrorType: error.code, ErrorMessage: error.message });
    }
  }

  async #durable(call: DurableCall, begun: Begun): Promise<Told> {
    const { starter, engine } = this.#options;
    const head = await starter.start(call, 'chained');
    await begun({ executedVersion: head.version, durableExecutionArn: executionArn(head) });
    const { state } = await engine.ended(head.id);
    if (state.status === 'SUCCEEDED')
      return { status: 'SUCCEEDED', ...(state.result === undefined ? {} : { result: state.result }) };
    const status = state.status === 'RUNNING' ? 'FAILED' : state.status;
    return { status, ...(state.error === undefined ? {} : { error: state.error }) };
  }

  async #ordinary({ resolution, request }: DurableCall, begun: Begun): Promise<Told | undefined> {
    await begun({ executedVersion: resolution.version.version });
    const started = await this.#options.road.start(resolution, request);
    const { body, functionError, errorType } = await buffered(await started.outcome, this.#options.responseBytes);
    if (errorType === 'Sandbox.Failure') return undefined;
    if (functionError !== undefined) return failed(errorIn(body));
    if (body.byteLength <= chainedBytes) return { status: 'SUCCEEDED', result: Buffer.from(body).toString('utf8') };
    return failed({ ErrorMessage: `CHAINED_INVOKE output payload size must be less than or equal to ${chainedBytes} bytes.` });
  }

  #request({ head, arn }: Execution, operation: Operation, resolution: Resolution): InvokeRequest {
    // The chain of calls goes on through the parent, or a loop of two would never be seen.
    return {
      account: head.account,
      region: head.region,
      functionName: resolution.invokedArn,
      requestId: this.#options.random.uuid() as RequestId,
      payload: Buffer.from(operation.input ?? '{}'),
      traceId: nextTurn(head.traceId, { functionArn: functionArn(head.region, head.account, head.functionName) }).traceId,
      tenantId: operation.chained?.tenantId,
      durableExecutionName: createHash('sha256').update(`${arn}/${operation.id}`).digest('hex'),
    };
  }
}

const failed = (error: ErrorObject): Told => ({ status: 'FAILED', error });
