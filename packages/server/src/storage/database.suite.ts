import { suite, test } from 'node:test';
import type { Database } from './port.ts';

const table = { room: 'suite', steps: ['CREATE TABLE thing (id BIGINT PRIMARY KEY, word TEXT NOT NULL, bytes BYTEA)'] };
const insert = 'INSERT INTO thing (id, word) VALUES (?, ?)';

/** What every engine must keep. `open` gives an empty database. */
export function databaseSuite(
  name: string,
  engine: {
    readonly open: () => Promise<Database>;
    /** The same records again; absent where disposing is their end. */
    readonly reopen?: (closed: Database) => Promise<Database>;
    /** False for a kit that has one connection. */
    readonly isolatesReads: boolean;
  },
): void {
  const opened = async (): Promise<Database> => {
    const database = await engine.open();
    await database.migrate(table);
    return database;
  };
  const words = async (database: Database): Promise<unknown[]> =>
    (await database.all('SELECT word FROM thing ORDER BY id')).map((row) => row['word']);

  suite(`${name} as a database`, { timeout: 60_000 }, () => {
    test('gives back what was put in', async (t) => {
      await using database = await opened();
      const bytes = new Uint8Array([0, 255, 39, 10]);
      t.assert.equal(await database.run('INSERT INTO thing (id, word, bytes) VALUES (?, ?, ?)', [1, "it's é 💡", bytes]), 1);
      const row = await database.get<{ id: number; word: string; bytes: Uint8Array }>('SELECT id, word, bytes FROM thing');
      t.assert.equal(row?.id, 1);
      t.assert.equal(row?.word, "it's é 💡");
      t.assert.deepEqual([...(row?.bytes ?? [])], [...bytes]);
      t.assert.equal(await database.get('SELECT id FROM thing WHERE id = ?', [2]), undefined);
      t.assert.deepEqual(await database.all('SELECT id FROM thing WHERE id = ?', [2]), []);
    });

    test('a part of a larger buffer is stored alone and stays with the caller', async (t) => {
      await using database = await opened();
      const whole = Buffer.from('before-middle-after');
      await database.run('INSERT INTO thing (id, word, bytes) VALUES (1, ?, ?)', ['w', whole.subarray(7, 13)]);
      const row = await database.get('SELECT bytes FROM thing');
      t.assert.equal(Buffer.from(row?.['bytes'] as Uint8Array).toString(), 'middle');
      t.assert.equal(whole.toString(), 'before-middle-after');
    });

    test('a row that is there is answered by the count of changed rows', async (t) => {
      await using database = await opened();
      t.assert.equal(await database.run(insert, [1, 'a']), 1);
      t.assert.equal(await database.run(`${insert} ON CONFLICT DO NOTHING`, [1, 'b']), 0);
      t.assert.equal(await database.run('UPDATE thing SET word = ?', ['c']), 1);
      t.assert.equal(await database.run('DELETE FROM thing WHERE id = ?', [9]), 0);
    });

    test('a statement that changes and returns works outside of a transaction', async (t) => {
      await using database = await opened();
      t.assert.equal((await database.get(`${insert} RETURNING word`, [1, 'a']))?.['word'], 'a');
      t.assert.deepEqual(await words(database), ['a']);
    });

    test('a transaction that throws leaves nothing and passes its error on', async (t) => {
      await using database = await opened();
      const mine = new Error('changed my mind');
      const failing = database.transaction(async (tx) => {
        await tx.run(insert, [1, 'a']);
        throw mine;
      });
      await t.assert.rejects(failing, mine);
      t.assert.deepEqual(await words(database), []);
      await database.run(insert, [1, 'b']);
      t.assert.deepEqual(await words(database), ['b']);
    });

    test('a batch is all or nothing, in its order; bytes stay with the caller', async (t) => {
      await using database = await opened();
      const bytes = Buffer.from('before-middle-after');
      const statements = [
        { query: 'INSERT INTO thing (id, word, bytes) VALUES (?, ?, ?)', values: [1, 'a', bytes.subarray(7, 13)] },
        { query: insert, values: [2, 'b'] },
        { query: 'UPDATE thing SET word = ? WHERE id = ?', values: ['c', 2] },
      ];
      await database.batch(statements);
      await database.batch([]);
      t.assert.deepEqual(await words(database), ['a', 'c']);
      t.assert.equal(bytes.toString(), 'before-middle-after');
      t.assert.equal(
        Buffer.from((await database.get('SELECT bytes FROM thing WHERE id = 1'))?.['bytes'] as Uint8Array).toString(),
        'middle',
      );
      const broken = [
        { query: insert, values: [3, 'd'] },
        { query: insert, values: [1, 'again'] },
        { query: insert, values: [4, 'e'] },
      ];
      await t.assert.rejects(database.batch(broken));
      t.assert.deepEqual(await words(database), ['a', 'c']);
      const caught = database.transaction(async (tx) => {
        await tx.run(insert, [5, 'f']);
        await tx.batch(broken).catch(() => undefined);
      });
      await t.assert.rejects(caught);
      await database.transaction(async (tx) => {
        await tx.batch([{ query: insert, values: [6, 'g'] }]);
        t.assert.equal((await tx.get('SELECT count(*) AS n FROM thing'))?.['n'], 3);
      });
      t.assert.deepEqual(await words(database), ['a', 'c', 'g']);
    });

    test('a statement that failed ends its transaction even when its error was caught', async (t) => {
      await using database = await opened();
      await database.run(insert, [1, 'first']);
      const failing = database.transaction(async (tx) => {
        await tx.run(insert, [2, 'second']);
        await tx.run(insert, [1, 'again']).catch(() => undefined);
      });
      await t.assert.rejects(failing);
      t.assert.deepEqual(await words(database), ['first']);
    });

    test('a transaction sees its own changes and answers with the value of its callback', async (t) => {
      await using database = await opened();
      const seen = await database.transaction(async (tx) => {
        await tx.run(insert, [1, 'a']);
        return (await tx.get('SELECT count(*) AS n FROM thing'))?.['n'];
      });
      t.assert.equal(seen, 1);
    });

    test('transactions run one at a time in the order they were called', async (t) => {
      await using database = await opened();
      const seen: number[] = [];
      let running = 0;
      await Promise.all(
        Array.from({ length: 20 }, (_, id) =>
          database.transaction(async (tx) => {
            running += 1;
            t.assert.equal(running, 1);
            await tx.run(insert, [id, `w${id}`]);
            t.assert.equal((await tx.get('SELECT count(*) AS n FROM thing'))?.['n'], id + 1);
            seen.push(id);
            running -= 1;
          }),
        ),
      );
      t.assert.deepEqual(
        seen,
        [...seen].sort((a, b) => a - b),
      );
      t.assert.equal(seen.length, 20);
    });

    test('one that fails does not hold up or harm the next', async (t) => {
      await using database = await opened();
      const results = await Promise.allSettled([1, 1, 2].map((id) => database.transaction((tx) => tx.run(insert, [id, 'w']))));
      t.assert.deepEqual(
        results.map(({ status }) => status),
        ['fulfilled', 'rejected', 'fulfilled'],
      );
    });

    const isolation = engine.isolatesReads ? {} : { skip: 'one connection: a read sees the open transaction' };
    test('a read during a long transaction does not wait for it and sees nothing of it', isolation, async (t) => {
      await using database = await opened();
      await database.run(insert, [1, 'before']);
      const read = Promise.withResolvers<unknown>();
      await database.transaction(async (tx) => {
        await tx.run('UPDATE thing SET word = ?', ['after']);
        read.resolve(await words(database));
      });
      t.assert.deepEqual(await read.promise, ['before']);
      t.assert.deepEqual(await words(database), ['after']);
    });

    test('whole numbers and fractions keep their kind', async (t) => {
      await using database = await opened();
      await database.run('INSERT INTO thing (id, word) VALUES (?, ?)', [Number.MAX_SAFE_INTEGER, 'w']);
      t.assert.equal((await database.get('SELECT id FROM thing'))?.['id'], Number.MAX_SAFE_INTEGER);
    });

    test('migrations apply each step once, and only what is new', async (t) => {
      await using database = await engine.open();
      const first = 'CREATE TABLE other (id BIGINT PRIMARY KEY)';
      await database.migrate({ room: 'other', steps: [first] });
      await database.run('INSERT INTO other (id) VALUES (1)');
      await database.migrate({ room: 'other', steps: [first] });
      await database.migrate({ room: 'other', steps: [first, 'ALTER TABLE other ADD COLUMN word TEXT'] });
      t.assert.deepEqual({ ...(await database.get('SELECT id, word FROM other')) }, { id: 1, word: null });
    });

    test('a migration step that fails leaves nothing of itself and those before it', async (t) => {
      await using database = await engine.open();
      const steps = ['CREATE TABLE kept (id BIGINT)', 'CREATE TABLE lost (id BIGINT); INSERT INTO nowhere VALUES (1)'];
      await t.assert.rejects(database.migrate({ room: 'other', steps }));
      t.assert.equal((await database.get('SELECT count(*) AS n FROM kept'))?.['n'], 0);
      await t.assert.rejects(database.get('SELECT count(*) AS n FROM lost'));
      await database.migrate({ room: 'other', steps: [steps[0] ?? '', 'CREATE TABLE lost (id BIGINT)'] });
      t.assert.equal((await database.get('SELECT count(*) AS n FROM lost'))?.['n'], 0);
    });

    test('records of a later release and an edited step are refused', async (t) => {
      await using database = await engine.open();
      const steps = ['CREATE TABLE other (id BIGINT)', 'CREATE TABLE further (id BIGINT)'];
      await database.migrate({ room: 'other', steps });
      await t.assert.rejects(database.migrate({ room: 'other', steps: steps.slice(0, 1) }), {
        code: 'STORAGE_NEWER',
        message: /later release/,
      });
      await t.assert.rejects(database.migrate({ room: 'other', steps: ['CREATE TABLE other (id TEXT)', steps[1] ?? ''] }), {
        code: 'STORAGE_MIGRATION_CHANGED',
      });
    });

    test('closing waits for what runs and refuses what comes after', async (t) => {
      const database = await opened();
      const gate = Promise.withResolvers<void>();
      const entered = Promise.withResolvers<void>();
      const running = database.transaction(async (tx) => {
        entered.resolve();
        await gate.promise;
        await tx.run(insert, [1, 'a']);
      });
      const waiting = database.run(insert, [2, 'b']);
      await entered.promise;
      const closing = database[Symbol.asyncDispose]();
      await t.assert.rejects(async () => database.run(insert, [3, 'c']), { code: 'STORAGE_CLOSED' });
      await t.assert.rejects(async () => database.get('SELECT 1'), { code: 'STORAGE_CLOSED' });
      gate.resolve();
      await Promise.all([running, waiting, closing]);
      await database[Symbol.asyncDispose]();
      if (engine.reopen === undefined) return;
      await using again = await engine.reopen(database);
      t.assert.deepEqual(await words(again), ['a', 'b']);
    });
  });
}
