import {
  CreateTableCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateTableCommand,
  type AttributeValue,
} from '@aws-sdk/client-dynamodb';
import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { created, until } from '../kit/functions.ts';
import { enabled, queue, received, watched, watcher } from '../kit/neighbours.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';

const FunctionName = 'fn';

interface RecordedEvent {
  readonly Records: readonly Answer[];
}

/** The filters of a recorded mapping, as they were given. */
const filtersOf = (stage: Stage, answer: string): { Filters: { Pattern: string }[] } => {
  const { Filters } = stage.recorded(answer)['FilterCriteria'] as { Filters: { Pattern: unknown }[] };
  return { Filters: Filters.map(({ Pattern }) => ({ Pattern: JSON.stringify(Pattern) })) };
};

const fromQueue: Scenario = async (stage) => {
  await watcher(stage);
  const { sqs, QueueUrl, arn } = await queue(stage, 'queue');
  const mapping = { FunctionName, EventSourceArn: arn, MaximumBatchingWindowInSeconds: 1 };
  const { UUID } = await stage.check('create-event-source-mapping-response', stage.api.createEventSourceMapping(mapping));
  await enabled(stage, UUID);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ foo: 'bar' }) }));
  stage.match('events', await watched(stage, 1));
};

/** What matches arrives, and what was sent before it and does not match never does. */
const queueFilter: Scenario = async (stage) => {
  await watcher(stage);
  const { sqs, QueueUrl, arn } = await queue(stage, 'queue');
  const FilterCriteria = filtersOf(stage, 'create_event_source_mapping_response');
  const mapping = { FunctionName, EventSourceArn: arn, MaximumBatchingWindowInSeconds: 1, FilterCriteria };
  const { UUID } = await stage.check('create_event_source_mapping_response', stage.api.createEventSourceMapping(mapping));
  await enabled(stage, UUID);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify({ unrelated: true }) }));
  for (const { Records } of stage.recorded('invocation_events') as unknown as RecordedEvent[])
    for (const { body } of Records) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(body) }));
  stage.match('invocation_events', await watched(stage, 1));
};

const badQueueFilter =
  (Pattern: string): Scenario =>
  async (stage) => {
    await created(stage, FunctionName);
    const { arn } = await queue(stage, 'queue');
    const mapping = { FunctionName, EventSourceArn: arn, FilterCriteria: { Filters: [{ Pattern }] } };
    await stage.check('create_event_source_mapping_exception', stage.api.createEventSourceMapping(mapping));
  };

const batchSizes: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  const { arn } = await queue(stage, 'queue');
  const mapping = { FunctionName, EventSourceArn: arn, MaximumBatchingWindowInSeconds: 0 };
  const { UUID } = await stage.check('create-event-source-mapping', api.createEventSourceMapping(mapping));
  await enabled(stage, UUID);
  await stage.check(
    'invalid-update-event-source-mapping',
    api.updateEventSourceMapping({ UUID: String(UUID), FunctionName, BatchSize: 15 }),
  );
  await stage.check('invalid-create-event-source-mapping', api.createEventSourceMapping({ ...mapping, BatchSize: 15 }));
};

const noQueue: Scenario = async (stage) => {
  await created(stage, FunctionName);
  const EventSourceArn = `arn:aws:sqs:${stage.region}:${stage.account}:no-such-queue`;
  await stage.check('error', stage.api.createEventSourceMapping({ FunctionName, EventSourceArn }));
};

const largeBatch =
  (BatchSize: number): Scenario =>
  async (stage) => {
    await watcher(stage);
    const { sqs, QueueUrl, arn } = await queue(stage, 'queue');
    const mapping = { FunctionName, EventSourceArn: arn, BatchSize, MaximumBatchingWindowInSeconds: 2 };
    const { UUID } = await stage.check('create-event-source-mapping-response', stage.api.createEventSourceMapping(mapping));
    await enabled(stage, UUID);
    const recorded = stage.recorded('Records') as unknown as { messageId: string; body: string }[];
    const bodies = recorded.map(({ body }) => body);
    for (const name of ['send-message-batch-result-10', 'send-message-batch-result-5']) {
      const { Successful } = stage.recorded(name) as { Successful: { Id: string; MessageId: string }[] };
      const Entries = Successful.map(({ Id, MessageId }) => ({
        Id,
        MessageBody: recorded.find(({ messageId }) => messageId === MessageId)?.body,
      }));
      stage.match(name, await shown(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }))));
    }
    stage.match('Records', sorted(await allRecords(stage, bodies.length), bodies));
  };

const recordsOf = (events: readonly Answer[]): Answer[] => events.flatMap((event) => event['Records'] as Answer[]);

/** Waits for the events that have so many records together. */
const allRecords = (stage: Stage, count: number): Promise<Answer[]> =>
  until(
    () => watched(stage, 1),
    (seen) => recordsOf(seen).length >= count,
  );

const sorted = (events: readonly Answer[], bodies: readonly string[]): Answer[] =>
  recordsOf(events).sort((left, right) => bodies.indexOf(String(left['body'])) - bodies.indexOf(String(right['body'])));

/** What came in small batches leaves in large ones. */
const regrouped: Scenario = async (stage) => {
  await watcher(stage);
  const { api } = stage;
  await stage.check('put_concurrency_resp', api.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 2 }));
  const { sqs, QueueUrl, arn } = await queue(stage, 'queue');
  const bodies = (stage.recorded('Records') as unknown as { body: string }[]).map(({ body }) => body);
  for (let from = 0; from < bodies.length; from += 3) {
    const Entries = bodies.slice(from, from + 3).map((MessageBody, index) => ({ Id: `message-${index}`, MessageBody }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  }
  const { BatchSize, ScalingConfig, MaximumBatchingWindowInSeconds } = stage.recorded(
    'create-event-source-mapping-response',
  ) as never;
  const mapping = { FunctionName, EventSourceArn: arn, BatchSize, ScalingConfig, MaximumBatchingWindowInSeconds };
  await stage.check('create-event-source-mapping-response', api.createEventSourceMapping(mapping));
  const events = await allRecords(stage, bodies.length);
  stage.match('batch_info', { total_batches_received: events.length });
  stage.match('Records', sorted(events, bodies));
};

/** Tells another queue how it went, and fails as often as the message says. */
const reporter = `import json, os, urllib.parse, urllib.request
def handler(event, context):
    for record in event["Records"]:
        body = json.loads(record["body"])
        error = None
        if int(record["attributes"]["ApproximateReceiveCount"]) <= body["fail_attempts"]:
            error = "failed attempt"
        result = {"error": error, "event": event}
        form = urllib.parse.urlencode({"Action": "SendMessage", "QueueUrl": body["destination"], "MessageBody": json.dumps(result)}).encode()
        authorization = "AWS4-HMAC-SHA256 Credential=" + os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/" + os.environ["AWS_REGION"] + "/sqs/aws4_request, SignedHeaders=host, Signature=0"
        request = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/", form, {"Authorization": authorization, "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"], "X-Amz-Date": "20260101T000000Z"})
        urllib.request.urlopen(request).read()
        if error:
            raise Exception(error)
`;

const retries: Scenario = async (stage) => {
  await created(stage, FunctionName, { files: { 'handler.py': reporter }, Handler: 'handler.handler', Timeout: 2 });
  const destination = await queue(stage, 'destination');
  stage.match('get_destination_queue_url', {
    QueueUrl: destination.QueueUrl,
    ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: 200 },
  });
  const source = await queue(stage, 'source', { VisibilityTimeout: '2' });
  const { UUID } = await stage.answer(
    stage.api.createEventSourceMapping({ FunctionName, EventSourceArn: source.arn, BatchSize: 1 }),
  );
  stage.match('event_source_mapping', await enabled(stage, UUID));
  const MessageBody = JSON.stringify({ destination: destination.QueueUrl, fail_attempts: 1 });
  await source.sqs.send(new SendMessageCommand({ QueueUrl: source.QueueUrl, MessageBody }));
  stage.match('first_attempt', await received(destination));
  stage.match('second_attempt', await received(destination));
};

const AttributeDefinitions = [{ AttributeName: 'id', AttributeType: 'S' as const }];
const KeySchema = [{ AttributeName: 'id', KeyType: 'HASH' as const }];
const table = { TableName: 'table', AttributeDefinitions, KeySchema, BillingMode: 'PAY_PER_REQUEST' as const };

const shown = async (call: Promise<{ $metadata: { httpStatusCode?: number } }>): Promise<Answer> => {
  const { $metadata, ...answer } = await call;
  return { ...answer, ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: $metadata.httpStatusCode } };
};

async function streamOf(dynamodb: DynamoDBClient, StreamViewType: 'NEW_IMAGE' | 'NEW_AND_OLD_IMAGES'): Promise<string> {
  const stream = { TableName: 'table', StreamSpecification: { StreamEnabled: true, StreamViewType } };
  const { TableDescription } = await dynamodb.send(new UpdateTableCommand(stream));
  return TableDescription?.LatestStreamArn ?? '';
}

/** @param FilterCriteria  where the recording has a placeholder for it */
const tableFilter =
  (putTwice: boolean, FilterCriteria?: { Filters: { Pattern: string }[] }): Scenario =>
  async (stage) => {
    await watcher(stage);
    const dynamodb = stage.neighbour(new DynamoDBClient(stage.settings));
    stage.match('table_creation_response', await shown(dynamodb.send(new CreateTableCommand(table))));
    const EventSourceArn = await streamOf(dynamodb, 'NEW_AND_OLD_IMAGES');
    const mapping = {
      FunctionName,
      EventSourceArn,
      StartingPosition: 'TRIM_HORIZON' as const,
      BatchSize: 1,
      MaximumBatchingWindowInSeconds: 1,
      MaximumRetryAttempts: 1,
      FilterCriteria: FilterCriteria ?? filtersOf(stage, 'create_event_source_mapping_response'),
    };
    const { UUID } = await stage.check('create_event_source_mapping_response', stage.api.createEventSourceMapping(mapping));
    await enabled(stage, UUID);
    const images = (answer: string): Record<string, AttributeValue>[] =>
      (stage.recorded(answer) as unknown as RecordedEvent[]).flatMap(({ Records }) =>
        Records.map((record) => (record['dynamodb'] as { NewImage: Record<string, AttributeValue> }).NewImage),
      );
    const put = async (some: readonly Record<string, AttributeValue>[]): Promise<void> => {
      for (const Item of some) await dynamodb.send(new PutItemCommand({ TableName: 'table', Item }));
    };
    const [first, all] = [images('lambda-log-events'), images('lambda-multiple-log-events')];
    await put(first);
    stage.match('lambda-log-events', await watched(stage, first.length));
    await put(putTwice ? first : all.slice(first.length));
    stage.match('lambda-multiple-log-events', await watched(stage, all.length));
  };

const badTableFilter: Scenario = async (stage) => {
  await created(stage, FunctionName);
  const dynamodb = stage.neighbour(new DynamoDBClient(stage.settings));
  await dynamodb.send(new CreateTableCommand(table));
  const EventSourceArn = await streamOf(dynamodb, 'NEW_IMAGE');
  const mapping = {
    FunctionName,
    EventSourceArn,
    StartingPosition: 'TRIM_HORIZON' as const,
    FilterCriteria: { Filters: [{ Pattern: 'single-string' }] },
  };
  await stage.check('exception_event_source_creation', stage.api.createEventSourceMapping(mapping));
};

const tableDeletion: Scenario = async (stage) => {
  await created(stage, FunctionName);
  const dynamodb = stage.neighbour(new DynamoDBClient(stage.settings));
  const streamed = { ...table, StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' as const } };
  const made = await shown(dynamodb.send(new CreateTableCommand(streamed)));
  stage.match('create_dynamodb_table_response', made);
  const { LatestStreamArn: EventSourceArn } = made['TableDescription'] as { LatestStreamArn: string };
  const { MaximumBatchingWindowInSeconds, BatchSize, StartingPosition } = stage.recorded(
    'create_event_source_mapping_result',
  ) as never;
  const mapping = { FunctionName, EventSourceArn, StartingPosition, BatchSize, MaximumBatchingWindowInSeconds };
  const { UUID } = await stage.check('create_event_source_mapping_result', stage.api.createEventSourceMapping(mapping));
  await enabled(stage, UUID);
  await stage.check('list_event_source_mapping_result', stage.api.listEventSourceMappings({ EventSourceArn }));
};

const validation: Scenario = async (stage) => {
  const { api } = stage;
  await created(stage, FunctionName);
  const dynamodb = stage.neighbour(new DynamoDBClient(stage.settings));
  await dynamodb.send(new CreateTableCommand(table));
  const mapping = { FunctionName, EventSourceArn: await streamOf(dynamodb, 'NEW_IMAGE') };
  await stage.check('no_starting_position', api.createEventSourceMapping(mapping));
  await stage.check(
    'invalid_starting_position',
    api.createEventSourceMapping({ ...mapping, StartingPosition: 'invalid' as never }),
  );
  await stage.check(
    'incompatible_starting_position',
    api.createEventSourceMapping({ ...mapping, StartingPosition: 'AT_TIMESTAMP' }),
  );
};

const each = (title: string, cases: readonly string[], scenario: Scenario): Scenarios =>
  Object.fromEntries(cases.map((name) => [`${title}[${name}]`, scenario]));

export const mappingScenarios: Scenarios = {
  'TestLambdaEventSourceMappings.test_create_event_source_validation': validation,
  'TestSQSEventSourceMapping.test_sqs_event_source_mapping': fromQueue,
  'TestSQSEventSourceMapping.test_event_source_mapping_default_batch_size': batchSizes,
  ...each(
    'TestSQSEventSourceMapping.test_sqs_event_filter',
    [
      'filter2-item_matching2-item_not_matching2',
      'filter3-item_matching3-item_not_matching3',
      'filter6-item_matching6-item_not_matching6',
      'single-filter',
      'exists-filter',
      'numeric-bigger',
      'numeric-smaller',
      'numeric-range',
      'numeric-prefix',
      'single',
      'valid-json-filter',
    ],
    queueFilter,
  ),
  'TestSQSEventSourceMapping.test_sqs_invalid_event_filter[invalid_filter2]': badQueueFilter('[{"eventName": ["INSERT"]}]'),
  'TestSQSEventSourceMapping.test_sqs_invalid_event_filter[invalid_filter3]': badQueueFilter('simple string'),
  'TestSQSEventSourceMapping.test_sqs_event_source_mapping_batch_size[100]': largeBatch(100),
  'TestSQSEventSourceMapping.test_sqs_event_source_mapping_batch_size[1000]': largeBatch(1000),
  'TestSQSEventSourceMapping.test_sqs_event_source_mapping_batching_reserved_concurrency': regrouped,
  test_esm_with_not_existing_sqs_queue: noQueue,
  test_failing_lambda_retries_after_visibility_timeout: retries,
  ...each(
    'TestDynamoDBEventSourceMapping.test_dynamodb_event_filter',
    ['content_or_filter', 'exists_filter_type', 'exists_false_filter'],
    tableFilter(false),
  ),
  'TestDynamoDBEventSourceMapping.test_dynamodb_event_filter[insert_same_entry_twice]': tableFilter(true),
  'TestDynamoDBEventSourceMapping.test_dynamodb_event_filter[date_time_conversion]': tableFilter(false, {
    Filters: [{ Pattern: '{"dynamodb":{"ApproximateCreationDateTime":[{"numeric":[">",0]}]}}' }],
  }),
  'TestDynamoDBEventSourceMapping.test_dynamodb_invalid_event_filter[single-string]': badTableFilter,
  'TestDynamoDBEventSourceMapping.test_deletion_event_source_mapping_with_dynamodb': tableDeletion,
};
