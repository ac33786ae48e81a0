import { invalid } from '../faults.ts';
import { parseFunctionName } from '../names.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { find } from './find.ts';

/** Of functions with a capacity provider, which no function of this server has yet. @source spec 1.14-06 */
export function scalingHandlers(room: Room): Operations<'PutFunctionScalingConfig' | 'GetFunctionScalingConfig'> {
  return {
    async PutFunctionScalingConfig(input, call) {
      const scope = scopeOf(call);
      find(room.shelf.desk(scope), scope, parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope));
      throw invalid('A scaling configuration can be set only for functions with a capacity provider.');
    },

    async GetFunctionScalingConfig(input, call) {
      const scope = scopeOf(call);
      const { arn } = find(room.shelf.desk(scope), scope, parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope));
      return { FunctionArn: arn };
    },
  };
}
