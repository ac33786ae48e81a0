import type { LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { invalid } from '../faults.ts';
import { find } from '../functions/find.ts';
import { latest } from '../functions/record.ts';
import { parseFunctionName, qualifiedArn } from '../names.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import type { RuntimeManagementRecord } from './record.ts';

type Output = LambdaOperations['PutRuntimeManagementConfig']['output'];

/** For `$LATEST` and each version. @source spec 1.13-08 */
export function runtimeManagementHandlers(room: Room): Operations<'PutRuntimeManagementConfig' | 'GetRuntimeManagementConfig'> {
  const show = (arn: string, record: RuntimeManagementRecord): Output =>
    compact<Output>({ UpdateRuntimeOn: record.updateRuntimeOn, FunctionArn: arn, RuntimeVersionArn: record.runtimeVersionArn });
  return {
    async PutRuntimeManagementConfig(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier = latest } = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      const isManual = input.UpdateRuntimeOn === 'Manual';
      if (isManual !== (input.RuntimeVersionArn !== undefined))
        throw invalid(
          isManual
            ? 'RuntimeVersionArn is required when UpdateRuntimeOn is Manual.'
            : 'RuntimeVersionArn can be given only when UpdateRuntimeOn is Manual.',
        );
      const record = await room.shelf.change(scope, (desk, change) => {
        const { record: version } = find(desk, scope, { functionName, qualifier });
        const next = compact<RuntimeManagementRecord>({
          updateRuntimeOn: input.UpdateRuntimeOn ?? 'Auto',
          runtimeVersionArn: input.RuntimeVersionArn,
        });
        change.put('runtimeManagement', functionName, version.version, next);
        return next;
      });
      return show(qualifiedArn(scope, functionName, qualifier), record);
    },

    async GetRuntimeManagementConfig(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier = latest } = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      const desk = room.shelf.desk(scope);
      const { record } = find(desk, scope, { functionName, qualifier });
      const config = desk.get('runtimeManagement', functionName, record.version) ?? { updateRuntimeOn: 'Auto' };
      return show(qualifiedArn(scope, functionName, qualifier), config);
    },
  };
}
