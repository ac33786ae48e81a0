import type { Answer } from '../../kit/stage.ts';
import { each, type Scenario, type Scenarios, type Scene, type Service } from '../kit/stage.ts';
import { bodiesOf, busOf, detail, entry, EventPattern, Inbox } from './events-kit.ts';

const put = (events: Service, ...Entries: object[]): Promise<Answer> => events.ok('PutEvents', { Entries });
const inDetail = (pattern: object): string => JSON.stringify({ detail: pattern });
const withDetail = (value: object, more: object = {}): object => entry({ Detail: JSON.stringify(value), ...more });

/** Only what a pattern takes arrives. */
const filtered =
  (answer: string, pattern: object, taken: readonly object[], left: readonly object[]): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const inbox = await Inbox.of(scene);
    await inbox.behind(events, { Name: 'rule', EventPattern: inDetail(pattern) });
    await put(events, ...left.map((value) => withDetail(value)));
    const messages: Answer[] = [];
    for (const value of taken) {
      await put(events, withDetail(value));
      messages.push(...(await inbox.messages(1)));
    }
    scene.match(answer, messages);
  };

const contentPattern = {
  description: ['this-is-event-details'],
  amount: [200],
  salary: [2000, 4000],
  env: ['dev', 'prod'],
  user: ['user1', 'user2', 'user3'],
  admins: ['skyli', { prefix: 'adm' }],
  test1: [{ 'anything-but': 200 }],
  test2: [{ 'anything-but': 'test2' }],
  test3: [{ 'anything-but': ['test3', 'test33'] }],
  test4: [{ 'anything-but': { prefix: 'test4' } }],
  ip: [{ cidr: '10.102.1.0/24' }],
  'num-test1': [{ numeric: ['<', 200] }],
  'num-test2': [{ numeric: ['<=', 200] }],
  'num-test3': [{ numeric: ['>', 200] }],
  'num-test4': [{ numeric: ['>=', 200] }],
  'num-test5': [{ numeric: ['>=', 200, '<=', 500] }],
  'num-test6': [{ numeric: ['>', 200, '<', 500] }],
  'num-test7': [{ numeric: ['>=', 200, '<', 500] }],
};

/** The target sees the details alone. */
const byContent: Scenario = async (scene) => {
  const events = scene.service('events');
  const inbox = await Inbox.of(scene);
  const [recorded] = scene.recorded('messages') as unknown as { Body: object }[];
  await events.ok('CreateEventBus', { Name: 'bus' });
  await inbox.behind(
    events,
    { Name: 'rule', EventBusName: 'bus', EventPattern: inDetail(contentPattern) },
    { InputPath: '$.detail' },
  );
  await put(events, withDetail({ ...recorded?.Body, admins: 'nobody' }, { EventBusName: 'bus' }));
  await put(events, withDetail(recorded?.Body ?? {}, { EventBusName: 'bus' }));
  scene.match('messages', await inbox.messages(1));
};

/** From one bus to the next, and from there to a queue. */
const busToBus =
  (kind: string): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const inbox = await Inbox.of(scene);
    scene.stage.apart('ReceiptHandle', 'MD5OfBody');
    for (const Name of ['one', 'two']) await events.ok('CreateEventBus', { Name });
    await events.ok('PutRule', { Name: 'onward', EventBusName: 'one', EventPattern });
    const RoleArn = roleFor(scene, kind);
    const Targets = [{ Id: 'two', Arn: scene.arn('events', 'event-bus/two'), RoleArn }];
    await events.ok('PutTargets', { Rule: 'onward', EventBusName: 'one', Targets });
    await inbox.behind(events, { Name: 'rule', EventBusName: 'two' });
    await put(events, entry({ EventBusName: 'one' }));
    scene.match('messages', await inbox.messages(1));
  };

/** The recorded cases were three ways to write a queue's address, which events do not see. */
const roleFor = (scene: Scene, kind: string): string => `arn:aws:iam::${scene.account}:role/${kind}`;

/** A bucket tells the default bus, whose rule sends on to a bus of its own. */
const fromBucket: Scenario = async (scene) => {
  const [events, s3] = [scene.service('events'), scene.service('s3')];
  const inbox = await Inbox.of(scene);
  const Bucket = `events-${scene.region}`;
  await s3.ok('CreateBucket', { Bucket, CreateBucketConfiguration: { LocationConstraint: scene.region } });
  await s3.ok('PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration: { EventBridgeConfiguration: {} } });
  await events.check('create-custom-event-bus', 'CreateEventBus', { Name: 'bus' });
  const ofBucket = JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: [Bucket] } } });
  await events.check('create-rule-1', 'PutRule', { Name: 'first', EventPattern: ofBucket });
  await events.check('create-rule-2', 'PutRule', { Name: 'second', EventBusName: 'bus', EventPattern: '{"source":["aws.s3"]}' });
  const toBus = [{ Id: 'bus', Arn: scene.arn('events', 'event-bus/bus'), RoleArn: roleFor(scene, 'bus') }];
  await events.check('put-target-1', 'PutTargets', { Rule: 'first', Targets: toBus });
  const toQueue = [{ Id: 'inbox', Arn: inbox.arn }];
  await events.check('put-target-2', 'PutTargets', { Rule: 'second', EventBusName: 'bus', Targets: toQueue });
  await s3.ok('PutObject', { Bucket, Key: 'key', Body: Buffer.from('data') });
  scene.stage.apart('sequencer', 'request-id', 'requester', 'source-ip-address');
  scene.match('get-events', { Messages: await inbox.messages(1) });
};

/** Each source has a rule and a queue; the later ones take what the earlier ones take, too. */
const severalRules: Scenario = async (scene) => {
  const events = scene.service('events');
  const sources = ['source-one', 'source-two', 'source-three'];
  const inboxes = await Promise.all(sources.map((name) => Inbox.of(scene, name)));
  for (const [index, inbox] of inboxes.entries()) {
    const pattern = JSON.stringify({ source: sources.slice(0, index + 1) });
    await inbox.behind(events, { Name: `rule-${index}`, EventPattern: pattern });
  }
  // One after the other, so that they arrive in this order.
  const arrived = inboxes.map((): unknown[] => []);
  for (const [index, name] of sources.entries()) {
    await put(events, entry({ Source: name }));
    for (const [at, inbox] of inboxes.entries()) if (at >= index) arrived[at]?.push(...bodiesOf(await inbox.messages(1)));
  }
  for (const [index, name] of sources.entries()) scene.match(`events-${name}`, arrived[index]);
};

const elevenEntries: Scenario = async (scene) => {
  const events = scene.service('events');
  const EventBusName = await busOf(events, 'custom');
  const [recorded] = /detail=(\{.*?\}\})/.exec(JSON.stringify(scene.recorded('put-events-exceed-limit-error'))) ?? [];
  // As Python writes JSON, with a space behind each comma and colon.
  const Detail = JSON.parse(`"${recorded?.slice('detail='.length) ?? ''}"`) as string;
  const Entries = Array.from({ length: 11 }, () => entry({ EventBusName, Detail }));
  await events.check('put-events-exceed-limit-error', 'PutEvents', { Entries });
};

/** One event for two targets: both have it under one id, and the answer names it once. */
const twoTargets: Scenario = async (scene) => {
  const events = scene.service('events');
  const inboxes = [await Inbox.of(scene, 'one'), await Inbox.of(scene, 'two')];
  await events.ok('PutRule', { Name: 'rule', EventPattern });
  const Targets = inboxes.map(({ arn: Arn }, index) => ({ Id: `t${index}`, Arn }));
  await events.ok('PutTargets', { Rule: 'rule', Targets });
  scene.stage.apart('EventId', 'detail');
  await events.check('put-events-response', 'PutEvents', { Entries: [entry()] });
  const [one, two] = await Promise.all(inboxes.map((inbox) => inbox.messages(1)));
  scene.match('sqs-messages', { queue1_messages: one, queue2_messages: two });
};

const lostTarget: Scenario = async (scene) => {
  const events = scene.service('events');
  const inbox = await Inbox.of(scene);
  await inbox.behind(events, { Name: 'rule' }, { Arn: scene.arn('sqs', 'nothing') });
  await events.check('put-events-response', 'PutEvents', { Entries: [entry()] });
  scene.stage.same('the queue that is no target', await inbox.isEmpty(), true);
};

const permissions: Scenario = async (scene) => {
  const events = scene.service('events');
  const recorded = scene.recorded('describe-event-bus-put-permission-policy');
  const permit = (StatementId: string, Principal: string): object => ({ Action: 'events:PutEvents', Principal, StatementId });
  const describe = async (answer: string): Promise<void> => {
    const found = await events.ok('DescribeEventBus', { Name: 'default' });
    scene.match(answer, { ...found, Policy: JSON.parse(String(found['Policy'])) as unknown });
  };
  await events.check('put-permission', 'PutPermission', permit('one', scene.account));
  await events.ok('PutPermission', permit('two', scene.account));
  await events.ok('PutPermission', permit('three', '222222222222'));
  await describe('describe-event-bus-put-permission-multiple-principals');
  await events.ok('PutPermission', permit('four', '*'));
  await describe('describe-event-bus-put-permission');
  const Policy = JSON.stringify(recorded['Policy']).replace('<sid:5>', 'five');
  await events.check('put-permission-policy', 'PutPermission', { Policy });
  await describe('describe-event-bus-put-permission-policy');
};

/** Made, tagged, deleted and made again. A default bus is never deleted, and keeps its tags. */
const madeAgain =
  (kind: string): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const isBus = kind === 'bus';
    const EventBusName = kind === 'custom' ? await busOf(events, 'custom') : 'default';
    const rule = { Name: 'rule', EventBusName };
    const path = isBus ? 'event-bus/default' : kind === 'custom' ? 'rule/bus/rule' : 'rule/rule';
    const ResourceARN = scene.arn('events', path);
    if (!isBus) await events.ok('PutRule', { ...rule, EventPattern });
    await events.ok('TagResource', { ResourceARN, Tags: [{ Key: 'tag1', Value: 'value1' }] });
    if (!isBus) {
      await events.ok('DeleteRule', rule);
      await events.ok('PutRule', { ...rule, EventPattern });
    }
    await events.check('list_tags_for_resource', 'ListTagsForResource', { ResourceARN });
  };

const commands = (...all: readonly unknown[]): object[] => all.map((command) => ({ command, payload: 'baz' }));

export const deliveryScenarios: Scenarios = {
  'TestRuleWithPattern.test_put_events_with_rule_pattern_anything_but': filtered(
    'rule-anything-but',
    { command: [{ 'anything-but': 'update-account' }] },
    commands('display-message', null),
    [detail, { payload: 'baz' }],
  ),
  'TestRuleWithPattern.test_put_events_with_rule_pattern_exists_false': filtered(
    'rule-exists-false',
    { command: [{ exists: false }] },
    [{ 'no-key': 'no-value', payload: 'baz' }],
    [detail],
  ),
  'TestRuleWithPattern.test_put_event_with_content_base_rule_in_pattern': byContent,
  ...each('TestEventBus.test_put_events_bus_to_bus', { standard: 'standard', domain: 'domain', path: 'path' }, busToBus),
  'TestEventBus.test_put_events_to_default_eventbus_for_custom_eventbus': fromBucket,
  'TestEventBus.test_put_permission[default]': permissions,
  'TestEventRule.test_process_to_single_matching_rules_single_target': severalRules,
  'TestEvents.test_put_events_exceed_limit_ten_entries[custom]': elevenEntries,
  'TestEvents.test_put_events_response_entries_order': twoTargets,
  'TestEvents.test_put_events_with_target_delivery_failure': lostTarget,
  ...each(
    'test_recreate_tagged_resource_without_tags',
    { 'event_bus-event_bus_default': 'bus', 'rule-event_bus_default': 'default', 'rule-event_bus_custom': 'custom' },
    madeAgain,
  ),
};
