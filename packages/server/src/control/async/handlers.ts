import type { LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { invalid, notFound } from '../faults.ts';
import { latest } from '../functions/record.ts';
import { parseFunctionName, qualifiedArn, unqualified, type FunctionName, type Scope } from '../names.ts';
import { byKey, page } from '../pages.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { checkDestinations } from './destinations.ts';
import type { EventInvokeRecord } from './record.ts';

type Input = LambdaOperations['PutFunctionEventInvokeConfig']['input'];
type Output = LambdaOperations['GetFunctionEventInvokeConfig']['output'];

/** How asynchronous invocations are retried and where their ends go; for `$LATEST`, versions and aliases apart. @source spec 1.11 */
export function eventInvokeHandlers(
  room: Room,
): Operations<
  | 'PutFunctionEventInvokeConfig'
  | 'UpdateFunctionEventInvokeConfig'
  | 'GetFunctionEventInvokeConfig'
  | 'ListFunctionEventInvokeConfigs'
  | 'DeleteFunctionEventInvokeConfig'
> {
  /** @param merge  whether what is left out stays. @source spec 1.11-02 */
  const write = async (input: Input, scope: Scope, merge: boolean): Promise<Output> => {
    const { functionName, qualifier = latest } = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
    const record = await room.shelf.change(scope, (desk, change) => {
      exists(desk, { functionName, qualifier });
      const before = desk.get('eventInvoke', functionName, qualifier);
      if (merge && before === undefined) throw missing(scope, functionName, qualifier);
      if (
        input.MaximumRetryAttempts === undefined &&
        input.MaximumEventAgeInSeconds === undefined &&
        input.DestinationConfig === undefined
      )
        throw invalid('You must specify at least one of error handling or destination setting.');
      checkDestinations(room.shelf, scope, functionName, input.DestinationConfig);
      const kept: Partial<EventInvokeRecord> = merge ? (before ?? {}) : {};
      const { DestinationConfig: destinations } = input;
      const next = compact<EventInvokeRecord>({
        maximumRetryAttempts: input.MaximumRetryAttempts ?? kept.maximumRetryAttempts,
        maximumEventAgeMs:
          input.MaximumEventAgeInSeconds === undefined ? kept.maximumEventAgeMs : input.MaximumEventAgeInSeconds * 1000,
        onSuccess: destinations?.OnSuccess === undefined ? kept.onSuccess : destinations.OnSuccess.Destination || undefined,
        onFailure: destinations?.OnFailure === undefined ? kept.onFailure : destinations.OnFailure.Destination || undefined,
        modifiedAt: room.clock.now(),
      });
      change.put('eventInvoke', functionName, qualifier, next);
      return next;
    });
    return show(scope, functionName, qualifier, record);
  };

  return {
    PutFunctionEventInvokeConfig: async (input, call) => write(input, scopeOf(call), false),
    UpdateFunctionEventInvokeConfig: async (input, call) => write(input, scopeOf(call), true),

    async GetFunctionEventInvokeConfig(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier = latest } = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      const record = room.shelf.desk(scope).get('eventInvoke', functionName, qualifier);
      if (record === undefined) throw missing(scope, functionName, qualifier);
      return show(scope, functionName, qualifier, record);
    },

    async ListFunctionEventInvokeConfigs(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const desk = room.shelf.desk(scope);
      exists(desk, { functionName });
      const configs = [...desk.parts('eventInvoke', functionName)].sort(([left], [right]) => byKey(left, right));
      const { rows, ...rest } = page(configs, ([qualifier]) => qualifier, input);
      return {
        FunctionEventInvokeConfigs: rows.map(([qualifier, record]) => show(scope, functionName, qualifier, record)),
        ...rest,
      };
    },

    async DeleteFunctionEventInvokeConfig(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier = latest } = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      await room.shelf.change(scope, (desk, change) => {
        if (desk.get('eventInvoke', functionName, qualifier) === undefined) throw missing(scope, functionName, qualifier);
        change.delete('eventInvoke', functionName, qualifier);
      });
      return {};
    },
  };
}

/** @source spec 1.11-03 */
const show = (scope: Scope, functionName: string, qualifier: string, record: EventInvokeRecord): Output =>
  compact<Output>({
    FunctionArn: qualifiedArn(scope, functionName, qualifier),
    LastModified: new Date(record.modifiedAt),
    MaximumRetryAttempts: record.maximumRetryAttempts,
    MaximumEventAgeInSeconds: record.maximumEventAgeMs === undefined ? undefined : record.maximumEventAgeMs / 1000,
    DestinationConfig: {
      OnSuccess: record.onSuccess === undefined ? {} : { Destination: record.onSuccess },
      OnFailure: record.onFailure === undefined ? {} : { Destination: record.onFailure },
    },
  });

/** @source spec 1.11-06 */
const missing = (scope: Scope, functionName: string, qualifier: string): Error =>
  notFound(`The function ${qualifiedArn(scope, functionName, qualifier)} doesn't have an EventInvokeConfig`);

function exists(desk: Desk, { functionName, qualifier }: FunctionName): void {
  const there =
    desk.get('function', functionName) !== undefined &&
    (qualifier === undefined ||
      desk.get('version', functionName, qualifier) !== undefined ||
      desk.get('alias', functionName, qualifier) !== undefined);
  if (!there) throw notFound("The function doesn't exist.");
}
