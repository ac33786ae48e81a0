import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { Caller, inParallel, pause, seeded, seedOf, slow } from './load.ts';
import { Notebook } from './notebook.ts';

const runs = slow ? 20 : 5;
const events = 2000;
/** On a machine of its own; one that is shared by others is given more. */
const firstAnswerMs = slow ? 2000 : 5000;

/** Writes down each begin and each end, in a file that no crash of ours can take back. */
const noting = `
  const { appendFileSync } = require('node:fs');
  exports.handler = async ({ id }) => {
    appendFileSync(process.env.NOTES, 'begin ' + id + '\\n');
    await new Promise((resolve) => setTimeout(resolve, 2));
    appendFileSync(process.env.NOTES, 'end ' + id + '\\n');
  };`;

suite('a server that is killed', { timeout: 180_000 }, () => {
  test(`${events} asynchronous events × ${runs} kills at random moments: none that was acknowledged is lost, few run twice`, async (t: TestContext) => {
    const seed = seedOf();
    t.diagnostic(`seed ${seed}`);
    const chance = seeded(seed);
    using folder = temporaryFolder();
    const notes = new Notebook(folder.path);
    const dataDir = path.join(folder.path, 'data');
    let server = await RunningServer.start(dataDir, notes.flags);
    try {
      const client = lambdaClient(server.origin);
      await deploy(client, 'noting', { 'index.js': noting }, { ...notes.configuration, Timeout: 30, MemorySize: 512 });
      client.destroy();
      const acknowledged = new Set<string>();
      const firstMs: number[] = [];
      let mostInFlight = 0;
      let killsWithBacklog = 0;

      for (let run = 0; run < runs; run += 1) {
        let next = 0;
        const send = async (caller: Caller): Promise<boolean> => {
          const id = `${run}-${next++}`;
          const { status } = await caller.invoke('noting', JSON.stringify({ id }), { async: true });
          if (status === 202) acknowledged.add(id);
          return status === 202;
        };
        const killAt = 100 + Math.floor(chance() * (events - 300));
        {
          using caller = new Caller(server.origin, 16);
          await inParallel(killAt, 16, async () => void (await send(caller)));
          const { inFlight, events: waiting } = await caller.queued();
          mostInFlight = Math.max(mostInFlight, inFlight);
          if (waiting > 0) killsWithBacklog += 1;
          // Others are on their way while it dies.
          const stragglers = inParallel(64, 16, async () => void (await send(caller)));
          await pause(chance() * 20);
          await server.stop('SIGKILL');
          await stragglers;
        }
        const restartedAtMs = performance.now();
        server = await RunningServer.start(dataDir, notes.flags);
        using caller = new Caller(server.origin, 16);
        t.assert.ok(await send(caller), 'the first event after a restart is accepted');
        firstMs.push(performance.now() - restartedAtMs);
        await inParallel(Math.max(0, events - next), 16, async () => void (await send(caller)));
        for (let left = 1; left > 0; await pause(20)) {
          const seen = await caller.queued();
          mostInFlight = Math.max(mostInFlight, seen.inFlight);
          left = seen.events;
        }
      }

      const begun = new Map<string, number>();
      const ended = new Set<string>();
      for (const line of notes.lines()) {
        const [word, id = ''] = line.split(' ');
        if (word === 'begin') begun.set(id, (begun.get(id) ?? 0) + 1);
        if (word === 'end') ended.add(id);
      }
      const lost = [...acknowledged].filter((id) => !ended.has(id));
      const twice = [...begun.values()].reduce((sum, times) => sum + times - 1, 0);
      t.diagnostic(
        `acknowledged ${acknowledged.size}, lost ${lost.length}, extra runs ${twice}, most in flight ${mostInFlight}, kills with a backlog ${killsWithBacklog}`,
      );
      t.diagnostic(`first 202 after a restart: ${firstMs.map((ms) => Math.round(ms)).join(', ')} ms`);
      t.assert.deepStrictEqual(lost, []);
      t.assert.ok(acknowledged.size >= runs * (events - 64 - 100), `acknowledged ${acknowledged.size}`);
      t.assert.ok(
        twice <= mostInFlight * runs,
        `${twice} extra runs, at most ${mostInFlight} in flight at each of ${runs} kills`,
      );
      t.assert.ok([...begun.keys()].every((id) => /^\d+-\d+$/.test(id)));
      const median = firstMs.toSorted((left, right) => left - right)[firstMs.length >> 1] ?? Infinity;
      t.assert.ok(median <= firstAnswerMs, `first 202 after a restart: ${median} ms`);
    } finally {
      await server.stop('SIGKILL');
    }
  });
});
