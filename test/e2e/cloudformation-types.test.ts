import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { CloudWatch } from '@aws-sdk/client-cloudwatch';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { IAM } from '@aws-sdk/client-iam';
import { Lambda } from '@aws-sdk/client-lambda';
import { S3 } from '@aws-sdk/client-s3';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SNS } from '@aws-sdk/client-sns';
import { SSM } from '@aws-sdk/client-ssm';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

type Resources = Readonly<Record<string, { readonly Type: string; readonly [key: string]: unknown }>>;

const trust = (service: string) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' }],
});
const allow = (more: object) => ({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...more }] });
const ref = (name: string) => ({ Ref: name });
const arn = (name: string, attribute = 'Arn') => ({ 'Fn::GetAtt': [name, attribute] });
const queue = { Type: 'AWS::SQS::Queue' };

suite('What stacks are made of', { timeout: 280_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let stacks: CloudFormation;
  const options = () => ({
    endpoint: server.origin,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
  });

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none']);
    stacks = new CloudFormation(options());
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  const state = async (t: TestContext, StackName: string, status: string) => {
    const { Stacks: [stack] = [] } = await stacks.describeStacks({ StackName });
    const { StackEvents: events = [] } = await stacks.describeStackEvents({ StackName });
    const why = events
      .filter(({ ResourceStatus: each }) => each?.endsWith('FAILED'))
      .map(({ ResourceStatusReason: each }) => each);
    t.assert.deepEqual([stack?.StackStatus, why], [status, []]);
    return Object.fromEntries((stack?.Outputs ?? []).map(({ OutputKey: key = '', OutputValue: value }) => [key, value]));
  };
  /** Creates, updates and deletes a stack; every step has to end well. */
  const live = async (
    t: TestContext,
    StackName: string,
    first: { readonly resources: Resources; readonly outputs?: object },
    look: (outputs: Readonly<Record<string, string | undefined>>) => Promise<void>,
    second: { readonly resources: Resources; readonly outputs?: object } = first,
    lookAgain: typeof look = () => Promise.resolve(),
  ): Promise<void> => {
    const body = ({ resources, outputs = {} }: typeof first): string =>
      JSON.stringify({
        Resources: resources,
        Outputs: Object.fromEntries(Object.entries(outputs).map(([key, Value]) => [key, { Value }])),
      });
    const common = { StackName, Capabilities: ['CAPABILITY_NAMED_IAM' as const], Tags: [{ Key: 'team', Value: 'blue' }] };
    await stacks.createStack({ ...common, TemplateBody: body(first) });
    await look(await state(t, StackName, 'CREATE_COMPLETE'));
    if (second !== first) {
      await stacks.updateStack({ ...common, TemplateBody: body(second) });
      await lookAgain(await state(t, StackName, 'UPDATE_COMPLETE'));
    }
    const { Stacks: [stack] = [] } = await stacks.describeStacks({ StackName });
    await stacks.deleteStack({ StackName });
    await state(t, stack?.StackId ?? '', 'DELETE_COMPLETE');
  };

  test('Lambda: versions, aliases, layers, URLs, permissions and what becomes of asynchronous calls', async (t: TestContext) => {
    const s3 = new S3(options());
    const lambda = new Lambda(options());
    const { zipOf } = await import('../kit/zip.ts');
    await s3.createBucket({ Bucket: 'code' });
    await s3.putObject({
      Bucket: 'code',
      Key: 'layer.zip',
      Body: await zipOf({ 'nodejs/greeting.js': 'module.exports = "hello";' }),
    });
    const resources = (code: string, memory: number): Resources => ({
      Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust('lambda.amazonaws.com') } },
      Layer: {
        Type: 'AWS::Lambda::LayerVersion',
        Properties: { Content: { S3Bucket: 'code', S3Key: 'layer.zip' }, CompatibleRuntimes: ['nodejs24.x'] },
      },
      Shared: {
        Type: 'AWS::Lambda::LayerVersionPermission',
        Properties: { Action: 'lambda:GetLayerVersion', LayerVersionArn: ref('Layer'), Principal: '*' },
      },
      Handler: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Runtime: 'nodejs24.x',
          Handler: 'index.handler',
          Role: arn('Role'),
          Code: { ZipFile: code },
          MemorySize: memory,
          ReservedConcurrentExecutions: 5,
          Tags: [{ Key: 'own', Value: 'yes' }],
        },
      },
      [`Version${memory}`]: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: ref('Handler') } },
      Alias: {
        Type: 'AWS::Lambda::Alias',
        Properties: { FunctionName: ref('Handler'), Name: 'live', FunctionVersion: arn(`Version${memory}`, 'Version') },
      },
      Url: {
        Type: 'AWS::Lambda::Url',
        Properties: { TargetFunctionArn: ref('Alias'), AuthType: 'NONE', Cors: { AllowOrigins: ['*'] } },
      },
      Permission: {
        Type: 'AWS::Lambda::Permission',
        Properties: {
          FunctionName: ref('Alias'),
          Action: 'lambda:InvokeFunctionUrl',
          Principal: '*',
          FunctionUrlAuthType: 'NONE',
        },
      },
      Failures: queue,
      Later: {
        Type: 'AWS::Lambda::EventInvokeConfig',
        Properties: {
          FunctionName: ref('Handler'),
          Qualifier: 'live',
          MaximumRetryAttempts: 1,
          DestinationConfig: { OnFailure: { Destination: arn('Failures') } },
        },
        DependsOn: 'Alias',
      },
      Signing: {
        Type: 'AWS::Lambda::CodeSigningConfig',
        Properties: {
          AllowedPublishers: {
            SigningProfileVersionArns: ['arn:aws:signer:us-east-1:000000000000:/signing-profiles/profile/abcdefghij'],
          },
          CodeSigningPolicies: { UntrustedArtifactOnDeployment: 'Warn' },
        },
      },
    });
    const outputs = { Name: ref('Handler'), Url: arn('Url', 'FunctionUrl'), Version: ref('Alias') };
    const answer = async (url: string | undefined): Promise<string> => (await fetch(url ?? '')).text();
    await live(
      t,
      'lambda',
      { resources: resources('exports.handler = async () => "one"', 128), outputs },
      async ({ Name: FunctionName, Url: url }) => {
        t.assert.equal(await answer(url), 'one');
        const { Tags: tags } = await lambda.getFunction({ FunctionName });
        t.assert.deepEqual(tags, { team: 'blue', own: 'yes' });
        const { MaximumRetryAttempts: retries } = await lambda.getFunctionEventInvokeConfig({ FunctionName, Qualifier: 'live' });
        t.assert.equal(retries, 1);
      },
      { resources: resources('exports.handler = async () => "two"', 256), outputs },
      async ({ Name: FunctionName, Url: url }) => {
        t.assert.equal(await answer(url), 'two');
        const { Versions: versions = [] } = await lambda.listVersionsByFunction({ FunctionName });
        t.assert.deepEqual(
          versions.map(({ Version: version }) => version),
          ['$LATEST', '2'],
        );
      },
    );
  });

  test('IAM: roles, policies, users, groups and profiles', async (t: TestContext) => {
    const iam = new IAM(options());
    const resources = (action: string): Resources => ({
      Managed: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: allow({ Action: action, Resource: '*' }) } },
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: 'made-by-a-stack',
          AssumeRolePolicyDocument: trust('lambda.amazonaws.com'),
          ManagedPolicyArns: [ref('Managed'), 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole'],
        },
      },
      Inline: {
        Type: 'AWS::IAM::Policy',
        Properties: { PolicyName: 'inline', Roles: [ref('Role')], PolicyDocument: allow({ Action: action, Resource: '*' }) },
      },
      Group: { Type: 'AWS::IAM::Group' },
      User: { Type: 'AWS::IAM::User', Properties: { Groups: [ref('Group')] } },
      Profile: { Type: 'AWS::IAM::InstanceProfile', Properties: { Roles: [ref('Role')] } },
    });
    const look = (action: string) => async (): Promise<void> => {
      const { PolicyDocument: text = '' } = await iam.getRolePolicy({ RoleName: 'made-by-a-stack', PolicyName: 'inline' });
      t.assert.match(decodeURIComponent(text), new RegExp(action));
      const { AttachedPolicies: attached = [] } = await iam.listAttachedRolePolicies({ RoleName: 'made-by-a-stack' });
      t.assert.equal(attached.length, 2);
    };
    await live(
      t,
      'iam',
      { resources: resources('sqs:SendMessage') },
      look('sqs:SendMessage'),
      { resources: resources('sns:Publish') },
      look('sns:Publish'),
    );
    await t.assert.rejects(iam.getRole({ RoleName: 'made-by-a-stack' }), { name: 'NoSuchEntityException' });
  });

  test('topics, subscriptions and the policies that let them in', async (t: TestContext) => {
    const sns = new SNS(options());
    const resources = (name: string): Resources => ({
      Queue: queue,
      Topic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: name } },
      Fifo: { Type: 'AWS::SNS::Topic', Properties: { FifoTopic: true, ContentBasedDeduplication: true } },
      Subscription: {
        Type: 'AWS::SNS::Subscription',
        Properties: {
          TopicArn: ref('Topic'),
          Protocol: 'sqs',
          Endpoint: arn('Queue'),
          RawMessageDelivery: true,
          FilterPolicy: { kind: [name] },
        },
      },
      QueuePolicy: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [ref('Queue')],
          PolicyDocument: allow({
            Principal: { Service: 'sns.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arn('Queue'),
          }),
        },
      },
      TopicPolicy: {
        Type: 'AWS::SNS::TopicPolicy',
        Properties: {
          Topics: [ref('Topic')],
          PolicyDocument: allow({ Principal: { Service: 's3.amazonaws.com' }, Action: 'sns:Publish', Resource: ref('Topic') }),
        },
      },
    });
    const look =
      (name: string) =>
      async ({ Topic: TopicArn, Subscription: SubscriptionArn }: Readonly<Record<string, string | undefined>>): Promise<void> => {
        const { Attributes: topic } = await sns.getTopicAttributes({ TopicArn });
        t.assert.equal(topic?.['DisplayName'], name);
        const { Attributes: subscription } = await sns.getSubscriptionAttributes({ SubscriptionArn });
        t.assert.deepEqual(
          [subscription?.['RawMessageDelivery'], subscription?.['FilterPolicy']],
          ['true', `{"kind":["${name}"]}`],
        );
      };
    const outputs = { Topic: ref('Topic'), Subscription: ref('Subscription') };
    await live(
      t,
      'topics',
      { resources: resources('one'), outputs },
      look('one'),
      { resources: resources('two'), outputs },
      look('two'),
    );
  });

  test('tables and streams', async (t: TestContext) => {
    const dynamodb = new DynamoDB(options());
    const resources = (index: boolean, shards: number): Resources => ({
      Table: {
        Type: 'AWS::DynamoDB::Table',
        Properties: {
          AttributeDefinitions: ['pk', ...(index ? ['other'] : [])].map((AttributeName) => ({
            AttributeName,
            AttributeType: 'S',
          })),
          KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
          BillingMode: 'PAY_PER_REQUEST',
          StreamSpecification: { StreamViewType: 'NEW_IMAGE' },
          TimeToLiveSpecification: { AttributeName: 'until', Enabled: true },
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          ...(index
            ? {
                GlobalSecondaryIndexes: [
                  {
                    IndexName: 'by-other',
                    KeySchema: [{ AttributeName: 'other', KeyType: 'HASH' }],
                    Projection: { ProjectionType: 'ALL' },
                  },
                ],
              }
            : {}),
        },
      },
      Stream: { Type: 'AWS::Kinesis::Stream', Properties: { ShardCount: shards, RetentionPeriodHours: 24 + shards } },
      Consumer: { Type: 'AWS::Kinesis::StreamConsumer', Properties: { ConsumerName: 'c', StreamARN: arn('Stream') } },
    });
    const outputs = { Table: ref('Table'), Changes: arn('Table', 'StreamArn') };
    const indexes = async (TableName: string | undefined): Promise<number> =>
      (await dynamodb.describeTable({ TableName })).Table?.GlobalSecondaryIndexes?.length ?? 0;
    await live(
      t,
      'tables',
      { resources: resources(false, 1), outputs },
      async ({ Table: table, Changes: changes }) => {
        t.assert.match(changes ?? '', /:table\/.*\/stream\//);
        t.assert.equal(await indexes(table), 0);
        const { TimeToLiveDescription: ttl } = await dynamodb.describeTimeToLive({ TableName: table });
        t.assert.equal(ttl?.AttributeName, 'until');
      },
      { resources: resources(true, 2), outputs },
      async ({ Table: table }) => t.assert.equal(await indexes(table), 1),
    );
  });

  test('events and schedules', async (t: TestContext) => {
    const events = new EventBridge(options());
    const resources = (pattern: string): Resources => ({
      Queue: queue,
      Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust('scheduler.amazonaws.com') } },
      Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'of-a-stack' } },
      Guard: {
        Type: 'AWS::Events::EventBusPolicy',
        Properties: {
          EventBusName: ref('Bus'),
          StatementId: 'others',
          Statement: { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'events:PutEvents', Resource: arn('Bus') },
        },
      },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: {
          EventBusName: ref('Bus'),
          EventPattern: { source: [pattern] },
          Targets: [{ Id: 'queue', Arn: arn('Queue') }],
        },
      },
      Hourly: {
        Type: 'AWS::Events::Rule',
        Properties: { ScheduleExpression: 'rate(1 hour)', Targets: [{ Id: 'q', Arn: arn('Queue') }] },
      },
      Archive: { Type: 'AWS::Events::Archive', Properties: { SourceArn: arn('Bus'), RetentionDays: 3 } },
      Connection: {
        Type: 'AWS::Events::Connection',
        Properties: { AuthorizationType: 'BASIC', AuthParameters: { BasicAuthParameters: { Username: 'u', Password: 'p' } } },
      },
      Destination: {
        Type: 'AWS::Events::ApiDestination',
        Properties: { ConnectionArn: arn('Connection'), HttpMethod: 'POST', InvocationEndpoint: 'https://example.com/hook' },
      },
      Group: { Type: 'AWS::Scheduler::ScheduleGroup' },
      Schedule: {
        Type: 'AWS::Scheduler::Schedule',
        Properties: {
          GroupName: ref('Group'),
          FlexibleTimeWindow: { Mode: 'OFF' },
          ScheduleExpression: 'rate(1 hour)',
          Target: { Arn: arn('Queue'), RoleArn: arn('Role'), Input: `"${pattern}"` },
        },
      },
    });
    const look = (pattern: string) => async (): Promise<void> => {
      const { Rules: [rule] = [] } = await events.listRules({ EventBusName: 'of-a-stack' });
      t.assert.equal(rule?.EventPattern, `{"source":["${pattern}"]}`);
      const { Targets: targets = [] } = await events.listTargetsByRule({ EventBusName: 'of-a-stack', Rule: rule?.Name });
      t.assert.deepEqual(
        targets.map(({ Id }) => Id),
        ['queue'],
      );
    };
    await live(t, 'events', { resources: resources('one') }, look('one'), { resources: resources('two') }, look('two'));
  });

  test('buckets with all that they are told to be', async (t: TestContext) => {
    const s3 = new S3(options());
    const resources = (days: number, told: boolean): Resources => ({
      Queue: queue,
      Allowed: {
        Type: 'AWS::SQS::QueuePolicy',
        Properties: {
          Queues: [ref('Queue')],
          PolicyDocument: allow({
            Principal: { Service: 's3.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arn('Queue'),
          }),
        },
      },
      Bucket: {
        Type: 'AWS::S3::Bucket',
        DependsOn: 'Allowed',
        Properties: {
          VersioningConfiguration: { Status: 'Enabled' },
          BucketEncryption: {
            ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
          },
          PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: false },
          OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
          CorsConfiguration: { CorsRules: [{ AllowedMethods: ['GET'], AllowedOrigins: ['*'], MaxAge: 60 }] },
          LifecycleConfiguration: { Rules: [{ Id: 'old', Status: 'Enabled', Prefix: 'tmp/', ExpirationInDays: days }] },
          WebsiteConfiguration: { IndexDocument: 'index.html' },
          ...(told
            ? {
                NotificationConfiguration: {
                  QueueConfigurations: [
                    {
                      Queue: arn('Queue'),
                      Event: 's3:ObjectCreated:*',
                      Filter: { S3Key: { Rules: [{ Name: 'prefix', Value: 'in/' }] } },
                    },
                  ],
                },
              }
            : {}),
        },
      },
      Policy: {
        Type: 'AWS::S3::BucketPolicy',
        Properties: {
          Bucket: ref('Bucket'),
          PolicyDocument: allow({ Principal: '*', Action: 's3:GetObject', Resource: { 'Fn::Sub': '${Bucket.Arn}/*' } }),
        },
      },
    });
    const outputs = { Bucket: ref('Bucket') };
    const look =
      (days: number, told: boolean) =>
      async ({ Bucket }: Readonly<Record<string, string | undefined>>): Promise<void> => {
        const { Rules: [rule] = [] } = await s3.getBucketLifecycleConfiguration({ Bucket });
        t.assert.equal(rule?.Expiration?.Days, days);
        const { QueueConfigurations: queues = [] } = await s3.getBucketNotificationConfiguration({ Bucket });
        t.assert.equal(queues.length, told ? 1 : 0);
        const { TagSet: tags } = await s3.getBucketTagging({ Bucket });
        t.assert.deepEqual(tags, [{ Key: 'team', Value: 'blue' }]);
      };
    await live(
      t,
      'buckets',
      { resources: resources(7, true), outputs },
      look(7, true),
      { resources: resources(8, false), outputs },
      look(8, false),
    );
  });

  test('logs, parameters, secrets, alarms and repositories', async (t: TestContext) => {
    const [ssm, secrets, cloudwatch] = [new SSM(options()), new SecretsManager(options()), new CloudWatch(options())];
    await ssm.putParameter({ Name: '/given', Type: 'String', Value: 'from the store' });
    const resources = (value: string, threshold: number): Resources => ({
      Group: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } },
      Filter: {
        Type: 'AWS::Logs::MetricFilter',
        Properties: {
          LogGroupName: ref('Group'),
          FilterPattern: 'ERROR',
          MetricTransformations: [{ MetricName: 'errors', MetricNamespace: 'app', MetricValue: '1' }],
        },
      },
      Plain: { Type: 'AWS::SSM::Parameter', Properties: { Name: '/made', Type: 'String', Value: value, Tags: { a: 'b' } } },
      Copied: { Type: 'AWS::SSM::Parameter', Properties: { Type: 'String', Value: '{{resolve:ssm:/given}}' } },
      Secret: {
        Type: 'AWS::SecretsManager::Secret',
        Properties: {
          GenerateSecretString: { SecretStringTemplate: '{"user":"me"}', GenerateStringKey: 'password', PasswordLength: 20 },
        },
      },
      Told: {
        Type: 'AWS::SSM::Parameter',
        Properties: { Type: 'String', Value: { 'Fn::Sub': '{{resolve:secretsmanager:${Secret}:SecretString:user}}' } },
      },
      Alarm: {
        Type: 'AWS::CloudWatch::Alarm',
        Properties: {
          AlarmName: 'of-a-stack',
          MetricName: 'errors',
          Namespace: 'app',
          Statistic: 'Sum',
          Period: 60,
          EvaluationPeriods: 1,
          Threshold: threshold,
          ComparisonOperator: 'GreaterThanThreshold',
        },
      },
      Both: { Type: 'AWS::CloudWatch::CompositeAlarm', Properties: { AlarmRule: { 'Fn::Sub': 'ALARM("${Alarm}")' } } },
      Images: { Type: 'AWS::ECR::Repository', Properties: { ImageTagMutability: 'IMMUTABLE', EmptyOnDelete: true } },
    });
    const outputs = { Secret: ref('Secret'), Copied: ref('Copied'), Told: ref('Told') };
    const valueOf = async (Name: string | undefined): Promise<string | undefined> =>
      (await ssm.getParameter({ Name })).Parameter?.Value;
    let thoughtUp: string | undefined;
    await live(
      t,
      'small',
      { resources: resources('one', 1), outputs },
      async ({ Secret: SecretId, Copied: copied, Told: told }) => {
        t.assert.deepEqual(await Promise.all(['/made', copied, told].map(valueOf)), ['one', 'from the store', 'me']);
        thoughtUp = (await secrets.getSecretValue({ SecretId })).SecretString;
        t.assert.equal((JSON.parse(thoughtUp ?? '') as { password: string }).password.length, 20);
      },
      { resources: resources('two', 2), outputs },
      async ({ Secret: SecretId }) => {
        t.assert.equal(await valueOf('/made'), 'two');
        t.assert.equal((await secrets.getSecretValue({ SecretId })).SecretString, thoughtUp);
        const { MetricAlarms: [alarm] = [] } = await cloudwatch.describeAlarms({ AlarmNames: ['of-a-stack'] });
        t.assert.equal(alarm?.Threshold, 2);
      },
    );
  });
});
