import fc from 'fast-check';
import { suite, test } from 'node:test';
import type { Call } from '@mayfly/wire';
import { silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openDynamoDb, type DynamoDb } from './index.ts';
import { compareNumbers, parseNumber } from './number.ts';

interface Row {
  readonly hash: string;
  readonly range: string;
  readonly owner: string | undefined;
  readonly score: string | undefined;
}

const TableName = 'model';
const call = { account: '000000000000', region: 'us-east-1', origin: 'http://127.0.0.1' } as Call;
const text = (value: string) => ({ S: value });
const number = (value: string) => ({ N: value });
const itemOf = ({ hash, range, owner, score }: Row) => ({
  hash: text(hash),
  range: number(range),
  ...(owner === undefined ? {} : { owner: text(owner) }),
  ...(score === undefined ? {} : { score: number(score) }),
});
const order = (a: string, b: string): number => compareNumbers(parseNumber(a), parseNumber(b));
const print = ({ hash, range, owner, score }: Row): string => `${hash}/${range}/${owner}/${score}`;

const hashes = fc.constantFrom('a', 'b', 'c', 'd');
const numbers = fc.constantFrom('-100', '-1.5', '-1', '0', '0.001', '1', '2', '10', '1e20', '3e-50');
const owners = fc.option(fc.constantFrom('x', 'y'), { nil: undefined });
const row: fc.Arbitrary<Row> = fc.record({
  hash: hashes,
  range: numbers,
  owner: owners,
  score: fc.option(numbers, { nil: undefined }),
});
const change = fc.oneof(
  row.map((of) => ({ kind: 'put' as const, of })),
  row.map((of) => ({ kind: 'delete' as const, of })),
  row.map((of) => ({ kind: 'update' as const, of })),
);
const comparator = fc.constantFrom('<', '<=', '=', '>', '>=');

async function openTable(): Promise<AsyncDisposable & { readonly db: DynamoDb['handlers'] }> {
  const database = new PlainDatabase();
  const dynamo = await openDynamoDb({ database, clock: systemClock, random: systemRandom, log: silentLogger });
  await dynamo.handlers.CreateTable(
    {
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: [
        { AttributeName: 'hash', KeyType: 'HASH' },
        { AttributeName: 'range', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'hash', AttributeType: 'S' },
        { AttributeName: 'range', AttributeType: 'N' },
        { AttributeName: 'owner', AttributeType: 'S' },
        { AttributeName: 'score', AttributeType: 'N' },
      ],
      LocalSecondaryIndexes: [
        {
          IndexName: 'local',
          KeySchema: [
            { AttributeName: 'hash', KeyType: 'HASH' },
            { AttributeName: 'score', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'global',
          KeySchema: [
            { AttributeName: 'owner', KeyType: 'HASH' },
            { AttributeName: 'score', KeyType: 'RANGE' },
          ],
          Projection: { ProjectionType: 'ALL' },
        },
      ],
    },
    call,
  );
  return {
    db: dynamo.handlers,
    async [Symbol.asyncDispose]() {
      await dynamo[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const rowOf = (item: Readonly<Record<string, { S?: string; N?: string }>>): Row => ({
  hash: item['hash']?.S ?? '',
  range: item['range']?.N ?? '',
  owner: item['owner']?.S,
  score: item['score']?.N,
});
const canonical = (of: Row): Row =>
  rowOf(
    Object.fromEntries(Object.entries(itemOf(of)).map(([name, value]) => [name, 'N' in value ? { N: plain(value.N) } : value])),
  );
const plain = (value: string): string =>
  value === '1e20' ? '100000000000000000000' : value === '3e-50' ? `0.${'0'.repeat(49)}3` : value;

suite('a table and a simple model of it', { timeout: 120_000 }, () => {
  test('answer alike, whatever is written and however it is asked', async (t) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(change, { minLength: 1, maxLength: 40 }),
        fc.array(
          fc.record({
            index: fc.constantFrom(undefined, 'local', 'global'),
            hash: hashes,
            owner: fc.constantFrom('x', 'y'),
            comparator,
            bound: numbers,
            forward: fc.boolean(),
            limit: fc.integer({ min: 1, max: 5 }),
          }),
          { minLength: 1, maxLength: 6 },
        ),
        fc.integer({ min: 1, max: 4 }),
        async (changes, queries, segments) => {
          await using table = await openTable();
          const model = new Map<string, Row>();
          for (const { kind, of } of changes) {
            const own = canonical(of);
            const id = `${own.hash}/${own.range}`;
            const key = { hash: text(of.hash), range: number(of.range) };
            if (kind === 'put') {
              await table.db.PutItem({ TableName, Item: itemOf(of) }, call);
              model.set(id, own);
            } else if (kind === 'delete') {
              await table.db.DeleteItem({ TableName, Key: key }, call);
              model.delete(id);
            } else {
              const sets = of.owner === undefined ? 'REMOVE #o' : 'SET #o = :o';
              const values = of.owner === undefined ? {} : { ExpressionAttributeValues: { ':o': text(of.owner) } };
              await table.db.UpdateItem(
                { TableName, Key: key, UpdateExpression: sets, ExpressionAttributeNames: { '#o': 'owner' }, ...values },
                call,
              );
              model.set(id, { ...(model.get(id) ?? { hash: own.hash, range: own.range, score: undefined }), owner: own.owner });
            }
          }
          const fits = {
            '<': (n: number) => n < 0,
            '<=': (n: number) => n <= 0,
            '=': (n: number) => n === 0,
            '>': (n: number) => n > 0,
            '>=': (n: number) => n >= 0,
          };
          for (const query of queries) {
            const [hashName, rangeName] =
              query.index === 'global'
                ? (['owner', 'score'] as const)
                : (['hash', query.index === 'local' ? 'score' : 'range'] as const);
            const wanted = query.index === 'global' ? query.owner : query.hash;
            const expected = [...model.values()].filter((each) => {
              const range = each[rangeName];
              return each[hashName] === wanted && range !== undefined && fits[query.comparator as '<'](order(range, query.bound));
            });
            const found: Row[] = [];
            let start: object | undefined;
            do {
              const page = await table.db.Query(
                {
                  TableName,
                  ...(query.index === undefined ? {} : { IndexName: query.index }),
                  KeyConditionExpression: `#h = :h AND #r ${query.comparator} :r`,
                  ExpressionAttributeNames: { '#h': hashName, '#r': rangeName },
                  ExpressionAttributeValues: { ':h': text(wanted), ':r': number(query.bound) },
                  ScanIndexForward: query.forward,
                  Limit: query.limit,
                  ...(start === undefined ? {} : { ExclusiveStartKey: start as never }),
                },
                call,
              );
              found.push(...(page.Items ?? []).map((item) => rowOf(item as never)));
              start = page.LastEvaluatedKey;
            } while (start !== undefined);
            t.assert.deepEqual(found.map(print).toSorted(), expected.map(print).toSorted());
            const ranges = found.map((each) => each[rangeName] ?? '');
            t.assert.deepEqual(
              ranges,
              ranges.toSorted((a, b) => (query.forward ? order(a, b) : order(b, a))),
            );
          }
          const scanned: Row[] = [];
          for (let segment = 0; segment < segments; segment += 1) {
            let start: object | undefined;
            do {
              const page = await table.db.Scan(
                {
                  TableName,
                  Segment: segment,
                  TotalSegments: segments,
                  Limit: 3,
                  ...(start === undefined ? {} : { ExclusiveStartKey: start as never }),
                },
                call,
              );
              scanned.push(...(page.Items ?? []).map((item) => rowOf(item as never)));
              start = page.LastEvaluatedKey;
            } while (start !== undefined);
          }
          t.assert.deepEqual(scanned.map(print).toSorted(), [...model.values()].map(print).toSorted());
        },
      ),
      { numRuns: 40 },
    );
  });
});
