import { suite, test, type TestContext } from 'node:test';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionCommand,
  ListAliasesCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { systemRandom, type AccountId, type Random, type Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, zip, type FrontDesk } from '../../../../../test/kit/front-desk.ts';

/** A function with versions 1 and 2. */
async function openWithVersions(random: Random = systemRandom): Promise<FrontDesk> {
  const desk = await openFrontDesk({ random });
  await desk.client.send(
    new CreateFunctionCommand({
      FunctionName: 'f',
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'i.h',
      Code: { ZipFile: zip() },
      Publish: true,
    }),
  );
  await desk.control.idle();
  await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', MemorySize: 256 }));
  await desk.control.idle();
  await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
  return desk;
}

suite('aliases', { timeout: 60_000 }, () => {
  test('an alias names a version, and the function can be read through it', async (t: TestContext) => {
    await using desk = await openWithVersions();
    const made = await desk.client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
    const { $metadata, RevisionId, ...rest } = made;
    t.assert.strictEqual($metadata.httpStatusCode, 201);
    t.assert.ok(RevisionId);
    t.assert.deepStrictEqual(rest, { AliasArn: arn('function:f:live'), Name: 'live', FunctionVersion: '1', Description: '' });
    const read = await desk.client.send(new GetFunctionCommand({ FunctionName: arn('function:f:live') }));
    t.assert.deepStrictEqual([read.Configuration?.FunctionArn, read.Configuration?.Version], [arn('function:f:live'), '1']);
    const resolved = desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f:live');
    t.assert.deepStrictEqual(
      [resolved.alias, resolved.invokedArn, resolved.version.version],
      ['live', arn('function:f:live'), '1'],
    );
  });

  test('traffic is split by weight, anew for each call', async (t: TestContext) => {
    let float = 0;
    await using desk = await openWithVersions({ ...systemRandom, float: () => float });
    const weights = (AdditionalVersionWeights: Record<string, number>) => ({ RoutingConfig: { AdditionalVersionWeights } });
    await desk.client.send(
      new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1', ...weights({ 2: 0.25 }) }),
    );
    const version = () => desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f', 'live').version.version;
    for (const [chance, expected] of [
      [0, '2'],
      [0.2499, '2'],
      [0.25, '1'],
      [0.999, '1'],
    ] as const) {
      float = chance;
      t.assert.strictEqual(version(), expected);
    }
    float = 0;
    const kept = await desk.client.send(new UpdateAliasCommand({ FunctionName: 'f', Name: 'live', Description: 'd' }));
    t.assert.deepStrictEqual(kept.RoutingConfig, { AdditionalVersionWeights: { 2: 0.25 } });
    const whole = await desk.client.send(new UpdateAliasCommand({ FunctionName: 'f', Name: 'live', ...weights({}) }));
    t.assert.strictEqual(whole.RoutingConfig, undefined);
    t.assert.strictEqual(version(), '1');
  });

  test('routing that makes no sense is refused in the words of Lambda', async (t: TestContext) => {
    await using desk = await openWithVersions();
    const refused = (FunctionVersion: string, weights: Record<string, number>, message: string | RegExp) =>
      t.assert.rejects(
        desk.client.send(
          new CreateAliasCommand({
            FunctionName: 'f',
            Name: 'a',
            FunctionVersion,
            RoutingConfig: { AdditionalVersionWeights: weights },
          }),
        ),
        { message },
      );
    await refused('1', { 1: 0.5, 2: 0.5 }, 'Number of items in AdditionalVersionWeights cannot be greater than 1');
    await refused(
      '1',
      { 1: 0.5 },
      'Invalid function version 1. Function version 1 is already included in routing configuration.',
    );
    await refused('1', { 10: 0.5 }, `Function not found: ${arn('function:f:10')}`);
    await refused('10', {}, `Function not found: ${arn('function:f:10')}`);
    await refused('$LATEST', { 1: 0.5 }, '$LATEST is not supported for an alias pointing to more than 1 version');
    await refused('1', { 2: 2 }, /Map value must satisfy constraint/);
  });

  test('what is missing, double or stale is told in the words of Lambda; deleting twice is harmless', async (t: TestContext) => {
    await using desk = await openWithVersions();
    const { client } = desk;
    await client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
    await t.assert.rejects(client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' })), {
      name: 'ResourceConflictException',
      message: `Alias already exists: ${arn('function:f:live')}`,
    });
    await t.assert.rejects(client.send(new GetAliasCommand({ FunctionName: 'f', Name: 'no' })), {
      message: `Cannot find alias arn: ${arn('function:f:no')}`,
    });
    await t.assert.rejects(client.send(new UpdateAliasCommand({ FunctionName: 'f', Name: 'no' })), {
      message: `Alias not found: ${arn('function:f:no')}`,
    });
    await t.assert.rejects(client.send(new UpdateAliasCommand({ FunctionName: 'f', Name: 'live', RevisionId: 'x' })), {
      name: 'PreconditionFailedException',
    });
    await t.assert.rejects(client.send(new CreateAliasCommand({ FunctionName: 'g', Name: 'live', FunctionVersion: '1' })), {
      message: `Function not found: ${arn('function:g:1')}`,
    });
    await t.assert.rejects(client.send(new DeleteFunctionCommand({ FunctionName: 'f', Qualifier: '1' })), {
      name: 'ResourceConflictException',
    });
    for (let time = 0; time < 2; time += 1)
      t.assert.strictEqual(
        (await client.send(new DeleteAliasCommand({ FunctionName: 'f', Name: 'live' }))).$metadata.httpStatusCode,
        204,
      );
    await client.send(new DeleteFunctionCommand({ FunctionName: 'f', Qualifier: '1' }));
  });

  test('aliases are listed by name, also those of one version', async (t: TestContext) => {
    await using desk = await openWithVersions();
    for (const [Name, FunctionVersion] of [
      ['b', '1'],
      ['a', '2'],
      ['c', '1'],
    ] as const)
      await desk.client.send(new CreateAliasCommand({ FunctionName: 'f', Name, FunctionVersion }));
    const names = async (FunctionVersion?: string) =>
      (await desk.client.send(new ListAliasesCommand({ FunctionName: 'f', FunctionVersion }))).Aliases?.map(
        (alias) => alias.Name,
      );
    t.assert.deepStrictEqual(await names(), ['a', 'b', 'c']);
    t.assert.deepStrictEqual(await names('1'), ['b', 'c']);
  });
});
