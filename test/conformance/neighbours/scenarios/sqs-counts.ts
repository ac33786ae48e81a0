import type { Answer } from '../../kit/stage.ts';
import type { Scenarios, Scene, Service } from '../kit/stage.ts';
import { both, firstIn, inForms, json, provider, receiptOf, type Play } from './sqs-kit.ts';

// Of most of these no answers were recorded: what they say is in their names.

interface Counts {
  readonly visible: number;
  readonly hidden: number;
}

/** Waits until a queue says that it has so many. */
async function counted(sqs: Service, QueueUrl: string, { visible, hidden }: Counts): Promise<void> {
  const names = ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible'] as const;
  await sqs.until('GetQueueAttributes', { QueueUrl, AttributeNames: names }, ({ Attributes = {} }) => {
    const found = Attributes as Record<string, string>;
    return found[names[0]] === String(visible) && found[names[1]] === String(hidden);
  });
}

const hiddenOnes =
  (name: string): Play =>
  async (_scene, queue, sqs) => {
    const fifo = name.endsWith('.fifo');
    const { QueueUrl } = await queue(name, fifo ? { ContentBasedDeduplication: 'true' } : {});
    for (const number of [1, 2])
      await sqs.ok('SendMessage', { QueueUrl, MessageBody: `m${number}`, ...(fifo ? { MessageGroupId: `g${number}` } : {}) });
    await counted(sqs, QueueUrl, { visible: 2, hidden: 0 });
    const got = await sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 });
    await counted(sqs, QueueUrl, { visible: 1, hidden: 1 });
    await sqs.ok('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: receiptOf(got), VisibilityTimeout: 0 });
    await counted(sqs, QueueUrl, { visible: 2, hidden: 0 });
  };

const arnOf = async (sqs: Service, QueueUrl: string): Promise<string> => {
  const { Attributes } = await sqs.ok('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] });
  return (Attributes as { QueueArn: string }).QueueArn;
};

const deadLetters: Play = async (scene, queue, sqs) => {
  const contentBased = { ContentBasedDeduplication: 'true' };
  const dead = await queue('dead.fifo', contentBased);
  const deadLetterTargetArn = await arnOf(sqs, dead.QueueUrl);
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 });
  const { QueueUrl } = await queue('queue.fifo', { ...contentBased, RedrivePolicy, VisibilityTimeout: '0' });
  await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'body', MessageGroupId: 'g' });
  await sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 });
  await sqs.ok('ReceiveMessage', { QueueUrl });
  const got = await sqs.ok('ReceiveMessage', { QueueUrl: dead.QueueUrl, WaitTimeSeconds: 5 });
  scene.stage.same('Body', (firstIn(got) as Answer | undefined)?.['Body'], 'body');
};

const noRedrive: Play = async (scene, queue, sqs) => {
  const dead = await queue('dead');
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: await arnOf(sqs, dead.QueueUrl), maxReceiveCount: 1 });
  const { QueueUrl } = await queue('queue', { RedrivePolicy });
  const policy = async (): Promise<unknown> => {
    const { Attributes = {} } = await sqs.ok('GetQueueAttributes', { QueueUrl, AttributeNames: ['RedrivePolicy'] });
    return (Attributes as Answer)['RedrivePolicy'] !== undefined;
  };
  scene.stage.same('before', await policy(), true);
  await sqs.ok('SetQueueAttributes', { QueueUrl, Attributes: { RedrivePolicy: '' } });
  scene.stage.same('after', await policy(), false);
};

const longestId: Play = async (_scene, queue, sqs) => {
  const { QueueUrl } = await queue('queue.fifo');
  const signs = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';
  const MessageDeduplicationId = `${signs}abcABC019`.padEnd(128, 'x');
  await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'm', MessageGroupId: 'g', MessageDeduplicationId });
};

/** A queue's own address understands the query protocol alone. */
async function jsonAtQueue(scene: Scene, QueueUrl: string): Promise<void> {
  const response = await fetch(QueueUrl, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-amz-json-1.0', 'X-Amz-Target': 'AmazonSQS.SendMessage' },
    body: JSON.stringify({ QueueUrl, MessageBody: 'm' }),
  });
  scene.stage.same('refused', response.status >= 400, true);
}

export const sqsCountScenarios: Scenarios = {
  ...inForms(provider('test_approximate_number_of_messages_not_visible'), json, hiddenOnes('queue')),
  ...inForms(provider('test_fifo_approximate_number_of_messages_not_visible'), both, hiddenOnes('queue.fifo')),
  ...inForms(provider('test_dead_letter_queue_with_fifo_and_content_based_deduplication'), both, deadLetters),
  ...inForms(provider('test_set_empty_redrive_policy'), both, noRedrive),
  ...inForms(provider('test_message_deduplication_id_success'), [''], longestId),
  ...inForms('TestSqsQueryApi.test_send_message_via_queue_url_with_json_protocol', [''], async (scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue');
    await jsonAtQueue(scene, QueueUrl);
    await sqs.check('receive-json-on-queue-url', 'ReceiveMessage', { QueueUrl });
  }),
};
