import { suite, test, type TestContext } from 'node:test';
import { openScriptedGuesthouse, type Transport } from '../../../../test/kit/environments.ts';
import { InitError, type Reply, type RuntimeScript } from '../../../../test/kit/scripted-runtimes.ts';
import { settle } from '../../../../test/kit/virtual-clock.ts';

/** Chance from a seed, so that a failure can be brought back. */
const chance = (seed: number) => {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
  return { below: (limit: number): number => Math.floor(next() * limit), often: (share: number): boolean => next() < share };
};

const forever = new Promise<never>(() => {});

/** Does whatever a runtime can do wrong. */
function unruly(seed: number): RuntimeScript {
  const { below, often } = chance(seed);
  const pieces = async function* (reply: Reply) {
    yield 'a';
    await settle(below(3));
    if (often(0.2)) return reply.process.die('SIGKILL');
    if (often(0.1)) await forever;
    yield 'b';
  };
  return {
    init: async (process) => {
      await settle(below(3));
      if (often(0.1)) throw new InitError('Runtime.ImportModuleError', '{}');
      if (often(0.1)) process.exit(below(3));
      if (often(0.05)) await forever;
    },
    handler: async (_event, reply) => {
      await settle(below(3));
      if (often(0.3)) await reply.process.write('a line\nand a half');
      switch (below(7)) {
        case 0:
          return reply.process.exit(below(2));
        case 1:
          return reply.fail('Error', '{}');
        case 2:
          return forever;
        case 3:
          return reply.stream(pieces(reply), often(0.3) ? { error: { errorType: 'Error', body: '{}' } } : {});
        case 4:
          await reply.answer('"and dies"');
          return reply.process.die('SIGSEGV');
        default:
          return reply.answer('"fine"');
      }
    },
  };
}

suite('a storm of faults', { timeout: 120_000 }, () => {
  for (const transport of ['frames', 'http'] satisfies Transport[]) {
    for (let seed = 1; seed <= 12; seed += 1) {
      test(`over ${transport}, seed ${seed}: every invocation ends, every START has its REPORT, nothing is left`, async (t: TestContext) => {
        const house = openScriptedGuesthouse(transport, unruly(seed), { limits: { initMs: 40, syncResponseBytes: 1000 } });
        const { below, often } = chance(seed * 7919);
        const environment = house.environment({ timeoutMs: 40 });
        let invocations = 0;
        await environment.initialised;
        for (let step = 0; step < 25 && environment.phase !== 'gone'; step += 1) {
          if (often(0.2)) await environment.freeze();
          if (often(0.02)) void environment.stop('SPINDOWN');
          if (environment.phase !== 'idle') continue;
          invocations += 1;
          const running = house.begin(environment);
          if (often(0.03)) void settle(below(5)).then(() => environment.stop('FAILURE'));
          const outcome = await running.outcome;
          if (outcome.kind === 'streamed') {
            for await (const _piece of outcome.body) if (often(0.2)) break;
            await outcome.end;
          }
          const usage = await running.released;
          t.assert.ok(usage.durationMs < 5000, `${usage.durationMs} ms`);
          t.assert.notEqual(environment.phase, 'busy');
        }
        await environment.stop('SPINDOWN');
        t.assert.equal(environment.phase, 'gone');
        const count = (word: RegExp): number => house.lines().filter((line) => word.test(line)).length;
        t.assert.deepEqual([count(/^START /), count(/^END /), count(/^REPORT /)], [invocations, invocations, invocations]);
        await house.factory[Symbol.asyncDispose]();
        t.assert.equal(house.sandboxes.open.length, 0);
        await house[Symbol.asyncDispose]();
      });
    }
  }
});
