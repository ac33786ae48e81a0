import type { DynamoDbOperations, Handlers } from '@mayfly/wire';
import { consumed, readUnits } from './capacity.ts';
import type { Path, Update } from './expressions/ast.ts';
import { parseProjection, project, type Projection } from './expressions/projection.ts';
import { Placeholders } from './expressions/placeholders.ts';
import { invalid } from './faults.ts';
import { checkNotMixed, deleteOf, putOf, updateWrite } from './requests.ts';
import type { Room } from './room.ts';
import { checkKey, keyOf, type Table } from './table.ts';
import { readItemRow } from './unit.ts';
import { itemSize, readItem, type Item } from './value.ts';
import { pathsOf, perform, writeUse, type Write, type Written } from './write.ts';

type ItemHandlers = Pick<Handlers<DynamoDbOperations>, 'PutItem' | 'GetItem' | 'UpdateItem' | 'DeleteItem'>;

/** The operations on one item. */
export function itemHandlers(room: Room): ItemHandlers {
  return {
    async PutItem(input, call) {
      if (!['NONE', 'ALL_OLD', undefined].includes(input.ReturnValues)) throw invalid('ReturnValues can only be ALL_OLD or NONE');
      const write = putOf(room, input, call);
      const written = await room.writer.change((unit) => perform(unit, write));
      return { ...attributes(input.ReturnValues === 'ALL_OLD' ? written.old : undefined), ...spent(input, write, written) };
    },
    async DeleteItem(input, call) {
      if (!['NONE', 'ALL_OLD', undefined].includes(input.ReturnValues)) throw invalid('ReturnValues can only be ALL_OLD or NONE');
      const write = deleteOf(room, input, call);
      const written = await room.writer.change((unit) => perform(unit, write));
      return { ...attributes(input.ReturnValues === 'ALL_OLD' ? written.old : undefined), ...spent(input, write, written) };
    },
    async UpdateItem(input, call) {
      const write = updateWrite(room, input, call);
      const written = await room.writer.change((unit) => perform(unit, write));
      return { ...attributes(returned(input.ReturnValues, write.update, written)), ...spent(input, write, written) };
    },
    async GetItem(input, call) {
      const projection = projectionOf(input);
      const key = readItem(input.Key ?? {});
      const table = room.catalogue.get(call, input.TableName);
      const item = await readItemRow(room.database, table, checkKey(table, key));
      const units = readUnits(item === undefined ? 0 : itemSize(item), { consistent: input.ConsistentRead === true });
      const capacity = consumed(input.ReturnConsumedCapacity, table, { table: units });
      return {
        ...(item === undefined ? {} : { Item: shown(item, projection) as never }),
        ...(capacity === undefined ? {} : { ConsumedCapacity: capacity }),
      };
    },
  };
}

export const shown = (item: Item, projection: Projection | undefined): Item =>
  projection === undefined ? item : project(item, projection);

/** `ProjectionExpression`, or the older `AttributesToGet`. */
export function projectionOf(input: {
  readonly ProjectionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly AttributesToGet?: readonly string[] | undefined;
}): Projection | undefined {
  checkNotMixed({ AttributesToGet: input.AttributesToGet }, { ProjectionExpression: input.ProjectionExpression });
  const placeholders = new Placeholders(input.ExpressionAttributeNames, undefined);
  placeholders.checkWanted({ ProjectionExpression: input.ProjectionExpression }, []);
  if (input.AttributesToGet !== undefined) return input.AttributesToGet.map((name): Path => [name]);
  if (input.ProjectionExpression === undefined) return undefined;
  const projection = parseProjection(input.ProjectionExpression, placeholders);
  placeholders.checkUsed();
  return projection;
}

const attributes = (item: Item | undefined) =>
  item === undefined || Object.keys(item).length === 0 ? {} : { Attributes: item as never };

function returned(wanted: string | undefined, update: Update | undefined, { old, next }: Written): Item | undefined {
  switch (wanted) {
    case 'ALL_OLD':
      return old;
    case 'ALL_NEW':
      return next;
    case 'UPDATED_OLD':
      return old === undefined ? undefined : project(old, touched(update));
    case 'UPDATED_NEW':
      return next === undefined ? undefined : project(next, touched(update));
    default:
      return undefined;
  }
}

/** Paths of an update, none below another. */
const touched = (update: Update | undefined): Projection => pathsOf(update);

function spent(
  input: {
    readonly ReturnConsumedCapacity?: 'INDEXES' | 'TOTAL' | 'NONE' | undefined;
    readonly ReturnItemCollectionMetrics?: string | undefined;
  },
  write: Write,
  written: Written,
) {
  const capacity = consumed(input.ReturnConsumedCapacity, write.table, writeUse(write, written));
  const metrics = input.ReturnItemCollectionMetrics === 'SIZE' ? collectionMetrics(write.table, written) : undefined;
  return {
    ...(capacity === undefined ? {} : { ConsumedCapacity: capacity }),
    ...(metrics === undefined ? {} : { ItemCollectionMetrics: metrics }),
  };
}

/** Only tables with local indexes have collections. The estimate is DynamoDB's lowest bucket, in GB. */
export function collectionMetrics(table: Table, { old, next }: Written) {
  const item = next ?? old;
  if (item === undefined || !table.indexes.some(({ kind }) => kind === 'local')) return undefined;
  const hash = keyOf({ hash: table.keys.hash }, item);
  return { ItemCollectionKey: hash as never, SizeEstimateRangeGB: [0, 1] };
}
