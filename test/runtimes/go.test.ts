import { after, before, suite, test, type TestContext } from 'node:test';
import { deploy, invoke } from '../kit/functions.ts';
import { goBootstrap, goMissing } from './kit/go.ts';
import { openHouse, type House } from './kit/house.ts';

suite('Go: aws-lambda-go on provided.al2023', { timeout: 280_000, skip: goMissing }, () => {
  let house: House;

  before(async () => {
    const bootstrap = await goBootstrap();
    house = await openHouse();
    await deploy(
      house.client,
      'go',
      { bootstrap },
      { Runtime: 'provided.al2023', Handler: 'bootstrap', Timeout: 10, MemorySize: 128 },
    );
  });
  after(() => house?.[Symbol.asyncDispose]());

  test('a handler gets its event, its context and its deadline', async (t: TestContext) => {
    const { answer, log, error } = await invoke(house.client, 'go', { n: 21, rawPath: '/a', version: '2.0' });
    const { requestId, leftMs, ...rest } = answer as Record<string, unknown>;
    t.assert.deepEqual(rest, {
      twice: 42,
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:go',
      function: 'go',
      memoryMiB: 128,
      path: '/a',
      region: 'us-east-1',
    });
    t.assert.equal(error, undefined);
    t.assert.match(log, new RegExp(`^START RequestId: ${String(requestId)} `, 'm'));
    t.assert.ok(Number(leftMs) > 5000 && Number(leftMs) <= 10_000, String(leftMs));
  });

  test('errors carry their type, and a panic its stack; the next invocation has a new process', async (t: TestContext) => {
    const plain = await invoke(house.client, 'go', { fail: 'error' });
    t.assert.deepEqual([plain.error, plain.answer], ['Unhandled', { errorMessage: 'it did not work', errorType: 'errorString' }]);
    const typed = await invoke(house.client, 'go', { fail: 'type' });
    t.assert.deepEqual(typed.answer, { errorMessage: 'of a type of its own', errorType: 'wrong' });
    const panicked = await invoke(house.client, 'go', { fail: 'panic' });
    const { stackTrace, ...told } = panicked.answer as { stackTrace: readonly unknown[] };
    t.assert.deepEqual([panicked.error, told], ['Unhandled', { errorMessage: 'beyond repair', errorType: 'string' }]);
    t.assert.ok(stackTrace.length > 2);
    t.assert.equal(((await invoke(house.client, 'go', { n: 1 })).answer as { twice: number }).twice, 2);
  });
});
