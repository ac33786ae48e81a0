import type { Answer } from '../../kit/stage.ts';
import { each, type Scenario, type Scenarios, type Scene, type Service } from '../kit/stage.ts';
import { deliveryScenarios } from './event-deliveries.ts';
import { patternScenarios } from './event-patterns.ts';
import { moreEventScenarios } from './events-more.ts';
import { busOf, detail, EventPattern, source } from './events-kit.ts';

/** The patterns that were refused stand in the recorded refusals. */
const refusedPattern =
  (name: string): Scenario =>
  async (scene) => {
    const { exception_message: recorded } = scene.recorded(name) as unknown as {
      exception_message: { Error: { MessageRaw: string } };
    };
    const raw = recorded.Error.MessageRaw;
    const text = /\(String\)"(.*?)"; line/.exec(raw)?.[1] ?? withoutPlace[name];
    const answer = await scene.service('events').call('TestEventPattern', {
      EventPattern: text,
      Event:
        '{"id":"1","source":"s","detail-type":"d","account":"1","time":"2022-07-13T13:48:01Z","region":"r","resources":[],"detail":{}}',
    });
    const { Error: refusal } = answer as { Error?: Record<string, unknown> };
    // The recordings hold the text twice: as it was, and without the place in the pattern.
    if (refusal !== undefined)
      [refusal['MessageRaw'], refusal['Message']] = [refusal['Message'], String(refusal['Message']).split('\n at')[0]];
    scene.match(name, {
      exception_message: answer,
      exception_type: "<class 'botocore.errorfactory.InvalidEventPatternException'>",
    });
  };

/** Those whose refusals do not show them. */
const withoutPlace: Readonly<Record<string, string>> = {
  content_ip_address_EXC: '{"detail":{"sourceIPAddress":[{"cidr":"bad-filter"}]}}',
  content_ip_address_bad_ip_EXC: '{"detail":{"sourceIPAddress":[{"cidr":"xx.11.xx/8"}]}}',
};

const refusedPatterns = [
  'int_nolist_EXC',
  'content_numeric_operatorcasing_EXC',
  'arrays_empty_EXC',
  'content_ip_address_EXC',
  'content_anything_but_ignorecase_list_EXC',
  'content_ignorecase_list_EXC',
  'content_anything_wildcard_list_type_EXC',
  'content_prefix_list_EXC',
  'content_suffix_list_EXC',
  'content_ip_address_bad_ip_EXC',
  'content_ip_address_type_EXC',
  'content_anything_suffix_empty_EXC',
  'content_anything_but_string_null_type_EXC',
  'content_anything_suffix_list_null_type_EXC',
];

const brokenPattern =
  (EventPattern: string): Scenario =>
  async (scene) => {
    await scene.service('events').check('invalid-pattern', 'PutRule', { Name: 'rule', EventPattern });
  };

const ruleLife =
  (kind: string): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const EventBusName = await busOf(events, kind);
    const rule = { Name: 'some-rule', EventBusName };
    await events.check('put-rule', 'PutRule', { ...rule, EventPattern });
    await events.check('list-rules', 'ListRules', { NamePrefix: 'some', EventBusName });
    await events.check('describe-rule', 'DescribeRule', rule);
    await events.check('delete-rule', 'DeleteRule', rule);
    await events.check('list-rules-after-delete', 'ListRules', { NamePrefix: 'some', EventBusName });
  };

const busLife =
  (regions: readonly string[]): Scenario =>
  async (scene) => {
    const given = { Name: 'some-bus' };
    const list = { NamePrefix: 'some-bus' };
    const all = regions.map((name, index) => ({ name, region: `${scene.region.slice(0, -1)}${index + 1}` }));
    // All regions were recorded as the same one.
    const check = async (
      what: string,
      { name, region }: (typeof all)[number],
      operation: string,
      input: object,
    ): Promise<void> => {
      const answer = await scene.service('events', { region }).call(operation, input);
      scene.match(`${what}-${name}`, JSON.parse(JSON.stringify(answer).replaceAll(region, scene.region)));
    };
    for (const each of all) {
      await check('create-custom-event-bus', each, 'CreateEventBus', given);
      await check('list-event-buses-after-create', each, 'ListEventBuses', list);
      await check('describe-custom-event-bus', each, 'DescribeEventBus', given);
    }
    for (const each of all) {
      await check('delete-custom-event-bus', each, 'DeleteEventBus', given);
      await check('list-event-buses-after-delete', each, 'ListEventBuses', list);
    }
  };

const targets = (scene: Scene, count: number): object[] =>
  Array.from({ length: count }, (_, index) => ({ Id: `t${index}`, Arn: scene.arn('sqs', `queue${index}`) }));

const limitedTargets: Scenario = async (scene) => {
  const events = scene.service('events');
  await events.ok('PutRule', { Name: 'rule', EventPattern });
  await events.ok('PutTargets', { Rule: 'rule', Targets: targets(scene, 5) });
  const page = await events.check('list-targets-limit', 'ListTargetsByRule', { Rule: 'rule', Limit: 3 });
  await events.check('list-targets-limit-next-token', 'ListTargetsByRule', { Rule: 'rule', NextToken: page['NextToken'] });
};

const limitedRules: Scenario = async (scene) => {
  const events = scene.service('events');
  const EventBusName = await busOf(events, 'custom');
  for (let index = 0; index < 6; index += 1) await events.ok('PutRule', { Name: `rule-${index}`, EventBusName, EventPattern });
  const page = await events.check('list-rules-limit', 'ListRules', { Limit: 3, EventBusName });
  await events.check('list-rules-limit-next-token', 'ListRules', { NextToken: page['NextToken'], EventBusName });
};

const limitedBuses: Scenario = async (scene) => {
  const events = scene.service('events');
  for (let index = 0; index < 6; index += 1) await events.ok('CreateEventBus', { Name: `bus-${index}` });
  const page = await events.check('list-event-buses-limit', 'ListEventBuses', { Limit: 3, NamePrefix: 'bus' });
  await events.check('list-event-buses-limit-next-token', 'ListEventBuses', { NextToken: page['NextToken'], NamePrefix: 'bus' });
};

const targetLife: Scenario = async (scene) => {
  const events = scene.service('events');
  await events.ok('PutRule', { Name: 'rule', EventPattern });
  await events.check('put-target', 'PutTargets', { Rule: 'rule', Targets: targets(scene, 1) });
  await events.check('list-targets', 'ListTargetsByRule', { Rule: 'rule' });
  await events.check('remove-target', 'RemoveTargets', { Rule: 'rule', Ids: ['t0'] });
  await events.check('list-targets-after-delete', 'ListTargetsByRule', { Rule: 'rule' });
};

const targetNames: Scenario = async (scene) => {
  const events = scene.service('events');
  await events.ok('PutRule', { Name: 'rule', EventPattern });
  const put = (Id: string): Promise<Answer> =>
    events.call('PutTargets', { Rule: 'rule', Targets: [{ Id, Arn: scene.arn('sqs', 'q') }] });
  scene.match('put-targets-invalid-id-error', await put('!@#$@!#$'));
  const long = 'x'.repeat(65);
  const answer = JSON.stringify(await put(long)).replace(long, 'second-invalid-target-id');
  scene.match('put-targets-length-error', JSON.parse(answer));
};

const disabled: Scenario = async (scene) => {
  const events = scene.service('events');
  await events.ok('PutRule', { Name: 'rule', EventPattern });
  await events.check('disable-rule', 'DisableRule', { Name: 'rule' });
  await events.check('describe-rule-disabled', 'DescribeRule', { Name: 'rule' });
  await events.check('enable-rule', 'EnableRule', { Name: 'rule' });
  await events.check('describe-rule-enabled', 'DescribeRule', { Name: 'rule' });
};

const malformed =
  (Detail: string): Scenario =>
  async (scene) => {
    await scene.service('events').check('put-events', 'PutEvents', { Entries: [{ Source: source, DetailType: source, Detail }] });
  };

const rulesOf =
  (scene: Scene, EventBusName: string, count: number) =>
  async (events: Service): Promise<string> => {
    const Arn = scene.arn('sqs', 'queue');
    for (let index = 0; index < count; index += 1) {
      await events.ok('PutRule', { Name: `rule-${index}`, EventBusName, EventPattern });
      await events.ok('PutTargets', { Rule: `rule-${index}`, EventBusName, Targets: [{ Id: 't', Arn }] });
    }
    return Arn;
  };

const arnOf = (scene: Scene, kind: string): string =>
  scene.arn('events', { rule: 'rule/rule', bus: 'event-bus/default', 'custom-rule': 'rule/bus/rule' }[kind] ?? '');

const tagged =
  (kind: string, again: boolean): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    if (kind === 'custom-rule') await events.ok('CreateEventBus', { Name: 'bus' });
    if (kind !== 'bus')
      await events.ok('PutRule', { Name: 'rule', EventBusName: kind === 'rule' ? 'default' : 'bus', EventPattern });
    const ResourceARN = arnOf(scene, kind);
    const Tags = ['1', '2'].map((n) => ({ Key: `tag${n}`, Value: `value${n}` }));
    await events.check('tag_resource', 'TagResource', { ResourceARN, Tags });
    await events.check('list_tags_for_resource', 'ListTagsForResource', { ResourceARN });
    await events.check('untag_resource', 'UntagResource', { ResourceARN, TagKeys: ['tag2'] });
    await events.check('list_tags_for_untagged_resource', 'ListTagsForResource', { ResourceARN });
    if (again) await events.check('untag_resource_not_existing_tag', 'UntagResource', { ResourceARN, TagKeys: ['tag2'] });
  };

const untaggable: Scenario = async (scene) => {
  const events = scene.service('events');
  const ResourceARN = scene.arn('events', 'rule/none');
  await events.check('tag_not_existing_resource_error', 'TagResource', { ResourceARN, Tags: [{ Key: 'a', Value: 'b' }] });
  await events.check('list_tags_for_not_existing_resource_error', 'ListTagsForResource', { ResourceARN });
  await events.check('untag_not_existing_resource_error', 'UntagResource', { ResourceARN, TagKeys: ['a'] });
};

const onePattern =
  (EventPattern: string, yes: object, no?: object): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const base = {
      id: '1',
      source,
      'detail-type': source,
      account: '1',
      time: '2022-07-13T13:48:01Z',
      region: 'r',
      resources: [],
      detail,
    };
    const ask = (name: string, more: object): Promise<Answer> =>
      events.check(name, 'TestEventPattern', { EventPattern, Event: JSON.stringify({ ...base, ...more }) });
    await ask('eventbridge-test-event-pattern-response', yes);
    if (no !== undefined) await ask('eventbridge-test-event-pattern-response-no-match', no);
  };

export const eventScenarios: Scenarios = {
  ...patternScenarios,
  ...deliveryScenarios,
  ...moreEventScenarios,
  ...Object.fromEntries(refusedPatterns.map((name) => [`TestEventPattern.test_event_pattern[${name}]`, refusedPattern(name)])),
  ...each(
    'TestEventPattern.test_invalid_json_event_pattern',
    {
      "{'bad': 'quotation'}": "{'bad': 'quotation'}",
      '{"not": closed mark"': '{"not": closed mark"',
      '["not", "a", "dict", "but valid json"]': '["not", "a", "dict", "but valid json"]',
    },
    brokenPattern,
  ),
  'TestEventPattern.test_event_pattern_source': onePattern('{"source": ["order"]}', { source: 'order' }, { source: 'other' }),
  'TestEventPattern.test_invalid_event_payload': async (scene) =>
    void (await scene.service('events').check('plain-string-payload-exc', 'TestEventPattern', { EventPattern, Event: 'plain' })),
  'TestEventPattern.test_array_event_payload': async (scene) =>
    void (await scene.service('events').check('array-event-payload-exc', 'TestEventPattern', { EventPattern, Event: '["a"]' })),
  'TestEvents.test_put_event_without_detail_type': async (scene) => {
    await scene
      .service('events')
      .check('put-events', 'PutEvents', { Entries: [{ Source: source, Detail: JSON.stringify(detail) }] });
  },
  ...each(
    'TestEvents.test_put_event_malformed_detail',
    { STRING: 'just a string', ARRAY: '["a"]', SERIALIZED_STRING: '"text"' },
    malformed,
  ),
  ...each(
    'TestEventBus.test_create_list_describe_delete_custom_event_buses',
    { 'False-regions0': ['us-east-1'], 'False-regions1': ['us-east-1', 'us-west-1', 'eu-central-1'] },
    busLife,
  ),
  'TestEventBus.test_describe_delete_not_existing_event_bus': async (scene) => {
    const events = scene.service('events');
    await events.check('describe-not-existing-event-bus-error', 'DescribeEventBus', { Name: 'none' });
    await events.check('delete-not-existing-event-bus', 'DeleteEventBus', { Name: 'none' });
  },
  'TestEventBus.test_delete_default_event_bus': async (scene) =>
    void (await scene.service('events').check('delete-default-event-bus-error', 'DeleteEventBus', { Name: 'default' })),
  'TestEventBus.test_list_event_buses_with_prefix': async (scene) => {
    const events = scene.service('events');
    for (const Name of ['some-bus', 'other-bus']) await events.ok('CreateEventBus', { Name });
    await events.check('list-event-buses-prefix-complete-name', 'ListEventBuses', { NamePrefix: 'some-bus' });
    await events.check('list-event-buses-prefix', 'ListEventBuses', { NamePrefix: 'some' });
  },
  'TestEventBus.test_list_event_buses_with_limit': limitedBuses,
  'TestEventBus.test_put_permission_non_existing_event_bus': async (scene) => {
    const permission = { EventBusName: 'none', Action: 'events:PutEvents', Principal: '*', StatementId: 's' };
    await scene.service('events').check('remove-permission-non-existing-sid-error', 'PutPermission', permission);
  },
  'TestEventBus.test_remove_permission_non_existing_sid[True-default]': async (scene) => {
    const events = scene.service('events');
    await events.ok('PutPermission', { Action: 'events:PutEvents', Principal: '*', StatementId: 's' });
    await events.check('remove-permission-non-existing-sid-error', 'RemovePermission', { StatementId: 'other' });
  },
  ...each('TestEventRule.test_put_list_with_prefix_describe_delete_rule', { custom: 'custom', default: 'default' }, ruleLife),
  'TestEventRule.test_put_multiple_rules_with_same_name': async (scene) => {
    const events = scene.service('events');
    const EventBusName = await busOf(events, 'custom');
    await events.check('put-rule', 'PutRule', { Name: 'rule', EventBusName, EventPattern });
    await events.check('re-put-rule', 'PutRule', { Name: 'rule', EventBusName, EventPattern });
    await events.check('list-rules', 'ListRules', { EventBusName });
  },
  'TestEventRule.test_list_rule_with_limit': limitedRules,
  'TestEventRule.test_disable_re_enable_rule[default]': disabled,
  'TestEventRule.test_delete_rule_with_targets': async (scene) => {
    const events = scene.service('events');
    await events.ok('PutRule', { Name: 'rule', EventPattern });
    await events.ok('PutTargets', { Rule: 'rule', Targets: targets(scene, 1) });
    await events.check('delete-rule-with-targets-error', 'DeleteRule', { Name: 'rule' });
  },
  'TestEventRule.test_update_rule_with_targets': async (scene) => {
    const events = scene.service('events');
    await events.ok('PutRule', { Name: 'rule', EventPattern });
    await events.ok('PutTargets', { Rule: 'rule', Targets: targets(scene, 1) });
    await events.check('list-targets', 'ListTargetsByRule', { Rule: 'rule' });
    await events.check('update-rule', 'PutRule', { Name: 'rule', EventPattern: '{"source":["other"]}' });
    await events.check('list-targets-after-update', 'ListTargetsByRule', { Rule: 'rule' });
  },
  'TestEventTarget.test_put_list_remove_target[default]': targetLife,
  'TestEventTarget.test_add_exceed_fife_targets_per_rule': async (scene) => {
    const events = scene.service('events');
    await events.ok('PutRule', { Name: 'rule', EventPattern });
    await events.check('put-targets-client-error', 'PutTargets', { Rule: 'rule', Targets: targets(scene, 7) });
  },
  'TestEventTarget.test_list_target_by_rule_limit': limitedTargets,
  'TestEventTarget.test_put_target_id_validation': targetNames,
  'TestEventRule.test_list_rule_names_by_target[default]': async (scene) => {
    const events = scene.service('events');
    const TargetArn = await rulesOf(scene, 'default', 3)(events);
    await events.check('list_rule_names_by_target', 'ListRuleNamesByTarget', { TargetArn });
  },
  'TestEventRule.test_list_rule_names_by_target_with_limit[custom]': async (scene) => {
    const events = scene.service('events');
    const EventBusName = await busOf(events, 'custom');
    const TargetArn = await rulesOf(scene, EventBusName, 5)(events);
    let NextToken: unknown;
    for (const name of ['first_page', 'second_page', 'third_page']) {
      ({ NextToken } = await events.check(name, 'ListRuleNamesByTarget', {
        TargetArn,
        EventBusName,
        Limit: 2,
        ...(NextToken === undefined ? {} : { NextToken }),
      }));
    }
  },
  'tests_tag_untag_resource[rule]': tagged('rule', false),
  'tests_tag_untag_resource[event_bus-event_bus_default]': tagged('bus', true),
  'tests_tag_untag_resource[rule-event_bus_custom]': tagged('custom-rule', true),
  'tests_tag_list_untag_not_existing_resource[not_existing_rule]': untaggable,
};
