import { suite, test, type TestContext } from 'node:test';
import {
  CreateEventSourceMappingCommand,
  CreateFunctionCommand,
  DeleteEventSourceMappingCommand,
  DeleteFunctionCommand,
  GetEventSourceMappingCommand,
  ListEventSourceMappingsCommand,
  ListTagsCommand,
  UpdateEventSourceMappingCommand,
  type CreateEventSourceMappingCommandInput,
} from '@aws-sdk/client-lambda';
import type { MappingBook } from '../../events/index.ts';
import type { MappingView } from '../index.ts';
import { ServiceFault } from '@mayfly/wire';
import { account, arn, openFrontDesk, role, zip, type FrontDesk } from '../../../../../test/kit/front-desk.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';

const queue = `arn:aws:sqs:us-east-1:${account}:q`;
const stream = `arn:aws:kinesis:us-east-1:${account}:stream/s`;
const table = `arn:aws:dynamodb:us-east-1:${account}:table/t/stream/2026-01-01T00:00:00.000`;

async function openWithFunction(options: Parameters<typeof openFrontDesk>[0] = {}): Promise<FrontDesk> {
  const desk = await openFrontDesk(options);
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
  await desk.control.idle();
  return desk;
}
const make = (rest: Partial<CreateEventSourceMappingCommandInput>) =>
  new CreateEventSourceMappingCommand({ FunctionName: 'f', ...rest });
const get = (desk: FrontDesk, UUID: string | undefined) => desk.client.send(new GetEventSourceMappingCommand({ UUID }));
const shown = (answer: object): Record<string, unknown> => {
  const {
    $metadata: _metadata,
    UUID: _uuid,
    EventSourceMappingArn: _arn,
    LastModified: _lastModified,
    ...rest
  } = answer as Record<string, unknown>;
  return rest;
};

suite('event source mappings', { timeout: 60_000 }, () => {
  test('a queue and a stream have the defaults that AWS shows', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const ofQueue = await desk.client.send(make({ EventSourceArn: queue, Tags: { a: '1' } }));
    t.assert.strictEqual(ofQueue.$metadata.httpStatusCode, 202);
    t.assert.deepStrictEqual(shown(ofQueue), {
      BatchSize: 10,
      EventSourceArn: queue,
      FunctionArn: arn('function:f'),
      FunctionResponseTypes: [],
      MaximumBatchingWindowInSeconds: 0,
      State: 'Creating',
      StateTransitionReason: 'USER_INITIATED',
    });
    t.assert.strictEqual(ofQueue.EventSourceMappingArn, arn(`event-source-mapping:${ofQueue.UUID}`));
    t.assert.deepStrictEqual((await desk.client.send(new ListTagsCommand({ Resource: ofQueue.EventSourceMappingArn }))).Tags, {
      a: '1',
    });
    const ofStream = await desk.client.send(make({ EventSourceArn: stream, StartingPosition: 'LATEST', FunctionName: 'f:1' }));
    t.assert.deepStrictEqual(shown(ofStream), {
      BatchSize: 100,
      BisectBatchOnFunctionError: false,
      DestinationConfig: { OnFailure: {} },
      EventSourceArn: stream,
      FunctionArn: arn('function:f:1'),
      FunctionResponseTypes: [],
      LastProcessingResult: 'No records processed',
      MaximumBatchingWindowInSeconds: 0,
      MaximumRecordAgeInSeconds: -1,
      MaximumRetryAttempts: -1,
      ParallelizationFactor: 1,
      StartingPosition: 'LATEST',
      State: 'Creating',
      StateTransitionReason: 'User action',
      TumblingWindowInSeconds: 0,
    });
    t.assert.strictEqual((await get(desk, ofQueue.UUID)).State, 'Enabled');
  });

  test('pollers see each change once, after it is written, and say how it goes', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const mappings: MappingBook = desk.control.mappings;
    const seen: (MappingView | undefined)[] = [];
    using _listening = mappings.onChange((_uuid, mapping) => seen.push(mapping));
    const made = await desk.client.send(make({ EventSourceArn: stream, StartingPosition: 'TRIM_HORIZON', BatchSize: 5 }));
    await get(desk, made.UUID);
    t.assert.deepStrictEqual(seen, [...mappings.all()]);
    t.assert.deepStrictEqual(seen[0], {
      account,
      region: 'us-east-1',
      uuid: made.UUID,
      functionArn: arn('function:f'),
      eventSourceArn: stream,
      enabled: true,
      batchSize: 5,
      batchWindowMs: 0,
      filters: [],
      reportBatchItemFailures: false,
      startingPosition: 'TRIM_HORIZON',
      parallelizationFactor: 1,
      maximumRetryAttempts: -1,
      maximumRecordAgeMs: -1,
      bisectOnFunctionError: false,
      tumblingWindowMs: 0,
    });
    mappings.report(made.UUID ?? '', { lastProcessingResult: 'OK' });
    t.assert.strictEqual((await get(desk, made.UUID)).LastProcessingResult, 'OK');
    const updated = await desk.client.send(
      new UpdateEventSourceMappingCommand({
        UUID: made.UUID,
        Enabled: false,
        MaximumRecordAgeInSeconds: 60,
        FilterCriteria: { Filters: [{ Pattern: '{"data":{"a":[1]}}' }] },
      }),
    );
    t.assert.strictEqual(updated.State, 'Updating');
    t.assert.deepStrictEqual([(await get(desk, made.UUID)).State, (await get(desk, made.UUID)).BatchSize], ['Disabled', 5]);
    t.assert.deepStrictEqual(
      [seen[1]?.enabled, seen[1]?.maximumRecordAgeMs, seen[1]?.filters],
      [false, 60_000, ['{"data":{"a":[1]}}']],
    );
    await desk.client.send(new UpdateEventSourceMappingCommand({ UUID: made.UUID, FilterCriteria: {} }));
    await get(desk, made.UUID);
    const gone = await desk.client.send(new DeleteEventSourceMappingCommand({ UUID: made.UUID }));
    t.assert.strictEqual(gone.State, 'Deleting');
    t.assert.deepStrictEqual([seen.length, seen[2]?.filters, seen[3]], [4, [], undefined]);
    await t.assert.rejects(get(desk, made.UUID), {
      name: 'ResourceNotFoundException',
      message: 'The resource you requested does not exist.',
    });
  });

  test('refusals have the words of Lambda', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const refused = (rest: Partial<CreateEventSourceMappingCommandInput>, message: string) =>
      t.assert.rejects(desk.client.send(make(rest)), { name: 'InvalidParameterValueException', message });
    await refused({ FunctionName: 'none', EventSourceArn: queue }, 'Function does not exist');
    await refused({}, 'Unrecognized event source.');
    await refused(
      { EventSourceArn: stream },
      "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    );
    await refused(
      { EventSourceArn: table, StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: new Date(0) },
      `Unsupported starting position for arn type: ${table}`,
    );
    await refused(
      { EventSourceArn: queue, BatchSize: 11 },
      'Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10',
    );
    await refused(
      { EventSourceArn: queue, DestinationConfig: { OnFailure: { Destination: queue } } },
      'Unsupported DestinationConfig parameter for given event source mapping type.',
    );
    for (const Pattern of ['"text"', '{"a":"b"}', '{"a":[{"unknown":1}]}', '{"a":[]}', '{'])
      await refused({ EventSourceArn: queue, FilterCriteria: { Filters: [{ Pattern }] } }, 'Invalid filter pattern definition.');
    await desk.client.send(
      make({
        EventSourceArn: queue,
        FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[{"exists":true}],"$or":[{"b":[1]},{"c":[null]}]}}' }] },
      }),
    );
  });

  test('readers of Kafka are a group, called like the mapping where no other name is given', async (t: TestContext) => {
    await using desk = await openWithFunction({
      ports: { sources: { kinds: new Set(['kafka']), check: () => Promise.resolve() } },
    });
    const kafka = (server: string, rest: Partial<CreateEventSourceMappingCommandInput> = {}) =>
      desk.client.send(
        make({
          SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: [server] } },
          SourceAccessConfigurations: [{ Type: 'VPC_SUBNET', URI: 'subnet:subnet-0a' }],
          Topics: ['topic'],
          StartingPosition: 'LATEST',
          ...rest,
        }),
      );
    const plain = await kafka('a:9092');
    t.assert.strictEqual(plain.SelfManagedKafkaEventSourceConfig?.ConsumerGroupId, plain.UUID);
    const named = await kafka('b:9092', { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'mine' } });
    t.assert.strictEqual(named.SelfManagedKafkaEventSourceConfig?.ConsumerGroupId, 'mine');
  });

  test('the same source twice for one function is refused, with the mapping that is there', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const { UUID } = await desk.client.send(make({ EventSourceArn: queue }));
    await t.assert.rejects(desk.client.send(make({ EventSourceArn: queue })), {
      name: 'ResourceConflictException',
      message: `An event source mapping with SQS arn (" ${queue} ") and function (" f ") already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    });
    const other = await desk.client.send(make({ EventSourceArn: stream, StartingPosition: 'LATEST' }));
    await t.assert.rejects(desk.client.send(make({ EventSourceArn: stream, StartingPosition: 'LATEST' })), {
      message: `The event source arn (" ${stream} ") and function (" f ") provided mapping already exists. Please update or delete the existing mapping with UUID ${other.UUID}`,
    });
    const listed = async (rest: object) =>
      (await desk.client.send(new ListEventSourceMappingsCommand(rest))).EventSourceMappings?.map((m) => m.UUID);
    t.assert.deepStrictEqual(await listed({ EventSourceArn: queue }), [UUID]);
    t.assert.strictEqual((await listed({ FunctionName: 'f' }))?.length, 2);
    t.assert.deepStrictEqual(await listed({ FunctionName: 'g' }), []);
  });

  test('the source is looked at, and what nobody polls is refused in sight', async (t: TestContext) => {
    const text =
      'Error occurred while ReceiveMessage. SQS Error Code: AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does not exist.';
    await using desk = await openWithFunction({
      ports: {
        sources: {
          kinds: new Set(['sqs']),
          check: () => Promise.reject(new ServiceFault('InvalidParameterValueException', text)),
        },
      },
    });
    await t.assert.rejects(desk.client.send(make({ EventSourceArn: queue })), { message: text });
    await t.assert.rejects(desk.client.send(make({ EventSourceArn: stream, StartingPosition: 'LATEST' })), {
      name: 'NotImplementedException',
    });
  });

  test('mappings outlive a restart and their function', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    let uuid: string | undefined;
    {
      await using desk = await openWithFunction({ database: new PlainDatabase(file), dataDir: folder.path });
      uuid = (await desk.client.send(make({ EventSourceArn: queue, ScalingConfig: { MaximumConcurrency: 2 } }))).UUID;
      await desk.client.send(new DeleteFunctionCommand({ FunctionName: 'f' }));
    }
    await using desk = await openFrontDesk({ database: new PlainDatabase(file), dataDir: folder.path });
    t.assert.deepStrictEqual(
      [...desk.control.mappings.all()].map((mapping) => [mapping.uuid, mapping.maximumConcurrency]),
      [[uuid, 2]],
    );
    t.assert.strictEqual((await get(desk, uuid)).State, 'Enabled');
  });
});
