import { SendMessageBatchCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { created } from '../kit/functions.ts';
import { queue, received } from '../kit/neighbours.ts';
import type { Answer, Scenario, Scenarios, Stage } from '../kit/stage.ts';

/** Tells a queue what it was given and what it returns. */
const program = (result: string): string => `import json, os, urllib.parse, urllib.request
def tell(body):
    form = urllib.parse.urlencode({"Action": "SendMessage", "QueueUrl": os.environ["DESTINATION"], "MessageBody": json.dumps(body)}).encode()
    authorization = "AWS4-HMAC-SHA256 Credential=" + os.environ["AWS_ACCESS_KEY_ID"] + "/20260101/" + os.environ["AWS_REGION"] + "/sqs/aws4_request, SignedHeaders=host, Signature=0"
    headers = {"Authorization": authorization, "X-Amz-Security-Token": os.environ["AWS_SESSION_TOKEN"], "X-Amz-Date": "20260101T000000Z"}
    urllib.request.urlopen(urllib.request.Request(os.environ["AWS_ENDPOINT_URL"] + "/", form, headers)).read()
def failing(record):
    return int(record["attributes"]["ApproximateReceiveCount"]) <= json.loads(record["body"])["fail_attempts"]
def handler(event, context):
    result = ${result}
    tell({"event": event, "result": result})
    return result
`;

interface Hall {
  readonly source: Awaited<ReturnType<typeof queue>>;
  readonly destination: Awaited<ReturnType<typeof queue>>;
  readonly dead: Awaited<ReturnType<typeof queue>>;
}

/** A function between two queues; what fails twice goes to a third. */
async function hall(
  stage: Stage,
  result: string,
  fifo: boolean,
  before: (source: Hall['source']) => Promise<void>,
  answer?: string,
): Promise<Hall> {
  const [suffix, kind] = fifo ? ['.fifo', { FifoQueue: 'true' }] : ['', {}];
  const destination = await queue(stage, 'destination');
  stage.match('get_destination_queue_url', {
    QueueUrl: destination.QueueUrl,
    ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: 200 },
  });
  const dead = await queue(stage, `dead${suffix}`, kind);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: dead.arn, maxReceiveCount: 2 });
  const source = await queue(stage, `source${suffix}`, { VisibilityTimeout: '2', RedrivePolicy, ...kind });
  const Environment = { Variables: { DESTINATION: destination.QueueUrl } };
  await created(stage, 'fn', { files: { 'handler.py': program(result) }, Handler: 'handler.handler', Timeout: 2, Environment });
  await before(source);
  const input = {
    FunctionName: 'fn',
    EventSourceArn: source.arn,
    FunctionResponseTypes: ['ReportBatchItemFailures' as const],
    BatchSize: 10,
    MaximumBatchingWindowInSeconds: 0,
  };
  const call = stage.api.createEventSourceMapping(input);
  if (answer === undefined) await stage.answer(call);
  else await stage.check(answer, call);
  return { source, destination, dead };
}

const failingItems =
  '{"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in event["Records"] if failing(record)]}';

const partial: Scenario = async (stage) => {
  const attempts = [0, 1, 1, 2];
  const Entries = attempts.map((fail_attempts, index) => ({
    Id: `message-${index + 1}`,
    MessageBody: JSON.stringify({ message: index + 1, fail_attempts }),
    MessageGroupId: '1',
    MessageDeduplicationId: `dedup-${index + 1}`,
  }));
  const send = async ({ sqs, QueueUrl }: Hall['source']): Promise<void> => {
    const { $metadata, ...sent } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    stage.match('send_message_batch', {
      ...sent,
      ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: $metadata.httpStatusCode },
    } satisfies Answer);
  };
  const { destination, dead } = await hall(stage, failingItems, true, send, 'create_event_source_mapping');
  stage.match('first_invocation', await received(destination));
  stage.match('second_invocation', await received(destination));
  stage.match('dlq_response', await received(dead));
};

const one = async ({ sqs, QueueUrl }: Hall['source']): Promise<void> =>
  void (await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: '{"message": 1, "fail_attempts": 0}' })));

export const batchScenarios: Scenarios = {
  test_report_batch_item_failures: partial,
  test_report_batch_item_failures_invalid_result_json_batch_fails: async (stage) => {
    const { destination, dead } = await hall(stage, '{"batchItemFailures": [{"foo": "notvalid"}]}', false, one);
    stage.match('first_invocation', await received(destination));
    stage.match('second_invocation', await received(destination));
    stage.match('dlq_response', await received(dead));
  },
  test_report_batch_item_failures_empty_json_batch_succeeds: async (stage) => {
    const { destination } = await hall(stage, '{}', false, one);
    stage.match('first_invocation', await received(destination));
  },
};
