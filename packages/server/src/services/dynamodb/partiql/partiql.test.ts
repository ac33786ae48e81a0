import {
  BatchExecuteStatementCommand,
  CreateTableCommand,
  DynamoDBClient,
  ExecuteStatementCommand,
  ExecuteTransactionCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock, systemRandom } from '../../../base/index.ts';
import { PlainDatabase } from '../../../../../../test/kit/plain-database.ts';
import { openStreet } from '../../../../../../test/kit/street.ts';
import { openDynamoDb } from '../index.ts';
import { parseStatement } from './parse.ts';

async function openTown() {
  const stack = new AsyncDisposableStack();
  const database = stack.use(new PlainDatabase());
  const dynamo = stack.use(await openDynamoDb({ database, clock: systemClock, random: systemRandom, log: silentLogger }));
  const street = stack.use(await openStreet({ dynamodb: dynamo.handlers }));
  const client = new DynamoDBClient(street.client);
  stack.defer(() => client.destroy());
  await client.send(
    new CreateTableCommand({
      TableName: 'music',
      KeySchema: [
        { AttributeName: 'artist', KeyType: 'HASH' },
        { AttributeName: 'song', KeyType: 'RANGE' },
      ],
      AttributeDefinitions: [
        { AttributeName: 'artist', AttributeType: 'S' },
        { AttributeName: 'song', AttributeType: 'S' },
      ],
      BillingMode: 'PAY_PER_REQUEST',
    }),
  );
  return {
    client,
    async run(text: string, parameters?: AttributeValue[], more: object = {}) {
      return client.send(new ExecuteStatementCommand({ Statement: text, Parameters: parameters, ...more }));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

suite('PartiQL, asked by the real SDK client', { timeout: 60_000 }, () => {
  test('insert, select, update and delete', async (t: TestContext) => {
    await using town = await openTown();
    await town.run(
      `INSERT INTO "music" VALUE {'artist': 'A', 'song': 'one', 'plays': 1, 'tags': <<'x','y'>>, 'more': {'list': [1, true, null]}}`,
    );
    await town.run(`INSERT INTO music VALUE {'artist': ?, 'song': ?}`, [{ S: 'A' }, { S: "it's two" }]);
    await t.assert.rejects(town.run(`INSERT INTO music VALUE {'artist': 'A', 'song': 'one'}`), {
      name: 'DuplicateItemException',
      message: 'Duplicate primary key exists in table',
    });
    const all = await town.run(`SELECT song FROM "music" WHERE artist = 'A' ORDER BY song DESC`);
    t.assert.deepEqual(all.Items, [{ song: { S: 'one' } }, { song: { S: "it's two" } }]);
    const missing = await town.run(`SELECT song FROM music WHERE plays IS MISSING`);
    t.assert.deepEqual(missing.Items, [{ song: { S: "it's two" } }]);
    const updated = await town.run(
      `UPDATE "music" SET plays = plays + 2 SET tags = set_add(tags, <<'z'>>) REMOVE more.list[0] WHERE artist = 'A' AND song = 'one' AND plays < 5 RETURNING ALL NEW *`,
    );
    t.assert.deepEqual(
      [updated.Items?.[0]?.['plays'], updated.Items?.[0]?.['tags'], updated.Items?.[0]?.['more']],
      [{ N: '3' }, { SS: ['x', 'y', 'z'] }, { M: { list: { L: [{ BOOL: true }, { NULL: true }] } } }],
    );
    await t.assert.rejects(town.run(`UPDATE music SET a = 1 WHERE artist = 'A' AND song = 'none'`), {
      name: 'ConditionalCheckFailedException',
    });
    await t.assert.rejects(town.run(`UPDATE music SET a = 1 WHERE artist = 'A'`), { name: 'ValidationException' });
    const gone = await town.run(`DELETE FROM music WHERE artist = 'A' AND song = ? RETURNING ALL OLD *`, [{ S: 'one' }]);
    t.assert.equal(gone.Items?.[0]?.['plays']?.N, '3');
    t.assert.equal((await town.run(`SELECT * FROM music WHERE artist = 'A' AND song = 'one'`)).Items?.length, 0);
  });

  test('a select goes on where its page ended', async (t) => {
    await using town = await openTown();
    for (const song of ['a', 'b', 'c']) await town.run(`INSERT INTO music VALUE {'artist': 'A', 'song': ?}`, [{ S: song }]);
    const first = await town.run(`SELECT song FROM music WHERE artist = 'A'`, undefined, { Limit: 2 });
    const second = await town.run(`SELECT song FROM music WHERE artist = 'A'`, undefined, { NextToken: first.NextToken });
    t.assert.deepEqual(
      [...(first.Items ?? []), ...(second.Items ?? [])].map((item) => item['song']?.S),
      ['a', 'b', 'c'],
    );
    t.assert.equal(second.NextToken, undefined);
  });

  test('batches answer one by one, transactions all or nothing', async (t: TestContext) => {
    await using town = await openTown();
    const insert = (song: string) => ({ Statement: `INSERT INTO music VALUE {'artist': 'A', 'song': '${song}'}` });
    const batch = await town.client.send(
      new BatchExecuteStatementCommand({
        Statements: [insert('a'), insert('b'), { Statement: `SELECT * FROM music WHERE artist = 'A' AND song = 'zzz'` }],
      }),
    );
    t.assert.deepEqual(batch.Responses, [{ TableName: 'music' }, { TableName: 'music' }, { TableName: 'music' }]);
    const twice = await town.client.send(
      new BatchExecuteStatementCommand({ Statements: [insert('a'), { Statement: 'nonsense' }] }),
    );
    t.assert.deepEqual(
      twice.Responses?.map(({ Error: error }) => error?.Code),
      ['DuplicateItem', 'ValidationError'],
    );
    const done = await town.client.send(
      new ExecuteTransactionCommand({
        TransactStatements: [insert('c'), { Statement: `EXISTS(SELECT * FROM music WHERE artist = 'A' AND song = 'a')` }],
      }),
    );
    t.assert.deepEqual(done.Responses, []);
    await t.assert.rejects(town.client.send(new ExecuteTransactionCommand({ TransactStatements: [insert('d'), insert('a')] })), {
      name: 'TransactionCanceledException',
      message: /\[None, DuplicateItem\]$/,
    });
    const read = await town.client.send(
      new ExecuteTransactionCommand({
        TransactStatements: ['c', 'd'].map((song) => ({
          Statement: `SELECT song FROM music WHERE artist = 'A' AND song = '${song}'`,
        })),
      }),
    );
    t.assert.deepEqual(read.Responses, [{ Item: { song: { S: 'c' } } }, {}]);
  });

  test('any text is a statement or a ValidationException', () => {
    const words = fc.constantFrom(
      'SELECT',
      '*',
      'FROM',
      'a',
      '"b c"',
      'WHERE',
      '=',
      "'x'",
      '?',
      '1',
      'AND',
      'NOT',
      '(',
      ')',
      '[',
      '<<',
      '>>',
      '{',
      'SET',
      'UPDATE',
      'IS',
      'MISSING',
      '-',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 14 }), (parts) => {
        try {
          parseStatement(parts.join(' '), [{ S: 'p' }]);
        } catch (error) {
          if ((error as Error).name !== 'ValidationException') throw error;
        }
      }),
    );
  });
});
