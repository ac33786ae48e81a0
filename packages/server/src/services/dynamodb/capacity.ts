import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import type { Table, TableIndex } from './table.ts';

type Wanted = 'INDEXES' | 'TOTAL' | 'NONE' | undefined;

/** @source Developer Guide, "Read and write capacity": 4 KB a read unit, half for eventual consistency, double in transactions */
export const readUnits = (bytes: number, factor: { readonly consistent: boolean; readonly transactional?: boolean }): number =>
  Math.max(1, Math.ceil(bytes / 4096)) * (factor.transactional === true ? 2 : factor.consistent ? 1 : 0.5);

/** @source as above: 1 KB a write unit */
export const writeUnits = (bytes: number, transactional = false): number =>
  Math.max(1, Math.ceil(bytes / 1024)) * (transactional ? 2 : 1);

export interface Use {
  readonly table: number;
  readonly indexes?: ReadonlyMap<TableIndex, number>;
}

export function consumed(wanted: Wanted, table: Table, use: Use): ConsumedCapacity | undefined {
  if (wanted === undefined || wanted === 'NONE') return undefined;
  const indexes = [...(use.indexes ?? [])];
  const total = indexes.reduce((sum, [, units]) => sum + units, use.table);
  if (wanted === 'TOTAL') return { TableName: table.name, CapacityUnits: total };
  const of = (kind: TableIndex['kind']) =>
    Object.fromEntries(
      indexes.filter(([index]) => index.kind === kind).map(([{ name }, units]) => [name, { CapacityUnits: units }]),
    );
  const [global, local] = [of('global'), of('local')];
  return {
    TableName: table.name,
    CapacityUnits: total,
    Table: { CapacityUnits: use.table },
    ...(Object.keys(global).length === 0 ? {} : { GlobalSecondaryIndexes: global }),
    ...(Object.keys(local).length === 0 ? {} : { LocalSecondaryIndexes: local }),
  };
}
