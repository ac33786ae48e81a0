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
  'TestSNSFilterPolicyBody.test_filter_policy_on_message_body_dot_attribute': dotted,
};
