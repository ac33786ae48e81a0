import { suite, test, type TestContext } from 'node:test';
import { PlainDatabase } from '../../../../test/kit/plain-database.ts';
import { GroupedWrites } from './grouped-writes.ts';

async function openTable() {
  const database = new PlainDatabase();
  await database.migrate({ room: 'test', steps: ['CREATE TABLE t (id TEXT PRIMARY KEY)'] });
  const writes = new GroupedWrites(database);
  const add = (id: string) => writes.write('INSERT INTO t VALUES (?)', [id]);
  const ids = async () => (await database.all('SELECT id FROM t ORDER BY id')).map((row) => row['id']).join('');
  return { database, writes, add, ids, [Symbol.asyncDispose]: () => database[Symbol.asyncDispose]() };
}

suite('grouped writes', { timeout: 60_000 }, () => {
  test('what arrives together is one transaction', async (t: TestContext) => {
    await using table = await openTable();
    const earlier = table.database.commits;
    await Promise.all(['a', 'b', 'c'].map(table.add));
    t.assert.equal(await table.ids(), 'abc');
    t.assert.equal(table.database.commits - earlier, 1);
  });

  test('what arrives meanwhile is the next one, in its order', async (t: TestContext) => {
    await using table = await openTable();
    const earlier = table.database.commits;
    const first = table.add('a');
    const more = first.then(() => Promise.all([table.add('b'), table.writes.write('DELETE FROM t', [])]));
    await more;
    t.assert.equal(await table.ids(), '');
    t.assert.equal(table.database.commits - earlier, 2);
  });

  test('more than a group holds becomes several, none of which is lost', async (t: TestContext) => {
    await using table = await openTable();
    const earlier = table.database.commits;
    await Promise.all(Array.from({ length: 600 }, (_, index) => table.add(String(index))));
    t.assert.equal((await table.database.all('SELECT id FROM t')).length, 600);
    t.assert.equal(table.database.commits - earlier, 3);
  });

  test('what has become needless before it leaves is not written', async (t: TestContext) => {
    await using table = await openTable();
    let wanted = true;
    const written = table.writes.writeAll(() => (wanted ? [{ query: 'INSERT INTO t VALUES (?)', values: ['a'] }] : []));
    wanted = false;
    await written;
    t.assert.equal(await table.ids(), '');
  });

  test('a group that fails is told so as a whole, and leaves nothing', async (t: TestContext) => {
    await using table = await openTable();
    await table.add('x');
    const results = await Promise.allSettled([table.add('a'), table.add('x'), table.add('b')]);
    t.assert.deepEqual(
      results.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    t.assert.equal(await table.ids(), 'x');
    await table.add('c');
    t.assert.equal(await table.ids(), 'cx');
  });
});
