import { find, findFunction } from '../functions/find.ts';
import { unqualified } from '../names.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { configOf, refuseImage } from './enforce.ts';

type Output = Awaited<ReturnType<Operations<'GetFunctionCodeSigningConfig'>['GetFunctionCodeSigningConfig']>>;

export function functionCodeSigning(
  room: Room,
): Operations<'PutFunctionCodeSigningConfig' | 'GetFunctionCodeSigningConfig' | 'DeleteFunctionCodeSigningConfig'> {
  return {
    async PutFunctionCodeSigningConfig(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const arn = input.CodeSigningConfigArn ?? '';
      await room.shelf.change(scope, (desk, change) => {
        configOf(desk, scope, arn);
        const { fn, record } = find(desk, scope, { functionName });
        refuseImage(record.configuration.packageType);
        change.put('function', functionName, '', { ...fn, codeSigningConfigArn: arn });
      });
      return { CodeSigningConfigArn: arn, FunctionName: functionName };
    },

    /** Without one, an answer without members and no error. @source spec 1.9-03 */
    async GetFunctionCodeSigningConfig(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const { codeSigningConfigArn } = findFunction(room.shelf.desk(scope), scope, functionName);
      return codeSigningConfigArn === undefined
        ? ({} as Output)
        : { CodeSigningConfigArn: codeSigningConfigArn, FunctionName: functionName };
    },

    async DeleteFunctionCodeSigningConfig(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      await room.shelf.change(scope, (desk, change) => {
        const { codeSigningConfigArn, ...fn } = findFunction(desk, scope, functionName);
        if (codeSigningConfigArn !== undefined) change.put('function', functionName, '', fn);
      });
      return {};
    },
  };
}
