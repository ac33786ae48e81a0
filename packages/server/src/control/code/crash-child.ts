import { writeSync } from 'node:fs';
import { awsLimits, silentLogger, systemClock, systemRandom, type AccountId } from '../../base/index.ts';
import { openCodeStore } from './store.ts';
import { zipOf } from './zip.kit.ts';

// Takes one archive of forty files after another, four at a time, and says each that was taken, until somebody kills it.
const [dataDir = '', prefix = ''] = process.argv.slice(2);
const store = await openCodeStore({ dataDir, limits: awsLimits, clock: systemClock, random: systemRandom, log: silentLogger });
let last = 0;
const take = async (): Promise<void> => {
  for (;;) {
    const parts = Array.from({ length: 40 }, (_, index) => ({
      name: `d${index % 5}/f${index}`,
      content: `${prefix} ${++last} ${index}`,
    }));
    const { codeSha256 } = await store.take('000000000000' as AccountId, zipOf(parts), {
      maxUnzippedBytes: awsLimits.unzippedBytes,
    });
    writeSync(1, `${codeSha256}\n`);
  }
};
await Promise.all(Array.from({ length: 4 }, take));
