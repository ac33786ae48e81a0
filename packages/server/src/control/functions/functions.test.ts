import { suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetAccountSettingsCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  ListFunctionsCommand,
  ListTagsCommand,
  PublishVersionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, zip } from '../../../../../test/kit/front-desk.ts';

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
const members = (answer: object): Record<string, unknown> => {
  const { $metadata: _metadata, ...rest } = answer as Record<string, unknown>;
  return rest;
};

suite('functions', { timeout: 60_000 }, () => {
  test('a created function shows what AWS shows, first Pending, then Active', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const created = await desk.client.send(create('f'));
    t.assert.strictEqual(created.$metadata.httpStatusCode, 201);
    const { CodeSha256, LastModified, RevisionId, ConfigSha256, RuntimeVersionConfig, ...rest } = members(created);
    t.assert.match(String(LastModified), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/);
    t.assert.match(JSON.stringify(RuntimeVersionConfig), /arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}/);
    t.assert.deepStrictEqual(rest, {
      Architectures: ['x86_64'],
      CodeSize: 6,
      Description: '',
      EphemeralStorage: { Size: 512 },
      FunctionArn: arn('function:f'),
      FunctionName: 'f',
      Handler: 'index.handler',
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/f' },
      MemorySize: 128,
      PackageType: 'Zip',
      Role: role,
      Runtime: 'nodejs24.x',
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
      Timeout: 3,
      TracingConfig: { Mode: 'PassThrough' },
      Version: '$LATEST',
    });
    await active(desk.client, 'f');
    const got = await desk.client.send(new GetFunctionCommand({ FunctionName: 'f' }));
    t.assert.notStrictEqual(got.Configuration?.RevisionId, RevisionId);
    t.assert.strictEqual(got.Configuration?.LastUpdateStatus, 'Successful');
    t.assert.strictEqual(got.Configuration?.StateReason, undefined);
    t.assert.strictEqual(got.Configuration?.CodeSha256, CodeSha256);
    t.assert.strictEqual(got.Configuration?.ConfigSha256, ConfigSha256);
    t.assert.strictEqual(got.Code?.RepositoryType, 'S3');
    t.assert.strictEqual(got.Tags, undefined);
    t.assert.strictEqual(got.Concurrency, undefined);
    const listed = (await desk.client.send(new ListFunctionsCommand({}))).Functions?.[0] ?? {};
    for (const absent of ['State', 'LastUpdateStatus', 'RuntimeVersionConfig']) t.assert.ok(!(absent in listed));
  });

  test('every form of a name reaches the function, and no other account or region does', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(create('f', { Publish: true }));
    const named = (FunctionName: string, Qualifier?: string) =>
      desk.client.send(new GetFunctionConfigurationCommand({ FunctionName, Qualifier }));
    for (const form of ['f', 'function:f', `${account}:function:f`, `us-east-1:${account}:function:f`, arn('function:f')])
      t.assert.strictEqual((await named(form)).FunctionArn, arn('function:f'));
    for (const form of ['f:1', `${account}:function:f:1`, arn('function:f:1')])
      t.assert.strictEqual((await named(form)).FunctionArn, arn('function:f:1'));
    t.assert.strictEqual((await named('f:1', '1')).Version, '1');
    await t.assert.rejects(named('f:1', '2'), {
      name: 'InvalidParameterValueException',
      message: 'The derived qualifier from the function name does not match the specified qualifier.',
    });
    await t.assert.rejects(named(`arn:aws:lambda:eu-west-1:${account}:function:f`), {
      name: 'ResourceNotFoundException',
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    });
    await t.assert.rejects(named('arn:aws:lambda:us-east-1:222222222222:function:f'), { name: 'AccessDeniedException' });
    await t.assert.rejects(desk.clientFor('222222222222').send(new GetFunctionCommand({ FunctionName: 'f' })), {
      message: 'Function not found: arn:aws:lambda:us-east-1:222222222222:function:f',
    });
    await t.assert.rejects(named('f', '7'), {
      name: 'ResourceNotFoundException',
      message: `Function not found: ${arn('function:f:7')}`,
    });
  });

  test('while its runtime is fetched a function is Pending and refuses to be called or changed', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client, control } = desk;
    await client.send(create('f', { Runtime: 'python3.13' }));
    const pending = {
      name: 'ResourceConflictException',
      message: 'The operation cannot be performed at this time. The function is currently in the following state: Pending',
    };
    await t.assert.rejects(client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Timeout: 4 })), pending);
    await t.assert.rejects(client.send(new PublishVersionCommand({ FunctionName: 'f' })), pending);
    t.assert.throws(() => control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f'), pending);
    desk.runtimes.arrive();
    await active(client, 'f');
    t.assert.strictEqual(control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f').version.runtime, 'python3.13');
  });

  test('a runtime that cannot be fetched leaves the function Failed, with the reason', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(create('f', { Runtime: 'python3.13' }));
    desk.runtimes.fail(new Error('the shelf is empty'));
    await desk.control.idle();
    const got = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    t.assert.strictEqual(got.State, 'Failed');
    t.assert.strictEqual(got.StateReasonCode, 'InvalidRuntime');
    t.assert.match(got.StateReason ?? '', /the shelf is empty/);
  });

  test('runtimes that never were, are blocked or are missing here are refused, each in its words', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await t.assert.rejects(desk.client.send(create('f', { Runtime: 'cobol1' as 'nodejs24.x' })), {
      name: 'InvalidParameterValueException',
      message:
        /^Value cobol1 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[nodejs20\.x, .*\] or be a valid ARN$/,
    });
    await t.assert.rejects(desk.client.send(create('f', { Runtime: 'go1.x' })), {
      message: /^The runtime parameter of go1\.x is no longer supported/,
    });
    await t.assert.rejects(desk.client.send(create('f', { Runtime: 'java21' })), { message: /Install java21\./ });
  });

  test('an update is InProgress, keeps the old code in service, and refuses another', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const { client, control } = desk;
    const resolved = () => control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f').version;
    await client.send(create('f'));
    await active(client, 'f');
    const before = resolved();
    const updated = await client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Runtime: 'python3.13', Timeout: 9 }),
    );
    t.assert.strictEqual(updated.LastUpdateStatus, 'InProgress');
    t.assert.strictEqual(updated.LastUpdateStatusReason, 'The function is being created.');
    t.assert.strictEqual(updated.State, 'Active');
    t.assert.strictEqual(resolved().incarnation, before.incarnation);
    t.assert.strictEqual(resolved().timeoutMs, 3000);
    await t.assert.rejects(client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zip('new') })), {
      name: 'ResourceConflictException',
      message: `The operation cannot be performed at this time. An update is in progress for resource: ${arn('function:f')}`,
    });
    await t.assert.rejects(client.send(new TagResourceCommand({ Resource: arn('function:f'), Tags: { a: '1' } })), {
      message: /An update is in progress/,
    });
    desk.runtimes.arrive();
    await control.idle();
    t.assert.notStrictEqual(resolved().incarnation, before.incarnation);
    t.assert.strictEqual(resolved().timeoutMs, 9000);
    const same = await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Timeout: 9 }));
    t.assert.strictEqual(same.LastUpdateStatus, 'InProgress');
    const warm = resolved().incarnation;
    await control.idle();
    t.assert.strictEqual(resolved().incarnation, warm);
  });

  test('a failed update tells why, and the old code goes on', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(create('f'));
    await desk.control.idle();
    await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Runtime: 'python3.13' }));
    desk.runtimes.fail(new Error('no'));
    await desk.control.idle();
    const got = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual(
      [got.State, got.LastUpdateStatus, got.LastUpdateStatusReasonCode],
      ['Active', 'Failed', 'InvalidRuntime'],
    );
    t.assert.strictEqual(
      desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f').version.runtime,
      'nodejs24.x',
    );
    await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Runtime: 'nodejs22.x' }));
    await desk.control.idle();
    t.assert.strictEqual(
      desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f').version.runtime,
      'nodejs22.x',
    );
  });

  test('what is left out of an update stays, what is given empty goes', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const update = async (change: object) => {
      await desk.control.idle();
      return desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', ...change }));
    };
    await desk.client.send(
      create('f', {
        Environment: { Variables: { AA: '1' } },
        DeadLetterConfig: { TargetArn: 'arn:aws:sqs:us-east-1:111111111111:q' },
        Description: 'd',
      }),
    );
    const kept = await update({ MemorySize: 512 });
    t.assert.deepStrictEqual([kept.Environment, kept.Description, kept.MemorySize], [{ Variables: { AA: '1' } }, 'd', 512]);
    t.assert.deepStrictEqual((await update({ Environment: {} })).Environment, { Variables: {} });
    t.assert.strictEqual((await update({ DeadLetterConfig: { TargetArn: '' } })).DeadLetterConfig, undefined);
    t.assert.deepStrictEqual((await update({ LoggingConfig: { LogFormat: 'JSON' } })).LoggingConfig, {
      LogFormat: 'JSON',
      ApplicationLogLevel: 'INFO',
      SystemLogLevel: 'INFO',
      LogGroup: '/aws/lambda/f',
    });
    t.assert.deepStrictEqual((await update({ LoggingConfig: { LogGroup: 'mine' } })).LoggingConfig?.ApplicationLogLevel, 'INFO');
  });

  test('a stale revision, a dry run and an archive that is none change nothing', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(create('f'));
    await desk.control.idle();
    const before = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    await t.assert.rejects(
      desk.client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zip('x'), RevisionId: 'other' })),
      {
        name: 'PreconditionFailedException',
        message:
          'The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id',
      },
    );
    await t.assert.rejects(desk.client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: Buffer.from('text') })), {
      message: 'Could not unzip uploaded file. Please check your file, then try to upload again.',
    });
    const dry = await desk.client.send(new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zip('x'), DryRun: true }));
    t.assert.notStrictEqual(dry.CodeSha256, before.CodeSha256);
    const after = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual(members(after), members(before));
  });

  test('a second function of a name is refused, also when both come at once', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const both = await Promise.allSettled([desk.client.send(create('f')), desk.client.send(create('f'))]);
    t.assert.deepStrictEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    await t.assert.rejects(desk.client.send(create('f')), {
      name: 'ResourceConflictException',
      message: 'Function already exist: f',
    });
  });

  test('wrong settings are told in the words of Lambda', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const refused = (rest: Partial<CreateFunctionCommandInput>, error: object) =>
      t.assert.rejects(desk.client.send(create('f', rest)), error);
    await refused(
      { FunctionName: 'x'.repeat(65) },
      {
        name: 'InvalidParameterValueException',
        message: `1 validation error detected: Value '${'x'.repeat(65)}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
      },
    );
    await refused(
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      { message: /Reserved keys used in this request: AWS_REGION$/ },
    );
    await refused(
      { Environment: { Variables: { SMALL: 'ok', BIG: 'x'.repeat(4096) } } },
      {
        message: /exceeded the 4KB limit\. String measured: \{"SMALL":"ok","BIG":"x+"\}$/,
      },
    );
    await refused(
      { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`k${i}`, 'v'])) },
      { message: 'Number of tags exceeds resource tag limit.' },
    );
    for (const key of ['aws:cloudformation:stack-name', 'AWS:x']) {
      await refused(
        { Tags: { [key]: 'v' } },
        { name: 'InvalidParameterValueException', message: new RegExp(`reserved.*${key}`) },
      );
    }
    await refused({ Timeout: 901 }, { name: 'ValidationException', message: /less than or equal to 900$/ });
    await refused({ Runtime: undefined }, { message: /^Runtime and Handler are mandatory/ });
    await refused({ Code: { S3Bucket: 'bbb', S3Key: 'k' } }, { name: 'NotImplementedException' });
    await refused({ TenancyConfig: { TenantIsolationMode: 'PER_TENANT' } }, { name: 'NotImplementedException' });
    await refused(
      {
        FileSystemConfigs: [
          {
            Arn: 'arn:aws:elasticfilesystem:us-east-1:111111111111:access-point/fsap-12345678901234567',
            LocalMountPath: '/mnt/a',
          },
        ],
      },
      { name: 'NotImplementedException' },
    );
    await refused({ DurableConfig: { ExecutionTimeout: 60 } }, { name: 'NotImplementedException' });
    await refused({ Code: {} }, { message: 'Please provide a source for function code.' });
    await refused(
      { Code: { ImageUri: 'x' }, PackageType: 'Image', Runtime: undefined, Handler: undefined },
      { name: 'NotImplementedException' },
    );
  });

  test('pages of a list hold together while functions come and go', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    for (const name of ['a', 'b', 'd', 'e']) await desk.client.send(create(name));
    const first = await desk.client.send(new ListFunctionsCommand({ MaxItems: 2 }));
    t.assert.deepStrictEqual(
      first.Functions?.map((f) => f.FunctionName),
      ['a', 'b'],
    );
    await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'b' }));
    await desk.client.send(create('c'));
    const second = await desk.client.send(new ListFunctionsCommand({ MaxItems: 2, Marker: first.NextMarker }));
    t.assert.deepStrictEqual(
      second.Functions?.map((f) => f.FunctionName),
      ['c', 'd'],
    );
    const last = await desk.client.send(new ListFunctionsCommand({ MaxItems: 2, Marker: second.NextMarker }));
    t.assert.deepStrictEqual([last.Functions?.map((f) => f.FunctionName), last.NextMarker], [['e'], undefined]);
    await t.assert.rejects(desk.client.send(new ListFunctionsCommand({ Marker: 'bm9uc2Vuc2U' })), {
      name: 'InvalidParameterValueException',
    });
  });

  test('deleting answers 204 and takes everything along', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(create('f', { Publish: true }));
    for (const [Qualifier, message] of [
      ['$LATEST', '$LATEST version cannot be deleted without deleting the function.'],
      ['live', 'Deletion of aliases is not currently supported.'],
    ] as const)
      await t.assert.rejects(desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f', Qualifier })), { message });
    const gone = await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
    t.assert.strictEqual(gone.StatusCode, 204);
    await t.assert.rejects(desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f', Qualifier: '1' })), {
      message: `Function not found: ${arn('function:f')}`,
    });
    t.assert.strictEqual((await desk.database.all('SELECT * FROM control_record')).length, 0);
    await desk.client.send(create('f', { Publish: true }));
    const again = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f', Qualifier: '1' }));
    t.assert.strictEqual(again.Version, '1');
  });

  test('tags are kept, counted and shown', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(create('f', { Tags: { a: '1' } }));
    await desk.client.send(new TagResourceCommand({ Resource: arn('function:f'), Tags: { b: '2' } }));
    await desk.client.send(new UntagResourceCommand({ Resource: arn('function:f'), TagKeys: ['a', 'none'] }));
    t.assert.deepStrictEqual((await desk.client.send(new ListTagsCommand({ Resource: arn('function:f') }))).Tags, { b: '2' });
    t.assert.deepStrictEqual((await desk.client.send(new GetFunctionCommand({ FunctionName: 'f' }))).Tags, { b: '2' });
    await t.assert.rejects(desk.client.send(new TagResourceCommand({ Resource: arn('function:f'), Tags: {} })), {
      message: 'An error occurred and the request cannot be processed.',
    });
    await t.assert.rejects(desk.client.send(new ListTagsCommand({ Resource: arn('function:f:$LATEST') })), {
      message: 'Tags on function aliases and versions are not supported. Please specify a function ARN.',
    });
    await t.assert.rejects(desk.client.send(new ListTagsCommand({ Resource: arn('function:none') })), {
      message: `Function not found: ${arn('function:none')}`,
    });
  });

  test('the account settings count what is there', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    await desk.client.send(create('f', { Publish: true }));
    await desk.client.send(create('g'));
    const settings = await desk.client.send(new GetAccountSettingsCommand({}));
    t.assert.deepStrictEqual(settings.AccountUsage, { TotalCodeSize: 18, FunctionCount: 2 });
    t.assert.strictEqual(settings.AccountLimit?.UnreservedConcurrentExecutions, 1000);
  });

  test('an account that is full takes no more code', async (t: TestContext) => {
    await using desk = await openFrontDesk({ limits: { codeStorageBytes: 10 } });
    await desk.client.send(create('f'));
    await t.assert.rejects(desk.client.send(create('g')), { name: 'CodeStorageExceededException' });
  });
});
