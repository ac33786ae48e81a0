import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLogger, systemClock } from '../../base/index.ts';
import { openStorage, type Database } from '../index.ts';

const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
const open = (dataDir: string): Promise<Database> => openStorage({ dataDir, clock: systemClock, log: silentLogger });

async function folder(t: TestContext): Promise<string> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mayfly-storage-'));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  return dataDir;
}

/** Runs the child until it ends; `onSaid` may end it. @returns the whole lines it said */
async function run(options: {
  readonly dataDir: string;
  readonly start: number;
  readonly env?: Record<string, string>;
  onSaid(lines: number, kill: () => void): void;
}): Promise<string[]> {
  const server = spawn(process.execPath, [child, options.dataDir, String(options.start)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...options.env },
  });
  let said = '';
  let lines = 0;
  server.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    lines += text.split('\n').length - 1;
    options.onSaid(lines, () => void server.kill('SIGKILL'));
  });
  await once(server, 'close');
  return said.split('\n').slice(0, -1);
}

/** Every acknowledged pair is there, and no half of any. */
async function assertWhole(dataDir: string, acknowledged: ReadonlySet<number>): Promise<void> {
  await using database = await open(dataDir);
  const pairs = await database.all('SELECT id, count(*) AS halves FROM pair GROUP BY id');
  assert.deepEqual(
    pairs.filter(({ halves }) => halves !== 2),
    [],
  );
  const found = new Set(pairs.map(({ id }) => id));
  assert.deepEqual(
    [...acknowledged].filter((id) => !found.has(id)),
    [],
  );
}

suite('storage after a crash', { timeout: 60_000 }, () => {
  test('killed in the middle of transactions, it has lost none that was acknowledged and shows no half', async (t) => {
    const dataDir = await folder(t);
    const acknowledged = new Set<number>();
    for (let cycle = 0; cycle < 5; cycle += 1) {
      const before = acknowledged.size;
      const lines = await run({
        dataDir,
        start: cycle * 1_000_000,
        onSaid: (count, kill) => count > 30 + cycle * 170 && kill(),
      });
      for (const line of lines) acknowledged.add(Number(line));
      assert.ok(acknowledged.size > before);
      await assertWhole(dataDir, acknowledged);
    }
  });

  test('a sync that fails ends everything: nothing more is acknowledged and nothing acknowledged is lost', async (t) => {
    const dataDir = await folder(t);
    const shim = path.join(dataDir, 'fault.so');
    const source = fileURLToPath(new URL('./fault.c', import.meta.url));
    const built = spawnSync('gcc', ['-shared', '-fPIC', '-o', shim, source, '-ldl']);
    if (built.status !== 0) return t.skip('needs gcc on Linux to make syncs fail');
    const when = path.join(dataDir, 'now');
    const data = path.join(dataDir, 'data');
    let asked: Promise<void> | undefined;
    const lines = await run({
      dataDir: data,
      start: 0,
      env: { LD_PRELOAD: shim, FAULT_WHEN: when },
      onSaid: (count) => {
        if (count > 100) asked ??= writeFile(when, '');
      },
    });
    await asked;
    assert.deepEqual(lines.slice(-2), ['refused STORAGE_FAILED', 'later STORAGE_FAILED']);
    const acknowledged = new Set(lines.slice(0, -2).map(Number));
    assert.ok(acknowledged.size > 100);
    await assertWhole(data, acknowledged);
  });
});

suite('storage on a full disk', { timeout: 60_000 }, () => {
  const insert = 'INSERT INTO t (id, bytes) VALUES (?, ?)';
  const steps = ['CREATE TABLE t (id BIGINT PRIMARY KEY, bytes BYTEA)'];

  /** Fills the database, sees it refuse and recover. */
  async function fill(database: Database, makeRoom: (rows: number) => Promise<unknown>): Promise<void> {
    let rows = 0;
    const untilRefused = async (): Promise<void> => {
      for (; rows < 2000; rows += 1) {
        await database.transaction(async (tx) => {
          await tx.run(insert, [rows * 2, new Uint8Array(20_000)]);
          await tx.run(insert, [rows * 2 + 1, new Uint8Array(20_000)]);
        });
      }
    };
    await assert.rejects(untilRefused(), { code: 'STORAGE_FULL' });
    assert.equal((await database.get('SELECT count(*) AS n FROM t'))?.['n'], rows * 2);
    await makeRoom(rows);
    await database.run(insert, [-1, new Uint8Array(20_000)]);
    assert.equal((await database.get('SELECT length(bytes) AS n FROM t WHERE id = -1'))?.['n'], 20_000);
  }

  test('a transaction that meets the given limit leaves nothing, and the next may succeed', async (t) => {
    await using database = await openStorage({
      dataDir: await folder(t),
      clock: systemClock,
      log: silentLogger,
      maxBytes: 2_000_000,
    });
    await database.migrate({ room: 'r', steps });
    await fill(database, () => database.run('DELETE FROM t WHERE id < 20'));
  });

  test('so does one that meets the end of a real disk, once there is space again', async (t) => {
    const mount = await folder(t);
    const dataDir = path.join(mount, 'disk');
    await mkdir(dataDir);
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=10m', 'tmpfs', dataDir]).status !== 0)
      return t.skip('needs the right to mount');
    try {
      // Room for the log and then for its copy in the database: which of the two is first at what comes free is open.
      await writeFile(path.join(dataDir, 'somebody-elses'), new Uint8Array(6_000_000));
      await using database = await open(dataDir);
      await database.migrate({ room: 'r', steps });
      await fill(database, () => rm(path.join(dataDir, 'somebody-elses')));
    } finally {
      spawnSync('umount', [dataDir]);
    }
  });
});
