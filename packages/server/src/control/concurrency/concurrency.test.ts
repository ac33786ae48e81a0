import { suite, test, type TestContext } from 'node:test';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionConcurrencyCommand,
  DeleteProvisionedConcurrencyConfigCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConcurrencyCommand,
  GetProvisionedConcurrencyConfigCommand,
  ListProvisionedConcurrencyConfigsCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutProvisionedConcurrencyConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import type { Provisioned, ProvisionedProgress } from '../index.ts';
import { account, arn, openFrontDesk, role, zip, type FrontDesk } from '../../../../../test/kit/front-desk.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';

type Applied = Parameters<Provisioned['apply']>[0] & { readonly report: (progress: ProvisionedProgress) => void };

/** Writes down what is asked of it; the test reports. */
class ScriptedProvisioned implements Provisioned {
  readonly calls: Applied[] = [];
  apply(target: Parameters<Provisioned['apply']>[0], report: Applied['report']): void {
    this.calls.push({ ...target, report });
  }
  get asked(): string[] {
    return this.calls.map(({ functionName, version, count }) => `${functionName}:${version}=${count}`);
  }
}

async function withFunction(desk: FrontDesk, FunctionName = 'f'): Promise<void> {
  await desk.client.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'i.h',
      Code: { ZipFile: zip() },
      Publish: true,
    }),
  );
  await desk.control.idle();
}
const reserve = (FunctionName: string, ReservedConcurrentExecutions: number) =>
  new PutFunctionConcurrencyCommand({ FunctionName, ReservedConcurrentExecutions });
const provision = (Qualifier: string, ProvisionedConcurrentExecutions: number, FunctionName = 'f') =>
  new PutProvisionedConcurrencyConfigCommand({ FunctionName, Qualifier, ProvisionedConcurrentExecutions });
const ready = (count: number): ProvisionedProgress => ({ allocated: count, available: count, status: 'READY' });

suite('reserved concurrency', { timeout: 60_000 }, () => {
  test('a reservation is kept, shown, resolved, counted and given up', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await withFunction(desk);
    const { catalog } = desk.control;
    const at = [account as AccountId, 'us-east-1' as Region] as const;
    t.assert.strictEqual(
      (await desk.client.send(new GetFunctionConcurrencyCommand({ FunctionName: 'f' }))).ReservedConcurrentExecutions,
      undefined,
    );
    const incarnation = catalog.resolve(...at, 'f').version.incarnation;
    await desk.client.send(reserve('f', 0));
    t.assert.strictEqual(catalog.resolve(...at, 'f').reservedConcurrency, 0);
    await desk.client.send(reserve('f', 7));
    t.assert.strictEqual(catalog.resolve(...at, 'f', '1').reservedConcurrency, 7);
    t.assert.strictEqual(catalog.resolve(...at, 'f').version.incarnation, incarnation);
    t.assert.strictEqual(catalog.reservedTotal?.(...at), 7);
    t.assert.strictEqual(
      (await desk.client.send(new GetAccountSettingsCommand({}))).AccountLimit?.UnreservedConcurrentExecutions,
      993,
    );
    t.assert.deepStrictEqual((await desk.client.send(new GetFunctionCommand({ FunctionName: 'f' }))).Concurrency, {
      ReservedConcurrentExecutions: 7,
    });
    t.assert.strictEqual(
      (await desk.client.send(new GetFunctionCommand({ FunctionName: 'f', Qualifier: '1' }))).Concurrency,
      undefined,
    );
    await desk.client.send(new DeleteFunctionConcurrencyCommand({ FunctionName: 'f' }));
    t.assert.strictEqual(catalog.resolve(...at, 'f').reservedConcurrency, undefined);
    t.assert.strictEqual(catalog.reservedTotal?.(...at), 0);
  });

  test('a hundred stay unreserved, and refusals have the words of Lambda', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await withFunction(desk);
    await withFunction(desk, 'g');
    await desk.client.send(reserve('g', 500));
    await t.assert.rejects(desk.client.send(reserve('f', 401)), {
      name: 'InvalidParameterValueException',
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    });
    await desk.client.send(reserve('f', 400));
    await desk.client.send(reserve('f', 400));
    await t.assert.rejects(desk.client.send(reserve('none', 1)), {
      message: `Function not found: ${arn('function:none:$LATEST')}`,
    });
    await t.assert.rejects(desk.client.send(reserve(arn('function:f:1'), 1)), {
      message: /^This operation is permitted on Lambda functions only\./,
    });
  });
});

suite('provisioned concurrency', { timeout: 60_000 }, () => {
  test('without someone to keep environments ready it is refused in sight', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await withFunction(desk);
    await t.assert.rejects(desk.client.send(provision('1', 1)), { name: 'NotImplementedException' });
  });

  test('it is in progress until the environments are there, then ready, and gone when deleted', async (t: TestContext) => {
    const provisioned = new ScriptedProvisioned();
    await using desk = await openFrontDesk({ ports: { provisioned } });
    await withFunction(desk);
    const put = await desk.client.send(provision('1', 5));
    t.assert.strictEqual(put.$metadata.httpStatusCode, 202);
    const { $metadata: _metadata, LastModified: _lastModified, ...shown } = put;
    t.assert.deepStrictEqual(shown, {
      AllocatedProvisionedConcurrentExecutions: 0,
      AvailableProvisionedConcurrentExecutions: 0,
      RequestedProvisionedConcurrentExecutions: 5,
      Status: 'IN_PROGRESS',
    });
    t.assert.deepStrictEqual(provisioned.asked, ['f:1=5']);
    t.assert.strictEqual(
      desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f', '1').provisionedConcurrency,
      5,
    );
    t.assert.strictEqual(
      desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f').provisionedConcurrency,
      undefined,
    );
    provisioned.calls[0]?.report(ready(5));
    await desk.control.idle();
    const config = () => desk.client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: 'f', Qualifier: '1' }));
    t.assert.deepStrictEqual([(await config()).Status, (await config()).AvailableProvisionedConcurrentExecutions], ['READY', 5]);
    provisioned.calls[0]?.report({ allocated: 0, available: 0, status: 'FAILED', statusReason: 'FUNCTION_ERROR_INIT_FAILURE' });
    t.assert.strictEqual((await config()).StatusReason, 'FUNCTION_ERROR_INIT_FAILURE');
    const listed = await desk.client.send(new ListProvisionedConcurrencyConfigsCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual(
      listed.ProvisionedConcurrencyConfigs?.map((row) => row.FunctionArn),
      [arn('function:f:1')],
    );
    await desk.client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName: 'f', Qualifier: '1' }));
    t.assert.deepStrictEqual(provisioned.asked, ['f:1=5', 'f:1=0']);
    await t.assert.rejects(config(), {
      name: 'ProvisionedConcurrencyConfigNotFoundException',
      message: 'No Provisioned Concurrency Config found for this function',
    });
  });

  test('it follows its alias to another version, and is asked for again after a restart', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    {
      const provisioned = new ScriptedProvisioned();
      await using desk = await openFrontDesk({ ports: { provisioned }, database: new PlainDatabase(file), dataDir: folder.path });
      await withFunction(desk);
      await desk.client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
      await desk.client.send(provision('live', 2));
      await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', MemorySize: 256 }));
      await desk.control.idle();
      await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
      await desk.client.send(new UpdateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '2' }));
      t.assert.deepStrictEqual(provisioned.asked, ['f:1=2', 'f:1=0', 'f:2=2']);
    }
    const provisioned = new ScriptedProvisioned();
    await using desk = await openFrontDesk({ ports: { provisioned }, database: new PlainDatabase(file), dataDir: folder.path });
    t.assert.deepStrictEqual(provisioned.asked, ['f:2=2']);
    await desk.client.send(new DeleteAliasCommand({ FunctionName: 'f', Name: 'live' }));
    t.assert.deepStrictEqual(provisioned.asked, ['f:2=2', 'f:2=0']);
    await t.assert.rejects(
      desk.client.send(new GetProvisionedConcurrencyConfigCommand({ FunctionName: 'f', Qualifier: 'live' })),
      {
        name: 'ResourceNotFoundException',
        message: `Cannot find alias arn: ${arn('function:f:live')}`,
      },
    );
  });

  test('conflicts and limits are told in the words of Lambda', async (t: TestContext) => {
    await using desk = await openFrontDesk({ ports: { provisioned: new ScriptedProvisioned() } });
    await withFunction(desk);
    await withFunction(desk, 'g');
    await desk.client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
    const refused = (command: PutProvisionedConcurrencyConfigCommand, message: string) =>
      t.assert.rejects(desk.client.send(command), { message });
    await refused(provision('$LATEST', 1), 'Provisioned Concurrency Configs cannot be applied to unpublished function versions.');
    await refused(
      provision('1', 1001),
      "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [1000].",
    );
    await refused(
      provision('1', 901),
      "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    );
    await desk.client.send(provision('1', 2));
    await refused(
      provision('live', 1),
      "Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version",
    );
    await t.assert.rejects(desk.client.send(reserve('f', 1)), {
      message: " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2].",
    });
    await desk.client.send(reserve('f', 2));
    await refused(
      provision('1', 3),
      'Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function',
    );
    await desk.client.send(new DeleteProvisionedConcurrencyConfigCommand({ FunctionName: 'f', Qualifier: '1' }));
    await desk.client.send(provision('live', 1));
    await refused(provision('1', 1), 'Version is pointed by a Provisioned Concurrency alias');
    await desk.client.send(provision('1', 300, 'g'));
    t.assert.strictEqual(
      (await desk.client.send(new GetAccountSettingsCommand({}))).AccountLimit?.UnreservedConcurrentExecutions,
      698,
    );
  });
});
