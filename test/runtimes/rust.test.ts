import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { deploy, invoke } from '../kit/functions.ts';
import { built, missing, slow } from './kit/artefacts.ts';
import { openHouse, type House } from './kit/house.ts';

suite('Rust: lambda_runtime on provided.al2023', { timeout: 900_000, skip: missing('cargo') || slow }, () => {
  let house: House;

  before(async () => {
    const folder = await built('rust', async ({ run, folder: at }) => {
      await run('cargo', ['build', '--quiet', '--target-dir', path.join(at, 'target')]);
      await run('cp', ['target/debug/bootstrap', 'bootstrap']);
      await run('strip', ['bootstrap']);
      await run('rm', ['-r', 'target']);
    });
    house = await openHouse();
    const bootstrap = readFileSync(path.join(folder, 'bootstrap'));
    await deploy(
      house.client,
      'rust',
      { bootstrap },
      {
        Runtime: 'provided.al2023',
        Handler: 'rust.handler',
        MemorySize: 128,
        Architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
      },
    );
  });
  after(() => house?.[Symbol.asyncDispose]());

  test('a handler gets its event and its context', async (t: TestContext) => {
    const { answer, log } = await invoke(house.client, 'rust', { n: 21 });
    const { requestId, deadline, ...rest } = answer as Record<string, unknown>;
    t.assert.deepEqual(rest, { twice: 42, arn: 'arn:aws:lambda:us-east-1:000000000000:function:rust', memoryMiB: 128 });
    t.assert.match(log, new RegExp(`^START RequestId: ${String(requestId)} `, 'm'));
    t.assert.ok(Math.abs(Number(deadline) - Date.now() - 3000) < 2000, String(deadline));
  });

  test('errors and panics are answers, and the process goes on', async (t: TestContext) => {
    const plain = await invoke(house.client, 'rust', { fail: 'error' });
    t.assert.equal(plain.error, 'Unhandled');
    t.assert.equal((plain.answer as { errorMessage: string }).errorMessage, 'it did not work');
    const panicked = await invoke(house.client, 'rust', { fail: 'panic' });
    t.assert.deepEqual(
      [panicked.error, (panicked.answer as { errorMessage: string }).errorMessage],
      ['Unhandled', 'Lambda panicked: beyond repair'],
    );
    t.assert.equal(((await invoke(house.client, 'rust', { n: 1 })).answer as { twice: number }).twice, 2);
  });
});
