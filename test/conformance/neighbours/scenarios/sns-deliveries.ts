import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios, Scene } from '../kit/stage.ts';
import { each } from '../kit/stage.ts';
import { Pair } from './sns-kit.ts';

const number = (StringValue: string): object => ({ DataType: 'Number', StringValue });
const binary = { DataType: 'Binary', BinaryValue: Buffer.of(2, 3, 4) };
const all = { AttributeNames: ['All'], MessageAttributeNames: ['All'] };

const look = (pair: Pair, name: string): Promise<Answer> =>
  pair.sns.check(name, 'GetSubscriptionAttributes', { SubscriptionArn: pair.SubscriptionArn });

const set = (pair: Pair, AttributeName: string, AttributeValue: string): Promise<Answer> =>
  pair.sns.ok('SetSubscriptionAttributes', { SubscriptionArn: pair.SubscriptionArn, AttributeName, AttributeValue });

const beforeAndAfter: Scenario = async (scene) => {
  const pair = await Pair.of(scene);
  const publish = (name: string, word: string): Promise<Answer> =>
    pair.sns.check(name, 'Publish', {
      TopicArn: pair.TopicArn,
      Subject: `test-subject-${word === 'after' ? 'after-sub' : 'before-sub'}`,
      Message: `test_message_${word}`,
    });
  await publish('publish-before-subscribing', 'before');
  await pair.subscribe({});
  await publish('publish-after-subscribing', 'after');
  scene.match('receive-messages', await pair.received());
};

const filtered: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene, { FilterPolicy: JSON.stringify({ attr1: [{ numeric: ['>', 0, '<=', 100] }] }) });
  await look(pair, 'subscription-attributes');
  await pair.publish('This is a test message', { MessageAttributes: { attr1: number('99.12') } });
  scene.match('messages', await pair.received());
};

const raw: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene, { RawMessageDelivery: 'true' });
  await look(pair, 'subscription-attributes');
  await pair.publish('This is a test message', { MessageAttributes: { store: binary } });
  scene.match('messages-response', await pair.received(false, { MessageAttributeNames: ['store'] }));
};

const rawOrNot: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene, { RawMessageDelivery: 'true' });
  await look(pair, 'sub-attrs-raw-true');
  await pair.publish('Test msg', { MessageAttributes: { attr1: number('99.12') } });
  scene.match('message-raw-true', await pair.received(false, { MessageAttributeNames: ['All'] }));
  await set(pair, 'RawMessageDelivery', 'false');
  await look(pair, 'sub-attrs-raw-false');
  await pair.publish('Test msg', { MessageAttributes: { attr1: number('100.12') } });
  scene.match('message-raw-false', await pair.received(false, { MessageAttributeNames: ['All'] }));
};

const attributesStay: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene, { RawMessageDelivery: 'true' });
  const MessageAttributes = {
    'an-attribute-key': { DataType: 'String', StringValue: 'an-attribute-value' },
    'binary-attribute': binary,
  };
  const publish = (name: string): Promise<Answer> =>
    pair.sns.check(name, 'Publish', { TopicArn: pair.TopicArn, Message: 'text', MessageAttributes });
  await publish('publish-msg-raw');
  scene.match('raw-delivery-msg-attrs', await pair.received(false, all));
  await set(pair, 'RawMessageDelivery', 'false');
  await publish('publish-msg-json');
  scene.match('json-delivery-msg-attrs', await pair.received(false, all));
};

const structured: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene);
  const send = (message: object): Promise<Answer> => pair.publish(JSON.stringify(message), { MessageStructure: 'json' });
  await send({ default: 'default field', sqs: '{"field": "value"}' });
  scene.match('get-msg-json-sqs', await pair.received());
  await send({ default: 'default field' });
  scene.match('get-msg-json-default', await pair.received());
};

/** The queue is gone when the message comes. */
const toDeadLetters =
  (RawMessageDelivery: string): Scenario =>
  async (scene) => {
    const pair = await Pair.of(scene);
    const { QueueUrl } = await pair.sqs.ok('CreateQueue', { QueueName: 'dead' });
    await pair.subscribe({
      RawMessageDelivery,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: scene.arn('sqs', 'dead') }),
    });
    await pair.sqs.ok('DeleteQueue', { QueueUrl: pair.QueueUrl });
    await pair.publish('test_dlq_after_sqs_endpoint_deleted', { MessageAttributes: { attr1: number('111'), attr2: binary } });
    scene.match('messages', await pair.sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20, ...all }));
  };

const group = { MessageGroupId: 'message-group-id-1', MessageDeduplicationId: 'message-deduplication-id-1' };

const fifo =
  (topic: object, message: object): Scenario =>
  async (scene) => {
    const pair = await Pair.fifo(scene, {}, topic);
    await pair.publish('Test', message);
    scene.match('messages', await pair.received(false, all));
    await pair.publish('Test', message);
    scene.match('dedup-messages', await pair.received(true, all));
  };

const toStandardQueue =
  (topic: object, message: object): Scenario =>
  async (scene) => {
    const pair = await Pair.of(scene, { FifoTopic: 'true', ...topic }, {}, { topic: 'topic.fifo', queue: 'queue' });
    await pair.subscribe({});
    await pair.publish('Test', message);
    scene.match('messages', await pair.received(false, all));
    await pair.publish('Test', message);
    scene.match('dedup-messages', await pair.received(true, all));
  };

const noContentDeduplication =
  (RawMessageDelivery: string): Scenario =>
  async (scene) => {
    const pair = await Pair.fifo(scene, { RawMessageDelivery }, { ContentBasedDeduplication: 'true' });
    const { MessageGroupId } = group;
    await pair.publish('Test single', { MessageGroupId });
    await pair.sns.ok('PublishBatch', {
      TopicArn: pair.TopicArn,
      PublishBatchRequestEntries: [{ Id: '1', Message: 'Test batched', MessageGroupId }],
    });
    scene.match('messages', { Messages: await taken(pair, pair.QueueUrl, 2) });
  };

async function taken(pair: Pair, QueueUrl: string, count: number): Promise<Answer[]> {
  const messages: Answer[] = [];
  while (messages.length < count) {
    const { Messages = [] } = (await pair.sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 5, ...all })) as {
      Messages?: Answer[];
    };
    for (const { ReceiptHandle } of Messages) await pair.sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle });
    messages.push(...Messages);
  }
  return messages;
}

const fifoDeadLetters =
  (RawMessageDelivery: string): Scenario =>
  async (scene) => {
    const pair = await Pair.of(scene, { FifoTopic: 'true' }, { FifoQueue: 'true' }, { topic: 'topic.fifo', queue: 'queue.fifo' });
    const { QueueUrl } = await pair.sqs.ok('CreateQueue', { QueueName: 'dead.fifo', Attributes: { FifoQueue: 'true' } });
    const { TopicArn } = pair;
    await pair.sns.check('topic-attrs', 'GetTopicAttributes', { TopicArn });
    await pair.subscribe({
      RawMessageDelivery,
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: scene.arn('sqs', 'dead.fifo') }),
    });
    await pair.sqs.ok('DeleteQueue', { QueueUrl: pair.QueueUrl });
    const two = { attr1: number('99.12'), attr2: number('109.12') };
    const entries = [
      { Message: 'Test Message with two attributes', Subject: 'Subject', MessageAttributes: two },
      { Message: 'Test Message with one attribute', Subject: 'Subject', MessageAttributes: { attr1: number('19.12') } },
      { Message: 'Test Message without attribute', Subject: 'Subject' },
    ].map((entry, index) => ({
      Id: String(index + 1),
      ...entry,
      MessageGroupId: 'complexMessageGroupId',
      MessageDeduplicationId: `MessageDeduplicationId-${index + 1}`,
    }));
    await pair.sns.check('publish-batch-response-fifo', 'PublishBatch', { TopicArn, PublishBatchRequestEntries: entries });
    scene.match('batch-messages-in-dlq', { Messages: await taken(pair, String(QueueUrl), 3) });
    await pair.sns.check('publish-response-fifo', 'Publish', { TopicArn, Message: 'test-message', ...group });
    scene.match('messages-in-dlq', { Messages: await taken(pair, String(QueueUrl), 1) });
  };

const signed =
  (version: string): Scenario =>
  async (scene) => {
    const pair = await Pair.of(scene, { SignatureVersion: version });
    await pair.subscribe({});
    await pair.publish('test signature value with attributes', { MessageAttributes: { attr1: number('1') } });
    scene.match('messages', await pair.received(false, all));
  };

const unicode: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene);
  await pair.publish('ö§a1"_!?,. £$-');
  scene.match('received-message', await pair.received());
};

const crossRegion: Scenario = async (scene: Scene) => {
  const pair = await Pair.of(scene);
  const there = scene.service('sns', { region: `${scene.region.slice(0, -1)}2` });
  const subscription = { TopicArn: pair.TopicArn, Protocol: 'sqs', Endpoint: pair.Endpoint };
  await there.check('subscribe-cross-region', 'Subscribe', subscription);
  await pair.sns.check('subscribe-same-region', 'Subscribe', subscription);
  await pair.publish('This is a test message', { MessageAttributes: { attr1: number('99.12') } });
  scene.match('messages', await pair.received());
};

export const snsDeliveryScenarios: Scenarios = {
  'TestSNSPublishCrud.test_publish_message_before_subscribe_topic': beforeAndAfter,
  'TestSNSSubscriptionSQS.test_subscribe_sqs_queue': filtered,
  'TestSNSSubscriptionSQS.test_publish_unicode_chars': unicode,
  'TestSNSSubscriptionSQS.test_attribute_raw_subscribe': raw,
  'TestSNSSubscriptionSQS.test_publish_sqs_from_sns': rawOrNot,
  'TestSNSSubscriptionSQS.test_message_attributes_not_missing': attributesStay,
  'TestSNSSubscriptionSQS.test_message_structure_json_to_sqs': structured,
  ...each('TestSNSSubscriptionSQS.test_redrive_policy_sqs_queue_subscription', { True: 'true', False: 'false' }, toDeadLetters),
  ...each('TestSNSSubscriptionSQS.test_publish_sqs_verify_signature', { 1: '1' }, signed),
  ...each('TestSNSSubscriptionSQSFifo.test_message_to_fifo_sqs', { False: {} }, () => fifo({}, group)),
  'TestSNSSubscriptionSQSFifo.test_publish_to_fifo_topic_deduplication_on_topic_level': fifo(
    { ContentBasedDeduplication: 'true' },
    { MessageGroupId: group.MessageGroupId },
  ),
  ...each(
    'TestSNSSubscriptionSQSFifo.test_fifo_topic_to_regular_sqs',
    { True: [{ ContentBasedDeduplication: 'true' }, { MessageGroupId: 'g' }] as const, False: [{}, group] as const },
    ([topic, message]) => toStandardQueue(topic, message),
  ),
  ...each(
    'TestSNSSubscriptionSQSFifo.test_publish_to_fifo_topic_to_sqs_queue_no_content_dedup',
    { True: 'true', False: 'false' },
    noContentDeduplication,
  ),
  ...each('TestSNSSubscriptionSQSFifo.test_publish_fifo_messages_to_dlq', { True: 'true', False: 'false' }, fifoDeadLetters),
  'TestSNSMultiRegions.test_cross_region_delivery_sqs': crossRegion,
};
