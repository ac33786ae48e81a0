import { suite, test, type TestContext } from 'node:test';
import {
  CreateCapacityProviderCommand,
  CreateFunctionCommand,
  DeleteCapacityProviderCommand,
  GetCapacityProviderCommand,
  ListCapacityProvidersCommand,
  ListFunctionVersionsByCapacityProviderCommand,
  ListTagsCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateCapacityProviderCommand,
  type CreateCapacityProviderCommandInput,
} from '@aws-sdk/client-lambda';
import { account, arn, openFrontDesk, role, zip } from '../../../../../test/kit/front-desk.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';

const create = (CapacityProviderName: string, rest: Partial<CreateCapacityProviderCommandInput> = {}) =>
  new CreateCapacityProviderCommand({
    CapacityProviderName,
    VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
    PermissionsConfig: { CapacityProviderOperatorRoleArn: role },
    ...rest,
  });
const named = (CapacityProviderName: string) => ({ CapacityProviderName });

suite('capacity providers', { timeout: 60_000 }, () => {
  test('one is made, shown by name and ARN, changed, listed, tagged and deleted', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client } = desk;
    const made = await client.send(
      create('p', {
        InstanceRequirements: { Architectures: ['arm64'], AllowedInstanceTypes: ['m8g.*'] },
        CapacityProviderScalingConfig: {
          MaxVCpuCount: 8,
          ScalingMode: 'Manual',
          ScalingPolicies: [{ PredefinedMetricType: 'LambdaCapacityProviderAverageCPUUtilization', TargetValue: 70 }],
        },
        PropagateTags: { Mode: 'Explicit', ExplicitTags: { a: '1' } },
        TelemetryConfig: { LoggingConfig: { SystemLogLevel: 'WARN', LogGroup: 'g' } },
        Tags: { team: 'x' },
      }),
    );
    t.assert.strictEqual(made.$metadata.httpStatusCode, 202);
    const { LastModified = '', ...shown } = made.CapacityProvider ?? {};
    t.assert.match(LastModified, /^\d{4}-\d\d-\d\dT/);
    t.assert.deepStrictEqual(shown, {
      CapacityProviderArn: arn('capacity-provider:p'),
      State: 'Active',
      VpcConfig: { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] },
      PermissionsConfig: { CapacityProviderOperatorRoleArn: role },
      InstanceRequirements: { Architectures: ['arm64'], AllowedInstanceTypes: ['m8g.*'] },
      CapacityProviderScalingConfig: {
        MaxVCpuCount: 8,
        ScalingMode: 'Manual',
        ScalingPolicies: [{ PredefinedMetricType: 'LambdaCapacityProviderAverageCPUUtilization', TargetValue: 70 }],
      },
      PropagateTags: { Mode: 'Explicit', ExplicitTags: { a: '1' } },
      TelemetryConfig: { LoggingConfig: { SystemLogLevel: 'WARN', LogGroup: 'g' } },
    });
    for (const name of ['p', arn('capacity-provider:p')])
      t.assert.deepStrictEqual(
        (await client.send(new GetCapacityProviderCommand(named(name)))).CapacityProvider,
        made.CapacityProvider,
      );
    const changed = await client.send(
      new UpdateCapacityProviderCommand({ ...named('p'), CapacityProviderScalingConfig: { MaxVCpuCount: 16 } }),
    );
    t.assert.strictEqual(changed.CapacityProvider?.CapacityProviderScalingConfig?.MaxVCpuCount, 16);
    t.assert.strictEqual(changed.CapacityProvider.CapacityProviderScalingConfig.ScalingMode, 'Manual');
    t.assert.strictEqual(changed.CapacityProvider.TelemetryConfig?.LoggingConfig?.LogGroup, 'g');
    const Resource = arn('capacity-provider:p');
    await client.send(new TagResourceCommand({ Resource, Tags: { more: 'y' } }));
    await client.send(new UntagResourceCommand({ Resource, TagKeys: ['team'] }));
    t.assert.deepStrictEqual((await client.send(new ListTagsCommand({ Resource }))).Tags, { more: 'y' });
    t.assert.deepStrictEqual(
      (await client.send(new ListFunctionVersionsByCapacityProviderCommand(named('p')))).FunctionVersions,
      [],
    );
    const gone = await client.send(new DeleteCapacityProviderCommand(named('p')));
    t.assert.deepStrictEqual([gone.$metadata.httpStatusCode, gone.CapacityProvider?.State], [202, 'Deleting']);
    await t.assert.rejects(client.send(new GetCapacityProviderCommand(named('p'))), {
      name: 'ResourceNotFoundException',
      message: `Capacity provider not found: ${Resource}`,
    });
    await t.assert.rejects(client.send(new ListTagsCommand({ Resource })), { name: 'ResourceNotFoundException' });
  });

  test('what was not said is as AWS begins, and outlives the server', async (t: TestContext) => {
    using folder = temporaryFolder();
    const open = () => openFrontDesk({ database: new PlainDatabase(`${folder.path}/db`), dataDir: folder.path });
    {
      await using desk = await open();
      await desk.client.send(create('p'));
    }
    await using desk = await open();
    const { CapacityProvider } = await desk.client.send(new GetCapacityProviderCommand(named('p')));
    t.assert.deepStrictEqual(CapacityProvider?.CapacityProviderScalingConfig, { MaxVCpuCount: 400, ScalingMode: 'Auto' });
  });

  test('they are listed in pages, by state, each account its own', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client } = desk;
    for (const name of ['c', 'a', 'b']) await client.send(create(name));
    const list = async (input: object) => client.send(new ListCapacityProvidersCommand(input));
    const names = (page: Awaited<ReturnType<typeof list>>) =>
      page.CapacityProviders?.map(({ CapacityProviderArn }) => CapacityProviderArn?.split(':').at(-1));
    const first = await list({ MaxItems: 2 });
    t.assert.deepStrictEqual(names(first), ['a', 'b']);
    t.assert.deepStrictEqual(names(await list({ Marker: first.NextMarker })), ['c']);
    t.assert.deepStrictEqual([names(await list({ State: 'Active' }))?.length, names(await list({ State: 'Failed' }))], [3, []]);
    const other = desk.clientFor('222222222222');
    t.assert.deepStrictEqual((await other.send(new ListCapacityProvidersCommand({}))).CapacityProviders, []);
    await t.assert.rejects(other.send(new GetCapacityProviderCommand(named(arn('capacity-provider:a')))), {
      message: `Capacity provider not found: ${arn('capacity-provider:a')}`,
    });
  });

  test('what they cannot be is refused', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client } = desk;
    await client.send(create('p'));
    await t.assert.rejects(client.send(create('p')), { name: 'ResourceConflictException' });
    const bad: readonly Partial<CreateCapacityProviderCommandInput>[] = [
      { InstanceRequirements: { AllowedInstanceTypes: ['m8g.*'], ExcludedInstanceTypes: ['t3.*'] } },
      { PropagateTags: { Mode: 'None', ExplicitTags: { a: '1' } } },
    ];
    for (const rest of bad) await t.assert.rejects(client.send(create('q', rest)), { name: 'InvalidParameterValueException' });
    await t.assert.rejects(client.send(create('q', { CapacityProviderScalingConfig: { MaxVCpuCount: 1 } })), {
      name: 'ValidationException',
    });
    await t.assert.rejects(client.send(new DeleteCapacityProviderCommand(named('none'))), {
      message: `Capacity provider not found: ${arn('capacity-provider:none')}`,
    });
  });

  test('a function that asks for one is told that there is none it could run on', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client } = desk;
    const { CapacityProvider } = await client.send(create('p'));
    const CapacityProviderArn = CapacityProvider?.CapacityProviderArn;
    await t.assert.rejects(
      client.send(
        new CreateFunctionCommand({
          FunctionName: 'f',
          Role: `arn:aws:iam::${account}:role/r`,
          Runtime: 'nodejs24.x',
          Handler: 'i.h',
          Code: { ZipFile: zip() },
          CapacityProviderConfig: { LambdaManagedInstancesCapacityProviderConfig: { CapacityProviderArn } },
        }),
      ),
      { name: 'NotImplementedException', message: /an execution environment takes one invocation at a time/ },
    );
  });
});
