import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateTableCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient, PutRecordsCommand } from '@aws-sdk/client-kinesis';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { until } from '../kit/functions.ts';
import { enabled, queue, received, watched, watcher } from '../kit/neighbours.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';

/** What a function does with every batch, after it has told what it was given. */
const doing = (end: string): { files: Record<string, string> } => ({
  files: { 'handler.py': `import json\ndef handler(event, context):\n    print(json.dumps(event))\n    ${end}\n` },
});

interface KinesisRecord {
  readonly kinesis: { readonly data: string; readonly partitionKey: string; readonly sequenceNumber: string };
}

/** Settings of a mapping, read from what was answered to its creation. */
function settingsOf(stage: Stage, answer: string): Answer {
  const recorded = stage.recorded(answer);
  const names = [
    'BatchSize',
    'MaximumBatchingWindowInSeconds',
    'MaximumRetryAttempts',
    'MaximumRecordAgeInSeconds',
    'StartingPosition',
    'FunctionResponseTypes',
  ];
  return Object.fromEntries(names.flatMap((name) => (recorded[name] === undefined ? [] : [[name, recorded[name]]])));
}

async function stream(stage: Stage): Promise<{ arn: string; put(records: readonly KinesisRecord[]): Promise<void> }> {
  const client = stage.neighbour(new KinesisClient(stage.settings));
  await client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
  const describe = new DescribeStreamSummaryCommand({ StreamName: 'stream' });
  await until(
    () => client.send(describe),
    ({ StreamDescriptionSummary }) => StreamDescriptionSummary?.StreamStatus === 'ACTIVE',
  );
  return {
    arn: `arn:aws:kinesis:${stage.region}:${stage.account}:stream/stream`,
    async put(records) {
      const Records = records.map(({ kinesis }) => ({
        PartitionKey: kinesis.partitionKey,
        Data: Buffer.from(kinesis.data, 'base64'),
      }));
      await client.send(new PutRecordsCommand({ StreamName: 'stream', Records }));
    },
  };
}

/** The records of recorded events, each once. */
function recordsOf(events: readonly Answer[]): KinesisRecord[] {
  const all = events.flatMap((event) => ((event['event'] ?? event) as { Records: KinesisRecord[] }).Records);
  return [...new Map(all.map((record) => [record.kinesis.sequenceNumber, record])).values()];
}

const mapped = async (stage: Stage, input: object, answer?: string): Promise<void> => {
  const call = stage.api.createEventSourceMapping({ FunctionName: 'fn', ...input });
  const { UUID } = answer === undefined ? await stage.answer(call) : await stage.check(answer, call);
  await enabled(stage, UUID);
};

const created = 'create_event_source_mapping_response';

const kinesisBatch: Scenario = async (stage) => {
  await watcher(stage);
  const { arn, put } = await stream(stage);
  await mapped(stage, { EventSourceArn: arn, ...settingsOf(stage, created) }, created);
  await put(recordsOf([stage.recorded('kinesis_records')]));
  stage.match('kinesis_records', (await watched(stage, 1))[0]);
};

/** What was there before the mapping comes in full batches. */
const fromTheStart: Scenario = async (stage) => {
  await watcher(stage, {
    files: {
      'handler.py':
        'import json, time\ndef handler(event, context):\n    print(json.dumps({"executionStart": time.time(), "event": event}))\n',
    },
  });
  const { arn, put } = await stream(stage);
  const events = stage.recorded('invocation_events') as unknown as Answer[];
  await put(recordsOf(events));
  await mapped(stage, { EventSourceArn: arn, ...settingsOf(stage, created) }, created);
  stage.match('invocation_events', await watched(stage, events.length));
};

const twoReaders: Scenario = async (stage) => {
  const { arn, put } = await stream(stage);
  for (const name of ['a', 'b']) {
    await watcher(stage, {}, name);
    await mapped(
      stage,
      { FunctionName: name, EventSourceArn: arn, ...settingsOf(stage, `${created}-${name}`) },
      `${created}-${name}`,
    );
  }
  await put(recordsOf([stage.recorded('kinesis_records-a')]));
  for (const name of ['a', 'b']) stage.match(`kinesis_records-${name}`, (await watched(stage, 1, name))[0]);
};

/** What the function returned, and how often it was called for it. */
const kinesisReport =
  (end: string, hasDestination: boolean): Scenario =>
  async (stage) => {
    await watcher(stage, doing(end));
    const { arn, put } = await stream(stage);
    const failures = hasDestination ? await queue(stage, 'failures') : undefined;
    const DestinationConfig = failures && { OnFailure: { Destination: failures.arn } };
    await mapped(
      stage,
      { EventSourceArn: arn, ...settingsOf(stage, created), ...(DestinationConfig && { DestinationConfig }) },
      created,
    );
    const events = stage.recorded('kinesis_events') as unknown as Answer[];
    await put(recordsOf(events));
    if (failures !== undefined) stage.match('sqs_payload', await received(failures));
    stage.match('kinesis_events', await watched(stage, events.length));
  };

/** Reports the first record that is to fail, as long as there is one. */
const kinesisPartial: Scenario = async (stage) => {
  await watcher(
    stage,
    doing(stopping('json.loads(__import__("base64").b64decode(record["kinesis"]["data"]))', 'kinesis', 'sequenceNumber')),
  );
  const { arn, put } = await stream(stage);
  const failures = await queue(stage, 'failures');
  const DestinationConfig = { OnFailure: { Destination: failures.arn } };
  const recorded = stage.recorded('kinesis_records') as { Records: unknown[] };
  await put(recordsOf([recorded]));
  await mapped(stage, { EventSourceArn: arn, ...settingsOf(stage, created), DestinationConfig }, created);
  stage.match('sqs_payload', await received(failures));
  stage.match('kinesis_records', await together(stage, recorded.Records.length));
};

/** Program: `item` is what a record carries. */
const stopping = (item: string, source: string, number: string): string =>
  `for record in event["Records"]:
        if ${item}["should_fail"]${source === 'dynamodb' ? '["BOOL"]' : ''}: return {"batchItemFailures": [{"itemIdentifier": record["${source}"]["${number}"]}]}
    return {}`;

/** The records of all events in one; waits for so many. */
async function together(stage: Stage, count: number): Promise<Answer> {
  const records = (events: readonly Answer[]): unknown[] => events.flatMap((event) => event['Records'] as unknown[]);
  const events = await until(
    () => watched(stage, 1),
    (seen) => records(seen).length >= count,
  );
  return { Records: records(events) };
}

/** Waits for the one object of a bucket. */
async function onlyObject(s3: S3Client, Bucket: string): Promise<unknown> {
  const { Contents = [] } = await until(
    () => s3.send(new ListObjectsV2Command({ Bucket })),
    (answer) => (answer.Contents ?? []).length > 0,
  );
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: Contents[0]?.Key }));
  return JSON.parse((await Body?.transformToString()) ?? '');
}

async function bucket(stage: Stage): Promise<{ s3: S3Client; Bucket: string }> {
  const s3 = stage.neighbour(new S3Client({ ...stage.settings, forcePathStyle: true }));
  const Bucket = `failures-${stage.region}`;
  await s3.send(new CreateBucketCommand({ Bucket }));
  return { s3, Bucket };
}

const raising = 'raise Exception("no")';

const kinesisToBucket: Scenario = async (stage) => {
  await watcher(stage, doing(raising));
  const { arn, put } = await stream(stage);
  const { s3, Bucket } = await bucket(stage);
  const DestinationConfig = { OnFailure: { Destination: `arn:aws:s3:::${Bucket}` } };
  await mapped(stage, { EventSourceArn: arn, ...settingsOf(stage, created), DestinationConfig }, created);
  await put(recordsOf([stage.recorded('record_body')['payload'] as Answer]));
  stage.match('record_body', await onlyObject(s3, Bucket));
};

const AttributeDefinitions = [{ AttributeName: 'my_partition_key', AttributeType: 'S' as const }];
const KeySchema = [{ AttributeName: 'my_partition_key', KeyType: 'HASH' as const }];

/** A table whose stream is opened after it was made. */
async function table(
  stage: Stage,
  answers: { readonly made: string; readonly updated?: string },
): Promise<{ dynamodb: DynamoDBClient; arn: string }> {
  const dynamodb = stage.neighbour(new DynamoDBClient(stage.settings));
  const shown = async (call: Promise<{ $metadata: { httpStatusCode?: number } }>): Promise<Answer> => {
    const { $metadata, ...answer } = await call;
    return { ...answer, ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: $metadata.httpStatusCode } };
  };
  const input = { TableName: 'table', AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST' as const };
  stage.match(answers.made, await shown(dynamodb.send(new CreateTableCommand(input))));
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' as const };
  const updated = await shown(dynamodb.send(new UpdateTableCommand({ TableName: 'table', StreamSpecification })));
  if (answers.updated !== undefined) stage.match(answers.updated, updated);
  return { dynamodb, arn: (updated['TableDescription'] as { LatestStreamArn: string }).LatestStreamArn };
}

const put = async (dynamodb: DynamoDBClient, Item: Record<string, AttributeValue>): Promise<void> =>
  void (await dynamodb.send(new PutItemCommand({ TableName: 'table', Item })));

const tableReport =
  (end: string, hasDestination: boolean): Scenario =>
  async (stage) => {
    await watcher(stage, doing(end));
    const { dynamodb, arn } = await table(stage, { made: 'create-table-result' });
    const failures = hasDestination ? await queue(stage, 'failures') : undefined;
    const settings = {
      StartingPosition: 'TRIM_HORIZON',
      BatchSize: 1,
      MaximumBatchingWindowInSeconds: 1,
      MaximumRetryAttempts: 3,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
    };
    const DestinationConfig = failures && { OnFailure: { Destination: failures.arn } };
    await mapped(stage, { EventSourceArn: arn, ...settings, ...(DestinationConfig && { DestinationConfig }) });
    await put(dynamodb, { my_partition_key: { S: 'hello world' }, binary_key: { B: Buffer.from('foobar') } });
    if (failures !== undefined) stage.match('destination_queue_messages', await received(failures));
    const events = stage.recorded('dynamodb_events') as unknown as Answer[];
    stage.match('dynamodb_events', await watched(stage, events.length));
  };

const tablePartial: Scenario = async (stage) => {
  await watcher(stage, doing(stopping('record["dynamodb"]["NewImage"]', 'dynamodb', 'SequenceNumber')));
  const { dynamodb, arn } = await table(stage, { made: 'create_table_response', updated: 'update_table_response' });
  const failures = await queue(stage, 'failures');
  const DestinationConfig = { OnFailure: { Destination: failures.arn } };
  const recorded = stage.recorded('dynamodb_records') as unknown as {
    Records: { dynamodb: { NewImage: Record<string, AttributeValue> } }[];
  };
  const items = new Map(recorded.Records.map(({ dynamodb: { NewImage } }) => [NewImage['my_partition_key']?.S, NewImage]));
  for (const item of items.values()) await put(dynamodb, item);
  await mapped(stage, { EventSourceArn: arn, ...settingsOf(stage, created), DestinationConfig }, created);
  stage.match('destination_queue_messages', await received(failures));
  stage.match('dynamodb_records', await together(stage, recorded.Records.length));
};

const tableToQueue =
  (end: string): Scenario =>
  async (stage) => {
    await watcher(stage, doing(end));
    const { dynamodb, arn } = await table(stage, { made: 'create_table_response', updated: 'update_table_response' });
    const failures = await queue(stage, 'failures');
    const DestinationConfig = { OnFailure: { Destination: failures.arn } };
    await mapped(stage, { EventSourceArn: arn, ...settingsOf(stage, created), DestinationConfig }, created);
    await put(dynamodb, { my_partition_key: { S: 'hello world' } });
    stage.match('destination_queue_messages', await received(failures));
  };

const tableToBucket: Scenario = async (stage) => {
  await watcher(stage, doing(raising));
  const { dynamodb, arn } = await table(stage, { made: 'create_table_response', updated: 'update_table_response' });
  const { s3, Bucket } = await bucket(stage);
  const DestinationConfig = { OnFailure: { Destination: `arn:aws:s3:::${Bucket}` } };
  await mapped(stage, { EventSourceArn: arn, ...settingsOf(stage, created), DestinationConfig }, created);
  await put(dynamodb, { my_partition_key: { S: 'hello world' } });
  stage.match('record_body', await onlyObject(s3, Bucket));
};

const failing = (item: string): string => `return {"batchItemFailures": [${item}]}`;
const kinesis = 'TestKinesisSource.test_kinesis_report_batch_item';
const dynamodb = 'TestDynamoDBEventSourceMapping.test_dynamodb_report_batch_item';

export const streamScenarios: Scenarios = {
  'TestKinesisSource.test_create_kinesis_event_source_mapping': kinesisBatch,
  'TestKinesisSource.test_kinesis_event_source_trim_horizon': fromTheStart,
  'TestKinesisSource.test_create_kinesis_event_source_mapping_multiple_lambdas_single_kinesis_event_stream': twoReaders,
  [`${kinesis}_success_scenarios[null_success]`]: kinesisReport('return None', false),
  [`${kinesis}_success_scenarios[empty_string_success]`]: kinesisReport('return ""', false),
  [`${kinesis}_success_scenarios[empty_batch_item_failure_success]`]: kinesisReport(failing(''), false),
  [`${kinesis}_failure_scenarios[invalid_key_foo_null_value_failure]`]: kinesisReport(failing('{"foo": None}'), true),
  [`${kinesis}_failure_scenarios[item_identifier_not_present_failure]`]: kinesisReport(
    failing('{"itemIdentifier": "not-there"}'),
    true,
  ),
  [`${kinesis}_failures`]: kinesisPartial,
  [`${dynamodb}_failures`]: tablePartial,
  'TestKinesisSource.test_kinesis_event_source_mapping_with_s3_on_failure_destination': kinesisToBucket,
  [`${dynamodb}_success_scenarios[null_success]`]: tableReport('return None', false),
  [`${dynamodb}_failure_scenarios[empty_string_item_identifier_failure]`]: tableReport(failing('{"itemIdentifier": ""}'), true),
  [`${dynamodb}_failure_scenarios[item_identifier_not_present_failure]`]: tableReport(
    failing('{"itemIdentifier": "not-there"}'),
    true,
  ),
  [`${dynamodb}_failures_with_on_failure_destination_config`]: tableToQueue(
    failing('{"itemIdentifier": event["Records"][0]["dynamodb"]["SequenceNumber"]}'),
  ),
  'TestDynamoDBEventSourceMapping.test_dynamodb_event_source_mapping_with_on_failure_destination_config': tableToQueue(raising),
  'TestDynamoDBEventSourceMapping.test_dynamodb_event_source_mapping_with_s3_on_failure_destination': tableToBucket,
};
