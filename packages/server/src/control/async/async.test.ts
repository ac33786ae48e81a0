import { suite, test, type TestContext } from 'node:test';
import {
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteFunctionEventInvokeConfigCommand,
  GetFunctionEventInvokeConfigCommand,
  ListFunctionEventInvokeConfigsCommand,
  PutFunctionEventInvokeConfigCommand,
  UpdateFunctionEventInvokeConfigCommand,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, zip, type FrontDesk } from '../../../../../test/kit/front-desk.ts';

async function openWithFunctions(): Promise<FrontDesk> {
  const desk = await openFrontDesk();
  for (const FunctionName of ['f', 'g'])
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
  await desk.client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
  return desk;
}
const put = (rest: object) => new PutFunctionEventInvokeConfigCommand({ FunctionName: 'f', ...rest });
const to = (Destination: string) => ({ DestinationConfig: { OnSuccess: { Destination } } });

suite('asynchronous configuration', { timeout: 60_000 }, () => {
  test('putting replaces all, updating merges, and the catalog knows', async (t: TestContext) => {
    await using desk = await openWithFunctions();
    const first = await desk.client.send(
      put({ MaximumEventAgeInSeconds: 60, MaximumRetryAttempts: 2, ...to(arn('function:g')) }),
    );
    t.assert.ok(first.LastModified instanceof Date);
    t.assert.deepStrictEqual(
      [first.FunctionArn, first.DestinationConfig],
      [arn('function:f:$LATEST'), { OnSuccess: { Destination: arn('function:g') }, OnFailure: {} }],
    );
    const second = await desk.client.send(put({ MaximumRetryAttempts: 0 }));
    t.assert.deepStrictEqual(
      [second.MaximumEventAgeInSeconds, second.DestinationConfig],
      [undefined, { OnSuccess: {}, OnFailure: {} }],
    );
    const third = await desk.client.send(
      new UpdateFunctionEventInvokeConfigCommand({ FunctionName: 'f', MaximumEventAgeInSeconds: 90 }),
    );
    t.assert.deepStrictEqual([third.MaximumEventAgeInSeconds, third.MaximumRetryAttempts], [90, 0]);
    const resolve = (qualifier?: string) =>
      desk.control.catalog.resolve(account as AccountId, 'us-east-1' as Region, 'f', qualifier).eventInvoke;
    t.assert.deepStrictEqual(resolve(), { maximumRetryAttempts: 0, maximumEventAgeMs: 90_000 });
    t.assert.strictEqual(resolve('live'), undefined);
    await desk.client.send(put({ Qualifier: 'live', MaximumRetryAttempts: 1 }));
    t.assert.deepStrictEqual(resolve('live'), { maximumRetryAttempts: 1, maximumEventAgeMs: 21_600_000 });
    const listed = await desk.client.send(new ListFunctionEventInvokeConfigsCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual(
      listed.FunctionEventInvokeConfigs?.map((config) => config.FunctionArn),
      [arn('function:f:$LATEST'), arn('function:f:live')],
    );
  });

  test('refusals have the words of Lambda', async (t: TestContext) => {
    await using desk = await openWithFunctions();
    const refused = (rest: object, message: string) => t.assert.rejects(desk.client.send(put(rest)), { message });
    await refused({}, 'You must specify at least one of error handling or destination setting.');
    await refused(to(arn('function:none')), `The destination ARN ${arn('function:none')} is invalid.`);
    await refused(to(arn('function:f')), "You can't specify the function as a destination for itself.");
    const iam = `arn:aws:iam:us-east-1:${account}:function:f`;
    await refused(
      to(iam),
      `The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=${iam}), onFailure=null) is invalid.`,
    );
    await refused({ FunctionName: 'none', MaximumRetryAttempts: 0 }, "The function doesn't exist.");
    await refused({ Qualifier: 'no', MaximumRetryAttempts: 0 }, "The function doesn't exist.");
    await desk.client.send(put({ DestinationConfig: { OnSuccess: {} } }));
    await desk.client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName: 'f' }));
    const missing = {
      name: 'ResourceNotFoundException',
      message: `The function ${arn('function:f:$LATEST')} doesn't have an EventInvokeConfig`,
    };
    await t.assert.rejects(desk.client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: 'f' })), missing);
    await t.assert.rejects(desk.client.send(new DeleteFunctionEventInvokeConfigCommand({ FunctionName: 'f' })), missing);
    await t.assert.rejects(
      desk.client.send(new UpdateFunctionEventInvokeConfigCommand({ FunctionName: 'f', MaximumRetryAttempts: 0 })),
      missing,
    );
  });
});
