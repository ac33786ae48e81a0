import type { Call, Handlers, LambdaOperations } from '@mayfly/wire';
import { functionArn, type AccountId, type Region } from '../base/index.ts';
import type { Catalog } from '../control/index.ts';
import { over } from './due.ts';
import type { Engine } from './engine.ts';
import { upTo } from './event.ts';
import type { Execution, ExecutionHead } from './execution.ts';
import { callbackClosed, callbackNotFound, executionNotFound, invalid } from './faults.ts';
import { withoutData } from './history.ts';
import { errorBytes, pageBytes, payloadBytes } from './limits.ts';
import { executionArn, idIn, readCallbackId } from './names.ts';
import { isPending, replayed, shown, type Operation } from './operation.ts';
import { limitOf, readMarker, writeMarker } from './pages.ts';
import type { ExecutionStore } from './store.ts';

export type DurableOperations = Extract<keyof LambdaOperations, `${string}DurableExecution${string}`>;
export type DurableHandlers = Pick<Handlers<LambdaOperations>, DurableOperations>;

export interface DurableRoom {
  readonly engine: Engine;
  readonly store: ExecutionStore;
  readonly catalog: Catalog;
}

export function durableHandlers({ engine, store, catalog }: DurableRoom): DurableHandlers {
  const described = async (arn: string, call: Call) => {
    const summary = await store.summary(ownId(arn, call));
    if (summary === undefined || executionArn(summary.head) !== arn) throw executionNotFound();
    return summary;
  };
  const callback = async (
    callbackId: string | undefined,
    call: Call,
    change: (execution: Execution, operation: Operation, nowMs: number) => void,
  ): Promise<Record<string, never>> => {
    const named = readCallbackId(callbackId ?? '');
    if (named === undefined) throw callbackNotFound();
    await engine.move(ownId(named.executionArn, call), named.executionArn, named.operationId, (execution, operation, nowMs) => {
      if (operation?.type !== 'CALLBACK') throw callbackNotFound();
      if (!execution.isRunning || !isPending(operation)) throw callbackClosed();
      change(execution, operation, nowMs);
    });
    return {};
  };

  return {
    async CheckpointDurableExecution(input, call) {
      const arn = input.DurableExecutionArn ?? '';
      return engine.checkpoint(ownId(arn, call), arn, {
        token: input.CheckpointToken ?? '',
        clientToken: input.ClientToken,
        updates: input.Updates ?? [],
      });
    },

    async GetDurableExecutionState(input, call) {
      const arn = input.DurableExecutionArn ?? '';
      const after = Number(readMarker(input.Marker) ?? -1);
      return engine.read(ownId(arn, call), arn, input.CheckpointToken ?? '', ({ operations }) => {
        const rest = replayed(operations.values()).filter(({ seq }) => seq > after);
        const page = upTo(rest.slice(0, limitOf(input.MaxItems)), pageBytes);
        const last = page.at(-1);
        return {
          Operations: page.map((operation) => shown(operation, arn)),
          ...(last === undefined || page.length === rest.length ? {} : { NextMarker: writeMarker(String(last.seq)) }),
        };
      });
    },

    async GetDurableExecution(input, call) {
      const arn = input.DurableExecutionArn ?? '';
      const { head, state } = await described(arn, call);
      const withData = input.IncludeExecutionData ?? true;
      return {
        DurableExecutionArn: arn,
        DurableExecutionName: head.name,
        FunctionArn: calledArn(head),
        Version: head.version,
        Status: state.status,
        StartTimestamp: new Date(head.startedAtMs),
        ...(state.endedAtMs === undefined ? {} : { EndTimestamp: new Date(state.endedAtMs) }),
        ...(withData ? { InputPayload: await store.input(head.id) } : {}),
        ...(withData && state.result !== undefined ? { Result: state.result } : {}),
        ...(withData && state.error !== undefined ? { Error: state.error } : {}),
        TraceHeader: { XAmznTraceId: head.traceId },
        ExecutionDataIncluded: withData,
        DurableConfig: {
          ExecutionTimeout: head.timeoutMs / 1000,
          RetentionPeriodInDays: head.retentionDays,
          ...(head.kmsKeyArn === undefined ? {} : { KMSKeyArn: head.kmsKeyArn }),
        },
      };
    },

    async GetDurableExecutionHistory(input, call) {
      const { head } = await described(input.DurableExecutionArn ?? '', call);
      const marker = readMarker(input.Marker);
      const limit = limitOf(input.MaxItems);
      const found = await store.history(head.id, {
        from: marker === undefined ? undefined : Number(marker),
        newestFirst: input.ReverseOrder ?? false,
        limit: limit + 1,
      });
      const next = found[limit]?.EventId;
      const events = found.slice(0, limit);
      return {
        Events: (input.IncludeExecutionData ?? true) ? events : events.map(withoutData),
        ...(next === undefined ? {} : { NextMarker: writeMarker(String(next)) }),
      };
    },

    async ListDurableExecutionsByFunction(input, call) {
      const [account, region] = [call.account as AccountId, call.region as Region];
      const { version } = catalog.find(account, region, input.FunctionName ?? '', input.Qualifier);
      const [startedAt = '', after = ''] = (readMarker(input.Marker) ?? '').split('/');
      const limit = limitOf(input.MaxItems);
      const found = await store.list({
        account: version.account,
        region: version.region,
        functionName: version.functionName,
        version: version.version,
        ...(input.DurableExecutionName === undefined ? {} : { name: input.DurableExecutionName }),
        ...(input.Statuses === undefined ? {} : { statuses: input.Statuses }),
        ...(input.StartedAfter === undefined ? {} : { startedAfterMs: input.StartedAfter.getTime() }),
        ...(input.StartedBefore === undefined ? {} : { startedBeforeMs: input.StartedBefore.getTime() }),
        oldestFirst: input.ReverseOrder ?? false,
        ...(after === '' ? {} : { after: { startedAtMs: Number(startedAt), id: after } }),
        limit: limit + 1,
      });
      const page = found.slice(0, limit);
      const last = page.at(-1)?.head;
      return {
        DurableExecutions: page.map(({ head, status, endedAtMs }) => ({
          DurableExecutionArn: executionArn(head),
          DurableExecutionName: head.name,
          FunctionArn: calledArn(head),
          Status: status,
          StartTimestamp: new Date(head.startedAtMs),
          ...(endedAtMs === undefined ? {} : { EndTimestamp: new Date(endedAtMs) }),
          ...(head.kmsKeyArn === undefined ? {} : { KMSKeyArn: head.kmsKeyArn }),
        })),
        ...(found.length > limit && last !== undefined
          ? { NextMarker: writeMarker(`${Math.floor(last.startedAtMs)}/${last.id}`) }
          : {}),
      };
    },

    async StopDurableExecution(input, call) {
      const arn = input.DurableExecutionArn ?? '';
      checkError(input.Error);
      return { StopTimestamp: new Date(await engine.stop(ownId(arn, call), arn, input.Error)) };
    },

    /** @source spec 10.4-01 */
    async SendDurableExecutionCallbackSuccess(input, call) {
      const result = await textOf(input.Result);
      return callback(input.CallbackId, call, (execution, operation, nowMs) =>
        over(execution, { ...operation, status: 'SUCCEEDED', ...(result === undefined ? {} : { result }) }, nowMs),
      );
    },

    async SendDurableExecutionCallbackFailure(input, call) {
      checkError(input.Error);
      const error = input.Error ?? {};
      return callback(input.CallbackId, call, (execution, operation, nowMs) =>
        over(execution, { ...operation, status: 'FAILED', error }, nowMs),
      );
    },

    /** @source spec 10.4-03 */
    async SendDurableExecutionCallbackHeartbeat(input, call) {
      return callback(input.CallbackId, call, (execution, operation, nowMs) => {
        const { heartbeat } = operation;
        if (heartbeat === undefined) return;
        execution.put({ ...operation, heartbeat: { ...heartbeat, dueAtMs: nowMs + heartbeat.everyMs } });
      });
    },
  };
}

/** Executions of others do not exist for a caller. @throws ServiceFault ResourceNotFoundException */
function ownId(arn: string, { account, region }: Call): string {
  const id = idIn(arn);
  if (id === undefined || !arn.startsWith(`arn:aws:lambda:${region}:${account}:`)) throw executionNotFound();
  return id;
}

const calledArn = ({ region, account, functionName, qualifier }: ExecutionHead): string =>
  `${functionArn(region, account, functionName)}:${qualifier}`;

/** @source spec 10.3-08 */
function checkError(error: object | undefined): void {
  if (error !== undefined && Buffer.byteLength(JSON.stringify(error)) > errorBytes)
    throw invalid(`Error object size must be less than ${errorBytes} bytes.`);
}

/** A blob that wire may hand over whole or as a stream. @throws ServiceFault InvalidParameterValueException */
async function textOf(blob: unknown): Promise<string | undefined> {
  if (blob === undefined || blob === null) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const pieces = blob instanceof Uint8Array ? [blob] : (blob as AsyncIterable<Uint8Array>);
  for await (const piece of pieces) {
    bytes += piece.byteLength;
    if (bytes > payloadBytes) throw invalid(`CALLBACK output payload size must be less than or equal to ${payloadBytes} bytes.`);
    chunks.push(piece);
  }
  return bytes === 0 ? undefined : Buffer.concat(chunks).toString('utf8');
}
