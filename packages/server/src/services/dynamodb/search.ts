import type { Call, DynamoDbOperations, Handlers } from '@mayfly/wire';
import { consumed, readUnits } from './capacity.ts';
import type { Condition, Operand } from './expressions/ast.ts';
import { holds } from './expressions/evaluate.ts';
import { parseCondition } from './expressions/parse-condition.ts';
import { parseProjection, type Projection } from './expressions/projection.ts';
import { Placeholders } from './expressions/placeholders.ts';
import { invalid, invalidParameter } from './faults.ts';
import { shown } from './items.ts';
import { segmentStart } from './key-bytes.ts';
import { keyRange } from './key-condition.ts';
import { conditionOf } from './legacy.ts';
import { checkNotMixed } from './requests.ts';
import type { Room } from './room.ts';
import { rowsOf, type Place, type Stretch } from './rows.ts';
import { entryKey, itemKey, keyAttributes, keyNames, projectedNames, type Table, type TableIndex } from './table.ts';
import { itemSize, member, readItem, setMember, typeOf, type Item, type Value } from './value.ts';

type Search = Pick<Handlers<DynamoDbOperations>, 'Query' | 'Scan'>;
type QueryInput = DynamoDbOperations['Query']['input'];
type ScanInput = DynamoDbOperations['Scan']['input'];

/** @source Developer Guide, "Query": 1 MB a page */
const pageBytes = 1_048_576;

export function searchHandlers(room: Room): Search {
  return {
    async Query(input, call) {
      checkNotMixed(
        {
          AttributesToGet: input.AttributesToGet,
          QueryFilter: input.QueryFilter,
          ConditionalOperator: input.ConditionalOperator,
          KeyConditions: input.KeyConditions,
        },
        {
          ProjectionExpression: input.ProjectionExpression,
          FilterExpression: input.FilterExpression,
          KeyConditionExpression: input.KeyConditionExpression,
        },
      );
      const { placeholders, ...wanted } = read(input, input.QueryFilter, ['FilterExpression', 'KeyConditionExpression'], {
        KeyConditionExpression: input.KeyConditionExpression,
      });
      const condition =
        input.KeyConditionExpression !== undefined
          ? parseCondition('KeyConditionExpression', input.KeyConditionExpression, placeholders)
          : conditionOf(input.KeyConditions ?? {}, undefined);
      if (condition === undefined) {
        throw invalid('Either the KeyConditions or KeyConditionExpression parameter must be specified in the request.');
      }
      placeholders.checkUsed();
      const { table, index } = source(room, input, call);
      const keys = index?.keys ?? table.keys;
      const within = keyRange(condition, keys);
      checkFilter(wanted.filter, keyNames(keys));
      const after = startOf(input.ExclusiveStartKey, table, index);
      if (after !== undefined && Buffer.compare((after.entry ?? after.item).hash, within.hash) !== 0) {
        throw invalid('The provided starting key is outside query boundaries based on provided conditions');
      }
      const stretch = {
        table,
        within,
        descending: input.ScanIndexForward === false,
        ...opt('index', index),
        ...opt('after', after),
      };
      return page(room, input, stretch, wanted);
    },
    async Scan(input, call) {
      checkNotMixed(
        { AttributesToGet: input.AttributesToGet, ScanFilter: input.ScanFilter, ConditionalOperator: input.ConditionalOperator },
        { ProjectionExpression: input.ProjectionExpression, FilterExpression: input.FilterExpression },
      );
      const { placeholders, ...wanted } = read(input, input.ScanFilter, ['FilterExpression'], {});
      placeholders.checkUsed();
      const { table, index } = source(room, input, call);
      const within = segmentOf(input);
      const after = startOf(input.ExclusiveStartKey, table, index);
      const start = (after?.entry ?? after?.item)?.hash;
      if (
        start !== undefined &&
        (Buffer.compare(start, within.from) < 0 || (within.to !== undefined && Buffer.compare(start, within.to) >= 0))
      ) {
        throw invalid(
          `The provided starting key is invalid: Invalid ExclusiveStartKey. Please use ExclusiveStartKey with correct Segment. TotalSegments: ${input.TotalSegments} Segment: ${input.Segment}`,
        );
      }
      return page(room, input, { table, within, descending: false, ...opt('index', index), ...opt('after', after) }, wanted);
    },
  };
}

const opt = <Name extends string, T>(name: Name, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: T };

interface Wanted {
  readonly filter: Condition | undefined;
  readonly projection: Projection | undefined;
}

function read(
  input: QueryInput | ScanInput,
  oldFilter: object | undefined,
  valued: readonly string[],
  more: Readonly<Record<string, string | undefined>>,
): Wanted & { readonly placeholders: Placeholders } {
  const placeholders = new Placeholders(input.ExpressionAttributeNames, input.ExpressionAttributeValues);
  const { FilterExpression, ProjectionExpression } = input;
  placeholders.checkWanted({ FilterExpression, ProjectionExpression, ...more }, valued);
  const filter =
    FilterExpression !== undefined
      ? parseCondition('FilterExpression', FilterExpression, placeholders)
      : conditionOf(oldFilter ?? {}, input.ConditionalOperator);
  const projection =
    ProjectionExpression !== undefined
      ? parseProjection(ProjectionExpression, placeholders)
      : input.AttributesToGet?.map((name) => [name]);
  return { placeholders, filter, projection };
}

function source(
  room: Room,
  input: QueryInput | ScanInput,
  call: Call,
): { readonly table: Table; readonly index: TableIndex | undefined } {
  const table = room.catalogue.get(call, input.TableName);
  if (input.IndexName === undefined) {
    if (input.Select === 'ALL_PROJECTED_ATTRIBUTES')
      throw invalid('ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName');
    checkSelect(input);
    return { table, index: undefined };
  }
  const index = table.indexes.find(({ name }) => name === input.IndexName);
  if (index === undefined) throw invalid(`The table does not have the specified index: ${input.IndexName}`);
  if (index.status === 'CREATING') throw invalid(`Cannot read from backfilling global secondary index: ${index.name}`);
  if (index.kind === 'global' && input.ConsistentRead === true) {
    throw invalid('Consistent reads are not supported on global secondary indexes');
  }
  if (index.kind === 'global' && input.Select === 'ALL_ATTRIBUTES' && index.projection.type !== 'ALL') {
    throw invalidParameter(
      `Select type ALL_ATTRIBUTES is not supported for global secondary index ${index.name} because its projection type is not ALL`,
    );
  }
  checkSelect(input);
  return { table, index };
}

function checkSelect(input: QueryInput | ScanInput): void {
  const named =
    input.ProjectionExpression !== undefined
      ? 'ProjectionExpression'
      : input.AttributesToGet === undefined
        ? undefined
        : 'AttributesToGet';
  if (input.Select === 'SPECIFIC_ATTRIBUTES' && named === undefined) {
    throw invalid('Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES');
  }
  if (named !== undefined && input.Select !== undefined && input.Select !== 'SPECIFIC_ATTRIBUTES') {
    throw invalid(`Cannot specify the ${named} when choosing to get ${input.Select}`);
  }
}

/** @throws ValidationException when a query's filter touches the key it is asked by */
function checkFilter(filter: Condition | undefined, keys: readonly string[]): void {
  if (filter === undefined) return;
  for (const name of namesIn(filter)) {
    if (keys.includes(name))
      throw invalid(`Filter Expression can only contain non-primary key attributes: Primary key attribute: ${name}`);
  }
}

function namesIn(condition: Condition): readonly string[] {
  const of = (operand: Operand): readonly string[] => (operand.kind === 'value' ? [] : [String(operand.path[0])]);
  switch (condition.kind) {
    case 'and':
    case 'or':
      return [...namesIn(condition.left), ...namesIn(condition.right)];
    case 'not':
      return namesIn(condition.of);
    case 'compare':
      return [...of(condition.left), ...of(condition.right)];
    case 'between':
      return [condition.of, condition.low, condition.high].flatMap(of);
    case 'in':
      return [condition.of, ...condition.list].flatMap(of);
    case 'exists':
    case 'notExists':
    case 'type':
      return [String(condition.path[0])];
    case 'beginsWith':
    case 'contains':
      return [...of(condition.of), ...of(condition.part)];
  }
}

function startOf(raw: object | undefined, table: Table, index: TableIndex | undefined): Place | undefined {
  if (raw === undefined) return undefined;
  const key = readItem(raw);
  const attributes = new Map(
    [...keyAttributes(table.keys), ...(index === undefined ? [] : keyAttributes(index.keys))].map((each) => [
      each.name,
      each.type,
    ]),
  );
  const fits =
    Object.keys(key).length === attributes.size &&
    [...attributes].every(([name, type]) => {
      const value = member(key, name);
      return value !== undefined && typeOf(value) === type;
    });
  if (!fits) throw invalid('The provided starting key is invalid');
  const entry = index === undefined ? undefined : entryKey(index, key);
  return { item: itemKey(table.keys, key), ...(entry === undefined ? {} : { entry }) };
}

function segmentOf({ Segment: segment, TotalSegments: total }: ScanInput): {
  readonly from: Uint8Array;
  readonly to?: Uint8Array;
} {
  if (segment === undefined && total === undefined) return { from: new Uint8Array(0) };
  if (total === undefined)
    throw invalid('The TotalSegments parameter is required but was not present in the request when Segment parameter is present');
  if (segment === undefined)
    throw invalid('The Segment parameter is required but was not present in the request when parameter TotalSegments is present');
  if (segment >= total) {
    throw invalid(
      `The Segment parameter is zero-based and must be less than parameter TotalSegments: Segment: ${segment} is not less than TotalSegments: ${total}`,
    );
  }
  const to = segmentStart(segment + 1, total);
  return { from: segmentStart(segment, total) ?? new Uint8Array(0), ...(to === undefined ? {} : { to }) };
}

async function page(room: Room, input: QueryInput | ScanInput, stretch: Stretch, wanted: Wanted) {
  const { table, index } = stretch;
  const view = viewOf(table, index, input.Select, wanted);
  const items: Item[] = [];
  const limit = input.Limit ?? Infinity;
  let [count, scanned, bytes] = [0, 0, 0];
  let last: Item | undefined;
  let more = false;
  for await (const row of rowsOf(room.database, stretch, limit)) {
    const seen = view.seen(row.item);
    const size = index === undefined ? row.bytes : itemSize(seen);
    if (scanned > 0 && bytes + size > pageBytes) {
      more = true;
      break;
    }
    scanned += 1;
    bytes += size;
    last = row.item;
    if (wanted.filter === undefined || holds(wanted.filter, seen)) {
      count += 1;
      if (input.Select !== 'COUNT') items.push(shown(seen, wanted.projection));
    }
  }
  // A page that its limit ended says where to go on, even when nothing follows.
  more ||= scanned === limit;
  const units = readUnits(bytes, { consistent: input.ConsistentRead === true });
  const capacity = consumed(
    input.ReturnConsumedCapacity,
    table,
    index === undefined ? { table: units } : { table: 0, indexes: new Map([[index, units]]) },
  );
  return {
    Count: count,
    ScannedCount: scanned,
    ...(input.Select === 'COUNT' ? {} : { Items: items as never }),
    ...(more && last !== undefined ? { LastEvaluatedKey: lastKey(table, index, last) as never } : {}),
    ...(capacity === undefined ? {} : { ConsumedCapacity: capacity }),
  };
}

function lastKey(table: Table, index: TableIndex | undefined, item: Item): Item {
  const names = new Set([...keyNames(table.keys), ...(index === undefined ? [] : keyNames(index.keys))]);
  return Object.fromEntries([...names].map((name) => [name, member(item, name) as Value]));
}

/** What an index lets be seen. A local one fetches from its table what is asked for by name; a global one cannot. */
function viewOf(table: Table, index: TableIndex | undefined, select: string | undefined, { filter, projection }: Wanted) {
  const names = index === undefined ? undefined : projectedNames(table, index);
  if (index === undefined || names === undefined) return { seen: (item: Item) => item };
  const asked = [...(projection ?? []).map((path) => String(path[0])), ...(filter === undefined ? [] : namesIn(filter))];
  const beyond = asked.filter((name) => !names.includes(name));
  if (index.kind === 'global' && beyond.length > 0) {
    throw invalidParameter(`Global secondary index ${index.name} does not project [${[...new Set(beyond)].join(', ')}]`);
  }
  if (index.kind === 'local' && (beyond.length > 0 || projection !== undefined || select === 'ALL_ATTRIBUTES'))
    return { seen: (item: Item) => item };
  return {
    seen(item: Item): Item {
      const part: Record<string, Value> = {};
      for (const name of names) {
        const value = member(item, name);
        if (value !== undefined) setMember(part, name, value);
      }
      return part;
    },
  };
}
