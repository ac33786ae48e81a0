import path from 'node:path';
import { ServiceFault, type ServiceName } from '@mayfly/wire';
import type { HandlerTable } from '../api/index.ts';
import type { AccountId, Clock, LogSink, Logger, Random, Region, RequestId } from '../base/index.ts';
import type { EventSources } from '../control/index.ts';
import type { StatusChange } from '../durable/index.ts';
import type { QueueSource, ReadSecret, ShardSource, Targets, TextAttributes } from '../events/index.ts';
import type { Invoker } from '../invoke/index.ts';
import {
  managedPolicies,
  openApiGateway,
  openApiGatewayV2,
  openCloudFormation,
  openCloudWatch,
  openDynamoDb,
  openEcr,
  openEventBridge,
  openIam,
  openKinesis,
  openLogs,
  openS3,
  openScheduler,
  openSecretsManager,
  openSigner,
  openSns,
  openSqs,
  openSsm,
  openSts,
  type Archives,
  type Authority,
  type CloudFormation,
  type CloudWatch,
  type EventBridge,
  type ApiGatewayV2,
  type HttpApis,
  type RestApis,
  type HttpPort,
  type Guarded,
  type Keys,
  type Logs,
  type MasterKey,
  type Readers,
  type RegistryPort,
  type Road,
  type S3Port,
  type Sender,
  type SignerPort,
  type SnsPort,
  type SqsPort,
  type SummarySink,
} from '../services/index.ts';
import type { Database } from '../storage/index.ts';
import { logsTarget } from './logs-target.ts';
import { roleCaller } from './service-calls.ts';

/** The services around Lambda, opened and connected with each other. */
export interface Neighbours extends AsyncDisposable {
  /** Of some services they are loaded when they are first asked for. */
  readonly tables: Partial<Record<ServiceName, HandlerTable | (() => Promise<HandlerTable>)>>;
  readonly logs: LogSink;
  readonly metrics: SummarySink;
  readonly authority: Authority;
  /** Policies of a queue, topic, bucket, secret or event bus, by its ARN. */
  guarded(resource: string): Guarded | undefined;
  readonly readers: Omit<Readers, 'functionName' | 'functions'>;
  readonly buckets: S3Port;
  /** What the gateway serves. */
  readonly httpApis: HttpApis;
  readonly restApis: RestApis;
  readonly registry: RegistryPort;
  /** What signatures in archives are worth. */
  readonly signatures: Pick<SignerPort, 'read' | 'isRevoked'>;
  /** What event source mappings read, by the service in the source's ARN. */
  readonly queues: Readonly<Record<string, QueueSource>>;
  readonly streams: Readonly<Record<string, ShardSource>>;
  readonly sources: EventSources;
  readonly secret: ReadSecret;
  /** What destinations, dead letters and given-up batches are handed to. */
  readonly targets: Targets;
  /** To the default bus of its account. */
  onDurableStatus(change: StatusChange): void;
  /** Documents below `/_mayfly/` that a service says are there; undefined for any other path. */
  document(path: string): Promise<string | undefined>;
  /** Takes what somebody puts where a stack waits for it; false when none does. */
  readonly signal: CloudFormation['signal'];
  /** Ends waits for messages and leaves what stacks are at, so that a stopping server need not sit them out. */
  close(): void;
}

export interface NeighboursOptions {
  readonly database: Database;
  readonly dataDir: string;
  readonly keys: Keys;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The road to functions; it opens after the neighbours, and what they have to deliver waits for it. */
  readonly invoker: () => Promise<Invoker>;
  /** Whether there is such a function; yes as long as nobody knows. */
  readonly hasFunction: (arn: string) => boolean;
  /** To every service, for what one does to others in a caller's name; open when all of them are. */
  readonly road: () => Promise<Road>;
  /** Of this server, as functions reach it. */
  readonly functionOrigin: () => string;
  /** Stacks may have resources of types that nothing here makes. */
  readonly ignoreUnknownTypes: boolean;
  /** Of this server, for links that no request brought about. */
  readonly origin: () => string;
  /** Whether policies decide who may do what; otherwise everybody may. */
  readonly strict: boolean;
  /** Decides about what services bring to queues, topics, streams and functions; absent = everything is let in. */
  readonly admit?: (from: Sender, resource: string) => void;
  /** Deliveries to addresses that callers wrote down. */
  readonly http: HttpPort;
  /** Below which APIs answer on this server. */
  readonly gatewayPrefix: string;
  /** Puts signatures into archives of code. */
  readonly archives: Archives;
  /** Of requests that name none. */
  readonly region: string;
}

export async function openNeighbours(options: NeighboursOptions): Promise<Neighbours> {
  const { database, keys, masterKey, clock, random, log, origin } = options;
  await using rooms = new AsyncDisposableStack();
  const invoke = asyncInvoke(options);
  /** What services bring to each other has to be let in, too. */
  const admit = (from: Sender | undefined, arn: string): void => {
    if (from !== undefined) options.admit?.(from, arn);
  };
  const lambda = {
    has: (arn: string) => options.hasFunction(arn),
    invokeAsync: async (arn: string, payload: string, from: Sender) => {
      await options.invoker();
      admit(from, arn);
      return invoke(arn, Buffer.from(payload), from.traceHeader);
    },
  };

  const cloudwatch: CloudWatch = rooms.use(
    await openCloudWatch({
      database,
      clock,
      log,
      async act({ targetArn, event, subject, message }) {
        const service = targetArn.split(':')[2];
        const { alarmArn = '', accountId = '' } = event as { readonly alarmArn?: string; readonly accountId?: string };
        const from = { sourceArn: alarmArn, sourceAccount: accountId };
        if (service === 'lambda')
          await lambda.invokeAsync(targetArn, JSON.stringify(event), {
            ...from,
            service: 'lambda.alarms.cloudwatch.amazonaws.com',
          });
        else if (service === 'sns')
          await toTopics.publish(targetArn, { message, subject }, { ...from, service: 'cloudwatch.amazonaws.com' });
        else log.warn('An alarm names a target that nothing here serves.', { targetArn });
      },
      lines: (place, range) => logs.lines(place, range),
    }),
  );
  const logs: Logs = rooms.use(
    await openLogs({
      database,
      clock,
      log,
      random,
      metrics: cloudwatch.metrics,
      hasFunction: options.hasFunction,
      buckets: {
        isBucket: (name) => s3.port.isBucket(name),
        put: (...object) => s3.port.put(...object),
      },
      async deliver({ account, region, destinationArn, payload, logGroup, logStream }) {
        if (destinationArn.split(':')[2] === 'kinesis') return kinesis.put(destinationArn, logStream, payload);
        admit(
          {
            service: 'logs.amazonaws.com',
            sourceArn: `arn:aws:logs:${region}:${account}:log-group:${logGroup}:*`,
            sourceAccount: account,
          },
          destinationArn,
        );
        await invoke(destinationArn, payload);
      },
    }),
  );
  const iam = rooms.use(await openIam({ database, keys, clock, random }));
  const sts = rooms.use(
    openSts({
      keys,
      clock,
      role: (arn) => iam.role(arn),
      ...(options.strict ? { mayAssume: (...question) => iam.authority.mayAssume(...question) } : {}),
    }),
  );
  const ssm = rooms.use(await openSsm({ database, masterKey, clock }));
  const secrets = rooms.use(await openSecretsManager({ database, masterKey, clock, random, log }));
  const sqs = rooms.use(await openSqs({ database, clock, random, log, metrics: cloudwatch.metrics }));
  const kinesis = rooms.use(await openKinesis({ database, clock, log }));
  const dynamodb = rooms.use(
    await openDynamoDb({
      database,
      clock,
      random,
      log,
      kinesis: { check: (arn) => kinesis.streams.shards(arn), put: (...record) => kinesis.put(...record) },
    }),
  );
  const toQueues: Pick<SqsPort, 'describe' | 'send'> = {
    describe: (arn) => sqs.port.describe(arn),
    send: async (arn, body, sending) => {
      admit(sending?.from, arn);
      return sqs.port.send(arn, body, sending);
    },
  };
  const toLogs = logsTarget(logs.handlers, options);
  const sns = rooms.use(
    await openSns({ database, clock, random, log, ports: { sqs: toQueues, lambda, logs: toLogs, origin, http: options.http } }),
  );
  const toTopics: Pick<SnsPort, 'has' | 'publish'> = {
    has: (arn) => sns.port.has(arn),
    publish: async (arn, request, from) => {
      admit(from, arn);
      return sns.port.publish(arn, request);
    },
  };
  const toStreams = {
    put: async (arn: string, key: string, data: Uint8Array, from: Sender) => {
      admit(from, arn);
      await kinesis.put(arn, key, data);
    },
  };
  const targets = { logs: toLogs, lambda, sqs: toQueues, sns: toTopics, kinesis: toStreams };
  const events = rooms.use(
    await openEventBridge({
      database,
      clock,
      random,
      log,
      sealer: masterKey.sealer('event connections'),
      ports: targets,
      secrets: secrets.keeper,
    }),
  );
  const scheduler = rooms.use(await openScheduler({ database, clock, random, log, ports: { ...targets, eventBridge: events } }));
  const s3 = rooms.use(
    await openS3({
      database,
      dir: path.join(options.dataDir, 's3'),
      clock,
      random,
      log,
      ports: { sqs: toQueues, sns: toTopics, lambda, events: busOf(events) },
    }),
  );

  const ecr = rooms.use(
    await openEcr({
      database,
      dir: path.join(options.dataDir, 'ecr'),
      masterKey,
      clock,
      random,
      log,
      auth: options.strict ? 'strict' : 'open',
      home: { account: '000000000000', region: options.region },
    }),
  );
  const signer = rooms.use(
    await openSigner({
      database,
      authorityFile: path.join(options.dataDir, 'keys', 'signing-authority.json'),
      masterKey,
      clock,
      random,
      log,
      ports: { buckets: s3.port, archives: options.archives },
    }),
  );

  // A name leads to APIs of one kind.
  const httpApis: ApiGatewayV2 = rooms.use(
    await openApiGatewayV2({
      database,
      clock,
      random,
      endpointOf: (apiId) => `${origin()}${options.gatewayPrefix}${apiId}`,
      isTaken: (domain) => restApis.apis.domain(domain) !== undefined,
    }),
  );
  const restApis = rooms.use(
    await openApiGateway({ database, clock, random, isTaken: (domain) => httpApis.apis.domain(domain) !== undefined }),
  );

  const cloudformation = rooms.use(
    await openCloudFormation({
      database,
      masterKey,
      clock,
      random,
      log,
      road: options.road,
      assume: (roleArn) => roleCaller(keys, roleArn, 'AWSCloudFormation'),
      managedPolicy: (name) => managedPolicies().find((policy) => policy.name === name)?.arn,
      origins: { function: options.functionOrigin, anywhere: origin },
      ignoreUnknown: options.ignoreUnknownTypes,
    }),
  );

  const opened = rooms.move();
  return {
    tables: {
      apigateway: restApis.handlers,
      apigatewayv2: httpApis.handlers,
      cloudformation: cloudformation.handlers,
      cloudwatch: cloudwatch.handlers,
      dynamodb: dynamodb.handlers,
      dynamodbstreams: dynamodb.streamHandlers,
      ecr: ecr.handlers,
      events: events.handlers,
      iam: iam.handlers,
      kinesis: kinesis.handlers,
      logs: logs.handlers,
      s3: s3.handlers,
      scheduler: scheduler.handlers,
      secretsmanager: secrets.handlers,
      signer: signer.handlers,
      sns: sns.handlers,
      sqs: sqs.handlers,
      ssm: ssm.handlers,
      sts: sts.handlers,
    },
    logs: logs.sink,
    metrics: cloudwatch.metrics,
    authority: iam.authority,
    guarded(resource) {
      const [, , service, region = '', account = '', ...rest] = resource.split(':');
      const of = (policy: string | undefined): Guarded => ({ policies: policy === undefined || policy === '' ? [] : [policy] });
      switch (service) {
        case 's3': {
          const bucket = s3.port.ownership(rest.join(':').split('/')[0] ?? '');
          return bucket && { ...of(bucket.policy), account: bucket.account };
        }
        case 'sqs':
          return of(sqs.port.policy(resource));
        case 'sns':
          return of(sns.port.policy(resource));
        case 'kinesis':
          return of(kinesis.policy(resource));
        case 'dynamodb':
          return rest.join(':').includes('/stream/') ? undefined : of(dynamodb.policy(resource));
        case 'secretsmanager':
          return of(secrets.describe({ account, region }, resource)?.policy);
        case 'signer':
          return of(signer.port.policy(resource));
        case 'events':
          return of(rest[0]?.startsWith('event-bus/') === true ? events.policy(resource) : undefined);
        default:
          return undefined;
      }
    },
    readers: {
      iamArn: (kind, account, name) => iam.authority.arnOf(kind, account, name),
      secretArn: (place, id) => secrets.describe(place, id)?.arn,
      stackArn: (place, id) => cloudformation.stackArn(place, id),
      partitionKeys: (tableArn, indexName) => [dynamodb.partitionKey(tableArn, indexName) ?? []].flat(),
      signingVersion: (arn) => signer.port.versionOf(arn),
    },
    buckets: s3.port,
    httpApis: httpApis.apis,
    restApis: restApis.apis,
    registry: ecr.port,
    signatures: signer.port,
    queues: { sqs: queueSource(sqs.port) },
    streams: { dynamodb: dynamodb.streams, kinesis: kinesis.streams },
    secret: secretOf(secrets, options),
    sources: {
      kinds: new Set(['sqs', 'dynamodb', 'kinesis', 'kafka', 'msk', 'mq']),
      async check({ kind, arn, functionTimeoutMs }) {
        switch (kind) {
          case 'sqs': {
            const queue = sqs.port.describe(arn);
            if (queue === undefined) throw noQueue();
            if (queue.visibilityMs < functionTimeoutMs) throw shortVisibility(queue.visibilityMs, functionTimeoutMs);
            return;
          }
          case 'dynamodb':
            return void (await dynamodb.streams.shards(arn));
          case 'kinesis':
            return void (await kinesis.streams.shards(arn));
          case 'msk':
          case 'kafka':
          case 'mq':
          case 'documentdb':
            return;
        }
      },
    },
    targets: {
      sqs: async (arn, body, attributes, traceId) => {
        const trace = traceId === undefined ? {} : { traceHeader: traceId };
        await sqs.port.send(arn, body, { attributes: messageAttributes(attributes), ...trace });
      },
      sns: async (arn, message, attributes) =>
        void (await sns.port.publish(arn, { message, attributes: messageAttributes(attributes) })),
      lambda: async (arn, payload) => void (await invoke(arn, payload)),
      async events(busArn, { source, detailType, resources, detail }) {
        const [, , , region = '', account = ''] = busArn.split(':');
        await events.put({ account, region }, [
          { source, detailType, resources, detail: JSON.parse(detail) as object, bus: busArn },
        ]);
      },
      s3: async (bucketArn, key, body) =>
        void (await s3.port.put(bucketArn.split(':').at(-1) ?? '', key, Buffer.from(body), { contentType: 'application/json' })),
    },
    onDurableStatus: (change) => {
      events
        .put({ account: change.account, region: change.region }, [durableStatus(change)])
        .catch((error: unknown) => log.warn('The status of a durable execution did not reach its bus.', { error }));
    },
    document: (path) => sns.certificate(path),
    signal: (token, answer) => cloudformation.signal(token, answer),
    close() {
      sqs.close();
      cloudformation.stop();
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Events of services: on stable storage when this resolves with the request's id. */
const asyncInvoke =
  ({ invoker, random }: NeighboursOptions) =>
  async (functionArn: string, payload: Uint8Array, traceId?: string): Promise<string> => {
    const [, , , region = '', account = ''] = functionArn.split(':');
    const requestId = random.uuid();
    const road = await invoker();
    await road.enqueue({
      account: account as AccountId,
      region: region as Region,
      functionName: functionArn,
      requestId: requestId as RequestId,
      payload,
      ...(traceId === undefined ? {} : { traceId }),
    });
    return requestId;
  };

const messageAttributes = (attributes: TextAttributes = {}) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, { dataType, value }]) => [name, { DataType: dataType, StringValue: value }]),
  );

/** Secrets for the house itself, read through the same handler as everybody's. */
const secretOf =
  (secrets: Awaited<ReturnType<typeof openSecretsManager>>, { random, origin }: NeighboursOptions): ReadSecret =>
  async (secretId, { account, region }) => {
    const found = await secrets.handlers.GetSecretValue?.(
      { SecretId: secretId },
      {
        requestId: random.uuid(),
        service: 'secretsmanager',
        operation: 'GetSecretValue',
        account,
        region,
        caller: { kind: 'anonymous' },
        signal: AbortSignal.timeout(10_000),
        origin: origin(),
        headers: {},
      },
    );
    if (found?.SecretString === undefined) throw new Error('It holds no text, and has to hold JSON.');
    return found.SecretString;
  };

/** @source spec 5.7-01 */
const durableStatus = (change: StatusChange): Parameters<EventBridge['put']>[1][number] => ({
  source: 'aws.lambda',
  detailType: 'Durable Execution Status Change',
  resources: [],
  detail: {
    durableExecutionArn: change.durableExecutionArn,
    durableExecutionName: change.durableExecutionName,
    functionArn: change.functionArn,
    status: change.status,
    startTimestamp: new Date(change.startedAtMs).toISOString(),
    ...(change.endedAtMs === undefined ? {} : { endTimestamp: new Date(change.endedAtMs).toISOString() }),
  },
});

/** What buckets tell goes to the default bus of their account. */
const busOf = (events: EventBridge) => ({
  put: ({ account, region, time, source, detailType, detail, resources }: Parameters<BusPut>[0]) =>
    events.put({ account, region }, [{ source, detailType, detail, resources, atMs: Date.parse(time) }]),
});
type BusPut = NonNullable<NonNullable<Parameters<typeof openS3>[0]['ports']>['events']>['put'];

/** SQS spells attributes as its API does, mappings as an event does. */
function queueSource(port: Awaited<ReturnType<typeof openSqs>>['port']): QueueSource {
  return {
    describe: (arn) => port.describe(arn),
    receive: async (arn, options) =>
      (await port.receive(arn, options)).map((message) => ({
        ...message,
        messageAttributes: Object.fromEntries(
          Object.entries(message.messageAttributes).map(([name, { DataType, StringValue, BinaryValue }]) => [
            name,
            {
              dataType: DataType,
              ...(StringValue === undefined ? {} : { stringValue: StringValue }),
              ...(BinaryValue === undefined ? {} : { binaryValue: BinaryValue }),
            },
          ]),
        ),
      })),
    delete: (arn, handles) => port.delete(arn, handles),
    changeVisibility: (arn, handles, visibilityMs) => port.changeVisibility(arn, handles, visibilityMs),
  };
}

/** @source spec 9.3-30 */
const noQueue = (): ServiceFault =>
  new ServiceFault(
    'InvalidParameterValueException',
    'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.',
    { status: 400, members: { Type: 'User' } },
  );

/** @source spec 9.3-32 */
const shortVisibility = (visibilityMs: number, timeoutMs: number): ServiceFault =>
  new ServiceFault(
    'InvalidParameterValueException',
    `Queue visibility timeout: ${visibilityMs / 1000} seconds is less than Function timeout: ${timeoutMs / 1000} seconds`,
    { status: 400, members: { Type: 'User' } },
  );
