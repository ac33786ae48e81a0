import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, suite, test, type TestContext } from 'node:test';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { silentLogger, systemClock } from '../../base/index.ts';
import { databaseSuite } from '../database.suite.ts';
import { isUniqueViolation, openStorage, type Database, type StorageOptions } from '../index.ts';
import { Connection } from './connection.ts';

const openAt = (dataDir: string, options: Partial<StorageOptions> = {}): Promise<Database> =>
  openStorage({ clock: systemClock, log: silentLogger, ...options, dataDir });

const folders = new Map<Database, string>();
databaseSuite('SQLite', {
  isolatesReads: true,
  open: async () => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'mayfly-storage-'));
    const database = await openAt(dataDir);
    folders.set(database, dataDir);
    return database;
  },
  reopen: (closed) => openAt(folders.get(closed) ?? ''),
});
databaseSuite('the kit’s plain database', { isolatesReads: false, open: async () => new PlainDatabase() });

async function folder(t: TestContext): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mayfly-storage-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}
const fileIn = (dataDir: string): string => path.join(dataDir, 'records', 'mayfly.db');

suite('storage on SQLite', { timeout: 60_000 }, () => {
  after(async () => {
    for (const dataDir of folders.values()) await rm(dataDir, { recursive: true, force: true });
  });

  test('its folder and files belong to this user alone, also when they did not', async (t) => {
    const dataDir = await folder(t);
    await (await openAt(dataDir))[Symbol.asyncDispose]();
    await chmod(path.join(dataDir, 'records'), 0o755);
    await chmod(fileIn(dataDir), 0o644);
    await using database = await openAt(dataDir);
    await database.migrate({ room: 'r', steps: ['CREATE TABLE t (id BIGINT)'] });
    const mode = async (name: string): Promise<number> => (await stat(path.join(dataDir, 'records', name))).mode & 0o777;
    t.assert.equal(await mode('.'), 0o700);
    for (const name of ['mayfly.db', 'mayfly.db-wal', 'mayfly.db-shm']) t.assert.equal(await mode(name), 0o600);
  });

  test('the settings that make it durable are in force', async (t) => {
    const dataDir = await folder(t);
    await using database = await openAt(dataDir);
    // The transaction is on the connection that writes.
    const found = await database.transaction(async (tx) => ({
      ...(await tx.get('PRAGMA journal_mode')),
      ...(await tx.get('PRAGMA synchronous')),
      ...(await tx.get('PRAGMA foreign_keys')),
      ...(await tx.get('PRAGMA fullfsync')),
    }));
    t.assert.deepEqual(found, { journal_mode: 'wal', synchronous: 2, foreign_keys: 1, fullfsync: 1 });
  });

  test('refuses to start where a setting is not taken', (t) => {
    // In memory there is no log, and SQLite says so without an error, as it does on some file systems.
    t.assert.throws(() => new Connection({ file: ':memory:', role: 'writer' }), {
      code: 'STORAGE_UNSAFE',
      message: /did not take PRAGMA journal_mode = WAL .*it says memory/,
    });
  });

  test('a database of a later release, of another program, or a damaged one is refused and left alone', async (t) => {
    const dataDir = await folder(t);
    await (await openAt(dataDir))[Symbol.asyncDispose]();
    const file = fileIn(dataDir);
    const alter = (sql: string): void => {
      using database = new DatabaseSync(file);
      database.exec(sql);
    };
    alter('PRAGMA user_version = 2');
    await t.assert.rejects(openAt(dataDir), { code: 'STORAGE_NEWER', message: /format 2, this release knows 1/ });
    alter('PRAGMA user_version = 1; PRAGMA application_id = 7');
    await t.assert.rejects(openAt(dataDir), { code: 'STORAGE_UNSAFE', message: /another program/ });
    alter(`PRAGMA application_id = 1296452697; CREATE TABLE t (w TEXT); CREATE INDEX i ON t (w);
      INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT 'word' || i FROM n`);
    const bytes = await readFile(file);
    for (let page = 4; page * 4096 < bytes.length; page += 2) bytes.fill(0x5a, page * 4096 + 8, page * 4096 + 200);
    await writeFile(file, bytes);
    await t.assert.rejects(openAt(dataDir), { code: 'STORAGE_UNSAFE', message: /mayfly.db/ });
    t.assert.deepEqual(await readFile(file), bytes);
    await writeFile(file, 'not a database at all, but long enough to be read as a header of one'.repeat(40));
    await t.assert.rejects(openAt(dataDir), { code: 'STORAGE_UNSAFE', message: /mayfly.db.*not a database/ });
  });

  test('errors keep the code of the engine and a sentence', async (t) => {
    await using database = await openAt(await folder(t));
    await database.migrate({ room: 'r', steps: ['CREATE TABLE t (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES t (id))'] });
    await database.run('INSERT INTO t (id) VALUES (1)');
    const twice = await database.run('INSERT INTO t (id) VALUES (1)').catch((error: unknown) => error);
    assert.ok(isUniqueViolation(twice));
    t.assert.match(String(twice), /UNIQUE constraint failed: t.id/);
    await t.assert.rejects(database.run('INSERT INTO t (id, parent) VALUES (2, 9)'), { code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
    await t.assert.rejects(database.get('SELECT absent FROM t'), { code: 'SQLITE_ERROR', message: /no such column/ });
  });

  test('a second statement and a missing value are refused instead of being dropped', async (t) => {
    await using database = await openAt(await folder(t));
    await database.migrate({ room: 'r', steps: ['CREATE TABLE t (id BIGINT, word TEXT)'] });
    await t.assert.rejects(database.run('DELETE FROM t; DELETE FROM t'), { code: 'STORAGE_STATEMENT' });
    await t.assert.rejects(database.run('INSERT INTO t VALUES (?, ?)', [1]), { code: 'STORAGE_STATEMENT' });
    t.assert.equal(await database.run("INSERT INTO t VALUES (?, '? -- ''?') -- why?\n;", [1]), 1);
  });

  test('large numbers come back whole and numbers in a text column stay as they were written', async (t) => {
    await using database = await openAt(await folder(t));
    await database.migrate({ room: 'r', steps: ['CREATE TABLE t (id BIGINT, word TEXT, half DOUBLE PRECISION)'] });
    await database.run('INSERT INTO t VALUES (?, ?, ?)', [9_007_199_254_740_993n, 7, 0.5]);
    t.assert.deepEqual({ ...(await database.get('SELECT * FROM t')) }, { id: 9_007_199_254_740_993n, word: '7', half: 0.5 });
  });

  test('a transaction that waits for something else for too long is rolled back and the next goes on', async (t) => {
    const timers: (() => void)[] = [];
    const clock = {
      ...systemClock,
      after: (_delayMs: number, callback: () => void) => {
        timers.push(callback);
        return { unref: () => {}, [Symbol.dispose]: () => void timers.splice(timers.indexOf(callback), 1) };
      },
    };
    await using database = await openAt(await folder(t), { clock });
    await database.migrate({ room: 'r', steps: ['CREATE TABLE t (id BIGINT)'] });
    let late: Promise<unknown> | undefined;
    const resume = Promise.withResolvers<void>();
    const stuck = database.transaction(async (tx) => {
      await tx.run('INSERT INTO t VALUES (1)');
      queueMicrotask(() => timers.at(-1)?.());
      await resume.promise;
      late = tx.run('INSERT INTO t VALUES (2)');
      await late;
    });
    await t.assert.rejects(stuck, { code: 'STORAGE_TRANSACTION_TIMEOUT' });
    await database.run('INSERT INTO t VALUES (3)');
    resume.resolve();
    await Promise.resolve();
    await t.assert.rejects(late ?? Promise.resolve(), { code: 'STORAGE_TRANSACTION_TIMEOUT' });
    t.assert.deepEqual(
      (await database.all('SELECT id FROM t')).map(({ id }) => id),
      [3],
    );
  });

  test('too many waiting transactions are refused', async (t) => {
    await using database = await openAt(await folder(t));
    await database.migrate({ room: 'r', steps: ['CREATE TABLE t (id BIGINT)'] });
    const gate = Promise.withResolvers<void>();
    const first = database.transaction(() => gate.promise);
    const waiting = Array.from({ length: 9999 }, () => database.transaction(async () => {}));
    await t.assert.rejects(database.run('INSERT INTO t VALUES (1)'), { code: 'STORAGE_BUSY' });
    gate.resolve();
    await Promise.all([first, ...waiting]);
    t.assert.equal(await database.run('INSERT INTO t VALUES (1)'), 1);
  });

  test('the log goes into the database while it is in use', async (t) => {
    const dataDir = await folder(t);
    await using database = await openAt(dataDir);
    await database.migrate({ room: 'r', steps: ['CREATE TABLE t (id BIGINT PRIMARY KEY, bytes BYTEA)'] });
    const put = 'INSERT INTO t VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET bytes = excluded.bytes';
    for (let turn = 0; turn < 60; turn += 1) await database.run(put, [turn % 3, new Uint8Array(400_000).fill(turn)]);
    // Of 24 MB written.
    assert.ok((await stat(`${fileIn(dataDir)}-wal`)).size < 6_000_000);
    assert.ok((await stat(fileIn(dataDir))).size > 1_000_000);
  });
});
