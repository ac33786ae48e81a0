import { CloudWatchLogsClient, FilterLogEventsCommand, ResourceNotFoundException } from '@aws-sdk/client-cloudwatch-logs';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient, type Message } from '@aws-sdk/client-sqs';
import { created, until, type Options } from './functions.ts';
import type { Answer, Stage } from './stage.ts';

/** A queue and its client. */
export async function queue(
  stage: Stage,
  QueueName: string,
  Attributes: Record<string, string> = {},
): Promise<{ sqs: SQSClient; QueueUrl: string; arn: string }> {
  const sqs = stage.neighbour(new SQSClient(stage.settings));
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return { sqs, QueueUrl, arn: `arn:aws:sqs:${stage.region}:${stage.account}:${QueueName}` };
}

/** Waits for a message. */
export async function received(
  { sqs, QueueUrl }: { sqs: SQSClient; QueueUrl: string },
  options: object = {},
): Promise<{ Messages: Message[]; ResponseMetadata: object }> {
  const receive = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 5, ...options });
  const { Messages = [] } = await until(
    () => sqs.send(receive),
    (answer) => (answer.Messages ?? []).length > 0,
  );
  return { Messages, ResponseMetadata: { HTTPHeaders: {}, HTTPStatusCode: 200 } };
}

/** A function that writes what it is given to its log. */
export const watcher = (stage: Stage, options: Options = {}, name = 'fn'): Promise<Answer> =>
  created(stage, name, {
    files: { 'handler.py': 'import json\ndef handler(event, context):\n    print(json.dumps(event))\n' },
    Handler: 'handler.handler',
    Timeout: 30,
    ...options,
  });

/** Waits until the watcher was given this many events. */
export async function watched(stage: Stage, count: number, name = 'fn'): Promise<Answer[]> {
  const logs = stage.neighbour(new CloudWatchLogsClient(stage.settings));
  const ask = async (): Promise<Answer[]> => {
    const found = await logs.send(new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${name}` })).catch((error: unknown) => {
      if (error instanceof ResourceNotFoundException) return { events: [] };
      throw error;
    });
    return (found.events ?? []).flatMap(({ message = '' }) => (message.startsWith('{') ? [JSON.parse(message) as Answer] : []));
  };
  return until(ask, (events) => events.length >= count);
}

/** Waits until a mapping is at work. */
export const enabled = (stage: Stage, UUID: unknown): Promise<Answer> =>
  until(
    () => stage.answer(stage.api.getEventSourceMapping({ UUID: String(UUID) })),
    ({ State }) => State === 'Enabled',
  );
