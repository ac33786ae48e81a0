import { suite, test, type TestContext } from 'node:test';
import {
  CreateCodeSigningConfigCommand,
  CreateFunctionCommand,
  DeleteCodeSigningConfigCommand,
  DeleteFunctionCodeSigningConfigCommand,
  GetCodeSigningConfigCommand,
  GetFunctionCodeSigningConfigCommand,
  GetFunctionConfigurationCommand,
  GetFunctionRecursionConfigCommand,
  GetRuntimeManagementConfigCommand,
  ListCodeSigningConfigsCommand,
  ListFunctionsByCodeSigningConfigCommand,
  ListTagsCommand,
  PublishLayerVersionCommand,
  PutFunctionCodeSigningConfigCommand,
  PutFunctionRecursionConfigCommand,
  PutFunctionScalingConfigCommand,
  PutRuntimeManagementConfigCommand,
  UpdateCodeSigningConfigCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import type { AccountId, Fact, Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, zip } from '../../../../../test/kit/front-desk.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';

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

suite('signatures', { timeout: 60_000 }, () => {
  const day = 86_400_000;
  const other = `${profile}/other`;
  /** Text of an archive → who signed it, and until when that is trusted. */
  const signed: Readonly<Record<string, { readonly by: string; readonly job: string; readonly untilMs: number }>> = {
    'PK good': { by: profile, job: 'good', untilMs: day },
    'PK other': { by: other, job: 'other', untilMs: day },
    'PK revoked': { by: profile, job: 'revoked', untilMs: day },
  };
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

  async function openDesk() {
    const facts: Fact[] = [];
    const clock = new VirtualClock({ epochMs: 0 });
    const desk = await openFrontDesk({
      clock,
      ports: {
        recorder: { record: (fact) => void facts.push(fact) },
        signatures: {
          read: (signature) => {
            const { by, job, untilMs } = signed[signature] ?? {};
            if (by === undefined || job === undefined || untilMs === undefined) return undefined;
            return { manifestSha256: signature, profileVersionArn: by, jobArn: job, signedAtMs: 0, expiresAtMs: untilMs };
          },
          isRevoked: ({ jobArn }) => jobArn === 'revoked',
        },
      },
    });
    desk.code.sealOf = (bytes) =>
      text(bytes).startsWith('PK ')
        ? { signature: text(bytes), manifestSha256: text(bytes), matches: !text(bytes).includes('touched') }
        : undefined;
    const made = async (policy: 'Warn' | 'Enforce') =>
      (await desk.client.send(config(policy))).CodeSigningConfig?.CodeSigningConfigArn;
    return { desk, client: desk.client, clock, facts, enforce: await made('Enforce'), warn: await made('Warn') };
  }
  const of = (content: string, CodeSigningConfigArn?: string, rest: object = {}) =>
    create({ Code: { ZipFile: Buffer.from(content) }, CodeSigningConfigArn, ...rest });

  test('of an allowed publisher are shown and let in until they expire', async (t: TestContext) => {
    const { desk, client, clock, enforce, facts } = await openDesk();
    await using _desk = desk;
    const made = await client.send(of('PK good', enforce));
    t.assert.deepStrictEqual([made.SigningProfileVersionArn, made.SigningJobArn], [profile, 'good']);
    await clock.advance(day - 1);
    await client.send(of('PK good', enforce, { FunctionName: 'late' }));
    t.assert.deepStrictEqual(facts, []);
    await clock.advance(1);
    await t.assert.rejects(client.send(of('PK good', enforce, { FunctionName: 'too-late' })), {
      name: 'CodeVerificationFailedException',
      message: /Check the provided signature for too-late\.$/,
    });
    // What was deployed before goes on.
    t.assert.strictEqual(
      (await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'late' }))).SigningJobArn,
      'good',
    );
  });

  for (const content of ['PK other', 'PK revoked', 'PKunsigned']) {
    test(`${content} is refused under Enforce, and told and counted under Warn`, async (t: TestContext) => {
      const { desk, client, enforce, warn, facts } = await openDesk();
      await using _desk = desk;
      await t.assert.rejects(client.send(of(content, enforce)), { name: 'CodeVerificationFailedException' });
      await client.send(of(content, warn));
      t.assert.deepStrictEqual(
        facts.map((fact) => (fact.kind === 'count' ? [fact.metric, fact.functionName, fact.value] : fact)),
        [
          ['SignatureValidationErrors', 'f', 1],
          ['SignatureValidationErrors', 'f', 1],
        ],
      );
    });
  }

  for (const content of ['PK good, touched', 'PK of nobody']) {
    test(`${content} is refused whatever the policy, where signatures are looked at`, async (t: TestContext) => {
      const { desk, client, enforce, warn } = await openDesk();
      await using _desk = desk;
      for (const arn of [enforce, warn])
        await t.assert.rejects(client.send(of(content, arn)), {
          name: 'InvalidCodeSignatureException',
          message:
            'The code signature failed the integrity check. If the integrity check fails, then Lambda blocks deployment, even if the code signing policy is set to WARN.',
        });
      const made = await client.send(of(content));
      t.assert.deepStrictEqual([made.SigningProfileVersionArn, made.SigningJobArn], [undefined, undefined]);
    });
  }

  test('are of archives: an image has no code signing config', async (t: TestContext) => {
    const { desk, client, warn } = await openDesk();
    await using _desk = desk;
    const image = { PackageType: 'Image', Runtime: undefined, Handler: undefined, Code: { ImageUri: 'r/i:1' } };
    await t.assert.rejects(client.send(create({ ...image, CodeSigningConfigArn: warn })), {
      name: 'InvalidParameterValueException',
      message: 'Code signing is not supported for functions created with container images.',
    });
  });

  test('of layers count as those of the function do', async (t: TestContext) => {
    const { desk, client, enforce } = await openDesk();
    await using _desk = desk;
    const layer = async (content: string): Promise<string> => {
      const made = await client.send(
        new PublishLayerVersionCommand({ LayerName: 'l', Content: { ZipFile: Buffer.from(content) } }),
      );
      return made.LayerVersionArn ?? '';
    };
    const [good, bad, touched] = [await layer('PK good'), await layer('PKunsigned'), await layer('PK touched')];
    const made = await client.send(of('PK good', enforce, { Layers: [good] }));
    t.assert.deepStrictEqual(
      made.Layers?.map(({ SigningProfileVersionArn, SigningJobArn }) => [SigningProfileVersionArn, SigningJobArn]),
      [[profile, 'good']],
    );
    await desk.control.idle();
    const change = (Layers: string[]) => client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Layers }));
    await t.assert.rejects(change([bad]), {
      name: 'CodeVerificationFailedException',
      message: new RegExp(`for ${bad}\\.$`),
    });
    await t.assert.rejects(change([touched]), { name: 'InvalidCodeSignatureException' });
    await change([good]);
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
