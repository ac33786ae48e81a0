import { conflict, invalid } from '../faults.ts';
import { isVersion, parseFunctionName } from '../names.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { drain } from './draining.ts';
import { findFunction } from './find.ts';
import { latest } from './record.ts';

export function deleteFunctions(room: Room): Operations<'DeleteFunction'> {
  return {
    /** @source spec 1.2-22 */
    async DeleteFunction(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier } = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      if (qualifier === latest) throw invalid('$LATEST version cannot be deleted without deleting the function.');
      if (qualifier !== undefined && !isVersion(qualifier)) throw invalid('Deletion of aliases is not currently supported.');
      const isIdle = (room.ports.executions?.running(scope, functionName, qualifier) ?? 0) === 0;
      await room.shelf.change(scope, (desk, change) => {
        findFunction(desk, scope, functionName);
        if (qualifier === undefined && isIdle) return change.deleteFunction(functionName);
        if (qualifier === undefined) return drain(desk, change, functionName, undefined, room.random);
        const aliases = [...desk.parts('alias', functionName).values()]
          .filter((alias) => alias.functionVersion === qualifier || alias.split?.version === qualifier)
          .map((alias) => alias.name);
        if (aliases.length > 0)
          throw conflict(`Version ${qualifier} cannot be deleted: these aliases point at it: ${aliases.join(', ')}`);
        if (isIdle) change.deleteQualifier(functionName, qualifier);
        else drain(desk, change, functionName, qualifier, room.random);
      });
      // What is still to end has been accepted, not done. @source spec 1.1-02, 1.2-23
      return { StatusCode: isIdle ? 204 : 202 };
    },
  };
}
