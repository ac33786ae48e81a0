import {
  CloudWatchClient,
  GetMetricStatisticsCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
} from '@aws-sdk/client-cloudwatch';
import { CreateLogGroupCommand, CloudWatchLogsClient, GetLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, GetRoleCommand, IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  GetLayerVersionByArnCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ListFunctionsCommand,
  PublishLayerVersionCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { SmithyRpcV2CborProtocol } from '@smithy/core/cbor';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, suite, test } from 'node:test';
import { identify, loadApi, ServiceFault } from './index.ts';

interface Seen {
  operation: string;
  input: object;
}

/** A server that is only wire: decodes, asks `answer`, encodes. */
class Wire implements AsyncDisposable {
  seen: Seen | undefined;
  answer: (seen: Seen) => object = () => ({});
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request).then(async ({ status, headers, body }) => {
        response.writeHead(status, headers);
        for await (const chunk of body instanceof Uint8Array ? [body] : body) response.write(chunk);
        response.end();
      });
    });
  }

  async #serve(request: IncomingMessage) {
    const head = {
      method: request.method ?? '',
      target: request.url ?? '',
      headers: request.headers as Record<string, string | undefined>,
    };
    const body = Buffer.concat(await request.toArray());
    const identity = identify(head, body);
    if (identity === undefined) throw new Error(`not identified: ${head.method} ${head.target}`);
    const api = await loadApi(identity.service);
    const operation = api.route(head, identity.protocol, body);
    if (operation === undefined) throw new Error(`no operation: ${head.method} ${head.target}`);
    const meta = { requestId: '11111111-2222-3333-4444-555555555555' };
    try {
      this.seen = { operation: operation.name, input: api.decode(operation, head, identity.protocol, body) };
      api.validate(operation, this.seen.input);
      return api.encode(operation, identity.protocol, this.answer(this.seen), meta);
    } catch (fault) {
      if (fault instanceof ServiceFault) return api.encodeFault(fault, identity.protocol, meta);
      throw fault;
    }
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this.origin;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const config = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  maxAttempts: 1,
  credentials: { accessKeyId: '000000000000', secretAccessKey: 'secret' },
});

suite('the wire, driven by the real SDK clients', () => {
  const wire = new Wire();
  let lambda: LambdaClient;
  let iam: IAMClient;
  let sts: STSClient;
  let logs: CloudWatchLogsClient;
  before(async () => {
    const endpoint = await wire.listen();
    lambda = new LambdaClient(config(endpoint));
    iam = new IAMClient(config(endpoint));
    sts = new STSClient(config(endpoint));
    logs = new CloudWatchLogsClient(config(endpoint));
  });
  after(async () => {
    for (const client of [lambda, iam, sts, logs]) client.destroy();
    await wire[Symbol.asyncDispose]();
  });

  test('CreateFunction arrives with its zip as bytes and leaves with 201', async (t) => {
    wire.answer = () => ({ FunctionName: 'f', State: 'Pending', Timeout: 3 });
    const input = {
      FunctionName: 'f',
      Runtime: 'nodejs24.x' as const,
      Role: 'arn:aws:iam::000000000000:role/r',
      Handler: 'index.handler',
      Code: { ZipFile: new Uint8Array([80, 75, 3, 4]) },
      Environment: { Variables: { MODE: 'b' } },
      Layers: ['arn:aws:lambda:us-east-1:000000000000:layer:l:1'],
    };
    const output = await lambda.send(new CreateFunctionCommand(input));
    t.assert.equal(output.$metadata.httpStatusCode, 201);
    t.assert.equal(output.State, 'Pending');
    t.assert.equal(wire.seen?.operation, 'CreateFunction');
    t.assert.deepEqual({ ...wire.seen?.input }, { ...input, Code: { ZipFile: Buffer.from([80, 75, 3, 4]) } });
  });

  test('Invoke carries raw bytes both ways and its headers', async (t) => {
    wire.answer = () => ({
      StatusCode: 200,
      Payload: Buffer.from('[1, 2]'),
      ExecutedVersion: '$LATEST',
      FunctionError: 'Unhandled',
    });
    const output = await lambda.send(
      new InvokeCommand({
        FunctionName: 'arn:aws:lambda:us-east-1:000000000000:function:f',
        Qualifier: 'live',
        InvocationType: 'RequestResponse',
        Payload: Buffer.from('{"a": 1}'),
      }),
    );
    t.assert.equal(Buffer.from(output.Payload ?? []).toString(), '[1, 2]');
    t.assert.equal(output.FunctionError, 'Unhandled');
    t.assert.equal(output.ExecutedVersion, '$LATEST');
    const seen = wire.seen?.input as Record<string, unknown>;
    t.assert.equal(seen['FunctionName'], 'arn:aws:lambda:us-east-1:000000000000:function:f');
    t.assert.equal(seen['Qualifier'], 'live');
    t.assert.equal(Buffer.from(seen['Payload'] as Uint8Array).toString(), '{"a": 1}');
  });

  test('a streamed response arrives as event frames', async (t) => {
    wire.answer = () => ({
      StatusCode: 200,
      ExecutedVersion: '7',
      EventStream: (async function* () {
        yield { PayloadChunk: { Payload: Buffer.from('one ') } };
        yield { PayloadChunk: { Payload: Buffer.from('two') } };
        yield { InvokeComplete: { LogResult: 'bG9n' } };
      })(),
    });
    const output = await lambda.send(new InvokeWithResponseStreamCommand({ FunctionName: 'f' }));
    let text = '';
    let log: string | undefined;
    for await (const event of output.EventStream ?? []) {
      if (event.PayloadChunk) text += Buffer.from(event.PayloadChunk.Payload ?? []).toString();
      if (event.InvokeComplete) log = event.InvokeComplete.LogResult;
    }
    t.assert.equal(text, 'one two');
    t.assert.equal(log, 'bG9n');
    t.assert.equal(output.ExecutedVersion, '7');
  });

  test('query parameters, constant queries and repeated ones find their members', async (t) => {
    wire.answer = () => ({ Functions: [], LayerVersionArn: 'x' });
    await lambda.send(new ListFunctionsCommand({ MaxItems: 7, FunctionVersion: 'ALL' }));
    t.assert.deepEqual({ ...wire.seen?.input }, { MaxItems: 7, FunctionVersion: 'ALL' });
    const arn = 'arn:aws:lambda:us-east-1:000000000000:layer:l:1';
    await lambda.send(new GetLayerVersionByArnCommand({ Arn: arn }));
    t.assert.deepEqual(wire.seen, { operation: 'GetLayerVersionByArn', input: { Arn: arn } });
    const resource = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    await lambda.send(new UntagResourceCommand({ Resource: resource, TagKeys: ['a', 'b'] }));
    t.assert.deepEqual(wire.seen, { operation: 'UntagResource', input: { Resource: resource, TagKeys: ['a', 'b'] } });
  });

  test('a fault keeps its name, status, text and further members', async (t) => {
    wire.answer = () => {
      throw new ServiceFault('TooManyRequestsException', 'Rate Exceeded.', {
        members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded', retryAfterSeconds: '3' },
      });
    };
    await t.assert.rejects(lambda.send(new InvokeCommand({ FunctionName: 'f' })), {
      name: 'TooManyRequestsException',
      message: 'Rate Exceeded.',
      Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded',
      retryAfterSeconds: '3',
      Type: 'User',
    });
    wire.answer = () => {
      throw new ServiceFault('ResourceNotFoundException', 'Function not found: x');
    };
    await t.assert.rejects(lambda.send(new GetFunctionCommand({ FunctionName: 'f' })), {
      name: 'ResourceNotFoundException',
      message: 'Function not found: x',
      Type: 'User',
    });
  });

  test('several violations are told in one message, in the words recorded from the service', async (t) => {
    await t.assert.rejects(
      lambda.send(
        new PublishLayerVersionCommand({
          LayerName: 'l',
          Content: { ZipFile: Buffer.from('x') },
          CompatibleRuntimes: ['invalidruntime' as never],
          CompatibleArchitectures: ['invalidarch' as never],
        }),
      ),
      (error: Error) => {
        t.assert.equal(error.name, 'ValidationException');
        const runtimes =
          'nodejs20.x, python3.14, provided.al2023, python3.12, python3.13, nodejs24.x, nodejs22.x, java25, python3.10, python3.11, java21, ruby3.3, ruby3.4, ruby3.2, python3.8, python3.9, java17, nodejs16.x, dotnet10, dotnet8, java11, dotnet6, nodejs18.x, provided.al2, java8.al2';
        t.assert.equal(
          error.message,
          `2 validation errors detected: Value '[invalidruntime]' at 'compatibleRuntimes' failed to satisfy constraint: Member must satisfy enum value set: [${runtimes}]; Value '[invalidarch]' at 'compatibleArchitectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]`,
        );
        return true;
      },
    );
  });

  test('the query protocol carries lists and structures and answers in XML', async (t) => {
    wire.answer = () => ({
      Role: {
        RoleName: 'r',
        Path: '/',
        Arn: 'arn:aws:iam::000000000000:role/r',
        RoleId: 'AROA',
        CreateDate: new Date('2026-01-02T03:04:05Z'),
        Tags: [{ Key: 'k', Value: 'a b' }],
      },
    });
    const created = await iam.send(
      new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: '{"a": "<&>"}', Tags: [{ Key: 'k', Value: 'a b' }] }),
    );
    t.assert.deepEqual(created.Role?.Tags, [{ Key: 'k', Value: 'a b' }]);
    t.assert.deepEqual(created.Role?.CreateDate, new Date('2026-01-02T03:04:05Z'));
    t.assert.deepEqual(
      { ...wire.seen?.input },
      { RoleName: 'r', AssumeRolePolicyDocument: '{"a": "<&>"}', Tags: [{ Key: 'k', Value: 'a b' }] },
    );
    wire.answer = () => ({ Roles: [], IsTruncated: false });
    t.assert.deepEqual((await iam.send(new ListRolesCommand({}))).Roles, []);
    wire.answer = () => {
      throw new ServiceFault('NoSuchEntity', 'The role with name r cannot be found.');
    };
    await t.assert.rejects(iam.send(new GetRoleCommand({ RoleName: 'r' })), {
      name: 'NoSuchEntityException',
      message: 'The role with name r cannot be found.',
    });
    wire.answer = () => ({ Account: '000000000000', Arn: 'a', UserId: 'u' });
    t.assert.equal((await sts.send(new GetCallerIdentityCommand({}))).Account, '000000000000');
  });

  test('RPC v2 in CBOR carries requests, answers and faults', async (t) => {
    const protocol = new SmithyRpcV2CborProtocol({ defaultNamespace: 'com.amazonaws.cloudwatch' });
    const cloudwatch = new CloudWatchClient({ ...config(wire.origin), protocol });
    t.after(() => cloudwatch.destroy());
    const StartTime = new Date('2026-01-02T03:04:05.678Z');
    const question = {
      ...{ Namespace: 'App', MetricName: 'm', StartTime, EndTime: new Date('2026-01-03T00:00:00Z'), Period: 60 },
      Dimensions: [{ Name: 'd', Value: 'grün' }],
      Statistics: ['Sum' as const],
    };
    const Datapoints = [{ Timestamp: StartTime, Sum: 42, Average: 0.5, Unit: 'Count' as const }];
    wire.answer = () => ({ Label: 'm', Datapoints });
    const found = await cloudwatch.send(new GetMetricStatisticsCommand(question));
    t.assert.deepEqual(found.Datapoints, Datapoints);
    t.assert.deepEqual(wire.seen, { operation: 'GetMetricStatistics', input: question });
    wire.answer = () => ({});
    const alarm = { AlarmName: 'a', EvaluationPeriods: 1, ComparisonOperator: 'GreaterThanThreshold' as const, Threshold: -1.5 };
    t.assert.equal((await cloudwatch.send(new PutMetricAlarmCommand(alarm))).$metadata.httpStatusCode, 200);
    wire.answer = () => {
      throw new ServiceFault('ResourceNotFound', 'none', { status: 404 });
    };
    const missing = cloudwatch.send(new SetAlarmStateCommand({ AlarmName: 'a', StateValue: 'OK', StateReason: 'r' }));
    await t.assert.rejects(missing, { name: 'ResourceNotFound', message: 'none' });
  });

  test('the JSON target protocol carries requests, answers and faults', async (t) => {
    wire.answer = () => ({ events: [{ timestamp: 1, message: 'm', ingestionTime: 2 }], nextForwardToken: 'f/1' });
    const page = await logs.send(new GetLogEventsCommand({ logGroupName: 'g', logStreamName: 's', limit: 5 }));
    t.assert.deepEqual(page.events, [{ timestamp: 1, message: 'm', ingestionTime: 2 }]);
    t.assert.deepEqual({ ...wire.seen?.input }, { logGroupName: 'g', logStreamName: 's', limit: 5 });
    wire.answer = () => {
      throw new ServiceFault('ResourceAlreadyExistsException', 'The specified log group already exists');
    };
    await t.assert.rejects(logs.send(new CreateLogGroupCommand({ logGroupName: 'g' })), {
      name: 'ResourceAlreadyExistsException',
      message: 'The specified log group already exists',
    });
  });
});
