import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { after, before, suite, test, type TestContext } from 'node:test';
import { PutFunctionConcurrencyCommand } from '@aws-sdk/client-lambda';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { Caller, mostAtOnce, pause, percentile, seeded, seedOf, slow, until, type Answered } from './load.ts';

const limit = 10;
const callers = slow ? 1000 : 300;
const spanMs = slow ? 20_000 : 4000;
/** A client on the same busy cores measures itself too. On a quiet machine the first figure is the promise; the second one sees a collapse. */
const refusalMs = slow ? 20 : 1000;
const leastGoodput = slow ? 0.9 : 0.5;

/** Says when it ran, on a clock that all boxes share. */
const clocked = `
  exports.handler = async ({ ms }) => {
    const from = process.hrtime.bigint();
    await new Promise((resolve) => setTimeout(resolve, ms));
    return [String(from), String(process.hrtime.bigint())];
  };`;

interface Tally {
  readonly ok: Answered[];
  readonly refused: Answered[];
  readonly other: Answered[];
}

/** `width` callers, each one call after the other, until the time is over; who is refused comes back after `restMs`. */
async function load(
  caller: Caller,
  name: string,
  options: { width: number; forMs: number; ms: number; restMs: number },
): Promise<Tally> {
  const tally: Tally = { ok: [], refused: [], other: [] };
  const untilMs = performance.now() + options.forMs;
  await Promise.all(
    Array.from({ length: options.width }, async () => {
      while (performance.now() < untilMs) {
        const answered = await caller.invoke(name, JSON.stringify({ ms: options.ms }));
        (answered.status === 200 ? tally.ok : answered.status === 429 ? tally.refused : tally.other).push(answered);
        if (answered.status === 429) await pause(options.restMs);
      }
    }),
  );
  return tally;
}

const intervals = (answers: readonly Answered[]) =>
  answers.map(({ text }) => {
    const [from, to] = JSON.parse(text) as [string, string];
    return { from: BigInt(from), to: BigInt(to) };
  });

const residentMiB = (pid: number | undefined): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;

suite('concurrency with real sandboxes', { timeout: 180_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(folder.path);
    const client = lambdaClient(server.origin);
    await deploy(client, 'ten', { 'index.js': clocked }, { Timeout: 30 });
    await client.send(new PutFunctionConcurrencyCommand({ FunctionName: 'ten', ReservedConcurrentExecutions: limit }));
    client.destroy();
    // Long calls bring all ten environments up; short ones would be worked off by fewer.
    using caller = new Caller(server.origin, limit);
    const first = await Promise.all(Array.from({ length: limit }, () => caller.invoke('ten', '{"ms":4000}')));
    if (first.some(({ status: code }) => code !== 200)) throw new Error(first.map(({ text }) => text).join());
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  const status = async (caller: Caller): Promise<{ busy: number; waiting: number; booting: number }> =>
    (
      JSON.parse((await caller.post('/_mayfly/status', '', {}, 'GET')).text) as {
        environments: { busy: number; waiting: number; booting: number };
      }
    ).environments;

  test(`a reservation of ${limit} under ${callers} callers: never more at once, by the handlers’ own clock`, async (t: TestContext) => {
    using caller = new Caller(server.origin, callers);
    const { ok, refused, other } = await load(caller, 'ten', { width: callers, forMs: spanMs, ms: 20, restMs: 200 });
    const most = mostAtOnce(intervals(ok));
    t.diagnostic(`${ok.length} ran, ${refused.length} refused, ${most} at most at once`);
    t.assert.deepStrictEqual(
      other.map(({ status: code, text }) => `${code} ${text.slice(0, 80)}`),
      [],
    );
    t.assert.ok(most <= limit, `${most} at once`);
    t.assert.ok(most >= limit - 1, `only ${most} at once: the limit was not reached`);
    t.assert.ok(refused.length > 0);
    t.assert.ok(refused.every(({ text }) => text.includes('ReservedFunctionConcurrentInvocationLimitExceeded')));
  });

  test('at nine tenths of the demand, at most one call in a hundred is refused', async (t: TestContext) => {
    using caller = new Caller(server.origin, limit);
    const { ok, refused, other } = await load(caller, 'ten', { width: limit - 1, forMs: spanMs / 2, ms: 20, restMs: 0 });
    t.diagnostic(`${ok.length} ran, ${refused.length} refused`);
    t.assert.strictEqual(other.length, 0);
    t.assert.ok(
      refused.length <= (ok.length + refused.length) / 100,
      `${refused.length} of ${ok.length + refused.length} refused`,
    );
  });

  test('clients that hang up at any moment leak no place', async (t: TestContext) => {
    const seed = seedOf();
    t.diagnostic(`seed ${seed}`);
    const chance = seeded(seed);
    const { hostname, port } = new URL(server.origin);
    const body = '{"ms":5}';
    const head = `POST /2015-03-31/functions/ten/invocations HTTP/1.1\r\nHost: ${hostname}:${port}\r\nContent-Length: ${body.length}\r\n\r\n`;
    for (let round = 0; round < 10; round += 1) {
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          const socket = connect(Number(port), hostname);
          socket.on('error', () => {});
          socket.write(head + body);
          await pause(chance() * 15);
          socket.destroy();
        }),
      );
    }
    using caller = new Caller(server.origin, limit);
    await until(async () => {
      const { busy, waiting } = await status(caller);
      return busy === 0 && waiting === 0;
    }, 'nothing runs any more');
    const all = await Promise.all(Array.from({ length: limit }, () => caller.invoke('ten', '{"ms":300}')));
    t.assert.deepStrictEqual(
      all.map(({ status: code }) => code),
      Array.from({ length: limit }, () => 200),
    );
    t.assert.strictEqual(mostAtOnce(intervals(all)), limit);
  });

  test('ten times the demand: the work goes on, refusals are quick, memory stays, and it is over when it is over', async (t: TestContext) => {
    using caller = new Caller(server.origin, limit * 10);
    const forMs = spanMs / 2;
    const ms = 100;
    const calm = await load(caller, 'ten', { width: limit, forMs, ms, restMs: ms });
    const before = residentMiB(server.pid);
    const storm = await load(caller, 'ten', { width: limit * 10, forMs: forMs * 1.5, ms, restMs: 250 });
    const after = residentMiB(server.pid);
    const overAtMs = performance.now();
    await until(async () => (await caller.invoke('ten', '{"ms":1}')).ms < 100, 'a call is quick again', 5000);
    const normalMs = performance.now() - overAtMs;
    const goodput = storm.ok.length / 1.5 / calm.ok.length;
    const p99 = percentile(
      storm.refused.map((each) => each.ms),
      0.99,
    );
    t.diagnostic(
      `goodput ${(goodput * 100).toFixed(0)} % of ${calm.ok.length} calls, ${storm.refused.length} refused, p50 ${percentile(
        storm.refused.map((each) => each.ms),
        0.5,
      ).toFixed(
        1,
      )} ms, p99 ${p99.toFixed(1)} ms, memory ${before.toFixed(0)} → ${after.toFixed(0)} MiB, normal after ${normalMs.toFixed(0)} ms`,
    );
    t.assert.strictEqual(storm.other.length, 0);
    t.assert.ok(storm.refused.length > storm.ok.length);
    t.assert.ok(goodput >= leastGoodput, `goodput ${goodput}`);
    t.assert.ok(p99 <= refusalMs, `p99 of refusals ${p99} ms`);
    t.assert.ok(after <= before * 1.2, `memory ${before} → ${after} MiB`);
    t.assert.ok(normalMs <= 5000);
  });
});
