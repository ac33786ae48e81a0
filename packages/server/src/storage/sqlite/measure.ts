import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLogger, systemClock } from '../../base/index.ts';
import { openStorage, type Sql } from '../index.ts';

// node packages/server/src/storage/sqlite/measure.ts [folder]: the numbers of NOTES.md, on this machine's disk.
const dataDir = await mkdtemp(path.join(process.argv[2] ?? tmpdir(), 'mayfly-measure-'));
const opening = performance.now();
const database = await openStorage({ dataDir, clock: systemClock, log: silentLogger });
const line = (name: string, value: string): void => void process.stdout.write(`${name.padEnd(58)} ${value}\n`);
line('open an empty database', `${(performance.now() - opening).toFixed(0)} ms`);
await database.migrate({ room: 'm', steps: ['CREATE TABLE m (id BIGINT PRIMARY KEY, payload BYTEA)'] });

const payload = new Uint8Array(500).fill(1);
let id = 0;
const insert = (sql: Sql): Promise<number> => sql.run('INSERT INTO m VALUES (?, ?)', [++id, payload]);
const quantile = (times: readonly number[], at: number): string =>
  `${[...times].sort((a, b) => a - b)[Math.floor(times.length * at)]?.toFixed(3)} ms`;

async function timed(count: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = performance.now();
    await work();
    times.push(performance.now() - from);
  }
  return times;
}

for (const [name, work] of [
  ['one row by run', () => insert(database)],
  ['one row in a transaction', () => database.transaction(insert)],
] as const) {
  await timed(200, work);
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const before = performance.eventLoopUtilization();
  const from = performance.now();
  delay.enable();
  const times = await timed(1000, work);
  delay.disable();
  line(`${name}: durable a second`, (1000 / ((performance.now() - from) / 1000)).toFixed(0));
  line(`${name}: p50, p99`, `${quantile(times, 0.5)}, ${quantile(times, 0.99)}`);
  // The histogram counts from one tick to the next, its own millisecond included.
  line(
    `${name}: event loop late by, p99, worst`,
    `${(delay.percentile(99) / 1e6 - 1).toFixed(2)} ms, ${(delay.max / 1e6 - 1).toFixed(2)} ms`,
  );
  line(`${name}: event loop busy`, `${(performance.eventLoopUtilization(before).utilization * 100).toFixed(0)} %`);
}
const groups = await timed(50, () =>
  database.transaction(async (tx) => {
    for (let row = 0; row < 100; row += 1) await insert(tx);
  }),
);
line(
  '100 rows in a transaction: p50, rows a second',
  `${quantile(groups, 0.5)}, ${((50 * 100) / (groups.reduce((sum, time) => sum + time, 0) / 1000)).toFixed(0)}`,
);
const reads = await timed(3000, () => database.get('SELECT payload FROM m WHERE id = ?', [1 + Math.floor(id / 2)]));
line('read of one row by key: p50, p99', `${quantile(reads, 0.5)}, ${quantile(reads, 0.99)}`);

const stop = new AbortController();
const writing = (async () => {
  while (!stop.signal.aborted) await insert(database);
})();
const during = await timed(2000, () => database.get('SELECT payload FROM m WHERE id = ?', [5]));
stop.abort();
await writing;
line('the same while rows are written: p50, p99', `${quantile(during, 0.5)}, ${quantile(during, 0.99)}`);
await database[Symbol.asyncDispose]();
await rm(dataDir, { recursive: true });
