import { writeSync } from 'node:fs';
import { silentLogger, systemClock } from '../../base/index.ts';
import { openStorage } from '../index.ts';

// Writes pairs of rows, eight transactions at a time, and says each that was acknowledged, until somebody
// kills it or the disk fails. The line leaves the process before the next acknowledgement can be counted.
const [dataDir = '', start = '0'] = process.argv.slice(2);
await using database = await openStorage({ dataDir, clock: systemClock, log: silentLogger });
await database.migrate({
  room: 'crash',
  steps: ['CREATE TABLE pair (id BIGINT, half BIGINT, filler BYTEA, PRIMARY KEY (id, half))'],
});
let last = Number(start);
const insert = 'INSERT INTO pair (id, half, filler) VALUES (?, ?, ?)';

async function write(): Promise<void> {
  for (;;) {
    const id = ++last;
    await database.transaction(async (tx) => {
      await tx.run(insert, [id, 1, new Uint8Array(id % 3000)]);
      await tx.run(insert, [id, 2, new Uint8Array(10)]);
    });
    writeSync(1, `${id}\n`);
  }
}
try {
  await Promise.all(Array.from({ length: 8 }, write));
} catch (error) {
  writeSync(1, `refused ${(error as { code?: string }).code}\n`);
  const later = await database.run(insert, [-1, 1, null]).catch((reason: { code?: string }) => reason);
  writeSync(1, `later ${typeof later === 'number' ? 'accepted' : later.code}\n`);
}
