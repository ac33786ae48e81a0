import type { Answer } from '../../kit/stage.ts';
import { each, type Scenario, type Scenarios, type Scene, type Service } from '../kit/stage.ts';
import { busOf, detail, entry, EventPattern, Inbox, Printer, source } from './events-kit.ts';

const put = (events: Service, ...Entries: object[]): Promise<Answer> => events.ok('PutEvents', { Entries });
const withDetail = (value: unknown, more: object = {}): object => entry({ Detail: JSON.stringify(value), ...more });
/** Every event of this source. */
const anyOf = JSON.stringify({ source: [source] });

/** What a target is given of an event, which is a text more often than not. */
const shaped =
  (answer: string, target: object, event: unknown): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const inbox = await Inbox.of(scene);
    const EventBusName = await busOf(events, 'custom');
    await inbox.behind(events, { Name: 'rule', EventBusName, EventPattern: anyOf }, target);
    await put(events, withDetail(event, { EventBusName }));
    const [recorded] = (scene.recorded(answer) ?? []) as unknown as (Answer | undefined)[];
    if (recorded === undefined) return void (await inbox.messages(1));
    const isText = typeof recorded['Body'] === 'string';
    const messages = await inbox.messages(1);
    scene.match(answer, isText ? messages.map((each) => ({ ...each, Body: dated(JSON.stringify(each['Body'])) })) : messages);
  };

/** Moments within a text. */
const dated = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'date');

const listed = {
  ...detail,
  payload: { acc_id: '0a787ecb-4015', sf_id: 'baz' },
  listsingle: ['HIGH'],
  listmulti: ['ACTIVE', 'INACTIVE'],
};
const listPaths = {
  userId: '$.detail.payload.acc_id',
  payload: '$.detail.payload',
  systemstring: '$.detail.system',
  listsingle: '$.detail.listsingle',
  listmulti: '$.detail.listmulti',
};
const templated = (InputTemplate: string, InputPathsMap: object = listPaths): object => ({
  InputTransformer: { InputTemplate, InputPathsMap },
});
const nested = (template: string): Scenario => shaped('input-transformed-messages', templated(template), listed);

const threePaths = { 'detail-type': '$.detail-type', timestamp: '$.time', command: '$.detail.command' };
const threeInText = '"Event of <detail-type> type, at time <timestamp>, info extracted from detail <command>"';
const threeInJson = '{"detailType" : <detail-type>, "time": <timestamp>, "command": <command>}';

/** A template, with an event that has all it asks for and one that has not. */
const transformed =
  (template: string): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const inbox = await Inbox.of(scene);
    await inbox.behind(events, { Name: 'rule', EventPattern: anyOf }, templated(template, threePaths));
    for (const [answer, value] of [
      ['custom-variables-match-all', detail],
      ['custom-variables-not-match-all', { notfound: 'x' }],
    ] as const) {
      await put(events, withDetail(value));
      const messages = await inbox.messages(1);
      const isText = template.startsWith('"');
      scene.match(answer, isText ? messages.map((each) => ({ ...each, Body: dated(JSON.stringify(each['Body'])) })) : messages);
    }
  };

const inputScenarios: Scenarios = {
  'TestInputPath.test_put_events_with_input_path': shaped('message', { InputPath: '$.detail' }, detail),
  'TestInputPath.test_put_events_with_input_path_nested[event_detail1]': shaped(
    'message',
    { InputPath: '$.detail.payload' },
    { payload: { acc_id: '0a787ecb-4015', payload: { message: 'baz', id: '123' } } },
  ),
  'TestInputPath.test_put_events_with_input_path_max_level_depth': shaped(
    'message',
    { InputPath: '$.detail.payload.sf_id' },
    detail,
  ),
  'TestInputTransformer.test_put_events_with_input_transformer_input_template_string': transformed(threeInText),
  [`TestInputTransformer.test_put_events_with_input_transformer_input_template_string[${threeInText}]`]: transformed(threeInText),
  'TestInputTransformer.test_put_events_with_input_transformer_input_template_json': transformed(threeInJson),
  'TestInputTransformer.test_put_events_with_input_transformer_missing_keys': async (scene) => {
    const events = scene.service('events');
    await events.ok('PutRule', { Name: 'rule', EventPattern });
    const target = { Id: 't', Arn: scene.arn('sqs', 'q'), ...templated('"<notdefinedkey> <command>"', threePaths) };
    await events.check('missing-key-exception-error', 'PutTargets', { Rule: 'rule', Targets: [target] });
  },
  ...each(
    'TestInputTransformer.test_input_transformer_predefined_variables',
    Object.fromEntries(
      [
        '"Message containing all pre defined variables <aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"',
      ].map((template) => [template, template]),
    ),
    (template) => shaped('messages', templated(template, {}), detail),
  ),
  ...each(
    'TestInputTransformer.test_input_transformer_nested_keys_replacement',
    Object.fromEntries(
      [
        '"Payload of <payload> with path users-service/users/<userId> and <userId>"',
        '{"singlelistitem": <listsingle>}',
        '"<listsingle> single list item <listmulti> multiple list items <systemstring> system account id <payload> payload <userId> user id"',
      ].map((template) => [template, template]),
    ),
    nested,
  ),
  ...each(
    'TestInputTransformer.test_input_transformer_nested_keys_replacement',
    Object.fromEntries(
      [
        '<listmulti> multiple list items',
        '{"singlelistitem": "<listsingle>", "multiplelistitems": "<listmulti>"}',
        '{"singlelistitem": "<listsingle>"}',
      ].map((template) => [template, template]),
    ),
    unfit,
  ),
};

/** Templates that make no JSON of a list. The event is given up, after one that is fit has come through. */
function unfit(template: string): Scenario {
  return async (scene) => {
    const events = scene.service('events');
    const inbox = await Inbox.of(scene);
    await inbox.behind(events, { Name: 'rule', EventPattern: anyOf }, templated(template));
    await put(events, withDetail(listed));
    scene.stage.same('an event that makes no JSON', await inbox.isEmpty(), true);
  };
}

const days = { RetentionDays: 1 };
const busArn = (scene: Scene, name: string): string => scene.arn('events', `event-bus/${name}`);

const refused =
  (answer: string, operation: string, input: (scene: Scene) => object): Scenario =>
  async (scene) =>
    void (await scene.service('events').check(answer, operation, input(scene)));

const archived =
  (answer: string, filter: (scene: Scene, bus: string) => object) =>
  (kind: string): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const bus = await busOf(events, kind);
    await events.ok('CreateArchive', { ArchiveName: 'archive', EventSourceArn: busArn(scene, bus), ...days });
    await events.check(answer, 'ListArchives', filter(scene, bus));
  };

const archivedTwice =
  (kind: string): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const archive = { ArchiveName: 'archive', EventSourceArn: busArn(scene, await busOf(events, kind)), ...days };
    await events.ok('CreateArchive', archive);
    await events.check('create-archive-duplicate-error', 'CreateArchive', archive);
  };

const archivedEvents =
  (kind: string): Scenario =>
  async (scene) => {
    const [withPattern, busKind = ''] = kind.split('-');
    const events = scene.service('events');
    const EventBusName = await busOf(events, busKind);
    scene.stage.apart('SizeBytes');
    await events.ok('CreateArchive', {
      ...{
        ArchiveName: 'archive',
        EventSourceArn: busArn(scene, EventBusName),
        Description: 'description of the archive',
        ...days,
      },
      ...(withPattern === 'True' ? { EventPattern } : {}),
    });
    await put(events, ...Array.from({ length: 10 }, () => entry({ EventBusName })));
    await events.check('list-archives', 'ListArchives', { NamePrefix: 'archive' });
    const found = await events.ok('DescribeArchive', { ArchiveName: 'archive' });
    const opened =
      found['EventPattern'] === undefined ? {} : { EventPattern: JSON.parse(String(found['EventPattern'])) as unknown };
    scene.match('describe-archive', { ...found, ...opened });
  };

/** An archive of the default bus, and what replays of it have in common. */
async function replayOf(scene: Scene, events: Service): Promise<object> {
  await events.ok('CreateArchive', { ArchiveName: 'archive', EventSourceArn: busArn(scene, 'default'), ...days });
  return {
    EventSourceArn: scene.arn('events', 'archive/archive'),
    // Before there was an archive: what others put on the bus meanwhile is not for these scenarios.
    EventStartTime: new Date(Date.now() - 120_000),
    EventEndTime: new Date(Date.now() - 60_000),
    Destination: { Arn: busArn(scene, 'default') },
  };
}

const completed = (events: Service, ReplayName: string): Promise<Answer> =>
  events.until('DescribeReplay', { ReplayName }, ({ State }) => State === 'COMPLETED');

const replays =
  (names: readonly string[], look: (events: Service, scene: Scene) => Promise<unknown>): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const replay = await replayOf(scene, events);
    for (const ReplayName of names) {
      await events.ok('StartReplay', { ReplayName, ...replay });
      await completed(events, ReplayName);
    }
    await look(events, scene);
  };

const archiveScenarios: Scenarios = {
  'TestArchive.test_create_archive_error_unknown_event_bus': refused(
    'create-archive-unknown-event-bus-error',
    'CreateArchive',
    (scene) => ({ ArchiveName: 'archive', EventSourceArn: busArn(scene, 'none'), ...days }),
  ),
  'TestArchive.test_describe_archive_error_unknown_archive': refused(
    'describe-archive-unknown-archive-error',
    'DescribeArchive',
    () => ({ ArchiveName: 'none' }),
  ),
  'TestArchive.test_update_archive_error_unknown_archive': refused(
    'update-archive-unknown-archive-error',
    'UpdateArchive',
    () => ({ ArchiveName: 'none' }),
  ),
  ...each('TestArchive.test_create_archive_error_duplicate', { default: 'default', custom: 'custom' }, archivedTwice),
  ...each(
    'TestArchive.test_list_archive_with_source_arn',
    { default: 'default' },
    archived('list-archives-with-source-arn', (scene, bus) => ({ EventSourceArn: busArn(scene, bus) })),
  ),
  ...each(
    'TestArchive.test_list_archive_state_enabled',
    { default: 'default', custom: 'custom' },
    archived('list-archives-state-enabled', () => ({ State: 'ENABLED' })),
  ),
  ...each(
    'TestArchive.test_list_archive_with_events',
    Object.fromEntries(['True-default', 'False-default', 'False-custom'].map((kind) => [kind, kind])),
    archivedEvents,
  ),
  'TestReplay.test_describe_replay_error_unknown_replay': refused(
    'describe-replay-unknown-replay-error',
    'DescribeReplay',
    () => ({ ReplayName: 'none' }),
  ),
  'TestReplay.test_start_replay_error_unknown_event_bus[missing]': async (scene) => {
    const events = scene.service('events');
    const replay = { ...(await replayOf(scene, events)), Destination: { Arn: busArn(scene, 'none') } };
    const answer = await events.call('StartReplay', { ReplayName: 'replay', ...replay });
    scene.stage.same('a bus that is not there', (answer['Error'] as Answer)['Code'], 'ResourceNotFoundException');
  },
  'TestReplay.test_start_replay_error_invalid_end_time[10]': async (scene) => {
    const events = scene.service('events');
    const EventStartTime = new Date();
    const replay = {
      ...(await replayOf(scene, events)),
      EventStartTime,
      EventEndTime: new Date(EventStartTime.getTime() - 10_000),
    };
    await events.check('start-replay-invalid-end-time-error', 'StartReplay', { ReplayName: 'replay', ...replay });
  },
  'TestReplay.test_list_replays_with_prefix': replays(['prefix-test-replay', 'other'], async (events) => {
    await events.check('list-replays-with-full-name', 'ListReplays', { NamePrefix: 'prefix-test-replay' });
    await events.check('list-replays-with-prefix', 'ListReplays', { NamePrefix: 'prefix' });
  }),
  'TestReplay.test_list_replays_with_event_source_arn': replays(['replay'], (events, scene) =>
    events.check('list-replays-with-event-source-arn', 'ListReplays', { EventSourceArn: scene.arn('events', 'archive/archive') }),
  ),
  'TestReplay.test_list_replay_with_limit': replays(
    Array.from({ length: 6 }, (_, index) => `p-test-replay-${index}`),
    async (events) => {
      const { NextToken } = await events.check('list-replays-with-limit', 'ListReplays', { Limit: 3, NamePrefix: 'p' });
      await events.check('list-replays-with-limit-next-token', 'ListReplays', { NextToken, NamePrefix: 'p' });
    },
  ),
};

const scheduled =
  (ScheduleExpression: string): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    await events.check('put-rule', 'PutRule', { Name: 'rule', ScheduleExpression });
    await events.check('list-rules', 'ListRules', { NamePrefix: 'rule' });
  };

const crons = [
  ...['0 2 ? * SAT *', '0 12 * * ? *', '5,35 14 * * ? *', '15 10 ? * 6L 2002-2005', '0 2 ? * SAT#3 *', '* * ? * SAT#3 *'],
  ...['0/5 5 ? JAN 1-5 2022', '0 10 * * ? *', '15 12 * * ? *', '0 18 ? * MON-FRI *', '0 8 1 * ? *'],
].map((each) => `cron(${each})`);

const scheduleScenarios: Scenarios = {
  'TestScheduleRate.test_put_rule_with_schedule_rate': scheduled('rate(1 minute)'),
  'TestScheduleCron.tests_put_rule_with_schedule_cron': scheduled('cron(0 20 * * ? *)'),
  ...each('TestScheduleCron.tests_put_rule_with_schedule_cron', Object.fromEntries(crons.map((cron) => [cron, cron])), scheduled),
  ...each(
    'TestScheduleCron.tests_put_rule_with_invalid_schedule_cron',
    Object.fromEntries(['cron(INVALID)', 'cron(71 8 1 * ? *)'].map((cron) => [cron, cron])),
    (ScheduleExpression) => refused('invalid-put-rule', 'PutRule', () => ({ Name: 'rule', ScheduleExpression })),
  ),
  'TestScheduleRate.tests_put_rule_with_schedule_custom_event_bus': async (scene) => {
    const events = scene.service('events');
    const EventBusName = await busOf(events, 'custom');
    const rule = { Name: 'rule', EventBusName, ScheduleExpression: 'rate(1 minute)' };
    await events.check('put-rule-with-custom-event-bus-error', 'PutRule', rule);
  },
};

const automations = [{ id: '123', actions: [{ id: '321', type: 'SEND_NOTIFICATION' }] }];

/** The pattern asks for fields of one item of a list. */
const toFunction =
  (pattern: string): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    const printer = await Printer.of(scene);
    const [recorded] = scene.recorded('events') as unknown as { detail: object }[];
    const EventBusName = await busOf(events, 'custom');
    await events.ok('PutRule', { Name: 'rule', EventBusName, EventPattern: pattern });
    await events.ok('PutTargets', { Rule: 'rule', EventBusName, Targets: [{ Id: 'printer', Arn: printer.arn }] });
    await put(events, withDetail({ payload: { automations: [{ foo: 'bar' }] } }, { EventBusName }));
    await put(events, withDetail(recorded?.detail, { EventBusName }));
    scene.match('events', await printer.printed(1));
  };
const ofList = JSON.stringify({
  detail: {
    payload: { automations: { id: ['123'], actions: { id: ['321'], type: automations[0]?.actions.map(({ type }) => type) } } },
  },
});

const toTopic: Scenario = async (scene) => {
  const [events, sns] = [scene.service('events'), scene.service('sns')];
  const inbox = await Inbox.of(scene);
  const { TopicArn } = await sns.ok('CreateTopic', { Name: 'topic' });
  await sns.ok('Subscribe', { TopicArn, Protocol: 'sqs', Endpoint: inbox.arn });
  const EventBusName = await busOf(events, 'custom');
  await events.ok('PutRule', { Name: 'rule', EventBusName, EventPattern });
  await events.ok('PutTargets', { Rule: 'rule', EventBusName, Targets: [{ Id: 'topic', Arn: TopicArn }] });
  await put(events, entry({ EventBusName }));
  scene.stage.apart('ReceiptHandle', 'MD5OfBody', 'TopicArn', 'Signature', 'SigningCertURL', 'UnsubscribeURL');
  const messages = (await inbox.messages(1)).map((message) => {
    const body = message['Body'] as { Message: string };
    const event = JSON.parse(body.Message) as object;
    return { ...message, Body: { ...body, Message: JSON.stringify({ ...event, id: 'message-id', time: 'date' }) } };
  });
  scene.match('messages', messages);
};

const toLogs: Scenario = async (scene) => {
  const [events, logs] = [scene.service('events'), scene.service('logs')];
  const logGroupName = '/aws/events/group';
  await logs.ok('CreateLogGroup', { logGroupName });
  await events.check('event_bus_response', 'CreateEventBus', { Name: 'bus' });
  const rule = { Rule: 'rule', EventBusName: 'bus' };
  await events.check('rule_response', 'PutRule', { Name: 'rule', EventBusName: 'bus', EventPattern });
  const Targets = [{ Id: 'logs', Arn: scene.arn('logs', `log-group:${logGroupName}`) }];
  await events.check('put_targets_response', 'PutTargets', { ...rule, Targets });
  await events.check('put_events_response', 'PutEvents', { Entries: [entry({ EventBusName: 'bus' })] });
  const { events: found } = await logs.until(
    'FilterLogEvents',
    { logGroupName },
    ({ events: some }) => Array.isArray(some) && some.length > 0,
  );
  const shown = (found as Answer[]).map(({ timestamp, message, ingestionTime }) => ({
    timestamp,
    ingestionTime,
    message: JSON.parse(String(message)) as unknown,
  }));
  scene.match('log_events', shown);
};

/** A bus sends on to one in another region, of another account, or both; each has a queue beside it. */
const beyond =
  (kind: string): Scenario =>
  async (scene) => {
    const [busKind = '', what = ''] = kind.split('-');
    const other = {
      region: what.includes('region') ? `${scene.region.slice(0, -1)}2` : scene.region,
      account: what.includes('account') ? '222222222222' : scene.account,
    };
    const [here, there] = [scene.service('events'), scene.service('events', other)];
    const near = await Inbox.of(scene, 'near');
    const far = await Inbox.of(scene, 'far', other);
    const EventBusName = await busOf(here, busKind);
    await busOf(there, busKind);
    const pattern = JSON.stringify({ source: [{ prefix: 'source-' }] });
    await near.behind(here, { Name: 'rule', EventBusName, EventPattern: pattern });
    const Arn = `arn:aws:events:${other.region}:${other.account}:event-bus/${EventBusName}`;
    const RoleArn = `arn:aws:iam::${scene.account}:role/onward`;
    await here.ok('PutTargets', { Rule: 'rule', EventBusName, Targets: [{ Id: 'onward', Arn, RoleArn }] });
    await far.behind(there, { Name: 'rule', EventBusName, EventPattern: pattern });
    scene.stage.apart('ReceiptHandle', 'MD5OfBody');
    await put(here, entry({ EventBusName, Source: 'source-primary' }));
    scene.match('messages_primary_queue_from_primary_event_bus', await near.messages(1));
    const second = scene.recorded('messages_secondary_queue_from_primary_event_bus');
    scene.match('messages_secondary_queue_from_primary_event_bus', second === undefined ? [] : await far.messages(1));
    await put(there, entry({ EventBusName, Source: 'source-secondary' }));
    scene.match('messages_secondary_queue_from_secondary_event_bus', await far.messages(1));
  };

/** An account puts events on a bus of another, by its ARN. */
const foreignBus: Scenario = async (scene) => {
  const owner = { account: '222222222222' };
  const theirs = scene.service('events', owner);
  const inbox = await Inbox.of(scene, 'far', owner);
  await theirs.ok('CreateEventBus', { Name: 'bus' });
  await theirs.ok('PutPermission', {
    EventBusName: 'bus',
    Action: 'events:PutEvents',
    Principal: scene.account,
    StatementId: 's',
  });
  await inbox.behind(theirs, { Name: 'rule', EventBusName: 'bus', EventPattern: JSON.stringify({ source: ['source-primary'] }) });
  const EventBusName = `arn:aws:events:${scene.region}:${owner.account}:event-bus/bus`;
  await put(scene.service('events'), entry({ EventBusName, Source: 'source-primary' }));
  scene.stage.apart('ReceiptHandle', 'MD5OfBody');
  scene.match('messages', await inbox.messages(1));
};

const busBehindBus: Scenario = async (scene) => {
  const events = scene.service('events');
  const inbox = await Inbox.of(scene);
  const EventBusName = await busOf(events, 'custom');
  await events.ok('PutRule', { Name: 'onward', EventPattern });
  const RoleArn = `arn:aws:iam::${scene.account}:role/onward`;
  await events.ok('PutTargets', { Rule: 'onward', Targets: [{ Id: 'onward', Arn: busArn(scene, EventBusName), RoleArn }] });
  await inbox.behind(events, { Name: 'rule', EventBusName });
  await put(events, entry());
  scene.stage.apart('ReceiptHandle', 'MD5OfBody');
  scene.match('messages', await inbox.messages(1));
};

const targetScenarios: Scenarios = {
  test_put_events_with_target_lambda_list_entry: toFunction(ofList),
  test_put_events_with_target_lambda_list_entries_partial_match: toFunction(ofList),
  'TestEventsTargetLambda.test_put_events_with_target_lambda': toFunction(EventPattern),
  'TestEventsTargetLambda.test_put_events_with_target_lambda_list_entries_partial_match': toFunction(ofList),
  'TestEventsTargetEvents.test_put_events_with_target_events[bus_combination0]': busBehindBus,
  'TestEventsTargetSns.test_put_events_with_target_sns[path]': toTopic,
  'TestEventsTargetCloudWatchLogs.test_put_events_with_target_cloudwatch_logs': toLogs,
  ...each(
    'test_event_bus_to_event_bus_cross_account_region',
    Object.fromEntries(
      ['default-region', 'default-account', 'default-region_account', 'custom-region', 'custom-account'].map((kind) => [
        kind,
        kind,
      ]),
    ),
    beyond,
  ),
  'TestEventsCrossAccountRegion.test_put_events[custom-account]': foreignBus,
};

const apiKey = {
  AuthorizationType: 'API_KEY',
  AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: 'ApiKey', ApiKeyValue: 'secret' } },
};
const basic = { AuthorizationType: 'BASIC', AuthParameters: { BasicAuthParameters: { Username: 'user', Password: 'pass' } } };

const connection =
  (answer: string, parameters: object): Scenario =>
  async (scene) => {
    const events = scene.service('events');
    await events.check(`create-connection${answer}`, 'CreateConnection', { Name: 'connection', ...parameters });
    await events.check(`describe-connection${answer}`, 'DescribeConnection', { Name: 'connection' });
  };

const connectionSecret =
  (parameters: object): Scenario =>
  async (scene) => {
    await connection('-auth', parameters)(scene);
    const { SecretArn } = await scene.service('events').ok('DescribeConnection', { Name: 'connection' });
    const secret = await scene.service('secretsmanager').ok('GetSecretValue', { SecretId: SecretArn });
    scene.match('connection-secret', { ...secret, SecretString: JSON.parse(String(secret['SecretString'])) as unknown });
  };

const connectionScenarios: Scenarios = {
  'TestEventBridgeConnections.test_create_connection': connection('', {
    ...apiKey,
    AuthParameters: { ...apiKey.AuthParameters, InvocationHttpParameters: {} },
  }),
  ...each(
    'TestEventBridgeConnections.test_create_connection_with_auth',
    { auth_params0: basic, auth_params1: apiKey },
    (parameters) => connection('-auth', parameters),
  ),
  'TestEventBridgeConnections.test_create_connection_invalid_parameters': refused(
    'create-connection-invalid-auth-error',
    'CreateConnection',
    () => ({ ...basic, Name: 'connection', AuthorizationType: 'INVALID_AUTH_TYPE' }),
  ),
  ...each('TestEventBridgeConnections.test_connection_secrets', { basic, 'api-key': apiKey }, connectionSecret),
  'TestEventBridgeApiDestinations.test_create_api_destination_invalid_parameters': refused(
    'create-api-destination-invalid-parameters-error',
    'CreateApiDestination',
    () => ({
      ...{ Name: 'destination', ConnectionArn: 'invalid-connection-arn' },
      ...{ InvocationEndpoint: 'https://example.com', HttpMethod: 'INVALID_METHOD' },
    }),
  ),
  'TestEventBridgeApiDestinations.test_create_api_destination_name_validation': refused(
    'create-api-destination-invalid-name-error',
    'CreateApiDestination',
    (scene) => ({
      ...{ Name: 'Invalid Name With Spaces!', InvocationEndpoint: 'https://example.com', HttpMethod: 'POST' },
      ConnectionArn: scene.arn('events', 'connection/c/11111111-2222-3333-4444-555555555555'),
    }),
  ),
};

export const moreEventScenarios: Scenarios = {
  ...inputScenarios,
  ...archiveScenarios,
  ...scheduleScenarios,
  ...targetScenarios,
  ...connectionScenarios,
};
