import { ServiceFault, type Call, type Handlers, type LambdaOperations } from '@mayfly/wire';
import type { AccountId, Clock, Limits, Random, Region, RequestId } from '../base/index.ts';
import { checkOrdinary, type DurableCall, type DurableRunner } from './durable.ts';
import { buffered } from './outcome.ts';
import { checkJson, checkSize, clientContext, orEmpty } from './payload.ts';
import type { InvokeRequest } from './port.ts';
import { responseEvents } from './response-stream.ts';
import type { Road } from './road.ts';
import { Tail } from './tail.ts';
import { traceId } from './trace.ts';

export type InvokeHandlers = Pick<Handlers<LambdaOperations>, 'Invoke' | 'InvokeAsync' | 'InvokeWithResponseStream'>;

type InvokeOutput = Awaited<ReturnType<InvokeHandlers['Invoke']>>;
type Output = Exclude<InvokeOutput['Payload'], undefined>;
/** The SDK's type promises its callers a method that the encoder does not need. */
const encodable = (bytes: Uint8Array): Output => bytes as Output;

/** What the operations have in common, decoded. */
interface Input {
  readonly FunctionName?: string | undefined;
  readonly Qualifier?: string | undefined;
  readonly ClientContext?: string | undefined;
  readonly DurableExecutionName?: string | undefined;
  readonly TenantId?: string | undefined;
  readonly Payload?: unknown;
}

/** InvokeAsync never grew with the others. @source spec 2.3-02 */
const invokeAsyncBytes = 262_144;

/** The gate of the API. @source spec 2.1, 2.2, 2.5 */
export function invokeHandlers(options: {
  readonly road: Road;
  /** @returns the ARN of the execution that it began, where the function has durable executions */
  readonly enqueue: (request: InvokeRequest) => Promise<string | undefined>;
  readonly durable: DurableRunner;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly random: Random;
}): InvokeHandlers {
  const { road, limits } = options;

  const requestOf = (input: Input, call: Call, tail: Tail | undefined): InvokeRequest => {
    const context = clientContext(input.ClientContext);
    return {
      account: call.account as AccountId,
      region: call.region as Region,
      functionName: input.FunctionName ?? '',
      qualifier: input.Qualifier,
      requestId: call.requestId as RequestId,
      payload: orEmpty(bytesOf(input.Payload)),
      traceId: traceId(call.headers['x-amzn-trace-id'], options),
      clientContext: context,
      tenantId: input.TenantId,
      durableExecutionName: input.DurableExecutionName,
      onLog: tail?.append,
    };
  };

  /** Existence and state, then size, then syntax. @source spec 2.2-08 */
  const checked = (request: InvokeRequest): ReturnType<Road['resolve']> => {
    const resolution = road.resolve(request);
    if (resolution.version.durable === undefined) checkOrdinary(request);
    checkSize(request.payload, limits.syncRequestBytes, 'RequestResponse');
    checkJson(request.payload);
    return resolution;
  };

  const durably = async (call: DurableCall, tail: Tail | undefined): Promise<InvokeOutput> => {
    const ended = await options.durable.run(call);
    const { body, functionError } = await buffered(ended.outcome, limits.syncResponseBytes);
    return {
      StatusCode: 200,
      ExecutedVersion: ended.executedVersion,
      Payload: encodable(body),
      FunctionError: functionError,
      LogResult: tail?.toString(),
      DurableExecutionArn: ended.durableExecutionArn,
    };
  };

  return {
    async Invoke(input, call) {
      if (input.InvocationType === 'Event') {
        const arn = await options.enqueue(requestOf(input, call, undefined));
        return { StatusCode: 202, Payload: encodable(nothing), DurableExecutionArn: arn };
      }
      const tail = input.LogType === 'Tail' ? new Tail() : undefined;
      const request = requestOf(input, call, tail);
      const resolution = checked(request);
      if (input.InvocationType === 'DryRun') return { StatusCode: 204, Payload: encodable(nothing) };
      if (resolution.version.durable !== undefined) return durably({ resolution, request }, tail);
      const started = await road.start(resolution, request);
      const whole = buffered(await started.outcome, limits.syncResponseBytes);
      const result = whole instanceof Promise ? await whole : whole;
      // REPORT is the last line of the log, and it is written when everything in the environment has ended.
      if (tail !== undefined) await started.released;
      return {
        StatusCode: 200,
        ExecutedVersion: started.executedVersion,
        Payload: encodable(result.body),
        FunctionError: result.functionError,
        LogResult: tail?.toString(),
      };
    },

    async InvokeAsync(input, call) {
      const payload = orEmpty(await allOf(input.InvokeArgs));
      const request = requestOf({ FunctionName: input.FunctionName, Payload: payload }, call, undefined);
      road.resolve(request);
      checkSize(payload, invokeAsyncBytes, 'InvokeAsync');
      await options.enqueue(request);
      return { Status: 202 };
    },

    async InvokeWithResponseStream(input, call) {
      const tail = input.LogType === 'Tail' ? new Tail() : undefined;
      const request = requestOf(input, call, tail);
      const resolution = checked(request);
      if (input.InvocationType === 'DryRun') return { StatusCode: 204 };
      if (resolution.version.durable !== undefined) throw notStreamed();
      const started = await road.start(resolution, request);
      const outcome = await started.outcome;
      const type = 'contentType' in outcome ? outcome.contentType : undefined;
      return {
        StatusCode: 200,
        ExecutedVersion: started.executedVersion,
        ResponseStreamContentType: type ?? 'application/octet-stream',
        EventStream: responseEvents(started, outcome, tail),
      };
    },
  };
}

const nothing = new Uint8Array(0);

/** The result of an execution is what its last invocation said, and only then; the text is ours. */
const notStreamed = (): ServiceFault =>
  new ServiceFault('InvalidParameterValueException', 'Durable functions do not support response streaming.', {
    status: 400,
    members: { Type: 'User' },
  });

/** Blobs arrive as bytes; the SDK's type, made for its callers, also admits text. */
const bytesOf = (blob: unknown): Uint8Array | undefined =>
  blob instanceof Uint8Array ? blob : typeof blob === 'string' ? Buffer.from(blob) : undefined;

/** A blob that wire may hand over whole or as a stream; bounded, for a stream has no length. */
async function allOf(blob: unknown): Promise<Uint8Array> {
  const whole = bytesOf(blob);
  if (whole !== undefined || blob === undefined || blob === null) return whole ?? nothing;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of blob as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > invokeAsyncBytes * 2) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
