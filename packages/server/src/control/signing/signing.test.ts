import { suite, test, type TestContext } from 'node:test';
import {
  CreateCodeSigningConfigCommand,
  CreateFunctionCommand,
  DeleteCodeSigningConfigCommand,
  DeleteFunctionCodeSigningConfigCommand,
  GetCodeSigningConfigCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionRecursionConfigCommand,
  GetRuntimeManagementConfigCommand,
  ListCodeSigningConfigsCommand,
  ListFunctionsByCodeSigningConfigCommand,
  ListTagsCommand,
  PutFunctionCodeSigningConfigCommand,
  PutFunctionRecursionConfigCommand,
  PutFunctionScalingConfigCommand,
  PutRuntimeManagementConfigCommand,
  UpdateCodeSigningConfigCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, zip } from '../../../../../test/kit/front-desk.ts';

const create = (rest: object = {}) =>
  new CreateFunctionCommand({
    FunctionName: 'f',
    Role: role,
    Runtime: 'nodejs24.x',
    Handler: 'i.h',
    Code: { ZipFile: zip() },
    ...rest,
  });
const profile = `arn:aws:signer:us-east-1:${account}:/signing-profiles/test`;
const config = (UntrustedArtifactOnDeployment: 'Warn' | 'Enforce', rest: object = {}) =>
  new CreateCodeSigningConfigCommand({
    AllowedPublishers: { SigningProfileVersionArns: [profile] },
    CodeSigningPolicies: { UntrustedArtifactOnDeployment },
    ...rest,
  });

suite('code signing', { timeout: 60_000 }, () => {
  test('a config is made, shown, changed, attached, listed and given up', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client } = desk;
    await client.send(create());
    await desk.control.idle();
    const made = await client.send(config('Enforce', { Description: 'd', Tags: { a: '1' } }));
    t.assert.strictEqual(made.$metadata.httpStatusCode, 201);
    const { CodeSigningConfigArn = '', CodeSigningConfigId, LastModified: _lastModified, ...rest } = made.CodeSigningConfig ?? {};
    t.assert.match(CodeSigningConfigId ?? '', /^csc-[a-z0-9]{17}$/);
    t.assert.strictEqual(CodeSigningConfigArn, arn(`code-signing-config:${CodeSigningConfigId}`));
    t.assert.deepStrictEqual(rest, {
      AllowedPublishers: { SigningProfileVersionArns: [profile] },
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Enforce' },
      Description: 'd',
    });
    t.assert.deepStrictEqual((await client.send(new ListTagsCommand({ Resource: CodeSigningConfigArn }))).Tags, { a: '1' });
    await client.send(new PutFunctionCodeSigningConfigCommand({ FunctionName: 'f', CodeSigningConfigArn }));
    const attached = await client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([attached.CodeSigningConfigArn, attached.FunctionName], [CodeSigningConfigArn, 'f']);
    t.assert.deepStrictEqual(
      (await client.send(new ListFunctionsByCodeSigningConfigCommand({ CodeSigningConfigArn }))).FunctionArns,
      [arn('function:f')],
    );
    await t.assert.rejects(client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zip('x') })), {
      name: 'CodeVerificationFailedException',
    });
    await t.assert.rejects(client.send(create({ FunctionName: 'g', CodeSigningConfigArn })), {
      name: 'CodeVerificationFailedException',
    });
    await client.send(
      new UpdateCodeSigningConfigCommand({
        CodeSigningConfigArn,
        CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' },
      }),
    );
    await client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zip('x') }));
    t.assert.strictEqual((await client.send(new ListCodeSigningConfigsCommand({}))).CodeSigningConfigs?.length, 1);
    await t.assert.rejects(client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn })), {
      name: 'ResourceConflictException',
    });
    await client.send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName: 'f' }));
    await client.send(new DeleteCodeSigningConfigCommand({ CodeSigningConfigArn }));
    await t.assert.rejects(client.send(new GetCodeSigningConfigCommand({ CodeSigningConfigArn })), {
      name: 'ResourceNotFoundException',
      message: `The Lambda code signing configuration ${CodeSigningConfigArn} can not be found.`,
    });
    await t.assert.rejects(client.send(new PutFunctionCodeSigningConfigCommand({ FunctionName: 'f', CodeSigningConfigArn })), {
      name: 'CodeSigningConfigNotFoundException',
      message: `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${CodeSigningConfigArn}.`,
    });
  });

  test('a function without one answers 200 and nothing, and giving up nothing is no error', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(create());
    const { $metadata, ...rest } = await desk.client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([$metadata.httpStatusCode, rest], [200, {}]);
    await desk.client.send(new DeleteFunctionCodeSigningConfigCommand({ FunctionName: 'f' }));
    await t.assert.rejects(desk.client.send(new GetFunctionCodeSigningConfigCommand({ FunctionName: 'no' })), {
      message: `Function not found: ${arn('function:no')}`,
    });
  });
});

suite('runtime management, recursion and scaling', { timeout: 60_000 }, () => {
  test('each is kept for the function it was set for', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client } = desk;
    await client.send(create({ Publish: true }));
    await desk.control.idle();
    const managed = (Qualifier?: string) => client.send(new GetRuntimeManagementConfigCommand({ FunctionName: 'f', Qualifier }));
    t.assert.strictEqual((await managed()).UpdateRuntimeOn, 'Auto');
    await client.send(
      new PutRuntimeManagementConfigCommand({ FunctionName: 'f', Qualifier: '1', UpdateRuntimeOn: 'FunctionUpdate' }),
    );
    t.assert.deepStrictEqual(
      [(await managed('1')).UpdateRuntimeOn, (await managed()).UpdateRuntimeOn],
      ['FunctionUpdate', 'Auto'],
    );
    await t.assert.rejects(client.send(new PutRuntimeManagementConfigCommand({ FunctionName: 'f', UpdateRuntimeOn: 'Manual' })), {
      name: 'InvalidParameterValueException',
    });
    t.assert.strictEqual(
      (await client.send(new GetFunctionRecursionConfigCommand({ FunctionName: 'f' }))).RecursiveLoop,
      'Terminate',
    );
    await client.send(new PutFunctionRecursionConfigCommand({ FunctionName: 'f', RecursiveLoop: 'Allow' }));
    t.assert.strictEqual(
      (await client.send(new GetFunctionRecursionConfigCommand({ FunctionName: 'f' }))).RecursiveLoop,
      'Allow',
    );
    t.assert.strictEqual(desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f').recursiveLoop, 'Allow');
    await t.assert.rejects(client.send(new PutFunctionScalingConfigCommand({ FunctionName: 'f', Qualifier: '1' })), {
      name: 'InvalidParameterValueException',
    });
  });
});
