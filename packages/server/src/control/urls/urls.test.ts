import { suite, test, type TestContext } from 'node:test';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  CreateFunctionUrlConfigCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  DeleteFunctionUrlConfigCommand,
  GetFunctionUrlConfigCommand,
  ListFunctionUrlConfigsCommand,
  UpdateFunctionUrlConfigCommand,
} from '@aws-sdk/client-lambda';
import type { UrlDoorOptions } from '../../api/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { account, arn, openFrontDesk, role, zip, type FrontDesk } from '../../../../../test/kit/front-desk.ts';

async function openWithFunction(): Promise<FrontDesk> {
  const desk = await openFrontDesk();
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
  await desk.client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
  return desk;
}
const make = (rest: object = {}) => new CreateFunctionUrlConfigCommand({ FunctionName: 'f', AuthType: 'NONE', ...rest });
const idOf = (url: string | undefined): string =>
  /^https:\/\/([a-z0-9]{32})\.lambda-url\.us-east-1\.on\.aws\/$/.exec(url ?? '')?.[1] ?? '';

suite('function URLs', { timeout: 60_000 }, () => {
  test('a URL has an id that leads to its function, and answers hold what AWS answers', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const made = await desk.client.send(make());
    t.assert.strictEqual(made.$metadata.httpStatusCode, 201);
    const { $metadata: _metadata, ...shown } = made;
    t.assert.deepStrictEqual(Object.keys(shown).sort(), ['AuthType', 'CreationTime', 'FunctionArn', 'FunctionUrl']);
    const id = idOf(made.FunctionUrl);
    const urls: UrlDoorOptions['urls'] = desk.control.urls;
    t.assert.deepStrictEqual(urls.find(id), {
      id,
      authType: 'NONE',
      invokeMode: 'BUFFERED',
      account,
      region: 'us-east-1',
      functionName: 'f',
    });
    const got = await desk.client.send(new GetFunctionUrlConfigCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([got.InvokeMode, got.LastModifiedTime], ['BUFFERED', made.CreationTime]);
    const cors = { AllowOrigins: ['*'], MaxAge: 60, AllowCredentials: true };
    const updated = await desk.client.send(
      new UpdateFunctionUrlConfigCommand({ FunctionName: 'f', InvokeMode: 'RESPONSE_STREAM', Cors: cors }),
    );
    t.assert.deepStrictEqual([updated.InvokeMode, updated.AuthType, updated.Cors], ['RESPONSE_STREAM', 'NONE', cors]);
    t.assert.deepStrictEqual(desk.control.urls.find(id)?.cors, { allowOrigins: ['*'], maxAgeS: 60, allowCredentials: true });
    t.assert.strictEqual(
      (await desk.client.send(new UpdateFunctionUrlConfigCommand({ FunctionName: 'f', Cors: {} }))).Cors,
      undefined,
    );
  });

  test('the function and each alias have one, listed together; a new one has a new id', async (t: TestContext) => {
    await using desk = await openWithFunction();
    t.assert.deepStrictEqual(
      (await desk.client.send(new ListFunctionUrlConfigsCommand({ FunctionName: 'f' }))).FunctionUrlConfigs,
      [],
    );
    const first = idOf((await desk.client.send(make())).FunctionUrl);
    await desk.client.send(make({ Qualifier: 'live' }));
    await t.assert.rejects(desk.client.send(make()), {
      name: 'ResourceConflictException',
      message: `Failed to create function url config for [functionArn = ${arn('function:f')}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    });
    const listed = await desk.client.send(new ListFunctionUrlConfigsCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual(
      listed.FunctionUrlConfigs?.map(({ FunctionArn }) => FunctionArn),
      [arn('function:f'), arn('function:f:live')],
    );
    await desk.client.send(new DeleteFunctionUrlConfigCommand({ FunctionName: 'f' }));
    t.assert.strictEqual(desk.control.urls.find(first), undefined);
    t.assert.notStrictEqual(idOf((await desk.client.send(make())).FunctionUrl), first);
  });

  test('an alias that goes leaves its URL, a function that goes takes all', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const id = idOf((await desk.client.send(make({ Qualifier: 'live' }))).FunctionUrl);
    await desk.client.send(new DeleteAliasCommand({ FunctionName: 'f', Name: 'live' }));
    t.assert.strictEqual(desk.control.urls.find(id)?.qualifier, 'live');
    await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
    t.assert.strictEqual(desk.control.urls.find(id), undefined);
  });

  test('an id outlives a restart', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    let id: string;
    {
      await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
      await desk.client.send(
        new CreateFunctionCommand({
          FunctionName: 'f',
          Role: role,
          Runtime: 'nodejs24.x',
          Handler: 'i.h',
          Code: { ZipFile: zip() },
        }),
      );
      id = idOf((await desk.client.send(make({ AuthType: 'AWS_IAM' }))).FunctionUrl);
    }
    await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
    t.assert.deepStrictEqual([desk.control.urls.find(id)?.functionName, desk.control.urls.find(id)?.authType], ['f', 'AWS_IAM']);
  });

  test('what is missing is told in the words of Lambda', async (t: TestContext) => {
    await using desk = await openWithFunction();
    await t.assert.rejects(desk.client.send(new GetFunctionUrlConfigCommand({ FunctionName: 'f' })), {
      message: 'The resource you requested does not exist.',
    });
    await t.assert.rejects(desk.client.send(new ListFunctionUrlConfigsCommand({ FunctionName: 'none' })), {
      message: 'Function does not exist',
    });
    await t.assert.rejects(desk.client.send(make({ Qualifier: '1' })), { name: 'ValidationException' });
    await t.assert.rejects(desk.client.send(make({ FunctionName: `arn:aws:lambda:eu-west-1:${account}:function:f` })), {
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    });
  });
});
