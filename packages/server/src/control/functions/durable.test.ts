import { suite, test, type TestContext } from 'node:test';
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionConfigurationCommand,
  InvalidParameterValueException,
  PublishVersionCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  type DurableConfig,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { account, openFrontDesk, role, zip } from '../../../../../test/kit/front-desk.ts';
import type { AccountId, Region } from '../../base/index.ts';
import type { ControlPorts } from '../ports.ts';

const at = { account: account as AccountId, region: 'us-east-1' as Region };

async function create(client: LambdaClient, FunctionName: string, durable?: DurableConfig): Promise<void> {
  await client.send(
    new CreateFunctionCommand({
      FunctionName,
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: zip() },
      ...(durable === undefined ? {} : { DurableConfig: durable }),
    }),
  );
  await waitUntilFunctionActiveV2({ client, maxWaitTime: 20, minDelay: 0.01, maxDelay: 0.05 }, { FunctionName });
}

/** Executions under way, by version. */
const openDesk = (running: Record<string, number> = {}, ports: Partial<ControlPorts> = {}) =>
  openFrontDesk({
    ports: {
      supports: new Set(['durableExecutions']),
      executions: {
        running: (_at, _name, version) =>
          version === undefined ? Object.values(running).reduce((sum, count) => sum + count, 0) : (running[version] ?? 0),
      },
      ...ports,
    },
  });

suite('functions with durable executions', { timeout: 60_000 }, () => {
  test('a function is made durable, keeps it in its versions, and may change it', async (t: TestContext) => {
    await using desk = await openDesk();
    await create(desk.client, 'f', { ExecutionTimeout: 3600 });
    const config = async (Qualifier?: string): Promise<DurableConfig | undefined> =>
      (await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f', Qualifier }))).DurableConfig;
    t.assert.deepStrictEqual(await config(), { ExecutionTimeout: 3600, RetentionPeriodInDays: 14 });
    await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    await desk.client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'f', DurableConfig: { RetentionPeriodInDays: 90 } }),
    );
    t.assert.deepStrictEqual(await config(), { ExecutionTimeout: 3600, RetentionPeriodInDays: 90 });
    t.assert.deepStrictEqual(await config('1'), { ExecutionTimeout: 3600, RetentionPeriodInDays: 14 });
    await desk.control.idle();
    await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Timeout: 5 }));
    t.assert.deepStrictEqual(await config(), { ExecutionTimeout: 3600, RetentionPeriodInDays: 90 }, 'what is left out stays');
    const { version } = desk.control.catalog.resolve(at.account, at.region, 'f', '1');
    t.assert.deepStrictEqual(version.durable, { executionTimeoutMs: 3_600_000, retentionDays: 14 });
  });

  test('a function that was not made durable never is, and one without a time-out is not made', async (t: TestContext) => {
    await using desk = await openDesk();
    await create(desk.client, 'plain');
    await t.assert.rejects(
      desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'plain', DurableConfig: { ExecutionTimeout: 5 } })),
      InvalidParameterValueException,
    );
    await t.assert.rejects(create(desk.client, 'f', { RetentionPeriodInDays: 5 }), InvalidParameterValueException);
    await t.assert.rejects(create(desk.client, 'f', { ExecutionTimeout: 31_622_401 }), { name: 'ValidationException' });
  });

  test('a poller waits for no execution longer than 15 minutes', async (t: TestContext) => {
    await using desk = await openDesk({}, { sources: { kinds: new Set(['sqs']), check: async () => {} } });
    await create(desk.client, 'long', { ExecutionTimeout: 901 });
    await create(desk.client, 'short', { ExecutionTimeout: 900 });
    const mapped = (FunctionName: string): Promise<unknown> =>
      desk.client.send(
        new CreateEventSourceMappingCommand({ FunctionName, EventSourceArn: `arn:aws:sqs:us-east-1:${account}:q` }),
      );
    await t.assert.rejects(mapped('long'), InvalidParameterValueException);
    await mapped('short');
  });

  test('a function with executions takes no more calls when it is deleted, and goes when they have ended', async (t: TestContext) => {
    const running: Record<string, number> = { $LATEST: 1 };
    await using desk = await openDesk(running);
    await create(desk.client, 'f', { ExecutionTimeout: 60 });
    const { catalog } = desk.control;
    const answer = await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
    t.assert.strictEqual(answer.$metadata.httpStatusCode, 202);
    const { State, StateReasonCode } = await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    t.assert.deepStrictEqual([State, StateReasonCode], ['Deleting', 'DrainingDurableExecutions']);
    t.assert.throws(() => catalog.resolve(at.account, at.region, 'f'), { name: 'ResourceConflictException' });
    t.assert.strictEqual(catalog.find(at.account, at.region, 'f').version.state, 'Deleting');
    await t.assert.rejects(desk.client.send(new PublishVersionCommand({ FunctionName: 'f' })), {
      name: 'ResourceConflictException',
    });
    desk.control.drained({ ...at, functionName: 'f' });
    await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f' }));
    running['$LATEST'] = 0;
    desk.control.drained({ ...at, functionName: 'f' });
    await t.assert.rejects(desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f' })), {
      name: 'ResourceNotFoundException',
    });
  });

  test('a version with executions drains alone', async (t: TestContext) => {
    const running: Record<string, number> = { 1: 1 };
    await using desk = await openDesk(running);
    await create(desk.client, 'f', { ExecutionTimeout: 60 });
    await desk.client.send(new PublishVersionCommand({ FunctionName: 'f' }));
    await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f', Qualifier: '1' }));
    const state = async (Qualifier: string) =>
      (await desk.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'f', Qualifier }))).State;
    t.assert.deepStrictEqual([await state('$LATEST'), await state('1')], ['Active', 'Deleting']);
    running['1'] = 0;
    desk.control.drained();
    await desk.client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'f', Timeout: 9 }));
    await t.assert.rejects(state('1'), { name: 'ResourceNotFoundException' });
  });
});
