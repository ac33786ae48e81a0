import { created } from '../../kit/functions.ts';
import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios, Scene, Service } from '../kit/stage.ts';
import { logScenarios as firstScenarios } from './small.ts';

const logGroupName = 'group';

const withGroup = async (scene: Scene): Promise<Service> => {
  const logs = scene.service('logs');
  await logs.ok('CreateLogGroup', { logGroupName });
  return logs;
};

const matching: Scenario = async (scene) => {
  const logs = await withGroup(scene);
  await logs.check('list-log-groups-no-match', 'DescribeLogGroups', { logGroupNamePattern: 'no-such-group' });
  const { logGroups } = await logs.ok('DescribeLogGroups', { logGroupNamePattern: logGroupName.slice(1) });
  // What is stored, and whether it is protected, is not in the recording.
  const [group] = logGroups as Answer[];
  const apart = ['storedBytes', 'deletionProtectionEnabled'];
  const shown = Object.entries(group ?? {}).filter(([name]) => !apart.includes(name));
  scene.match('list-log-groups-match', [Object.fromEntries(shown)]);
};

const insight = { logGroupName, queryString: 'fields @message', startTime: 1_700_000_000, endTime: 1_700_003_600 };

const beginning: Scenario = async (scene) => {
  const logs = await withGroup(scene);
  await logs.check('start-query', 'StartQuery', insight);
};

const told: Scenario = async (scene) => {
  const logs = await withGroup(scene);
  scene.stage.apart('createTime');
  await logs.ok('StartQuery', insight);
  await logs.check('describe-queries', 'DescribeQueries', { logGroupName });
};

const printer = `import base64, gzip, json
def handler(event, context):
    print(gzip.decompress(base64.b64decode(event["awslogs"]["data"])).decode())
`;

const functionOf = async (scene: Scene): Promise<string> => {
  await created(scene.stage, 'printer', { files: { 'handler.py': printer }, Handler: 'handler.handler', Runtime: 'python3.12' });
  return scene.arn('lambda', 'function:printer');
};

const toFunction: Scenario = async (scene) => {
  const logs = await withGroup(scene);
  const destinationArn = await functionOf(scene);
  await scene.stage.check(
    'add_permission',
    scene.stage.api.addPermission({
      ...{ FunctionName: 'printer', StatementId: 'printer', Action: 'lambda:InvokeFunction' },
      Principal: `logs.${scene.region}.amazonaws.com`,
      SourceArn: scene.arn('logs', `log-group:${logGroupName}:*`),
      SourceAccount: scene.account,
    }),
  );
  const filter = { logGroupName, filterName: 'test', filterPattern: '', destinationArn };
  await logs.check('put_subscription_filter', 'PutSubscriptionFilter', filter);
  await logs.check('describe_subscription_filter', 'DescribeSubscriptionFilters', { logGroupName });
  await logs.ok('CreateLogStream', { logGroupName, logStreamName: 's' });
  const now = Date.now();
  const logEvents = ['test', 'test 2'].map((message, index) => ({ timestamp: now + index, message }));
  await logs.ok('PutLogEvents', { logGroupName, logStreamName: 's', logEvents });
  const ofFunction = { logGroupName: '/aws/lambda/printer', filterPattern: 'DATA_MESSAGE' };
  const { events } = await logs.until(
    'FilterLogEvents',
    ofFunction,
    (found) => (found['events'] as unknown[] | undefined)?.length === 1,
  );
  const [{ message = '' } = {}] = events as { message?: string }[];
  scene.match(
    'list_all_log_events',
    (JSON.parse(message) as { logEvents: Answer[] }).logEvents.map((event) => ({ ...event, id: 'id' })),
  );
};

const newPattern: Scenario = async (scene) => {
  const logs = await withGroup(scene);
  const filter = { logGroupName, filterName: 'test', destinationArn: await functionOf(scene) };
  for (const filterPattern of ['', '[]']) await logs.ok('PutSubscriptionFilter', { ...filter, filterPattern });
  await logs.check('updated-filter', 'DescribeSubscriptionFilters', { logGroupName });
};

const thirdFilter: Scenario = async (scene) => {
  const logs = await withGroup(scene);
  const filter = { logGroupName, filterPattern: '', destinationArn: await functionOf(scene) };
  for (const filterName of ['one', 'two']) await logs.ok('PutSubscriptionFilter', { ...filter, filterName });
  await logs.check('error-limit-exceeded', 'PutSubscriptionFilter', { ...filter, filterName: 'three' });
};

const destination = (scene: Scene, role: string, stream: string): object => ({
  destinationName: 'destination',
  targetArn: scene.arn('kinesis', `stream/${stream}`),
  roleArn: `arn:aws:iam::${scene.account}:role/${role}`,
});

const destinationUpdate: Scenario = async (scene) => {
  const logs = scene.service('logs');
  const describe = (answer: string): Promise<Answer> =>
    logs.check(answer, 'DescribeDestinations', { DestinationNamePrefix: 'destination' });
  await logs.ok('PutDestination', destination(scene, 'role', 'stream'));
  await describe('original-description');
  await logs.ok('PutDestination', destination(scene, 'role2', 'stream2'));
  await describe('updated-description');
};

const configuration = { deliveryDestinationConfiguration: { destinationResourceArn: 'arn:aws:s3:::bucket' } };

const policyOf = (scene: Scene): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'AllowLogDeliveryActions',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${scene.account}:root` },
        Action: 'logs:CreateDelivery',
        Resource: ['delivery-source', 'delivery', 'delivery-destination'].map((kind) => scene.arn('logs', `${kind}:*`)),
      },
    ],
  });

const destinationPolicy =
  (answer: string | undefined, operation: 'Put' | 'Get' | 'Delete'): Scenario =>
  async (scene) => {
    const logs = scene.service('logs');
    const deliveryDestinationName = 'destination';
    await logs.ok('PutDeliveryDestination', { name: deliveryDestinationName, ...configuration });
    const put = await logs.ok('PutDeliveryDestinationPolicy', {
      deliveryDestinationName,
      deliveryDestinationPolicy: policyOf(scene),
    });
    const asked = operation === 'Put' ? put : await logs.ok(`${operation}DeliveryDestinationPolicy`, { deliveryDestinationName });
    if (answer === undefined) {
      const { policy } = await logs.ok('GetDeliveryDestinationPolicy', { deliveryDestinationName });
      return scene.stage.same('the policy', policy, {});
    }
    const { deliveryDestinationPolicy: text } = asked['policy'] as { deliveryDestinationPolicy: string };
    scene.match(answer, { ...asked, policy: { deliveryDestinationPolicy: JSON.parse(text) as unknown } });
  };

const deliveredTo = async (scene: Scene): Promise<{ readonly logs: Service; readonly id: unknown }> => {
  const logs = scene.service('logs');
  const { deliveryDestination } = await logs.ok('PutDeliveryDestination', { name: 'destination', ...configuration });
  const resourceArn = scene.arn('bedrock', 'knowledge-base/base');
  await logs.ok('PutDeliverySource', { name: 'source', resourceArn, logType: 'APPLICATION_LOGS' });
  const { delivery } = await logs.ok('CreateDelivery', {
    deliverySourceName: 'source',
    deliveryDestinationArn: (deliveryDestination as Answer)['arn'],
  });
  return { logs, id: (delivery as Answer)['id'] };
};

const asked =
  (answer: string, operation: string, input: object): Scenario =>
  async (scene) =>
    void (await scene.service('logs').check(answer, operation, input));

const deliveryScenarios: Scenarios = {
  'TestDeliveryDestinations.test_put_delivery_destination': asked('put-delivery-destination', 'PutDeliveryDestination', {
    ...{ name: 'destination', outputFormat: 'json' },
    ...configuration,
  }),
  'TestDeliveryDestinations.test_put_delivery_destination_invalid_format': asked(
    'error-invalid-format',
    'PutDeliveryDestination',
    {
      ...{ name: 'destination', outputFormat: 'foobar' },
      ...configuration,
    },
  ),
  'TestDeliveryDestinations.test_get_delivery_destination': async (scene) => {
    const logs = scene.service('logs');
    await logs.ok('PutDeliveryDestination', { name: 'destination', ...configuration });
    await logs.check('get-delivery-destination', 'GetDeliveryDestination', { name: 'destination' });
  },
  'TestDeliveryDestinations.test_get_delivery_destination_not_found': asked('error-not-found', 'GetDeliveryDestination', {
    name: 'none',
  }),
  'TestDeliveryDestinations.test_delete_delivery_destination_not_found': asked('error-not-found', 'DeleteDeliveryDestination', {
    name: 'none',
  }),
  'TestDeliveryDestinations.test_describe_delivery_destinations': async (scene) => {
    const logs = scene.service('logs');
    for (const name of ['d0', 'd1']) await logs.ok('PutDeliveryDestination', { name, ...configuration });
    const { deliveryDestinations } = await logs.ok('DescribeDeliveryDestinations');
    scene.match('describe-delivery-destinations', deliveryDestinations);
  },
  'TestDeliveryDestinationPolicies.test_put_delivery_destination_policy': destinationPolicy(
    'put-delivery-destination-policy',
    'Put',
  ),
  'TestDeliveryDestinationPolicies.test_get_delivery_destination_policy': destinationPolicy(
    'get-delivery-destination-policy',
    'Get',
  ),
  'TestDeliveryDestinationPolicies.test_delete_delivery_destination_policy': destinationPolicy(undefined, 'Delete'),
  'TestDeliverySources.test_get_delivery_source_not_found': asked('error-not-found', 'GetDeliverySource', { name: 'none' }),
  'TestDeliverySources.test_delete_delivery_source': async (scene) => {
    const { logs, id } = await deliveredTo(scene);
    await logs.ok('DeleteDelivery', { id });
    await logs.ok('DeleteDeliverySource', { name: 'source' });
    await logs.check('error-after-delete', 'DeleteDeliverySource', { name: 'source' });
  },
  'TestDeliveries.test_delete_delivery': async (scene) => {
    const { logs, id } = await deliveredTo(scene);
    await logs.ok('DeleteDelivery', { id });
    await logs.check('error-after-delete', 'GetDelivery', { id });
  },
};

const taskId = '11111111-2222-3333-4444-555555555555';

export const logScenarios: Scenarios = {
  'TestCloudWatchLogsInsightsQueries.test_start_query_basic': beginning,
  'TestCloudWatchLogsInsightsQueries.test_describe_queries': told,
  ...firstScenarios,
  ...deliveryScenarios,
  'TestLogsGroups.test_list_log_groups_with_pattern': matching,
  'TestSubscriptionFilters.test_put_subscription_filter_lambda': toFunction,
  'TestSubscriptionFilterUpdates.test_put_subscription_filter_limit_exceeded': thirdFilter,
  'TestSubscriptionFilterUpdates.test_put_subscription_filter_update': newPattern,
  'TestDestinations.test_put_destination': async (scene) =>
    void (await scene.service('logs').check('put-destination', 'PutDestination', destination(scene, 'role', 'stream'))),
  'TestDestinations.test_update_destination': destinationUpdate,
  'TestExportTasks.test_create_export_task_bucket_not_found': async (scene) => {
    const logs = await withGroup(scene);
    const task = { logGroupName, from: 0, to: Date.now(), destination: `no-bucket-${scene.region}` };
    await logs.check('error-bucket-not-found', 'CreateExportTask', task);
  },
  'TestExportTasks.test_describe_export_tasks_not_found': asked('task-not-found', 'DescribeExportTasks', { taskId }),
  'TestExportTasks.test_cancel_export_task_not_found': asked('error-cancel-not-found', 'CancelExportTask', { taskId }),
  'TestResourcePoliciesLimits.test_put_resource_policy_limit_exceeded': async (scene) => {
    const logs = scene.service('logs');
    const policy = (number: number): object => ({ policyName: `policy-${number}`, policyDocument: policyOf(scene) });
    for (let number = 0; number < 10; number += 1) await logs.ok('PutResourcePolicy', policy(number));
    await logs.check('error-limit-exceeded', 'PutResourcePolicy', policy(10));
  },
};
