import { suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  ListFunctionsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  DeleteFunctionCommand,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, zip, type FrontDesk } from '../../../../../test/kit/front-desk.ts';

async function openWithFunction(rest: object = {}): Promise<FrontDesk> {
  const desk = await openFrontDesk();
  await desk.client.send(
    new CreateFunctionCommand({
      FunctionName: 'f',
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'i.h',
      Code: { ZipFile: zip() },
      ...rest,
    }),
  );
  await desk.control.idle();
  return desk;
}

suite('versions', { timeout: 60_000 }, () => {
  test('publishing copies $LATEST; publishing it again is the same version', async (t: TestContext) => {
    await using desk = await openWithFunction({ Description: 'first' });
    const one = await desk.client.send(new PublishVersionCommand({ FunctionName: 'f', Description: 'v1' }));
    t.assert.strictEqual(one.$metadata.httpStatusCode, 201);
    t.assert.deepStrictEqual(
      [one.Version, one.FunctionArn, one.Description, one.State, one.LastUpdateStatus],
      ['1', arn('function:f:1'), 'v1', 'Active', 'Successful'],
    );
    const again = await desk.client.send(new PublishVersionCommand({ FunctionName: 'f', Description: 'other' }));
    t.assert.deepStrictEqual([again.Version, again.RevisionId], ['1', one.RevisionId]);
    await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', MemorySize: 256 }));
    await desk.control.idle();
    const two = await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([two.Version, two.MemorySize, two.Description], ['2', 256, 'first']);
    const old = await desk.client.send(new GetFunctionCommand({ FunctionName: 'f', Qualifier: '1' }));
    t.assert.strictEqual(old.Configuration?.MemorySize, 128);
  });

  test('a publish is guarded by hash and revision', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const { CodeSha256 } = (await desk.client.send(new GetFunctionCommand({ FunctionName: 'f' }))).Configuration ?? {};
    await t.assert.rejects(desk.client.send(new PublishVersionCommand({ FunctionName: 'f', CodeSha256: 'abc' })), {
      name: 'InvalidParameterValueException',
      message: `CodeSHA256 (abc) is different from current CodeSHA256 in $LATEST (${CodeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
    });
    await t.assert.rejects(desk.client.send(new PublishVersionCommand({ FunctionName: 'f', RevisionId: 'x' })), {
      name: 'PreconditionFailedException',
    });
    await t.assert.rejects(desk.client.send(new PublishVersionCommand({ FunctionName: 'f:1' })), {
      message: /^This operation is permitted on Lambda functions only/,
    });
  });

  test('an update that publishes answers with the new version, Pending', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const updated = await desk.client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'f', ZipFile: zip('two'), Publish: true }),
    );
    t.assert.deepStrictEqual(
      [updated.Version, updated.FunctionArn, updated.State, updated.StateReasonCode, updated.LastUpdateStatus],
      ['1', arn('function:f:1'), 'Pending', 'Creating', undefined],
    );
    await desk.control.idle();
    const one = desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f', '1');
    const latest = desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f');
    t.assert.strictEqual(one.version.codeSha256, latest.version.codeSha256);
    t.assert.notStrictEqual(one.version.incarnation, latest.version.incarnation);
  });

  test('what an update could not prepare is not published as if it worked', async (t: TestContext) => {
    await using desk = await openWithFunction();
    await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Runtime: 'python3.13' }));
    desk.runtimes.fail(new Error('no'));
    await desk.control.idle();
    const published = await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([published.Version, published.State], ['1', 'Pending']);
    desk.runtimes.arrive();
    await desk.control.idle();
    t.assert.strictEqual(
      desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f', '1').version.runtime,
      'python3.13',
    );
  });

  test('a function created with Publish has version 1 and answers with the unqualified ARN', async (t: TestContext) => {
    await using desk = await openFrontDesk();
    const created = await desk.client.send(
      new CreateFunctionCommand({
        FunctionName: 'f',
        Role: role,
        Runtime: 'nodejs24.x',
        Handler: 'i.h',
        Code: { ZipFile: zip() },
        Publish: true,
      }),
    );
    t.assert.deepStrictEqual([created.Version, created.FunctionArn], ['1', arn('function:f')]);
    const all = await desk.client.send(new ListFunctionsCommand({ FunctionVersion: 'ALL' }));
    t.assert.deepStrictEqual(
      all.Functions?.map((f) => f.FunctionArn),
      [arn('function:f:$LATEST'), arn('function:f:1')],
    );
  });

  test('versions are listed from $LATEST through the oldest to the newest, in pages, and numbers are not used twice', async (t: TestContext) => {
    await using desk = await openWithFunction();
    for (let n = 1; n <= 11; n += 1) {
      await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Description: `d${n}` }));
      await desk.control.idle();
      await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    }
    await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f', Qualifier: '11' }));
    const next = await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    t.assert.strictEqual(next.Version, '12');
    const versions: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page = await desk.client.send(new ListVersionsByFunctionCommand({ FunctionName: 'f', MaxItems: 5, Marker }));
      versions.push(...(page.Versions ?? []).map(({ Version }) => Version));
      Marker = page.NextMarker;
    } while (Marker !== undefined);
    t.assert.deepStrictEqual(versions, ['$LATEST', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '12']);
  });

  test('$LATEST.PUBLISHED is what was published to it last', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const resolve = () =>
      desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f', '$LATEST.PUBLISHED').version.version;
    t.assert.throws(resolve, { name: 'NoPublishedVersionException' });
    await desk.client.send(new PublishVersionCommand({ FunctionName: 'f', PublishTo: 'LATEST_PUBLISHED' }));
    t.assert.strictEqual(resolve(), '1');
  });
});
