import { mkdtempSync, rmSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import type { Call } from '@mayfly/wire';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { silentLogger, systemClock, type AccountId, type LogStreamName, type Region } from '../../base/index.ts';
import { openLogs, type Logs } from './index.ts';

const stream: LogStreamName = {
  account: '123456789012' as AccountId,
  region: 'eu-west-1' as Region,
  logGroup: '/aws/lambda/busy',
  logStream: '2026/11/24/[$LATEST]00',
};
const call = { account: stream.account, region: stream.region } as Partial<Call> as Call;
const open = (database: PlainDatabase, holdBytes?: number): Promise<Logs> =>
  openLogs({ database, clock: systemClock, log: silentLogger, ...(holdBytes === undefined ? {} : { holdBytes }) });

async function read(logs: Logs, filterPattern?: string): Promise<string[]> {
  const found: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = await logs.handlers.FilterLogEvents?.({ logGroupName: stream.logGroup, filterPattern, nextToken }, call);
    found.push(...(page?.events ?? []).map(({ message }) => message ?? ''));
    nextToken = page?.nextToken;
  } while (nextToken !== undefined);
  return found;
}

suite('the sink of function logs', { timeout: 120_000 }, () => {
  test('lines appended before the end are there after a restart', async (t: TestContext) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'logs-'));
    try {
      const file = path.join(folder, 'mayfly.db');
      {
        await using database = new PlainDatabase(file);
        await using logs = await open(database);
        logs.sink.append(stream, { atMs: Date.now(), origin: 'function', message: 'last words' });
      }
      await using database = new PlainDatabase(file);
      await using logs = await open(database);
      t.assert.deepStrictEqual(await read(logs), ['last words']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('many lines share a transaction', async (t: TestContext) => {
    await using database = new PlainDatabase();
    await using logs = await open(database);
    database.commits = 0;
    for (let index = 0; index < 3_000; index += 1)
      logs.sink.append(stream, { atMs: Date.now(), origin: 'function', message: `line ${index}` });
    t.assert.strictEqual((await read(logs)).length, 3_000);
    t.assert.ok(database.commits <= 2, `${database.commits} transactions`);
  });

  test('lines that never stop coming are gathered all the same', async (t: TestContext) => {
    await using database = new PlainDatabase();
    await using logs = await open(database);
    database.commits = 0;
    const until = performance.now() + 1_600;
    let count = 0;
    while (performance.now() < until) {
      logs.sink.append(stream, { atMs: Date.now(), origin: 'function', message: `line ${(count += 1)}` });
      await new Promise((resolve) => setImmediate(resolve));
      if (count % 50 === 0) await systemClock.sleep(1);
    }
    // Every half second one, and one for the group; more only where a transaction's worth of lines had come.
    t.assert.ok(database.commits <= 5 + count / 4_096, `${database.commits} transactions for ${count} lines`);
    t.assert.strictEqual((await read(logs)).length, count);
  });

  test('a disk that fails loses nothing while there is room, and is tried again', async (t: TestContext) => {
    await using database = new PlainDatabase();
    {
      await using logs = await open(database);
      database.failure = new Error('disk full');
      logs.sink.append(stream, { atMs: Date.now(), origin: 'function', message: 'kept' });
      await t.assert.rejects(read(logs), { message: 'The specified log group does not exist.' });
      database.failure = undefined;
    }
    await using logs = await open(database);
    t.assert.deepStrictEqual(await read(logs), ['kept']);
  });

  test('a line from a clock gone mad is kept, and holds up no other', async (t: TestContext) => {
    await using database = new PlainDatabase();
    await using logs = await open(database);
    for (const atMs of [Number.NaN, -1, Infinity, 1.5])
      logs.sink.append(stream, { atMs, origin: 'function', message: String(atMs) });
    t.assert.deepStrictEqual((await read(logs)).toSorted(), ['-1', '1.5', 'Infinity', 'NaN']);
  });

  test('what does not fit into memory is dropped, oldest first, and a line says how much', async (t: TestContext) => {
    await using database = new PlainDatabase();
    await using logs = await open(database, 10_000);
    for (let index = 0; index < 100; index += 1) {
      logs.sink.append(stream, {
        atMs: 1_790_000_000_000 + index,
        origin: 'function',
        message: `line ${String(index).padStart(3, '0')}`,
      });
    }
    const lines = await read(logs);
    t.assert.match(lines[0] ?? '', /^LOGS_DROPPED\t.*Records: 54\t/);
    t.assert.strictEqual(lines[1], 'line 054');
    t.assert.strictEqual(lines.at(-1), 'line 099');
  });

  // Every page once read again all that lay within a minute before it, and a search of much never ended.
  test('a search through much that was logged at once takes up where its last page ended', async (t: TestContext) => {
    await using database = new PlainDatabase();
    await using logs = await open(database);
    const atMs = Date.now();
    for (let index = 0; index < 250; index += 1)
      logs.sink.append(stream, { atMs: atMs + index, origin: 'function', message: `${index} ${'x'.repeat(200_000)}` });
    let pages = 0;
    let nextToken: string | undefined;
    do {
      const page: { nextToken?: string | undefined } | undefined = await logs.handlers.FilterLogEvents?.(
        { logGroupName: stream.logGroup, filterPattern: 'needle', nextToken },
        call,
      );
      nextToken = page?.nextToken;
      pages += 1;
    } while (nextToken !== undefined && pages < 20);
    t.assert.ok(pages <= 5, `${pages} pages for 50 MB`);
  });

  test('fifty thousand lines cost little of the processor, and are quick to search', async (t: TestContext) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'logs-'));
    try {
      await using database = new PlainDatabase(path.join(folder, 'mayfly.db'));
      await using logs = await open(database);
      const message = 'x'.repeat(100);
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      const cpuBefore = process.cpuUsage();
      // 20 lines every 0.4 ms would be a busy loop; 500 every 10 ms are the same rate.
      for (let round = 0; round < 100; round += 1) {
        for (let index = 0; index < 500; index += 1) {
          logs.sink.append({ ...stream, logStream: `s${index % 10}` }, { atMs: Date.now(), origin: 'function', message });
        }
        await systemClock.sleep(10);
      }
      delay.disable();
      const p99Ms = delay.percentile(99) / 1e6;
      t.diagnostic(`event loop delay p99 ${p99Ms.toFixed(1)} ms, worst ${(delay.max / 1e6).toFixed(1)} ms`);
      // Delays are the machine's mood; the processor's time is ours. A second of lines has to leave most of a second.
      const { user, system } = process.cpuUsage(cpuBefore);
      const cpuMs = (user + system) / 1000;
      t.diagnostic(`processor time ${cpuMs.toFixed(0)} ms`);
      t.assert.ok(cpuMs < 1500, `${cpuMs} ms of the processor`);
      logs.sink.append(stream, { atMs: Date.now(), origin: 'function', message: 'needle' });
      const before = performance.now();
      t.assert.deepStrictEqual(await read(logs, 'needle'), ['needle']);
      t.diagnostic(`filtering 50,000 lines took ${(performance.now() - before).toFixed(0)} ms`);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
