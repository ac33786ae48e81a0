import type { Catalog } from '../catalog.ts';
import { functionNotFound, invalid, relayed } from '../faults.ts';
import { findFunction } from '../functions/find.ts';
import { latest, type FunctionRecord } from '../functions/record.ts';
import { qualifiedArn, unqualified } from '../names.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { provisionedOf, takenByOthers } from './sums.ts';

/** @source spec 1.10-01 to 1.10-04 */
export function reservedHandlers(
  room: Room,
  catalog: Catalog,
): Operations<'PutFunctionConcurrency' | 'GetFunctionConcurrency' | 'DeleteFunctionConcurrency'> {
  return {
    async PutFunctionConcurrency(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      const reserved = input.ReservedConcurrentExecutions ?? 0;
      await room.shelf.change(scope, (desk, change) => {
        const fn = desk.get('function', functionName);
        if (fn === undefined) throw functionNotFound(qualifiedArn(scope, functionName, latest));
        const provisioned = provisionedOf(desk, functionName);
        if (reserved < provisioned)
          throw relayed(
            invalid(
              ` ReservedConcurrentExecutions  ${reserved} should not be lower than function's total provisioned concurrency [${provisioned}].`,
            ),
          );
        const { accountConcurrency, minimumUnreservedConcurrency: minimum } = room.limits;
        if (accountConcurrency - takenByOthers(catalog, desk, scope, functionName) - reserved < minimum)
          throw relayed(
            invalid(
              `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${minimum}].`,
            ),
          );
        change.put('function', functionName, '', { ...fn, reservedConcurrency: reserved });
      });
      return { ReservedConcurrentExecutions: reserved };
    },

    async GetFunctionConcurrency(input, call) {
      const scope = scopeOf(call);
      const { reservedConcurrency } = findFunction(room.shelf.desk(scope), scope, unqualified(input.FunctionName ?? '', scope));
      return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
    },

    async DeleteFunctionConcurrency(input, call) {
      const scope = scopeOf(call);
      const functionName = unqualified(input.FunctionName ?? '', scope);
      await room.shelf.change(scope, (desk, change) => {
        const { reservedConcurrency, ...fn } = findFunction(desk, scope, functionName);
        if (reservedConcurrency !== undefined) change.put('function', functionName, '', fn satisfies FunctionRecord);
      });
      return {};
    },
  };
}
