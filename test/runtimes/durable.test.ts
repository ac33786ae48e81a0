import { readFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetDurableExecutionCommand,
  GetDurableExecutionHistoryCommand,
  GetFunctionConfigurationCommand,
  InvokeCommand,
  ListDurableExecutionsByFunctionCommand,
  PublishVersionCommand,
  SendDurableExecutionCallbackFailureCommand,
  SendDurableExecutionCallbackHeartbeatCommand,
  SendDurableExecutionCallbackSuccessCommand,
  StopDurableExecutionCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
  type Event,
  type GetDurableExecutionCommandOutput,
  type InvokeCommandInput,
  type LambdaServiceException,
} from '@aws-sdk/client-lambda';
import { CreateQueueCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { built, missing, zipFolders } from './kit/artefacts.ts';
import { openHouse, uploaded, type House } from './kit/house.ts';

interface Ended {
  readonly arn: string;
  readonly answer: unknown;
  readonly error: string | undefined;
}

/** The functions of `functions/durable`, with their SDK as npm has it. */
const bundle = async (): Promise<Buffer> =>
  zipFolders({
    '': await built('durable', async ({ run }) => {
      await run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock']);
    }),
  });

type Client = House['client'];

const send = (client: Client, flow: string, event: object, more: Partial<InvokeCommandInput> = {}) =>
  client.send(
    new InvokeCommand({
      FunctionName: 'flow',
      Qualifier: '$LATEST',
      Payload: Buffer.from(JSON.stringify({ flow, ...event })),
      ...more,
    }),
  );

async function invoke(client: Client, flow: string, event: object = {}, more: Partial<InvokeCommandInput> = {}): Promise<Ended> {
  const result = await send(client, flow, event, more);
  return {
    arn: result.DurableExecutionArn ?? '',
    answer: JSON.parse(Buffer.from(result.Payload ?? []).toString('utf8')) as unknown,
    error: result.FunctionError,
  };
}

const begin = async (client: Client, flow: string, event: object = {}, more: Partial<InvokeCommandInput> = {}): Promise<string> =>
  (await send(client, flow, event, { InvocationType: 'Event', ...more })).DurableExecutionArn ?? '';

const described = (client: Client, arn: string): Promise<GetDurableExecutionCommandOutput> =>
  client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn }));

async function ended(client: Client, arn: string): Promise<GetDurableExecutionCommandOutput> {
  for (;;) {
    const execution = await described(client, arn);
    if (execution.Status !== 'RUNNING') return execution;
    await pause(50);
  }
}

const history = async (client: Client, arn: string): Promise<readonly Event[]> =>
  (await client.send(new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, MaxItems: 1000 }))).Events ?? [];

const types = async (client: Client, arn: string): Promise<string> =>
  (await history(client, arn)).map(({ EventType: type }) => type).join(' ');

/** The callback of an execution, once it is there. */
async function callbackOf(client: Client, arn: string): Promise<string> {
  for (;;) {
    for (const { CallbackStartedDetails: callback } of await history(client, arn))
      if (callback?.CallbackId !== undefined) return callback.CallbackId;
    await pause(50);
  }
}

suite('durable functions with the SDK for JavaScript', { timeout: 280_000, skip: missing('npm') }, () => {
  let house: House;
  let client: Client;
  let settings: Partial<CreateFunctionCommandInput>;

  before(async () => {
    house = await openHouse();
    client = house.client;
    const code = await uploaded(house, 'durable', await bundle());
    settings = { Code: code, Timeout: 30, MemorySize: 512 };
    await deploy(client, 'flow', {}, { ...settings, DurableConfig: { ExecutionTimeout: 60, RetentionPeriodInDays: 3 } });
    await deploy(client, 'brief', {}, { ...settings, DurableConfig: { ExecutionTimeout: 1 } });
    await deploy(client, 'year', {}, { ...settings, DurableConfig: { ExecutionTimeout: 31_622_400 } });
    await deploy(client, 'ordinary', {}, { ...settings, Handler: 'index.ordinary' });
  });
  after(() => house[Symbol.asyncDispose]());

  test('steps run once, and their history is kept', async (t: TestContext) => {
    const { arn, answer, error } = await invoke(client, 'steps', { name: 'Ada' });
    t.assert.deepEqual([answer, error], [{ greeting: 'Hello Ada', loud: 'HELLO ADA' }, undefined]);
    t.assert.match(arn, /^arn:aws:lambda:us-east-1:000000000000:function:flow:\$LATEST\/durable-execution\/[\w-]+\/[\w-]+$/);
    t.assert.equal(
      await types(client, arn),
      'ExecutionStarted StepStarted StepSucceeded StepStarted StepSucceeded InvocationCompleted ExecutionSucceeded',
    );
    const {
      $metadata: _,
      StartTimestamp: _start,
      EndTimestamp: _end,
      TraceHeader: trace,
      ...execution
    } = await described(client, arn);
    t.assert.match(trace?.XAmznTraceId ?? '', /^Root=1-/);
    t.assert.deepEqual(execution, {
      DurableExecutionArn: arn,
      DurableExecutionName: arn.split('/').at(-2),
      FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:flow:$LATEST',
      Version: '$LATEST',
      Status: 'SUCCEEDED',
      InputPayload: '{"flow":"steps","name":"Ada"}',
      Result: '{"greeting":"Hello Ada","loud":"HELLO ADA"}',
      ExecutionDataIncluded: true,
      DurableConfig: { ExecutionTimeout: 60, RetentionPeriodInDays: 3 },
    });
  });

  test('without its data an execution shows that something was left out', async (t: TestContext) => {
    const { arn } = await invoke(client, 'steps', { name: 'secret' });
    const bare = await client.send(new GetDurableExecutionCommand({ DurableExecutionArn: arn, IncludeExecutionData: false }));
    t.assert.deepEqual([bare.InputPayload, bare.Result, bare.ExecutionDataIncluded], [undefined, undefined, false]);
    const { Events: events = [] } = await client.send(
      new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, IncludeExecutionData: false }),
    );
    t.assert.doesNotMatch(JSON.stringify(events), /secret/i);
    t.assert.deepEqual(events[0]?.ExecutionStartedDetails, { Input: { Truncated: true }, ExecutionTimeout: 60 });
  });

  test('pages of a history follow on each other, from both ends', async (t: TestContext) => {
    const { arn } = await invoke(client, 'steps', { name: 'pages' });
    for (const ReverseOrder of [false, true]) {
      const seen: (number | undefined)[] = [];
      let marker: string | undefined;
      do {
        const page = await client.send(
          new GetDurableExecutionHistoryCommand({ DurableExecutionArn: arn, MaxItems: 2, ReverseOrder, Marker: marker }),
        );
        seen.push(...(page.Events ?? []).map(({ EventId: id }) => id));
        marker = page.NextMarker;
      } while (marker !== undefined);
      t.assert.deepEqual(seen, ReverseOrder ? [7, 6, 5, 4, 3, 2, 1] : [1, 2, 3, 4, 5, 6, 7]);
    }
  });

  test('a step that fails is tried again after its pause', async (t: TestContext) => {
    const { arn, answer } = await invoke(client, 'retried');
    t.assert.deepEqual(answer, { attempts: 3 });
    const events = await history(client, arn);
    const failures = events.flatMap(({ StepFailedDetails: details }) => details ?? []);
    t.assert.deepEqual(
      failures.map(({ RetryDetails: retry, Error: error }) => [retry, error?.Payload?.ErrorMessage]),
      [
        [{ CurrentAttempt: 1, NextAttemptDelaySeconds: 1 }, 'attempt 1'],
        [{ CurrentAttempt: 2, NextAttemptDelaySeconds: 1 }, 'attempt 2'],
      ],
    );
    t.assert.equal(events.filter(({ EventType: type }) => type === 'InvocationCompleted').length, 3);
  });

  test('a wait takes its time, and takes no environment', async (t: TestContext) => {
    const { arn, answer } = await invoke(client, 'waited', { seconds: 2 });
    t.assert.ok((answer as { ms: number }).ms >= 2000);
    t.assert.equal(
      await types(client, arn),
      'ExecutionStarted StepStarted StepSucceeded WaitStarted InvocationCompleted WaitSucceeded StepStarted StepSucceeded InvocationCompleted ExecutionSucceeded',
    );
  });

  test('a callback brings its result into the execution', async (t: TestContext) => {
    const arn = await begin(client, 'approved');
    const CallbackId = await callbackOf(client, arn);
    await client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from('"by the boss"') }));
    const execution = await ended(client, arn);
    t.assert.deepEqual(JSON.parse(execution.Result ?? ''), { approved: '"by the boss"' });
    await t.assert.rejects(client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId })), {
      name: 'CallbackTimeoutException',
    });
  });

  test('a callback that is told to fail throws in the function', async (t: TestContext) => {
    const arn = await begin(client, 'approved');
    const CallbackId = await callbackOf(client, arn);
    const refusal = { ErrorMessage: 'not today', ErrorType: 'Refused' };
    await client.send(new SendDurableExecutionCallbackFailureCommand({ CallbackId, Error: refusal }));
    t.assert.match((await ended(client, arn)).Result ?? '', /not today/);
  });

  test('a callback ends when nobody answers, or when its heartbeats end', async (t: TestContext) => {
    const late = await invoke(client, 'approved', { timeout: { timeout: { seconds: 1 } } });
    t.assert.match(JSON.stringify(late.answer), /timed out/);
    const arn = await begin(client, 'approved', { timeout: { heartbeatTimeout: { seconds: 3 } } });
    const CallbackId = await callbackOf(client, arn);
    await client.send(new SendDurableExecutionCallbackHeartbeatCommand({ CallbackId }));
    t.assert.match((await ended(client, arn)).Result ?? '', /timed out on heartbeat/);
  });

  test('branches and items run side by side, each in its context', async (t: TestContext) => {
    const { answer } = await invoke(client, 'parallel', { numbers: [1, 2, 3, 4] });
    t.assert.deepEqual(answer, { both: ['l', 'r'], squares: [1, 4, 9, 16] });
  });

  test('a condition is asked for until it holds', async (t: TestContext) => {
    const { answer } = await invoke(client, 'conditional');
    t.assert.deepEqual(answer, { count: 3 });
  });

  test('other functions, durable or not, are called as operations', async (t: TestContext) => {
    const ordinary = await invoke(client, 'chained', { target: 'ordinary', input: { a: 1 } });
    t.assert.deepEqual(ordinary.answer, { answer: { ordinary: { a: 1 } } });
    const failing = await invoke(client, 'chained', { target: 'ordinary', input: { fail: true } });
    t.assert.deepEqual(failing.answer, { failed: 'ordinary failure' });
    const durable = await invoke(client, 'chained', { target: 'flow:$LATEST', input: { flow: 'steps', name: 'Bo' } });
    t.assert.deepEqual(durable.answer, { answer: { greeting: 'Hello Bo', loud: 'HELLO BO' } });
    const absent = await invoke(client, 'chained', { target: 'nobody', input: {} });
    t.assert.match(JSON.stringify(absent.answer), /Function not found/);
    const unqualified = await invoke(client, 'chained', { target: 'flow', input: { flow: 'steps' } });
    t.assert.match(JSON.stringify(unqualified.answer), /unqualified ARN/);
  });

  test('what the handler throws is how the execution fails', async (t: TestContext) => {
    const { arn, answer, error } = await invoke(client, 'failing');
    t.assert.equal(error, 'Unhandled');
    t.assert.equal((answer as { errorMessage: string }).errorMessage, 'This cannot be.');
    const execution = await described(client, arn);
    t.assert.deepEqual([execution.Status, execution.Error?.ErrorMessage], ['FAILED', 'This cannot be.']);
  });

  test('an execution that is stopped ends, with the reason it was given', async (t: TestContext) => {
    const arn = await begin(client, 'hanging');
    const reason = { ErrorType: 'Stopped', ErrorMessage: 'enough' };
    const { StopTimestamp: at } = await client.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn, Error: reason }));
    const execution = await described(client, arn);
    t.assert.deepEqual([execution.Status, execution.Error, execution.EndTimestamp], ['STOPPED', reason, at]);
    t.assert.match(await types(client, arn), /ExecutionStopped/);
  });

  test('an execution ends when its time is over', async (t: TestContext) => {
    const { arn, error } = await invoke(client, 'hanging', {}, { FunctionName: 'brief' });
    t.assert.equal(error, 'Unhandled');
    t.assert.equal((await described(client, arn)).Status, 'TIMED_OUT');
  });

  test('a result too large for an answer arrives through a checkpoint', async (t: TestContext) => {
    const { arn, answer } = await invoke(client, 'large', { bytes: 6_291_440 });
    t.assert.equal((answer as string).length, 6_291_440);
    t.assert.equal((await types(client, arn)).split(' ').filter((type) => type === 'ExecutionSucceeded').length, 1);
  });

  test('the same name is the same execution, and another event under it is refused', async (t: TestContext) => {
    const once = { DurableExecutionName: 'order-1' };
    const [first, second] = await Promise.all([
      invoke(client, 'waited', { seconds: 1 }, once),
      invoke(client, 'waited', { seconds: 1 }, once),
    ]);
    t.assert.deepEqual(first, second);
    t.assert.match(first.arn, /\/order-1\//);
    t.assert.deepEqual(await invoke(client, 'waited', { seconds: 1 }, once), first);
    t.assert.equal(await begin(client, 'waited', { seconds: 1 }, once), first.arn);
    const other = (await invoke(client, 'waited', { seconds: 2 }, once).catch(
      (error: unknown) => error,
    )) as LambdaServiceException;
    t.assert.deepEqual([other.name, other.$metadata.httpStatusCode], ['DurableExecutionAlreadyStartedException', 409]);
  });

  test('executions are listed by name and by how they stand, newest first', async (t: TestContext) => {
    const arns: string[] = [];
    for (const name of ['list-a', 'list-b']) arns.push(await begin(client, 'hanging', {}, { DurableExecutionName: name }));
    const list = async (more: object) =>
      (
        (await client.send(new ListDurableExecutionsByFunctionCommand({ FunctionName: 'flow', ...more }))).DurableExecutions ?? []
      ).map(({ DurableExecutionArn: arn }) => arn);
    t.assert.deepEqual((await list({ Statuses: ['RUNNING'] })).slice(0, 2), arns.toReversed());
    t.assert.deepEqual(await list({ DurableExecutionName: 'list-a' }), arns.slice(0, 1));
    for (const DurableExecutionArn of arns) await client.send(new StopDurableExecutionCommand({ DurableExecutionArn }));
    t.assert.deepEqual(await list({ Statuses: ['RUNNING'] }), []);
    await t.assert.rejects(list({ FunctionName: 'nobody' }), { name: 'ResourceNotFoundException' });
  });

  test('calls that cannot be executions are refused in words of AWS', async (t: TestContext) => {
    await t.assert.rejects(send(client, 'steps', {}, { Qualifier: undefined }), {
      name: 'InvalidParameterValueException',
      message: 'You cannot invoke a durable function using an unqualified ARN.',
    });
    await t.assert.rejects(send(client, 'steps', {}, { FunctionName: 'year' }), {
      name: 'InvalidParameterValueException',
      message: 'You cannot synchronously invoke a durable function with an executionTimeout greater than 15 minutes.',
    });
    await t.assert.rejects(send(client, 'steps', {}, { FunctionName: 'ordinary', DurableExecutionName: 'x' }), {
      name: 'InvalidParameterValueException',
    });
    await t.assert.rejects(
      client.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'ordinary', DurableConfig: { ExecutionTimeout: 5 } })),
      { name: 'InvalidParameterValueException' },
    );
  });

  test('starts and ends are events of the default bus, and metrics of CloudWatch', async (t: TestContext) => {
    const sqs = new SQSClient(house.settings);
    const events = new EventBridgeClient(house.settings);
    const cloudwatch = new CloudWatchClient(house.settings);
    const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'told' }));
    await events.send(new PutRuleCommand({ Name: 'told', EventPattern: JSON.stringify({ source: ['aws.lambda'] }) }));
    await events.send(
      new PutTargetsCommand({ Rule: 'told', Targets: [{ Id: 'queue', Arn: 'arn:aws:sqs:us-east-1:000000000000:told' }] }),
    );
    const { arn } = await invoke(client, 'steps', { name: 'told' });
    const told: Record<string, unknown>[] = [];
    while (told.length < 2) {
      const { Messages: messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      told.push(...messages.map(({ Body: body = '{}' }) => JSON.parse(body) as Record<string, unknown>));
    }
    const details = told.map(({ detail }) => detail as Record<string, unknown>);
    t.assert.deepEqual(told[0]?.['detail-type'], 'Durable Execution Status Change');
    t.assert.deepEqual(details.map(({ status, durableExecutionArn }) => [status, durableExecutionArn]).sort(), [
      ['RUNNING', arn],
      ['SUCCEEDED', arn],
    ]);
    for (;;) {
      const { Datapoints: points = [] } = await cloudwatch.send(
        new GetMetricStatisticsCommand({
          Namespace: 'AWS/Lambda',
          MetricName: 'DurableExecutionStarted',
          Dimensions: [{ Name: 'FunctionName', Value: 'flow' }],
          StartTime: new Date(Date.now() - 600_000),
          EndTime: new Date(Date.now() + 60_000),
          Period: 3600,
          Statistics: ['Sum'],
        }),
      );
      if ((points[0]?.Sum ?? 0) > 0) break;
      await pause(200);
    }
    for (const each of [sqs, events, cloudwatch]) each.destroy();
  });

  test('a queue feeds executions, and the event of one that fails goes to the dead letters', async (t: TestContext) => {
    const sqs = new SQSClient(house.settings);
    const queue = async (QueueName: string) => (await sqs.send(new CreateQueueCommand({ QueueName }))).QueueUrl;
    const [orders, dead] = [await queue('orders'), await queue('dead')];
    const arnOf = (name: string) => `arn:aws:sqs:us-east-1:000000000000:${name}`;
    await deploy(
      client,
      'fed',
      {},
      { ...settings, DurableConfig: { ExecutionTimeout: 60 }, DeadLetterConfig: { TargetArn: arnOf('dead') } },
    );
    await client.send(new PublishVersionCommand({ FunctionName: 'fed' }));
    await client.send(new CreateEventSourceMappingCommand({ FunctionName: 'fed:1', EventSourceArn: arnOf('orders') }));
    // Its records are no flow of ours: the execution fails, and the message stays.
    await sqs.send(new SendMessageCommand({ QueueUrl: orders, MessageBody: 'an order' }));
    for (let seen = 0; seen === 0; await pause(100)) {
      const list = new ListDurableExecutionsByFunctionCommand({ FunctionName: 'fed', Qualifier: '1', Statuses: ['FAILED'] });
      const { DurableExecutions: all = [] } = await client.send(list);
      seen = all.length;
      if (seen > 0) t.assert.match((await described(client, all[0]?.DurableExecutionArn ?? '')).InputPayload ?? '', /an order/);
    }
    await begin(client, 'failing', { order: 7 }, { FunctionName: 'fed' });
    for (;;) {
      const { Messages: messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: dead, WaitTimeSeconds: 1 }));
      if (messages.length === 0) continue;
      t.assert.deepEqual(
        messages.map(({ Body: body }) => body),
        ['{"flow":"failing","order":7}'],
      );
      break;
    }
    sqs.destroy();
  });

  test('a function is deleted when its executions have ended', async (t: TestContext) => {
    await deploy(client, 'leaving', {}, { ...settings, DurableConfig: { ExecutionTimeout: 60 } });
    const arn = await begin(client, 'hanging', {}, { FunctionName: 'leaving' });
    await client.send(new DeleteFunctionCommand({ FunctionName: 'leaving' }));
    const { State: state, StateReasonCode: reason } = await client.send(
      new GetFunctionConfigurationCommand({ FunctionName: 'leaving' }),
    );
    t.assert.deepEqual([state, reason], ['Deleting', 'DrainingDurableExecutions']);
    await t.assert.rejects(begin(client, 'hanging', {}, { FunctionName: 'leaving' }), { name: 'ResourceConflictException' });
    await client.send(new StopDurableExecutionCommand({ DurableExecutionArn: arn }));
    for (;;) {
      const gone = await client
        .send(new GetFunctionConfigurationCommand({ FunctionName: 'leaving' }))
        .catch((error: unknown) => error);
      if ((gone as Error).name === 'ResourceNotFoundException') return;
      await pause(50);
    }
  });

  test('an execution keeps the version that it began with', async (t: TestContext) => {
    const { Version: version } = await client.send(new PublishVersionCommand({ FunctionName: 'flow' }));
    const { arn } = await invoke(client, 'steps', { name: 'one' }, { Qualifier: version });
    t.assert.match(arn, /:function:flow:1\/durable-execution\//);
    t.assert.equal((await described(client, arn)).Version, '1');
  });
});

suite('durable executions and a server that is killed', { timeout: 280_000, skip: missing('npm') }, () => {
  test('executions go on where they were, however often the server is killed', async (t: TestContext) => {
    using folder = temporaryFolder();
    const dataDir = path.join(folder.path, 'data');
    const notes = path.join(folder.path, 'notes');
    const flags = ['--isolation', 'none'];
    let server = await RunningServer.start(dataDir, flags);
    try {
      const archive = await bundle();
      let client = lambdaClient(server.origin);
      const code = await uploaded({ settings: settingsOf(server) }, 'durable', archive);
      const settings = { Code: code, Timeout: 30, MemorySize: 512, Environment: { Variables: { NOTES: notes } } };
      await deploy(client, 'flow', {}, { ...settings, DurableConfig: { ExecutionTimeout: 600 } });
      const arns = await Promise.all([
        ...[1, 2, 3, 4].map(() => begin(client, 'long', { steps: 4, seconds: 1 })),
        begin(client, 'approved'),
        begin(client, 'chained', { target: 'flow:$LATEST', input: { flow: 'waited', seconds: 3 } }),
      ]);
      const CallbackId = await callbackOf(client, arns[4] ?? '');
      for (let kill = 0; kill < 3; kill += 1) {
        await pause(700);
        client.destroy();
        await server.stop('SIGKILL');
        server = await RunningServer.start(dataDir, flags);
        client = lambdaClient(server.origin);
        if (kill === 1)
          await client.send(new SendDurableExecutionCallbackSuccessCommand({ CallbackId, Result: Buffer.from('"yes"') }));
      }
      const results = await Promise.all(arns.map(async (arn) => (await ended(client, arn)).Result));
      t.assert.deepEqual(results.slice(0, 5), ['4', '4', '4', '4', '{"approved":"\\"yes\\""}']);
      t.assert.match(results[5] ?? '', /^\{"answer":\{"ms":\d+\}\}$/);
      for (const arn of arns.slice(0, 4)) {
        const events = await history(client, arn);
        t.assert.deepEqual(
          events.filter(({ EventType: type }) => type === 'StepSucceeded').map(({ Name: name }) => name),
          ['step-0', 'step-1', 'step-2', 'step-3'],
        );
        t.assert.equal(events.filter(({ EventType: type }) => type === 'WaitSucceeded').length, 4);
        t.assert.deepEqual(
          events.map(({ EventId: id }) => id),
          events.map((_, index) => index + 1),
        );
      }
      client.destroy();
    } finally {
      await server.stop('SIGKILL');
    }
  });

  test('a function whose process dies is invoked again, and finds its steps done', async (t: TestContext) => {
    await using house = await openHouse({ flags: ['--isolation', 'none'] });
    using folder = temporaryFolder();
    const notes = path.join(folder.path, 'notes');
    const code = await uploaded(house, 'durable', await bundle());
    await deploy(
      house.client,
      'flow',
      {},
      { Code: code, Timeout: 30, Environment: { Variables: { NOTES: notes } }, DurableConfig: { ExecutionTimeout: 60 } },
    );
    const { arn, answer } = await invoke(house.client, 'crashing', { times: 1 });
    t.assert.equal(answer, 'survived');
    t.assert.deepEqual(readFileSync(notes, 'utf8').split('\n'), ['first', 'crash', '']);
    const [failed, fine] = (await history(house.client, arn)).flatMap(({ InvocationCompletedDetails: details }) => details ?? []);
    t.assert.match(failed?.Error?.Payload?.ErrorType ?? '', /Runtime.ExitError/);
    t.assert.equal(fine?.Error, undefined);
  });
});

const settingsOf = (server: RunningServer): House['settings'] => ({
  endpoint: server.origin,
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
});
