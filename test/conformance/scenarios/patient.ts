import { setTimeout as pause } from 'node:timers/promises';
import { CreateStreamCommand, DescribeStreamSummaryCommand, KinesisClient, PutRecordCommand } from '@aws-sdk/client-kinesis';
import { DeleteMessageCommand } from '@aws-sdk/client-sqs';
import { slow } from '../../runtimes/kit/artefacts.ts';
import { created, json, until } from '../kit/functions.ts';
import { enabled, queue, received, watched, watcher } from '../kit/neighbours.ts';
import { NotHere, type Answer, type Scenario, type Scenarios } from '../kit/stage.ts';

const FunctionName = 'fn';

/** The least age that a mapping may set is a minute, and so is the first pause between two tries. */
const patient =
  (scenario: Scenario): Scenario =>
  (stage) => {
    if (slow !== false) throw new NotHere(slow);
    return scenario(stage);
  };

/** A record that is too old when the mapping first sees it; `later` come after it. */
const tooOld =
  (later: readonly string[]): Scenario =>
  async (stage) => {
    const kinesis = stage.neighbour(new KinesisClient(stage.settings));
    const StreamName = 'stream';
    await kinesis.send(new CreateStreamCommand({ StreamName, ShardCount: 1 }));
    await until(
      () => kinesis.send(new DescribeStreamSummaryCommand({ StreamName })),
      ({ StreamDescriptionSummary }) => StreamDescriptionSummary?.StreamStatus === 'ACTIVE',
    );
    const put = (data: string): Promise<object> =>
      kinesis.send(new PutRecordCommand({ StreamName, PartitionKey: 'test', Data: Buffer.from(data) }));
    await put('too old');
    await pause(61_000);
    await watcher(stage);
    const failures = await queue(stage, 'failures');
    const { BatchSize, MaximumRecordAgeInSeconds, MaximumBatchingWindowInSeconds, MaximumRetryAttempts } = stage.recorded(
      'create_event_source_mapping_response',
    ) as Record<string, number>;
    const mapping = {
      FunctionName,
      EventSourceArn: `arn:aws:kinesis:${stage.region}:${stage.account}:stream/${StreamName}`,
      StartingPosition: 'TRIM_HORIZON' as const,
      DestinationConfig: { OnFailure: { Destination: failures.arn } },
      BatchSize,
      MaximumRecordAgeInSeconds,
      MaximumBatchingWindowInSeconds,
      MaximumRetryAttempts,
    };
    const { UUID } = await stage.check('create_event_source_mapping_response', stage.api.createEventSourceMapping(mapping));
    await enabled(stage, UUID);
    stage.match('record_age_exceeded_payload', await received(failures));
    if (later.length === 0) return;
    for (const data of later) await put(data);
    const records = (events: readonly Answer[]): unknown[] => events.flatMap((event) => event['Records'] as unknown[]);
    const events = await until(
      () => watched(stage, 1),
      (seen) => records(seen).length >= later.length,
    );
    stage.match('Records', records(events));
  };

/** Written so that it fails in the line that was recorded. */
const failing = `import json


def handler(event, context):
    message = event["message"]
    print(json.dumps(message))
    raise Exception("intentional failure")
`;

const asked = { MessageSystemAttributeNames: ['All'] };

const retries: Scenario = async (stage) => {
  const { api } = stage;
  const failures = await queue(stage, 'failures');
  await created(stage, FunctionName, { files: { 'handler.py': failing }, Handler: 'handler.handler' });
  const DestinationConfig = { OnFailure: { Destination: failures.arn } };
  await api.putFunctionEventInvokeConfig({ FunctionName, MaximumRetryAttempts: 2, DestinationConfig });
  await api.invoke({ FunctionName, InvocationType: 'Event', Payload: json({ message: 'a message' }) });
  await received(failures, { ...asked, VisibilityTimeout: 0 });
  stage.match('queue_destination_payload', await received(failures, asked));
};

const ages: Scenario = async (stage) => {
  const { api } = stage;
  const failures = await queue(stage, 'failures');
  await created(stage, FunctionName, { files: { 'handler.py': failing }, Handler: 'handler.handler' });
  const DestinationConfig = { OnFailure: { Destination: failures.arn } };
  for (const [name, MaximumEventAgeInSeconds] of [
    ['no_retry_failure_message', 60],
    ['single_retry_failure_message', 120],
  ] as const) {
    await api.putFunctionEventInvokeConfig({
      FunctionName,
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds,
      DestinationConfig,
    });
    await api.invoke({ FunctionName, InvocationType: 'Event', Payload: json({ message: 'a message' }) });
    const { Messages } = await received(failures, asked);
    stage.match(name, Messages[0]);
    const { QueueUrl, sqs } = failures;
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
  }
};

export const patientScenarios: Scenarios = {
  'TestKinesisSource.test_kinesis_maximum_record_age_exceeded[expire-before-ingestion]': patient(tooOld([])),
  'TestKinesisSource.test_kinesis_maximum_record_age_exceeded_discard_records': patient(
    tooOld(['stream-data-1', 'stream-data-2', 'stream-data-3', 'stream-data-4', 'stream-data-5']),
  ),
  'TestLambdaDestinationSqs.test_retries': patient(retries),
  'TestLambdaDestinationSqs.test_maxeventage': patient(ages),
};
