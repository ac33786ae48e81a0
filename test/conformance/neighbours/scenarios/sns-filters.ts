import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';
import { Pair } from './sns-kit.ts';

/** Policies as their texts appear in the recorded refusals. */
const policies =
  (cases: Readonly<Record<string, unknown>>, scope: string): Scenario =>
  async (scene) => {
    const { sns, TopicArn, Endpoint } = await Pair.of(scene);
    for (const [name, policy] of Object.entries(cases)) {
      const Attributes = { FilterPolicy: JSON.stringify(policy), FilterPolicyScope: scope };
      const answer = await sns.call('Subscribe', { TopicArn, Protocol: 'sqs', Endpoint, Attributes });
      const { Error: refusal } = answer as { Error?: Record<string, unknown> };
      const { Error: recorded } = scene.recorded(name) as { Error?: Record<string, unknown> };
      // The recordings carry the text a second time, without the place in the policy.
      if (refusal !== undefined && recorded?.['_normalized'] !== undefined)
        refusal['_normalized'] = String(refusal['Message']).split('\n')[0];
      scene.match(name, answer);
    }
  };

const word = (count: number, start = 'value'): string[] => Array.from({ length: count }, (_, index) => `${start}${index}`);
const cidr = (text: unknown): object => ({ key: [{ cidr: text }] });

const scopes: Scenario = async (scene) => {
  const { sns, SubscriptionArn } = await Pair.subscribed(scene);
  const set = (AttributeName: string, AttributeValue: string): Promise<Answer> =>
    sns.call('SetSubscriptionAttributes', { SubscriptionArn, AttributeName, AttributeValue });
  const look = (name: string): Promise<Answer> => sns.check(name, 'GetSubscriptionAttributes', { SubscriptionArn });
  await look('sub-attrs-default');
  await set('FilterPolicyScope', 'MessageBody');
  await look('sub-attrs-filter-scope-body');
  scene.match('sub-attrs-filter-scope-error', await set('FilterPolicyScope', 'RandomValue'));
  await set('FilterPolicy', '{"attr": ["match-this"]}');
  await look('sub-attrs-after-setting-policy');
};

const nestedConstraints: Scenario = async (scene) => {
  const { sns, SubscriptionArn } = await Pair.subscribed(scene, { FilterPolicyScope: 'MessageBody' });
  const set = async (name: string, policy: unknown): Promise<void> =>
    void (await sns.check(name, 'SetSubscriptionAttributes', {
      SubscriptionArn,
      AttributeName: 'FilterPolicy',
      AttributeValue: JSON.stringify(policy),
    }));
  const [three, ten] = [word(3), word(10)];
  await set('sub-filter-policy-nested-error-too-many-combinations', { a: { b: { c: three, d: ten } }, e: { f: ten } });
  await set(
    'sub-filter-policy-max-attr-keys',
    Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => [`key_${key}`, ['value']])),
  );
  await set('sub-filter-policy-rule-no-list', { key_a: 'value_one' });
};

const onArrays: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene, { FilterPolicy: '{"store": ["value1"]}', RawMessageDelivery: 'true' });
  await pair.sns.check('subscription-attributes-policy', 'GetSubscriptionAttributes', { SubscriptionArn: pair.SubscriptionArn });
  // Attributes are asked for with the message only where they were recorded.
  scene.match('messages-init', await pair.received(true));
  const send = (message: string, values: unknown): Promise<Answer> =>
    pair.publish(message, { MessageAttributes: { store: { DataType: 'String.Array', StringValue: JSON.stringify(values) } } });
  await send('message-1', ['value1']);
  scene.match('messages-1', await pair.received());
  await send('message-2', ['value1', 'value2', 'value3']);
  scene.match('messages-2', await pair.received());
  await send('message-3', ['value2', 'value3']);
  scene.match('messages-3', await pair.received(true));
};

const dotted: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene, {
    FilterPolicyScope: 'MessageBody',
    FilterPolicy: JSON.stringify({ 'object.nested': ['string.value'] }),
  });
  scene.match('recv-init', await pair.received(true));
  const send = async (names: string[], messages: readonly string[]): Promise<void> => {
    for (const [index, name] of names.entries()) {
      await pair.publish(messages[index] ?? '');
      scene.match(name, await pair.received());
    }
  };
  await send(
    ['recv-nested-msg-0', 'recv-nested-msg-1'],
    ['{"object": {"nested": "string.value"}}', '{"object.nested": "string.value"}'],
  );
  await pair.sns.ok('SetSubscriptionAttributes', {
    SubscriptionArn: pair.SubscriptionArn,
    AttributeName: 'FilterPolicy',
    AttributeValue: JSON.stringify({ 'object.nested.test': ['string.value'] }),
  });
  await send(
    ['recv-deep-nested-msg-0', 'recv-deep-nested-msg-1', 'recv-deep-nested-msg-2', 'recv-deep-nested-msg-3'],
    [
      '{"object": {"nested": {"test": "string.value"}}}',
      '{"object.nested.test": "string.value"}',
      '{"object.nested": {"test": "string.value"}}',
      '{"object": {"nested.test": "string.value"}}',
    ],
  );
};

/** Takes messages until there are so many, in the order that `of` gives their bodies. */
async function collected(pair: Pair, QueueUrl: string, count: number, of: (body: Answer) => string): Promise<Answer> {
  const messages: Answer[] = [];
  while (messages.length < count) {
    const { Messages = [] } = await pair.sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 5, AttributeNames: ['All'] });
    for (const { ReceiptHandle } of Messages as Answer[]) await pair.sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle });
    messages.push(...(Messages as Answer[]));
  }
  const key = (message: Answer): string => of(JSON.parse(String(message['Body'])) as Answer);
  return { Messages: messages.toSorted((a, b) => (key(a) < key(b) ? -1 : 1)) };
}

const addresses: Scenario = async (scene) => {
  const v4 = { sourceIPAddress: [{ cidr: '10.0.0.0/24' }] };
  const v6 = { sourceIPAddressV6: [{ cidr: '2001:0db8:1234:1a00::/64' }] };
  const pair = await Pair.subscribed(scene, {
    FilterPolicyScope: 'MessageBody',
    FilterPolicy: JSON.stringify({ detail: { $or: [v4, v6] } }),
    RawMessageDelivery: 'true',
  });
  const details = [
    { sourceIPAddress: '10.0.0.255' },
    { sourceIPAddress: '10.0.0.256' },
    { sourceIPAddressV6: '2001:0db8:1234:1a00:0000:0000:0000:0000' },
    { sourceIPAddressV6: '2001:0db8:123f:1a01:0000:0000:0000:0000' },
  ];
  for (const [index, detail] of details.entries()) {
    const event = {
      id: String(index + 1),
      source: 'test-source',
      'detail-type': 'test-detail-type',
      account: '123456789012',
      region: 'my-region',
      time: '2022-07-13T13:48:01Z',
      detail,
    };
    await pair.publish(JSON.stringify(event));
  }
  scene.match('messages-queue', await collected(pair, pair.QueueUrl, 2, ({ id }) => String(id)));
};

const arraysInBody: Scenario = async (scene) => {
  const pair = await Pair.of(scene);
  const other = await pair.sqs.ok('CreateQueue', { QueueName: 'queue2' });
  const queues = { queue: pair.QueueUrl, queue2: String(other['QueueUrl']) };
  for (const [index, name] of Object.keys(queues).entries())
    await pair.sns.ok('Subscribe', {
      TopicArn: pair.TopicArn,
      Protocol: 'sqs',
      Endpoint: scene.arn('sqs', name),
      Attributes: {
        RawMessageDelivery: 'true',
        FilterPolicyScope: 'MessageBody',
        FilterPolicy: JSON.stringify({ headers: { 'route-to': [`queue${index + 1}`] } }),
      },
    });
  for (const to of [['queue3'], ['queue1', 'queue2'], ['queue1'], ['queue2']])
    await pair.publish(JSON.stringify({ headers: { 'route-to': to } }));
  const longestFirst = ({ headers }: Answer): string => String(9 - ((headers as Answer)['route-to'] as string[]).length);
  for (const [index, url] of Object.values(queues).entries())
    scene.match(`messages-queue-${index}`, { Messages: (await collected(pair, url, 2, longestFirst))['Messages'] });
};

/** Within the bounds, and with more values than a simple count would let through. */
const largeBody: Scenario = async (scene) => {
  const pair = await Pair.subscribed(scene, {
    FilterPolicyScope: 'MessageBody',
    FilterPolicy: JSON.stringify({ eventType: word(10), detail: { kind: word(5, 'kind') } }),
    RawMessageDelivery: 'true',
  });
  const items = word(2000, 'item').map((id) => ({ id, tags: word(5) }));
  await pair.publish(JSON.stringify({ eventType: 'value9', detail: { kind: 'kind4' }, items }));
  const { Messages } = await pair.received();
  scene.stage.same('messages', (Messages as Answer[] | undefined)?.length, 1);
};

export const snsFilterScenarios: Scenarios = {
  'TestSNSFilterPolicyConditions.test_validate_policy': policies(
    {
      'error-condition-list': { key: [['value']] },
      'error-condition-operator': { key: [{ 'wrong-operator': true }] },
      'error-condition-two-operators': { key: [{ suffix: 'value', prefix: 'value2' }] },
    },
    'MessageAttributes',
  ),
  'TestSNSFilterPolicyConditions.test_validate_policy_string_operators': policies(
    {
      'error-condition-empty-array': { key: [] },
      'error-condition-is-numeric': { key: [{ suffix: 100 }] },
      'error-condition-is-none': { key: [{ suffix: null }] },
      'error-condition-is-not-list-and-operator': { key: { suffix: 'value' } },
      'error-condition-empty-list': { key: [{ suffix: [] }] },
      'error-condition-list-wrong-type': { key: [{ suffix: ['test', 'test2'] }] },
      'error-condition-is-not-list-two-ops': { key: { suffix: 'value', prefix: 'value' } },
      'error-condition-is-not-list-and-no-operator': { key: { 'not-an-operator': 'value' } },
      'error-condition-bad-type': cidr(['bad-filter']),
      'error-condition-bad-cidr-str': cidr('bad-filter'),
      'error-condition-bad-cidr-str-slash': cidr('bad-filter/64'),
      'error-condition-bad-cidr-str-slash-2': cidr('bad-filter/64bad'),
      'error-condition-bad-cidr-v4': cidr('xx.11.xx/8'),
      'error-condition-bad-cidr-v6': cidr('xxxx:db8:1234:1a00::/64'),
    },
    'MessageAttributes',
  ),
  'TestSNSFilterPolicyConditions.test_policy_complexity': policies(
    {
      'error-complexity-in-one-condition': { key: word(200) },
      'error-complexity-in-two-conditions': { key1: word(100), key2: word(100) },
      'error-complexity-too-many-fields': Object.fromEntries(word(6, 'key').map((key) => [key, ['value']])),
    },
    'MessageBody',
  ),
  'TestSNSFilterPolicyCrud.test_set_subscription_filter_policy_scope': scopes,
  'TestSNSFilterPolicyCrud.test_sub_filter_policy_nested_property_constraints': nestedConstraints,
  'TestSNSFilterPolicyAttributes.test_exists_filter_policy_attributes_array': onArrays,
  'TestSNSFilterPolicyConditions.test_policy_complexity_with_or': policies(
    {
      'error-complexity-or-flat': { $or: [{ key1: word(100) }, { key2: word(100) }] },
      'error-complexity-or-nested': {
        key: word(2),
        $or: [{ key1: word(40) }, { $or: [{ key2: word(20) }, { key3: word(20) }] }],
      },
    },
    'MessageBody',
  ),
  'TestSNSFilterPolicyBody.test_filter_policy_ip_address_condition': addresses,
  'TestSNSFilterPolicyBody.test_filter_policy_on_message_body_array_attributes': arraysInBody,
  'TestSNSFilterPolicyBody.test_filter_policy_large_complex_payload': largeBody,
  'TestSNSFilterPolicyBody.test_filter_policy_on_message_body_dot_attribute': dotted,
};
