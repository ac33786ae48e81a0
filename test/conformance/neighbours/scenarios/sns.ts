import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios, Scene, Service } from '../kit/stage.ts';
import { browse } from '../kit/browse.ts';
import { each } from '../kit/stage.ts';
import { snsDeliveryScenarios } from './sns-deliveries.ts';
import { snsFilterScenarios } from './sns-filters.ts';
import { Pair, topicOf } from './sns-kit.ts';
import { snsListenerScenarios } from './sns-listeners.ts';
import { snsPlatformScenarios } from './sns-platforms.ts';

const attribute = (DataType: string, StringValue: string): object => ({ DataType, StringValue });

const topicArns: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const { TopicArn } = await sns.check('create-topic', 'CreateTopic', { Name: 'topic' });
  await sns.check('get-topic-attrs', 'GetTopicAttributes', { TopicArn });
  await sns.check('delete-topic', 'DeleteTopic', { TopicArn });
  await sns.check('topic-not-exists', 'GetTopicAttributes', { TopicArn });
};

const publishRefusals: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  const json = (name: string, Message: string): Promise<Answer> =>
    sns.check(name, 'Publish', { TopicArn, Message, MessageStructure: 'json' });
  await json('missing-default-key', '{"sqs": "x"}');
  await json('invalid-json', '{"default": "x",}');
  await json('duplicate-json-keys', '{"default": "x", "default": "y"}');
  await json('key-is-not-string', '{"default": {"a": "b"}}');
};

const badAttributes: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  const both = async (name: string, attributes: object): Promise<void> => {
    await sns.check(name, 'Publish', { TopicArn, Message: 'm', MessageAttributes: attributes });
    await sns.check(`batch-${name}`, 'PublishBatch', {
      TopicArn,
      PublishBatchRequestEntries: [{ Id: '1', Message: 'm', MessageAttributes: attributes }],
    });
  };
  await both('missing_string_attr', { attr1: attribute('String', '') });
  await both('fully_missing_string_attr', { attr1: { DataType: 'String' } });
  await both('fully_missing_data_type', { attr1: { StringValue: 'x' } });
  await both('missing_binary_attr', { attr1: { DataType: 'Binary', BinaryValue: Buffer.of() } });
  await both('str_attr_binary_value', { attr1: { DataType: 'String', BinaryValue: Buffer.of(2, 3, 4) } });
  await both('int_attr_binary_value', { attr1: { DataType: 'Number', BinaryValue: Buffer.of(2, 3, 4) } });
  await both('binary_attr_string_value', { attr1: attribute('Binary', '123') });
  await both('invalid_attr_string_value', { attr1: attribute('InvalidType', '123') });
  await both('too_long_name', { [`attr${'a'.repeat(257)}`]: attribute('String', 'x') });
  await both('invalid_name', { 'attr^1': attribute('String', 'x') });
  await both('invalid_name_2', { '.attr1': attribute('String', 'x') });
  await both('invalid_name_3', { 'attr1.': attribute('String', 'x') });
  await both('invalid_name_4', { 'attr..1': attribute('String', 'x') });
};

const nameConstraints: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const create = (name: string, Name: string, Attributes: object = {}): Promise<Answer> =>
    sns.check(name, 'CreateTopic', { Name, Attributes });
  await create('valid-name-max-length', 'a'.repeat(256));
  await create('name-too-short', '');
  await create('name-too-long', 'a'.repeat(257));
  await create('name-contains-fifo', 'topic.fifo');
  await create('fifo-name-not-contains-fifo', 'topic', { FifoTopic: 'true' });
  for (const [index, sign] of [...'!@#$%^&*'].entries()) await create(`name-invalid-char-${index}`, `topic${sign}`);
};

const differentAttributes: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const create = (name: string, Attributes: object): Promise<Answer> =>
    sns.check(name, 'CreateTopic', { Name: 'topic', Attributes });
  const { TopicArn } = await create('create-topic', { DisplayName: 'Value1' });
  await create('create-topic-no-attrs', {});
  await sns.check('topic-attrs', 'GetTopicAttributes', { TopicArn });
  await create('create-topic-diff-attrs', { DisplayName: 'Value2' });
  await create('create-topic-new-attrs-fifo', { FifoTopic: 'true', ContentBasedDeduplication: 'true' });
  await create('create-topic-new-attrs', { KmsMasterKeyId: 'alias/aws/sns' });
  await create('create-topic-new-and-same-attrs', { DisplayName: 'Value1', KmsMasterKeyId: 'alias/aws/sns' });
};

const idempotentSubscribe: Scenario = async (scene) => {
  const pair = await Pair.of(scene);
  const { sns, TopicArn, Endpoint } = pair;
  const subscribe = (name: string, more: object): Promise<Answer> =>
    sns.check(name, 'Subscribe', { TopicArn, Protocol: 'sqs', Endpoint, ...more });
  const { SubscriptionArn } = await subscribe('subscribe', { Attributes: { RawMessageDelivery: 'true' } });
  await sns.check('get-sub-attrs', 'GetSubscriptionAttributes', { SubscriptionArn });
  await subscribe('subscribe-exact-same-raw', { Attributes: { RawMessageDelivery: 'true' } });
  await sns.ok('SetSubscriptionAttributes', { SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'false' });
  await sns.ok('SetSubscriptionAttributes', { SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' });
  await subscribe('subscribe-idempotent', { Attributes: { RawMessageDelivery: 'true' }, ReturnSubscriptionArn: true });
  await subscribe('subscribe-idempotent-no-attributes', {});
  await subscribe('subscribe-idempotent-empty-attributes', { Attributes: {} });
  await sns.ok('SetSubscriptionAttributes', { SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: '{"a":["b"]}' });
  await subscribe('subscribe-missing-attributes', { Attributes: { RawMessageDelivery: 'true' } });
  await subscribe('subscribe-diff-attributes', { Attributes: { RawMessageDelivery: 'false' } });
};

const notFound: Scenario = async (scene) => {
  const { sns, TopicArn, Endpoint } = await Pair.of(scene);
  const { SubscriptionArn } = await sns.check('sub', 'Subscribe', { TopicArn, Protocol: 'sqs', Endpoint });
  await sns.check('sub-attrs', 'GetSubscriptionAttributes', { SubscriptionArn });
  await sns.check('subscriptions-for-topic-before-unsub', 'ListSubscriptionsByTopic', { TopicArn });
  await sns.ok('Unsubscribe', { SubscriptionArn });
  await sns.check('sub-not-found', 'SetSubscriptionAttributes', {
    SubscriptionArn,
    AttributeName: 'RawMessageDelivery',
    AttributeValue: 'true',
  });
  await sns.check('subscriptions-for-topic-after-unsub', 'ListSubscriptionsByTopic', { TopicArn });
};

const wrongToken: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  const Token = `51b2ff3edb4487553c7dd2f29566c2aecada20b9${'0'.repeat(200)}`;
  await sns.check('topic-not-exists', 'ConfirmSubscription', { TopicArn: `${TopicArn}-none`, Token });
  await sns.check('invalid-token', 'ConfirmSubscription', { TopicArn, Token: 'randomtoken' });
  await sns.check('token-not-exists', 'ConfirmSubscription', { TopicArn, Token });
};

const permissionRefusals: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  const permission = { Label: 'test', AWSAccountId: [scene.account], ActionName: ['Publish'] };
  await sns.ok('AddPermission', { TopicArn, ...permission });
  await sns.check('duplicate-label', 'AddPermission', { TopicArn, ...permission });
  await sns.check('topic-not-found', 'AddPermission', { TopicArn: `${TopicArn}-none`, ...permission });
  await sns.check('invalid-action', 'AddPermission', { TopicArn, ...permission, Label: 'other', ActionName: ['InvalidAction'] });
};

const removedPermission: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  await sns.ok('AddPermission', { TopicArn, Label: 'test', AWSAccountId: [scene.account], ActionName: ['Publish'] });
  await sns.ok('RemovePermission', { TopicArn, Label: 'test' });
  const { Attributes } = (await sns.ok('GetTopicAttributes', { TopicArn })) as { Attributes: { Policy: string } };
  scene.match('topic-policy', JSON.parse(Attributes.Policy));
};

const regions: Scenario = async (scene) => {
  const [east, west] = [scene.service('sns'), scene.service('sns', { region: `${scene.region.slice(0, -1)}2` })];
  const [first, second] = [await topicOf(east, 'topic'), await topicOf(west, 'topic')];
  await east.check('list-primary', 'ListTopics');
  await west.check('list-secondary', 'ListTopics');
  await east.check('topic-east', 'GetTopicAttributes', { TopicArn: first });
  await west.check('topic-west', 'GetTopicAttributes', { TopicArn: second });
};

const attributesAfter =
  (name: string, given: object | undefined, set: boolean): Scenario =>
  async (scene) => {
    const { sns, TopicArn, Endpoint } = await Pair.of(scene);
    const { SubscriptionArn } = await sns.ok('Subscribe', {
      TopicArn,
      Protocol: 'sqs',
      Endpoint,
      ...(given === undefined ? {} : { Attributes: given }),
    });
    if (set)
      await sns.ok('SetSubscriptionAttributes', { SubscriptionArn, AttributeName: 'RawMessageDelivery', AttributeValue: 'true' });
    await sns.check(name, 'GetSubscriptionAttributes', { SubscriptionArn });
  };

const refusedSubscribe =
  (name: string, Protocol: string, Endpoint: string): Scenario =>
  async (scene) => {
    const sns = scene.service('sns');
    await sns.check(name, 'Subscribe', { TopicArn: await topicOf(sns, 'topic'), Protocol, Endpoint });
  };

const refused =
  (name: string, operation: string, input: object | ((scene: Scene) => object)): Scenario =>
  async (scene) => {
    await scene.service('sns').check(name, operation, typeof input === 'function' ? input(scene) : input);
  };

const invalidSms: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  for (const Endpoint of ['+15--551234567', 'NAA+15551234567', '+15551234567.', '/+15551234567']) {
    await sns.check(`subscribe-bad-sms-${Endpoint}`, 'Subscribe', { TopicArn, Protocol: 'sms', Endpoint });
  }
};

const wrongPhone: Scenario = async (scene) => {
  const sns = scene.service('sns');
  await sns.check('invalid-number', 'Publish', { Message: 'm', PhoneNumber: '+1a234' });
  await sns.check('wrong-format', 'Publish', { Message: 'm', PhoneNumber: 'NAA+15551234567' });
  await sns.check('wrong-endpoint', 'Subscribe', {
    TopicArn: await topicOf(sns, 'topic'),
    Protocol: 'sms',
    Endpoint: 'NAA+15551234567',
  });
};

const wrongSubscriptionArns: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const topic = await topicOf(sns, 'topic');
  const wrong = ['randomstring', 'arn:aws:sns:us-east-1:random', `${topic}:randomid`, ''];
  for (const [index, SubscriptionArn] of wrong.entries())
    await sns.check(`invalid-unsubscribe-arn-${index + 1}`, 'Unsubscribe', { SubscriptionArn });
};

const twice =
  (first: string, second: string, operation: string, input: (sns: Service, scene: Scene) => Promise<object>): Scenario =>
  async (scene) => {
    const sns = scene.service('sns');
    const given = await input(sns, scene);
    await sns.check(first, operation, given);
    await sns.check(second, operation, given);
  };

const newTags: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const { TopicArn } = await sns.check('topic-0', 'CreateTopic', { Name: 'topic', Tags: [{ Key: 'k', Value: 'v1' }] });
  await sns.ok('DeleteTopic', { TopicArn });
  await sns.check('topic-1', 'CreateTopic', { Name: 'topic', Tags: [{ Key: 'k', Value: 'v2' }] });
};

const pages: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  for (let index = 0; index < 101; index += 1)
    await sns.ok('Subscribe', { TopicArn, Protocol: 'sms', Endpoint: `+1234567${String(index).padStart(4, '0')}` });
  const { NextToken } = await sns.ok('ListSubscriptionsByTopic', { TopicArn });
  await sns.check('list-sub-per-topic-page-2', 'ListSubscriptionsByTopic', { TopicArn, NextToken });
};

const otherRegion: Scenario = async (scene) => {
  const [here, there] = [scene.service('sns'), scene.service('sns', { region: `${scene.region.slice(0, -1)}2` })];
  const TopicArn = await topicOf(here, 'topic');
  await here.check('success', 'Publish', { TopicArn, Message: 'm' });
  await there.check('error', 'Publish', { TopicArn, Message: 'm' });
  await there.check('error-batch', 'PublishBatch', { TopicArn, PublishBatchRequestEntries: [{ Id: '1', Message: 'm' }] });
};

const tooLong: Scenario = async (scene) => {
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  await sns.check('error', 'Publish', { TopicArn, Message: 'A'.repeat(262_145) });
  await sns.check('error-with-attrs', 'Publish', {
    TopicArn,
    Message: 'A'.repeat(262_144),
    MessageAttributes: { k: attribute('String', 'v') },
  });
};

export const snsScenarios: Scenarios = {
  ...snsListenerScenarios,
  ...snsPlatformScenarios,
  ...snsDeliveryScenarios,
  ...snsFilterScenarios,
  'TestSNSTopicCrud.test_create_topic_test_arn': topicArns,
  'TestSNSTopicCrud.test_create_topic_after_delete_with_new_tags': newTags,
  'TestSNSTopicCrud.test_delete_topic_idempotency': twice('delete-topic', 'delete-topic-again', 'DeleteTopic', async (sns) => ({
    TopicArn: await topicOf(sns, 'topic'),
  })),
  'TestSNSTopicCrudV2.test_create_topic_name_constraints': nameConstraints,
  'TestSNSTopicCrudV2.test_create_topic_in_multiple_regions': regions,
  'TestSNSTopicCrudV2.test_topic_remove_permission': removedPermission,
  'TestSNSTopicCrudV2.test_add_permission_errors': permissionRefusals,
  'TestSNSTopicCrudV2.test_remove_permission_errors': refused('topic-not-found', 'RemovePermission', (scene) => ({
    TopicArn: scene.arn('sns', 'none'),
    Label: 'x',
  })),
  'TestSNSTopicCrudV2.test_create_topic_different_attrs': differentAttributes,
  'TestSNSPublishCrud.test_unknown_topic_publish': async (scene) => {
    const sns = scene.service('sns');
    const TopicArn = await topicOf(sns, 'topic');
    await sns.check('success', 'Publish', { TopicArn, Message: 'm' });
    await sns.check('error', 'Publish', { TopicArn: `${TopicArn}-none`, Message: 'm' });
  },
  'TestSNSPublishCrud.test_publish_with_empty_subject': async (scene) => {
    const sns = scene.service('sns');
    const TopicArn = await topicOf(sns, 'topic');
    await sns.check('response-without-subject', 'Publish', { TopicArn, Message: 'm' });
    await sns.check('response-with-empty-subject', 'Publish', { TopicArn, Subject: '', Message: 'm' });
  },
  'TestSNSPublishCrud.test_empty_sns_message': async (scene) => {
    const { sns, sqs, TopicArn, QueueUrl } = await Pair.subscribed(scene);
    await sns.check('empty-msg-error', 'Publish', { TopicArn, Message: '' });
    await sqs.check('queue-attrs', 'GetQueueAttributes', { QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] });
  },
  'TestSNSPublishCrud.test_publish_too_long_message': tooLong,
  'TestSNSPublishCrud.test_message_structure_json_exc': publishRefusals,
  'TestSNSPublishCrud.test_topic_publish_another_region': otherRegion,
  'TestSNSSubscriptionCrud.test_not_found_error_on_set_subscription_attributes': notFound,
  'TestSNSSubscriptionCrud.test_sns_confirm_subscription_wrong_token': wrongToken,
  'TestSNSSubscriptionCrud.test_subscribe_idempotency': idempotentSubscribe,
  'TestSNSSubscriptionCrud.test_unsubscribe_wrong_arn_format': wrongSubscriptionArns,
  'TestSNSSubscriptionCrud.test_unsubscribe_idempotency': twice(
    'unsubscribe-1',
    'unsubscribe-2',
    'Unsubscribe',
    async (_sns, scene) => {
      const { SubscriptionArn } = await Pair.subscribed(scene);
      return { SubscriptionArn };
    },
  ),
  'TestSNSSubscriptionCrud.test_list_subscriptions_by_topic_pagination': pages,
  'TestSNSSubscriptionSQS.test_publish_batch_messages_without_topic': refused(
    'publish-batch-no-topic',
    'PublishBatch',
    (scene) => ({
      TopicArn: scene.arn('sns', 'none'),
      PublishBatchRequestEntries: [{ Id: '1', Message: 'm' }],
    }),
  ),
  'TestSNSSubscriptionSQS.test_empty_or_wrong_message_attributes': badAttributes,
  'TestSNSSubscriptionCrudV2.test_subscribe_unknown_topic': refused('subscribe-unknown-topic', 'Subscribe', (scene) => ({
    TopicArn: scene.arn('sns', 'none'),
    Protocol: 'sms',
    Endpoint: '+15551234567',
  })),
  'TestSNSSubscriptionCrudV2.test_subscribe_sqs_queue_url': refusedSubscribe(
    'subscribe-sqs-via-url-error',
    'sqs',
    'https://sqs.us-east-1.amazonaws.com/111111111111/queue',
  ),
  'TestSNSSubscriptionCrudV2.test_subscribe_bad_sms': refusedSubscribe('subscribe-bad-sms', 'sms', 'invalid-number'),
  'TestSNSSubscriptionCrudV2.test_creating_subscription': refusedSubscribe('create-subscription', 'email', 'someone@example.com'),
  'TestSNSSubscriptionCrudV2.test_subscribe_attributes': attributesAfter('get-subscription-attributes', undefined, false),
  'TestSNSSubscriptionCrudV2.test_creating_subscription_with_attributes': attributesAfter(
    'subscription-with-attributes',
    { RawMessageDelivery: 'true' },
    false,
  ),
  'TestSNSSubscriptionCrudV2.test_set_subscription_attributes': attributesAfter('set-subscription-attributes', undefined, true),
  'TestSNSSubscriptionCrudV2.test_subscribe_invalid_filter_policy': async (scene) => {
    const { sns, TopicArn, Endpoint } = await Pair.of(scene);
    await sns.check('subscribe-invalid-filter-policy', 'Subscribe', {
      TopicArn,
      Protocol: 'sqs',
      Endpoint,
      Attributes: { FilterPolicy: 'invalid' },
    });
  },
  'TestSNSSubscriptionCrudV2.test_subscribe_invalid_sms': invalidSms,
  // Of this one no answers were recorded.
  'TestSNSSubscriptionCrudV2.test_check_opted_out': async (scene) => {
    const { isOptedOut } = await scene.service('sns').ok('CheckIfPhoneNumberIsOptedOut', { phoneNumber: '+15551234567' });
    scene.stage.same('isOptedOut', isOptedOut, false);
  },
  'TestSNSSMS.test_opt_in_phone_number': refused('opt-in-phone-number', 'OptInPhoneNumber', { phoneNumber: '+15551234567' }),
  'TestSNSSubscriptionCrud.test_list_subscriptions': async (scene) => {
    const { sns, SubscriptionArn } = await Pair.subscribed(scene);
    const { Subscriptions } = await sns.ok('ListSubscriptions');
    scene.stage.same(
      'Subscriptions',
      (Subscriptions as Answer[]).map((each) => each['SubscriptionArn']),
      [SubscriptionArn],
    );
  },
  'TestSNSPublishCrud.test_publish_by_path_parameters': async (scene) => {
    const pair = await Pair.subscribed(scene);
    const query = new URLSearchParams({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn: pair.TopicArn,
      Message: 'test message direct post request',
    });
    scene.match('post-request', await browse(`${scene.stage.origin}/?${query}`, { method: 'POST' }));
    scene.match('messages', await pair.received());
  },
  'TestSNSSMS.test_publish_wrong_phone_format': wrongPhone,
  'TestSNSSMS.test_set_get_sms_attributes': async (scene) => {
    const sns = scene.service('sns');
    await sns.ok('SetSMSAttributes', {
      attributes: { DefaultSMSType: 'Promotional', DefaultSenderID: 'LSTest', DeliveryStatusSuccessSamplingRate: '100' },
    });
    await sns.check('get-sms-all-attributes', 'GetSMSAttributes');
    await sns.check('get-sms-some-attributes', 'GetSMSAttributes', { attributes: ['DefaultSMSType', 'DefaultSenderID'] });
  },
  'TestSNSSMS.test_get_sms_attributes_from_unmodified_region': refused(
    'get-sms-attributes_unmodified_region',
    'GetSMSAttributes',
    {},
  ),
  ...each(
    'TestSNSSMS.test_set_invalid_sms_attributes',
    {
      InvalidAttributeName: { InvalidAttribute: 'x' },
      TooLongID: { DefaultSendID: 'a'.repeat(12) },
      NoLetterID: { DefaultSendID: '123' },
    },
    (attributes) => refused('invalid-attribute', 'SetSMSAttributes', { attributes }),
  ),
};
