import { suite, test, type TestContext } from 'node:test';
import {
  AddLayerVersionPermissionCommand,
  CreateFunctionCommand,
  DeleteLayerVersionCommand,
  GetFunctionConfigurationCommand,
  GetLayerVersionByArnCommand,
  GetLayerVersionCommand,
  GetLayerVersionPolicyCommand,
  ListLayersCommand,
  ListLayerVersionsCommand,
  PublishLayerVersionCommand,
  RemoveLayerVersionPermissionCommand,
  UpdateFunctionConfigurationCommand,
  type LambdaClient,
  type PublishLayerVersionCommandInput,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, zip } from '../../../../../test/kit/front-desk.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';

const publish = (LayerName: string, rest: Partial<PublishLayerVersionCommandInput> = {}) =>
  new PublishLayerVersionCommand({ LayerName, Content: { ZipFile: zip(LayerName) }, ...rest });
const create = (client: LambdaClient, Layers: string[], FunctionName = 'f') =>
  client.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'i.h',
      Code: { ZipFile: zip() },
      Layers,
    }),
  );

suite('layers', { timeout: 60_000 }, () => {
  test('a published layer has a number, a hash and a place', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { $metadata, CreatedDate, Content, ...rest } = await desk.client.send(
      publish('l', { CompatibleRuntimes: ['python3.12'], CompatibleArchitectures: ['x86_64'] }),
    );
    t.assert.strictEqual($metadata.httpStatusCode, 201);
    t.assert.match(CreatedDate ?? '', /\+0000$/);
    t.assert.deepStrictEqual(Object.keys(Content ?? {}).sort(), ['CodeSha256', 'CodeSize', 'Location']);
    t.assert.deepStrictEqual(rest, {
      CompatibleArchitectures: ['x86_64'],
      CompatibleRuntimes: ['python3.12'],
      Description: '',
      LayerArn: arn('layer:l'),
      LayerVersionArn: arn('layer:l:1'),
      Version: 1,
    });
    const byArn = await desk.client.send(new GetLayerVersionByArnCommand({ Arn: arn('layer:l:1') }));
    t.assert.strictEqual(byArn.LayerVersionArn, arn('layer:l:1'));
  });

  test('numbers go on after a deletion, newest are listed first, and filters hold', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client } = desk;
    for (const runtime of ['python3.12', 'nodejs24.x', 'nodejs24.x'] as const)
      await client.send(publish('l', { CompatibleRuntimes: [runtime] }));
    for (let time = 0; time < 2; time += 1)
      t.assert.strictEqual(
        (await client.send(new DeleteLayerVersionCommand({ LayerName: 'l', VersionNumber: 3 }))).$metadata.httpStatusCode,
        204,
      );
    t.assert.strictEqual((await client.send(publish('l'))).Version, 4);
    const versions = async (rest: object) =>
      (await client.send(new ListLayerVersionsCommand({ LayerName: 'l', ...rest }))).LayerVersions?.map(({ Version }) => Version);
    t.assert.deepStrictEqual(await versions({}), [4, 2, 1]);
    t.assert.deepStrictEqual(await versions({ CompatibleRuntime: 'nodejs24.x' }), [2]);
    const listed = (await client.send(new ListLayersCommand({ CompatibleRuntime: 'python3.12' }))).Layers?.[0];
    t.assert.deepStrictEqual([listed?.LayerName, listed?.LatestMatchingVersion?.Version], ['l', 1]);
    const first = await client.send(new ListLayerVersionsCommand({ LayerName: 'l', MaxItems: 2 }));
    t.assert.deepStrictEqual(await versions({ Marker: first.NextMarker }), [1]);
  });

  test('a function has its layers in order, merged, and keeps them when they are deleted', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    {
      await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
      await desk.client.send(publish('a'));
      await desk.client.send(publish('b'));
      const made = await create(desk.client, [arn('layer:b:1'), arn('layer:a:1')]);
      t.assert.deepStrictEqual(made.Layers, [
        { Arn: arn('layer:b:1'), CodeSize: 3 },
        { Arn: arn('layer:a:1'), CodeSize: 3 },
      ]);
      await desk.control.idle();
      await desk.client.send(new DeleteLayerVersionCommand({ LayerName: 'a', VersionNumber: 1 }));
      await t.assert.rejects(create(desk.client, [arn('layer:a:1')], 'g'), {
        message: `Layer version ${arn('layer:a:1')} does not exist.`,
      });
    }
    await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
    const { version } = desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f');
    t.assert.deepStrictEqual(desk.code.merged, [version.layers?.map((layer) => layer.codeSha256)]);
    t.assert.strictEqual(version.layersDir, `/layers/${account}/${desk.code.merged[0]?.join('+')}`);
    // Its own code and both layers are still in use.
    t.assert.strictEqual(desk.code.swept?.get(account as AccountId)?.size, 3);
    await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Layers: [] }));
    await desk.control.idle();
    t.assert.strictEqual((await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }))).Layers, undefined);
  });

  test('layers that do not fit are refused in the words of Lambda', async (t: TestContext) => {
    await using desk = await openFrontDesk({ limits: { unzippedBytes: 30 } });
    const { client } = desk;
    for (let n = 0; n < 6; n += 1) await client.send(publish(`l${n}`));
    await client.send(publish('l0'));
    const refused = async (layers: string[], message: string) =>
      t.assert.rejects(create(client, layers), { name: 'InvalidParameterValueException', message });
    await refused(
      Array.from({ length: 6 }, (_, n) => arn(`layer:l${n}:1`)),
      'Cannot reference more than 5 layers.',
    );
    await refused(
      [arn('layer:l0:1'), arn('layer:l0:2')],
      `Two different versions of the same layer are not allowed to be referenced in the same function. ${arn('layer:l0:1')} and ${arn('layer:l0:2')} are versions of the same layer.`,
    );
    await refused([arn('layer:none:1')], `Layer version ${arn('layer:none:1')} does not exist.`);
    await refused(
      [`arn:aws:lambda:eu-west-1:${account}:layer:l0:1`],
      'Layers are not in the same region as the function. Layers are expected to be in region us-east-1.',
    );
    // 12 bytes of code and three layers of 8 each.
    await refused(
      [0, 1, 2].map((n) => arn(`layer:l${n}:1`)),
      'Function code combined with layers exceeds the maximum allowed size of 30 bytes. The actual size is 36 bytes.',
    );
  });

  test('unknown versions and numbers below one are told apart', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(publish('l'));
    for (const VersionNumber of [0, -1])
      await t.assert.rejects(desk.client.send(new GetLayerVersionCommand({ LayerName: 'l', VersionNumber })), {
        message: 'Layer Version Cannot be less than 1',
      });
    await t.assert.rejects(desk.client.send(new GetLayerVersionCommand({ LayerName: 'l', VersionNumber: 2 })), {
      name: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
    });
    await t.assert.rejects(desk.client.send(new GetLayerVersionPolicyCommand({ LayerName: 'l', VersionNumber: 2 })), {
      message: `Layer version ${arn('layer:l:2')} does not exist.`,
    });
  });

  test('a layer is shared with other accounts by its policy alone', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const other = desk.clientFor('222222222222');
    await desk.client.send(publish('l'));
    const at = { LayerName: 'l', VersionNumber: 1 };
    await t.assert.rejects(create(other, [arn('layer:l:1')]), { name: 'AccessDeniedException' });
    const added = await desk.client.send(
      new AddLayerVersionPermissionCommand({
        ...at,
        StatementId: 's1',
        Action: 'lambda:GetLayerVersion',
        Principal: '222222222222',
      }),
    );
    t.assert.strictEqual(
      added.Statement,
      `{"Sid":"s1","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},"Action":"lambda:GetLayerVersion","Resource":"${arn('layer:l:1')}"}`,
    );
    await create(other, [arn('layer:l:1')]);
    const read = await other.send(new GetLayerVersionCommand({ LayerName: arn('layer:l'), VersionNumber: 1 }));
    t.assert.strictEqual(read.LayerVersionArn, arn('layer:l:1'));
    const policy = await desk.client.send(new GetLayerVersionPolicyCommand(at));
    t.assert.strictEqual(policy.Policy, `{"Version":"2012-10-17","Id":"default","Statement":[${added.Statement}]}`);
    t.assert.strictEqual(policy.RevisionId, added.RevisionId);
    await t.assert.rejects(
      desk.client.send(
        new AddLayerVersionPermissionCommand({ ...at, StatementId: 's1', Action: 'lambda:GetLayerVersion', Principal: '*' }),
      ),
      {
        message:
          'The statement id (s1) provided already exists. Please provide a new statement id, or remove the existing statement.',
      },
    );
    await t.assert.rejects(
      desk.client.send(new RemoveLayerVersionPermissionCommand({ ...at, StatementId: 's1', RevisionId: 'x' })),
      {
        name: 'PreconditionFailedException',
        message: /Call the GetLayerPolicy API/,
      },
    );
    await t.assert.rejects(desk.client.send(new RemoveLayerVersionPermissionCommand({ ...at, StatementId: 'no' })), {
      message: 'Statement no is not found in resource policy.',
    });
    await desk.client.send(new RemoveLayerVersionPermissionCommand({ ...at, StatementId: 's1' }));
    await t.assert.rejects(desk.client.send(new GetLayerVersionPolicyCommand(at)), {
      message: 'No policy is associated with the given resource.',
    });
  });
});
