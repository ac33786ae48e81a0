import { suite, test, type TestContext } from 'node:test';
import { ServiceFault } from '@mayfly/wire';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { GroupCommit } from './group-commit.ts';

async function openTable() {
  const database = new PlainDatabase();
  await database.migrate({ room: 'test', steps: ['CREATE TABLE t (id TEXT PRIMARY KEY)'] });
  const group = new GroupCommit(database);
  const add = (id: string) => group.write((tx) => Promise.resolve(tx.later('INSERT INTO t VALUES (?)', [id])));
  const ids = async () => (await database.all('SELECT id FROM t ORDER BY id')).map((row) => row['id']).join('');
  return { database, group, add, ids, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

suite('group commit', { timeout: 60_000 }, () => {
  test('what arrives together is one transaction', async (t) => {
    await using table = await openTable();
    const earlier = table.database.commits;
    await Promise.all(['a', 'b', 'c'].map(table.add));
    t.assert.equal(await table.ids(), 'abc');
    t.assert.equal(table.database.commits - earlier, 1);
  });

  test('a change that refuses ends alone', async (t: TestContext) => {
    await using table = await openTable();
    const refusal = table.group.write(() => Promise.reject(new ServiceFault('No', 'no')));
    const [, refused] = await Promise.allSettled([table.add('a'), refusal, table.add('b')]);
    t.assert.equal(refused.status, 'rejected');
    t.assert.equal(await table.ids(), 'ab');
  });

  test('a change that breaks the transaction fails alone, whether it waits for the statement or not', async (t: TestContext) => {
    await using table = await openTable();
    await table.add('x');
    const waits = table.group.write((tx) => tx.run('INSERT INTO t VALUES (?)', ['x']));
    const results = await Promise.allSettled([table.add('a'), waits, table.add('x'), table.add('b')]);
    t.assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'rejected', 'fulfilled'],
    );
    t.assert.equal(await table.ids(), 'abx');
  });
});
