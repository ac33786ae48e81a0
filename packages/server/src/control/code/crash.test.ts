import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { awsLimits, silentLogger, systemClock, systemRandom, type AccountId } from '../../base/index.ts';
import { openCodeStore } from './index.ts';

const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url));
const account = '000000000000' as AccountId;

suite('the code store after a crash', { timeout: 60_000 }, () => {
  test('killed while it unpacks, it shows only whole folders, all that were taken among them', async (t) => {
    const dataDir = await mkdtemp(path.join(tmpdir(), 'mayfly-code-'));
    t.after(() => rm(dataDir, { recursive: true, force: true }));
    const taken = new Set<string>();
    for (let cycle = 0; cycle < 4; cycle += 1) {
      const server = spawn(process.execPath, [child, dataDir, String(cycle)], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.split('\n').length > 5 + cycle * 3) server.kill('SIGKILL');
      });
      await once(server, 'close');
      for (const line of said.split('\n').slice(0, -1)) taken.add(line);
    }
    assert.ok(taken.size > 20);
    await using store = await openCodeStore({
      dataDir,
      limits: awsLimits,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    for (const hex of await readdir(path.join(dataDir, 'code', account))) {
      const sha256 = Buffer.from(hex, 'hex').toString('base64');
      assert.equal((await readdir(store.dir(account, sha256), { recursive: true })).length, 45);
      taken.delete(sha256);
    }
    assert.deepEqual([...taken], []);
    await store.sweep(new Map());
    assert.deepEqual(await readdir(path.join(dataDir, 'code', '.incoming')), []);
  });
});
