import { readdirSync, readFileSync } from 'node:fs';
import { suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  GetFunctionConfigurationCommand,
  ListTagsCommand,
  TagResourceCommand,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, ScriptedRuntimes, zip } from '../../../../../test/kit/front-desk.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';

const create = (FunctionName: string, rest: Partial<CreateFunctionCommandInput> = {}): CreateFunctionCommand =>
  new CreateFunctionCommand({
    FunctionName,
    Role: role,
    Runtime: 'nodejs24.x',
    Handler: 'index.handler',
    Code: { ZipFile: zip() },
    ...rest,
  });
const active = (client: LambdaClient, FunctionName: string): Promise<unknown> =>
  waitUntilFunctionActiveV2({ client, maxWaitTime: 20, minDelay: 0.01, maxDelay: 0.05 }, { FunctionName });

suite('functions over a restart', { timeout: 60_000 }, () => {
  test('everything is there again, preparation goes on, and no secret lies in the database', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    const secret = 'swordfish-4711';
    {
      await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
      await desk.client.send(create('ready', { Environment: { Variables: { PASSWORD: secret } } }));
      await desk.control.idle();
      await desk.client.send(create('cut', { Runtime: 'python3.13' }));
    }
    for (const name of readdirSync(folder.path))
      t.assert.ok(!readFileSync(`${folder.path}/${name}`, 'latin1').includes(secret), name);
    await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
    const resolved = desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'ready');
    t.assert.deepStrictEqual(resolved.version.environment, { PASSWORD: secret });
    const cut = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'cut' }));
    t.assert.strictEqual(cut.State, 'Pending');
    desk.runtimes.arrive();
    await active(desk.client, 'cut');
    t.assert.strictEqual(desk.code.swept?.get(account as AccountId)?.size, 1);
  });

  test('another key does not open the records, and says so', async (t: TestContext) => {
    using folder = temporaryFolder();
    using other = temporaryFolder();
    const file = `${folder.path}/db`;
    {
      await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
      await desk.client.send(create('f', { Environment: { Variables: { AA: '1' } } }));
    }
    await t.assert.rejects(openFrontDesk({ database: new PlainDatabase(file), dataDir: other.path }), {
      code: 'CONTROL_KEY_INVALID',
    });
  });

  test('a runtime that is gone makes its functions Inactive; a call brings them back when it is there again', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    {
      await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
      await desk.client.send(create('f'));
      await desk.control.idle();
    }
    const runtimes = new ScriptedRuntimes();
    runtimes.checks.delete('nodejs24.x');
    await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path, runtimes });
    const got = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([got.State, got.StateReasonCode], ['Inactive', 'InvalidRuntime']);
    t.assert.match(got.StateReason ?? '', /Install nodejs24\.x\./);
    runtimes.checks.set('nodejs24.x', { kind: 'ready' });
    t.assert.throws(() => desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f'), {
      message: /state: Inactive$/,
    });
    await active(desk.client, 'f');
    desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f');
  });

  test('what could not be prepared is tried again', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    {
      await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
      await desk.client.send(create('f', { Runtime: 'python3.13' }));
      desk.runtimes.fail(new Error('no network'));
      await desk.control.idle();
      t.assert.strictEqual((await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }))).State, 'Failed');
    }
    await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
    t.assert.strictEqual((await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }))).State, 'Pending');
    desk.runtimes.arrive();
    await active(desk.client, 'f');
    const got = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([got.LastUpdateStatus, got.StateReason], ['Successful', undefined]);
  });

  test('a change that could not be written is not seen', async (t: TestContext) => {
    const database = new PlainDatabase();
    await using desk = await openFrontDesk({ database });
    await desk.client.send(create('f'));
    await desk.control.idle();
    database.failure = new Error('the disk is full');
    await t.assert.rejects(desk.client.send(new TagResourceCommand({ Resource: arn('function:f'), Tags: { a: '1' } })), {
      name: 'ServiceException',
    });
    database.failure = undefined;
    t.assert.deepStrictEqual((await desk.client.send(new ListTagsCommand({ Resource: arn('function:f') }))).Tags, {});
  });
});
