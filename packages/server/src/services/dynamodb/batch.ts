import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import type { DynamoDbOperations, Handlers } from '@mayfly/wire';
import { consumed, readUnits, type Use } from './capacity.ts';
import { invalid } from './faults.ts';
import { collectionMetrics, projectionOf, shown } from './items.ts';
import { deleteOf, putOf } from './requests.ts';
import type { Room } from './room.ts';
import { checkKey, keyText, type Table, type TableIndex } from './table.ts';
import { readItemRow } from './unit.ts';
import { itemSize, readItem } from './value.ts';
import { perform, writeUse } from './write.ts';

type Batch = Pick<Handlers<DynamoDbOperations>, 'BatchGetItem' | 'BatchWriteItem'>;

/** @source API Reference: 16 MB an answer, 100 reads, 25 writes */
const answerBytes = 16 * 1_048_576;
const mostReads = 100;
const mostWrites = 25;

export function batchHandlers(room: Room): Batch {
  return {
    async BatchGetItem(input, call) {
      const requests = Object.entries(input.RequestItems ?? {});
      const total = requests.reduce((sum, [, { Keys: keys }]) => sum + (keys?.length ?? 0), 0);
      if (total > mostReads) throw invalid('Too many items requested for the BatchGetItem call');
      const plans = requests.map(([name, request]) => {
        const projection = projectionOf(request);
        const table = room.catalogue.get(call, name);
        const keys = (request.Keys ?? []).map((raw) => ({ raw, key: checkKey(table, readItem(raw)) }));
        checkDistinct(keys.map(({ key }) => keyText(key)));
        return { name, request, projection, table, keys };
      });
      const responses: Record<string, never[]> = {};
      const unprocessed: NonNullable<typeof input.RequestItems> = {};
      const capacity: ConsumedCapacity[] = [];
      let bytes = 0;
      for (const { name, request, projection, table, keys } of plans) {
        const found: object[] = [];
        let units = 0;
        for (const [index, { key }] of keys.entries()) {
          const item = await readItemRow(room.database, table, key);
          const size = item === undefined ? 0 : itemSize(item);
          if (bytes + size > answerBytes) {
            unprocessed[name] = { ...request, Keys: keys.slice(index).map(({ raw }) => raw) };
            break;
          }
          bytes += size;
          units += readUnits(size, { consistent: request.ConsistentRead === true });
          if (item !== undefined) found.push(shown(item, projection));
        }
        responses[name] = found as never[];
        const used = consumed(input.ReturnConsumedCapacity, table, { table: units });
        if (used !== undefined) capacity.push(used);
      }
      return {
        Responses: responses,
        UnprocessedKeys: unprocessed,
        ...(input.ReturnConsumedCapacity === undefined || input.ReturnConsumedCapacity === 'NONE'
          ? {}
          : { ConsumedCapacity: capacity }),
      };
    },

    async BatchWriteItem(input, call) {
      const requests = Object.entries(input.RequestItems ?? {});
      const total = requests.reduce((sum, [, list]) => sum + list.length, 0);
      if (total > mostWrites) throw invalid('Too many items requested for the BatchWriteItem call');
      const writes = requests.flatMap(([name, list]) =>
        list.map(({ PutRequest: put, DeleteRequest: del }) => {
          if ((put === undefined) === (del === undefined)) {
            throw invalid(
              'Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes',
            );
          }
          const write =
            put === undefined
              ? deleteOf(room, { TableName: name, Key: del?.Key }, call)
              : putOf(room, { TableName: name, Item: put.Item }, call);
          return { name, write };
        }),
      );
      checkDistinct(writes.map(({ write }) => `${write.table.no}/${keyText(write.key)}`));
      // Not one transaction by contract; each is its own unit, and they share a commit.
      const written = await Promise.all(writes.map(({ write }) => room.writer.change((unit) => perform(unit, write))));
      const uses = new Map<Table, Use>();
      const metrics: Record<string, object[]> = {};
      for (const [index, { name, write }] of writes.entries()) {
        const result = written[index] ?? { old: undefined, next: undefined };
        uses.set(write.table, sum(uses.get(write.table), writeUse(write, result)));
        const metric = input.ReturnItemCollectionMetrics === 'SIZE' ? collectionMetrics(write.table, result) : undefined;
        if (metric !== undefined) (metrics[name] ??= []).push(metric);
      }
      return {
        UnprocessedItems: {},
        ...capacities(input.ReturnConsumedCapacity, uses),
        ...(Object.keys(metrics).length === 0 ? {} : { ItemCollectionMetrics: metrics }),
      };
    },
  };
}

function checkDistinct(keys: readonly string[]): void {
  if (new Set(keys).size < keys.length) throw invalid('Provided list of item keys contains duplicates');
}

export function sum(one: Use | undefined, two: Use): Use {
  const indexes = new Map<TableIndex, number>(one?.indexes ?? []);
  for (const [index, units] of two.indexes ?? []) indexes.set(index, (indexes.get(index) ?? 0) + units);
  return { table: (one?.table ?? 0) + two.table, indexes };
}

export function capacities(wanted: 'INDEXES' | 'TOTAL' | 'NONE' | undefined, uses: ReadonlyMap<Table, Use>) {
  if (wanted === undefined || wanted === 'NONE') return {};
  return { ConsumedCapacity: [...uses].flatMap(([table, use]) => consumed(wanted, table, use) ?? []) };
}
