import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openHall } from '../../../../../test/kit/hall.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { returned, threw } from '../../../../../test/kit/scripted-environments.ts';
import { queueCatalog } from '../../../../../test/kit/queue-child.ts';
import { settle, VirtualClock } from '../../../../../test/kit/virtual-clock.ts';

const child = fileURLToPath(new URL('../../../../../test/kit/queue-child.ts', import.meta.url));

suite('the event queue after a crash', () => {
  test('no accepted event is lost when the server is killed while it accepts and runs', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mayfly-queue-'));
    try {
      const file = join(folder, 'records.db');
      const accepted = new Set<string>();
      const ended = new Set<string>();
      for (let cycle = 0; cycle < 3; cycle += 1) {
        const server = spawn(process.execPath, [child, file, `cycle-${cycle}`], { stdio: ['ignore', 'pipe', 'inherit'] });
        const closed = once(server, 'close');
        let said = '';
        server.stdout.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (said.length > 3000 + cycle * 1500) server.kill('SIGKILL');
        });
        await closed;
        // The last line may have been cut by the kill.
        for (const line of said.split('\n').slice(0, -1)) {
          const [word, id] = line.split(' ');
          if (id !== undefined) (word === 'accepted' ? accepted : ended).add(id);
        }
      }
      assert.ok(accepted.size > 100);
      await using hall = await openHall({
        clock: new VirtualClock({ epochMs: Date.now() }),
        database: new PlainDatabase(file),
        handler: ({ requestId }) => {
          ended.add(requestId);
          return returned('1');
        },
        catalog: queueCatalog(),
      });
      for (let turn = 0; turn < 1000 && hall.invoke.counts().queuedEvents > 0; turn += 1) await settle();
      assert.deepEqual(
        [...accepted].filter((id) => !ended.has(id)),
        [],
      );
      assert.equal(hall.invoke.counts().queuedEvents, 0);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('a restart goes on with the attempts that are left, when they are due', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mayfly-queue-'));
    try {
      const file = join(folder, 'records.db');
      {
        await using hall = await openHall({ database: new PlainDatabase(file), handler: () => threw() });
        hall.catalog.put('f');
        await hall.invoke.invoker.enqueue(hall.request('f'));
        await settle();
      }
      const at: number[] = [];
      await using hall = await openHall({
        database: new PlainDatabase(file),
        catalog: queueCatalog(),
        handler: () => {
          at.push(hall.clock.monotonic() / 1000);
          return threw();
        },
      });
      await hall.clock.advance(600_000);
      assert.deepEqual(at, [60, 180]);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('an event whose environment is ended by a clean stop has lost no attempt', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mayfly-queue-'));
    try {
      const file = join(folder, 'records.db');
      {
        await using before = await openHall({ database: new PlainDatabase(file), handler: () => new Promise(() => {}) });
        before.catalog.put('f');
        await before.invoke.invoker.enqueue(before.request('f'));
        await settle();
        assert.equal(before.environments.running, 1);
      }
      const database = new PlainDatabase(file);
      assert.deepEqual({ ...(await database.get('SELECT attempts, ending FROM invoke_event')) }, { attempts: 0, ending: null });
      await database[Symbol.asyncDispose]();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  test('an event that was running when the server died runs again and has lost no attempt', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mayfly-queue-'));
    try {
      const file = join(folder, 'records.db');
      const before = await openHall({
        database: new PlainDatabase(file),
        catalog: queueCatalog(),
        handler: () => new Promise(() => {}),
      });
      await before.invoke.invoker.enqueue(before.request('f'));
      await settle();
      assert.equal(before.environments.running, 1);
      // The first hall is left as it stands: a crash disposes of nothing.
      let runs = 0;
      await using hall = await openHall({
        database: new PlainDatabase(file),
        catalog: queueCatalog(),
        handler: () => {
          runs += 1;
          return threw();
        },
      });
      await hall.clock.advance(600_000);
      assert.equal(runs, 3);
      await before.database[Symbol.asyncDispose]();
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
