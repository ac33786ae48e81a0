import { suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import type { CatalogChange } from '../index.ts';
import { account, arn, openFrontDesk, role, zip, type FrontDesk } from '../../../../../test/kit/front-desk.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';

const at = [account as AccountId, 'us-east-1' as Region] as const;
const create = (desk: FrontDesk, FunctionName: string, code = 'code'): Promise<unknown> =>
  desk.client.send(
    new CreateFunctionCommand({ FunctionName, Role: role, Runtime: 'nodejs24.x', Handler: 'i.h', Code: { ZipFile: zip(code) } }),
  );

suite('the catalog', { timeout: 60_000 }, () => {
  test('it tells which incarnations may still be invoked, after each change', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { catalog } = desk.control;
    const told: CatalogChange[] = [];
    using _listening = catalog.onChange((change) => told.push(change));
    await create(desk, 'f');
    await desk.control.idle();
    const first = catalog.resolve(...at, 'f').version.incarnation;
    t.assert.deepStrictEqual(told.at(-1), { functionArn: arn('function:f'), incarnations: new Set([first]) });
    await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    const one = catalog.resolve(...at, 'f', '1').version.incarnation;
    await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Runtime: 'python3.13' }));
    t.assert.ok(told.at(-1)?.incarnations.has(first), 'the old code is in service while the new is prepared');
    desk.runtimes.arrive();
    await desk.control.idle();
    const second = catalog.resolve(...at, 'f').version.incarnation;
    t.assert.deepStrictEqual(told.at(-1)?.incarnations, new Set([second, one]));
    await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual(told.at(-1), { functionArn: arn('function:f'), incarnations: new Set() });
    t.assert.throws(() => catalog.resolve(...at, 'f'), { message: `Function not found: ${arn('function:f:$LATEST')}` });
  });

  test('a version that did not change stays the same frozen object', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await create(desk, 'f');
    await desk.control.idle();
    const { version } = desk.control.catalog.resolve(...at, 'f');
    await desk.client.send(new PutFunctionConcurrencyCommand({ FunctionName: 'f', ReservedConcurrentExecutions: 3 }));
    const after = desk.control.catalog.resolve(...at, 'f');
    t.assert.strictEqual(after.version, version);
    t.assert.strictEqual(after.reservedConcurrency, 3);
    t.assert.ok(Object.isFrozen(version) && Object.isFrozen(after) && Object.isFrozen(version.environment));
  });

  test('functions of one name in two regions and two accounts do not meet', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await create(desk, 'f');
    await create({ ...desk, client: desk.clientFor(account, 'eu-west-1') }, 'f', 'other');
    await create({ ...desk, client: desk.clientFor('222222222222') }, 'f', 'third');
    await desk.control.idle();
    const places = [
      at,
      [account as AccountId, 'eu-west-1' as Region],
      ['222222222222' as AccountId, 'us-east-1' as Region],
    ] as const;
    const hashes = places.map(([owner, region]) => desk.control.catalog.resolve(owner, region, 'f').version.codeSha256);
    t.assert.strictEqual(new Set(hashes).size, 3);
  });
});

suite('unused code', { timeout: 60_000 }, () => {
  test('it is swept when nothing that runs can need it any more', async (t: TestContext) => {
    const clock = new VirtualClock();
    await using desk = await openFrontDesk({ clock });
    await create(desk, 'f');
    await create(desk, 'g', 'other');
    await desk.control.idle();
    const kept = desk.control.catalog.resolve(...at, 'g').version.codeSha256;
    await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
    const atStart = desk.code.swept;
    await clock.advance(900_000);
    t.assert.strictEqual(desk.code.swept, atStart);
    await clock.advance(900_000);
    t.assert.deepStrictEqual(desk.code.swept, new Map([[account, new Set([kept])]]));
  });
});
