import { suite, test, type TestContext } from 'node:test';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { settle, VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { silentLogger } from '../../base/index.ts';
import { Outbox, type Deliver } from './outbox.ts';

const done = { kind: 'done' } as const;

async function openOutbox(
  deliver: Deliver,
  options: { readonly file?: string; readonly clock?: VirtualClock; readonly heldCharacters?: number } = {},
) {
  const database = new PlainDatabase(options.file);
  const clock = options.clock ?? new VirtualClock();
  const outbox = await Outbox.open({
    database,
    clock,
    log: silentLogger,
    service: 's',
    deliver,
    atOnce: 2,
    ...(options.heldCharacters === undefined ? {} : { heldCharacters: options.heldCharacters }),
  });
  outbox.start();
  return {
    outbox,
    clock,
    database,
    [Symbol.asyncDispose]: () => outbox[Symbol.asyncDispose]().then(() => database[Symbol.asyncDispose]()),
  };
}

suite('the outbox', { timeout: 60_000 }, () => {
  test('a lane keeps its order over retries, and others go on meanwhile', async (t: TestContext) => {
    const seen: string[] = [];
    await using post = await openOutbox(async ({ body }, attempt) => {
      seen.push(`${body}${attempt}`);
      return body === 'a' && attempt === 1 ? { kind: 'retry', inMs: 1000 } : done;
    });
    await post.outbox.add([
      { lane: 'l', target: 't', body: 'a' },
      { lane: 'l', target: 't', body: 'b' },
      { target: 't', body: 'c' },
    ]);
    await settle();
    t.assert.deepStrictEqual(seen, ['a1', 'c1']);
    await post.clock.advance(1001);
    t.assert.deepStrictEqual(seen, ['a1', 'c1', 'a2', 'b1']);
    t.assert.strictEqual(post.outbox.size, 0);
  });

  test('what was not delivered is delivered by the next server, and what was is not', async (t: TestContext) => {
    using folder = temporaryFolder();
    const clock = new VirtualClock();
    {
      await using post = await openOutbox(async ({ body }) => (body === 'gone' ? done : { kind: 'retry', inMs: 60_000 }), {
        file: `${folder.path}/db`,
        clock,
      });
      await post.outbox.add([
        { target: 't', body: 'gone' },
        { target: 't', body: 'kept' },
      ]);
      await settle();
    }
    const seen: string[] = [];
    await using _post = await openOutbox(
      async ({ body }, attempt) => {
        seen.push(`${body}${attempt}`);
        return done;
      },
      { file: `${folder.path}/db`, clock },
    );
    await settle();
    t.assert.deepStrictEqual(seen, []);
    await clock.advance(60_001);
    t.assert.deepStrictEqual(seen, ['kept2']);
  });

  test('bodies beyond the bound wait on storage and are read back in their turn', async (t: TestContext) => {
    const seen: string[] = [];
    await using post = await openOutbox(
      async ({ body }, attempt) => {
        seen.push(`${body}${attempt}`);
        return attempt === 1 && body === 'three' ? { kind: 'retry', inMs: 1000 } : done;
      },
      { heldCharacters: 4 },
    );
    await post.outbox.add(['one', 'two', 'three', 'four'].map((body) => ({ lane: 'l', target: 't', body })));
    await settle();
    await post.clock.advance(1001);
    await settle();
    t.assert.deepStrictEqual(seen, ['one1', 'two1', 'three1', 'three2', 'four1']);
    t.assert.strictEqual(post.outbox.size, 0);
  });

  test('an attempt that throws is made again', async (t: TestContext) => {
    let attempts = 0;
    await using post = await openOutbox(async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('a bug');
      return done;
    });
    await post.outbox.add([{ target: 't', body: 'x' }]);
    await post.clock.advance(30_001);
    t.assert.strictEqual(attempts, 2);
    t.assert.strictEqual(post.outbox.size, 0);
  });
});
