import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { Caller, inParallel, until } from './load.ts';

/** A disk of its own, so small that it can be filled. */
function smallDisk(dir: string, sizeMiB: number): Disposable {
  mkdirSync(dir, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${sizeMiB}m`, 'tmpfs', dir]);
  return { [Symbol.dispose]: () => void execFileSync('umount', ['-l', dir]) };
}

/** Writes until nothing more fits, to the last byte. */
function fill(file: string): void {
  const handle = openSync(file, 'w');
  try {
    for (let bytes = 1_048_576; bytes >= 1;) {
      try {
        if (writeSync(handle, Buffer.alloc(bytes)) < bytes) bytes = Math.floor(bytes / 2);
      } catch {
        bytes = Math.floor(bytes / 2);
      }
    }
  } finally {
    closeSync(handle);
  }
}

const root = process.getuid?.() === 0;

suite('a disk that is full', { timeout: 120_000, skip: root ? false : 'only root may mount a small disk' }, () => {
  test('no event is acknowledged, calls to what is warm go on, and it is over without a restart when there is room', async (t: TestContext) => {
    using folder = temporaryFolder();
    const disk = path.join(folder.path, 'disk');
    using _disk = smallDisk(disk, 48);
    await using server = await RunningServer.start(path.join(disk, 'data'));
    const client = lambdaClient(server.origin);
    await deploy(client, 'f', { 'index.js': `let runs = 0; exports.handler = async ({ count }) => (count ? runs : ++runs);` });
    client.destroy();
    using caller = new Caller(server.origin, 8);
    t.assert.strictEqual((await caller.invoke('f', '{"count":true}')).status, 200);
    t.assert.strictEqual((await caller.invoke('f', '{}', { async: true })).status, 202);
    await until(async () => (await caller.queued()).events === 0, 'the first event has run');

    fill(path.join(disk, 'filler'));
    // What was allocated before may still hold a few; then none.
    const statuses: (number | undefined)[] = [];
    await until(async () => {
      const { status } = await caller.invoke('f', JSON.stringify({ filler: 'x'.repeat(100_000) }), { async: true });
      statuses.push(status);
      return status !== 202;
    }, 'storage refuses');
    const refusals = await Promise.all(
      Array.from({ length: 20 }, () => caller.invoke('f', JSON.stringify({ filler: 'x'.repeat(100_000) }), { async: true })),
    );
    t.assert.deepStrictEqual(
      new Set(refusals.map(({ status, errorType }) => `${status} ${errorType?.split(':')[0]}`)),
      new Set(['503 ServiceException']),
    );
    const calls: (number | undefined)[] = [];
    await inParallel(100, 4, async () => void calls.push((await caller.invoke('f', '{"count":true}')).status));
    t.assert.deepStrictEqual(new Set(calls), new Set([200]));

    rmSync(path.join(disk, 'filler'));
    const acceptedAgain = performance.now();
    await until(
      async () => (await caller.invoke('f', '{}', { async: true })).status === 202,
      'events are accepted again',
      10_000,
    );
    t.diagnostic(
      `accepted again ${(performance.now() - acceptedAgain).toFixed(0)} ms after there was room; ${statuses.length} tries until full`,
    );
    await until(async () => (await caller.queued()).events === 0, 'all that was accepted has run', 60_000);
    t.assert.strictEqual(await server.stop(), 0);
  });
});
