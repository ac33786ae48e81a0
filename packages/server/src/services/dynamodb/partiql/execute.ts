import { ServiceFault, type DynamoDbOperations, type Handlers } from '@mayfly/wire';
import type { BatchStatementError } from '@aws-sdk/client-dynamodb';
import { project } from '../expressions/projection.ts';
import { holds } from '../expressions/evaluate.ts';
import { invalid } from '../faults.ts';
import { keyRange } from '../key-condition.ts';
import { readToken, writeToken } from '../../kit/index.ts';
import type { Sql } from '../../../storage/index.ts';
import type { Room } from '../room.ts';
import { rowsOf, type Stretch } from '../rows.ts';
import { decodeItem, encodeItem } from '../stored.ts';
import { entryKey, itemKey, keyAttributes, keyNames, type Table, type TableIndex } from '../table.ts';
import { transact } from '../transact.ts';
import { readItemRow } from '../unit.ts';
import { itemSize, member, type Item, type Value } from '../value.ts';
import { pathsOf, perform, type Written } from '../write.ts';
import { parseStatement } from './parse.ts';
import { keyIn, split, writeOf } from './plan.ts';
import type { Statement } from './statement.ts';

type PartiQl = Pick<Handlers<DynamoDbOperations>, 'ExecuteStatement' | 'BatchExecuteStatement' | 'ExecuteTransaction'>;
type Select = Extract<Statement, { readonly kind: 'select' }>;

const pageBytes = 1_048_576;
const fault = () => invalid('Given NextToken is not valid.');

/** PartiQL, on the same plans as the other operations. */
export function partiQlHandlers(room: Room): PartiQl {
  return {
    async ExecuteStatement(input, call) {
      const statement = parseStatement(input.Statement ?? '', input.Parameters ?? []);
      const table = room.catalogue.get(call, statement.from.table);
      if (statement.kind === 'select') {
        const after = input.NextToken === undefined ? undefined : decodeItem(readToken(input.NextToken, fault));
        const { items, last } = await select(room, table, statement, { limit: input.Limit ?? Infinity, after });
        return {
          Items: items as never,
          ...(last === undefined ? {} : { NextToken: writeToken(encodeItem(last)), LastEvaluatedKey: last as never }),
        };
      }
      if (statement.kind === 'exists') throw invalid('EXISTS is allowed in transactions only');
      const write = writeOf(table, statement, input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD');
      const item = returned(statement, await room.writer.change((unit) => perform(unit, write)));
      return { Items: item === undefined ? [] : [item as never] };
    },

    async BatchExecuteStatement(input, call) {
      const responses = await Promise.all(
        (input.Statements ?? []).map(
          async ({ Statement: text = '', Parameters: parameters = [], ReturnValuesOnConditionCheckFailure: shows }) => {
            let name: string | undefined;
            try {
              const statement = parseStatement(text, parameters);
              const table = room.catalogue.get(call, statement.from.table);
              name = table.name;
              if (statement.kind === 'select') {
                const item = await one(room.database, table, statement);
                return { TableName: name, ...(item === undefined ? {} : { Item: item as never }) };
              }
              const write = writeOf(table, statement, shows === 'ALL_OLD');
              await room.writer.change((unit) => perform(unit, write));
              return { TableName: name };
            } catch (error) {
              if (!(error instanceof ServiceFault)) throw error;
              return { ...(name === undefined ? {} : { TableName: name }), Error: batchError(error) };
            }
          },
        ),
      );
      return { Responses: responses };
    },

    async ExecuteTransaction(input, call) {
      const statements = (input.TransactStatements ?? []).map(
        ({ Statement: text = '', Parameters: parameters = [], ReturnValuesOnConditionCheckFailure: shows }) => {
          const statement = parseStatement(text, parameters);
          return { statement, table: room.catalogue.get(call, statement.from.table), shows: shows === 'ALL_OLD' };
        },
      );
      const reads = statements.filter(({ statement }) => statement.kind === 'select').length;
      if (reads > 0 && reads < statements.length) throw invalid('Statements of a transaction either all read or all write');
      if (reads > 0) {
        const items = await room.writer.run(async (tx) => {
          const found: (Item | undefined)[] = [];
          for (const { statement, table } of statements) found.push(await one(tx, table, statement as Select));
          return found;
        });
        return { Responses: items.map((item) => (item === undefined ? {} : { Item: item as never })) };
      }
      const writes = statements.map(({ statement, table, shows }) =>
        writeOf(table, statement as Exclude<Statement, { readonly kind: 'select' }>, shows),
      );
      await room.writer.change((unit) => transact(unit, writes));
      return { Responses: [] };
    },
  };
}

/** What batches and transactions read: one item, by its whole key. */
async function one(sql: Sql, table: Table, statement: Select): Promise<Item | undefined> {
  const parts = split(statement.condition, keyNames(table.keys));
  const key = statement.from.index === undefined ? keyIn(table.keys, parts) : undefined;
  if (key === undefined)
    throw invalid('Select statements within BatchExecuteStatement must specify the primary key in the where clause.');
  const item = await readItemRow(sql, table, itemKey(table.keys, key));
  if (item === undefined || (parts.rest !== undefined && !holds(parts.rest, item))) return undefined;
  return statement.projection === undefined ? item : project(item, statement.projection);
}

/** A query where the condition names a partition, a scan where it does not. */
async function select(
  room: Room,
  table: Table,
  { from, condition, projection, descending }: Select,
  page: { readonly limit: number; readonly after: Item | undefined },
): Promise<{ readonly items: readonly Item[]; readonly last: Item | undefined }> {
  const index = from.index === undefined ? undefined : table.indexes.find(({ name }) => name === from.index);
  if (from.index !== undefined && index === undefined)
    throw invalid(`The table does not have the specified index: ${from.index}`);
  const keys = index?.keys ?? table.keys;
  const hash = split(condition, [keys.hash.name]).equal.get(keys.hash.name);
  if (descending && hash === undefined) throw invalid('Must have WHERE clause in the statement when using ORDER BY clause.');
  const hashIs = (value: Value) =>
    ({
      kind: 'compare',
      comparator: '=',
      left: { kind: 'path', path: [keys.hash.name] },
      right: { kind: 'value', value },
    }) as const;
  const within = hash === undefined ? { from: new Uint8Array(0) } : keyRange(hashIs(hash), { hash: keys.hash });
  const after = page.after === undefined ? undefined : placeOf(table, index, page.after);
  const stretch: Stretch = {
    table,
    within,
    descending,
    ...(index === undefined ? {} : { index }),
    ...(after === undefined ? {} : { after }),
  };
  const items: Item[] = [];
  let [bytes, seen] = [0, 0];
  let last: Item | undefined;
  for await (const row of rowsOf(room.database, stretch, page.limit)) {
    if (seen > 0 && bytes + row.bytes > pageBytes) return { items, last };
    bytes += itemSize(row.item);
    seen += 1;
    last = keyOfRow(table, index, row.item);
    if (condition === undefined || holds(condition, row.item))
      items.push(projection === undefined ? row.item : project(row.item, projection));
  }
  return { items, last: seen === page.limit ? last : undefined };
}

const keyOfRow = (table: Table, index: TableIndex | undefined, item: Item): Item =>
  Object.fromEntries(
    [...new Set([...keyNames(table.keys), ...(index === undefined ? [] : keyNames(index.keys))])].map((name) => [
      name,
      member(item, name) as Value,
    ]),
  );

function placeOf(table: Table, index: TableIndex | undefined, key: Item) {
  const whole = [...keyAttributes(table.keys), ...(index === undefined ? [] : keyAttributes(index.keys))];
  if (!whole.every(({ name, type }) => type in (member(key, name) ?? {}))) throw fault();
  const entry = index === undefined ? undefined : entryKey(index, key);
  return { item: itemKey(table.keys, key), ...(entry === undefined ? {} : { entry }) };
}

function returned(statement: Statement, { old, next }: Written): Item | undefined {
  if (statement.kind !== 'update' && statement.kind !== 'delete') return undefined;
  const touched = statement.kind === 'update' ? pathsOf(statement.update) : [];
  switch (statement.returning) {
    case 'ALL_OLD':
      return old;
    case 'ALL_NEW':
      return next;
    case 'UPDATED_OLD':
      return old === undefined ? undefined : project(old, touched);
    case 'UPDATED_NEW':
      return next === undefined ? undefined : project(next, touched);
    case undefined:
      return undefined;
  }
}

function batchError(error: ServiceFault): BatchStatementError {
  const code = error.code.replace(/Exception$/, '').replace(/^Validation$/, 'ValidationError');
  const item = error.members['Item'];
  return {
    Code: code as NonNullable<BatchStatementError['Code']>,
    Message: error.message,
    ...(item === undefined ? {} : { Item: decodeItem(JSON.stringify(item)) as never }),
  };
}
