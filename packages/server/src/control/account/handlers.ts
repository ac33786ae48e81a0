import { codeBytes } from '../functions/storage-use.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import type { Catalog } from '../catalog.ts';

export function accountHandlers(room: Room, catalog: Catalog): Operations<'GetAccountSettings'> {
  return {
    /** @source spec 1.13-07 */
    async GetAccountSettings(_input, call) {
      const scope = scopeOf(call);
      const desk = room.shelf.desk(scope);
      const { limits } = room;
      const taken =
        (catalog.reservedTotal?.(scope.account, scope.region) ?? 0) +
        (catalog.provisionedTotal?.(scope.account, scope.region) ?? 0);
      return {
        AccountLimit: {
          TotalCodeSize: limits.codeStorageBytes,
          CodeSizeUnzipped: limits.unzippedBytes,
          CodeSizeZipped: limits.zippedBytes,
          ConcurrentExecutions: limits.accountConcurrency,
          UnreservedConcurrentExecutions: limits.accountConcurrency - taken,
        },
        AccountUsage: { TotalCodeSize: codeBytes(desk), FunctionCount: desk.count('function') },
      };
    },
  };
}
