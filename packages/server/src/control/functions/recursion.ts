import { unqualified } from '../names.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { findFunction } from './find.ts';

/** @source spec 1.13-10 */
export function recursionHandlers(room: Room): Operations<'PutFunctionRecursionConfig' | 'GetFunctionRecursionConfig'> {
  return {
    async PutFunctionRecursionConfig(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const recursiveLoop = input.RecursiveLoop ?? 'Terminate';
      await room.shelf.change(scope, (desk, change) => {
        change.put('function', functionName, '', { ...findFunction(desk, scope, functionName), recursiveLoop });
      });
      return { RecursiveLoop: recursiveLoop };
    },

    async GetFunctionRecursionConfig(input, call) {
      const scope = scopeOf(call);
      const fn = findFunction(room.shelf.desk(scope), scope, unqualified(input.FunctionName ?? '', scope));
      return { RecursiveLoop: fn.recursiveLoop ?? 'Terminate' };
    },
  };
}
