/** A statement of a policy: actions of one service, and what they are for; `%s` is the source, `%d` the destination. */
interface Statement {
  readonly actions: readonly string[];
  readonly resources: readonly string[];
}

/** How one resource is let use another. */
export type Profile =
  /** A policy for the role of one of the two; `isWhole` when reading and writing go together only. */
  | {
      readonly kind: 'role';
      readonly of: 'Source' | 'Destination';
      readonly isWhole?: true;
      readonly permissions: Readonly<Partial<Record<'Read' | 'Write', readonly Statement[]>>>;
    }
  /** A permission, or a policy, of the destination itself. */
  | { readonly kind: 'permission' | 'queue' | 'topic'; readonly principal: string };

const allow = (service: string, actions: string, ...resources: readonly string[]): Statement => ({
  actions: actions.split(/\s+/).map((action) => `${service}:${action}`),
  resources: resources.length === 0 ? ['%d'] : resources,
});
const bySource = (permissions: Extract<Profile, { kind: 'role' }>['permissions']): Profile => ({
  kind: 'role',
  of: 'Source',
  permissions,
});

const table = ['%d', '%d/index/*'] as const;
const readTable = allow('dynamodb', 'GetItem Query Scan BatchGetItem ConditionCheckItem PartiQLSelect', ...table);
const writeTable = allow(
  'dynamodb',
  'PutItem UpdateItem DeleteItem BatchWriteItem PartiQLDelete PartiQLInsert PartiQLUpdate',
  ...table,
);
const invoke = bySource({ Write: [allow('lambda', 'InvokeAsync InvokeFunction')] });
const publish = bySource({ Write: [allow('sns', 'Publish')] });
const putEvents = bySource({ Write: [allow('events', 'PutEvents')] });
const files = bySource({
  Read: [
    allow(
      's3',
      `GetObject GetObjectAcl GetObjectLegalHold GetObjectRetention GetObjectTorrent GetObjectVersion GetObjectVersionAcl
           GetObjectVersionForReplication GetObjectVersionTorrent ListBucket ListBucketMultipartUploads ListBucketVersions
           ListMultipartUploadParts`,
      '%d',
      '%d/*',
    ),
  ],
  Write: [
    allow(
      's3',
      `AbortMultipartUpload DeleteObject DeleteObjectVersion PutObject PutObjectLegalHold PutObjectRetention RestoreObject`,
      '%d',
      '%d/*',
    ),
  ],
});
const executions = 'arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${DestinationName}:*';
const nestedRule =
  'arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule';

const lambda = 'AWS::Lambda::Function';
export const machine = 'AWS::StepFunctions::StateMachine';
const queue = 'AWS::SQS::Queue';
const topic = 'AWS::SNS::Topic';
const rule = 'AWS::Events::Rule';
const bus = 'AWS::Events::EventBus';
const bucket = 'AWS::S3::Bucket';
const dynamo = 'AWS::DynamoDB::Table';

/** From which type, to which type. The order of permissions is the order of their statements. */
export const profiles: Readonly<Record<string, Readonly<Record<string, Profile>>>> = {
  [lambda]: {
    [lambda]: invoke,
    [queue]: bySource({
      Read: [allow('sqs', 'ReceiveMessage GetQueueAttributes')],
      Write: [allow('sqs', 'DeleteMessage SendMessage ChangeMessageVisibility PurgeQueue')],
    }),
    [topic]: publish,
    [bus]: putEvents,
    [dynamo]: bySource({ Read: [readTable], Write: [writeTable] }),
    [bucket]: files,
    [machine]: bySource({
      Write: [allow('states', 'StartExecution StartSyncExecution'), allow('states', 'StopExecution', executions)],
      Read: [
        allow('states', 'DescribeStateMachine ListExecutions'),
        allow('states', 'DescribeExecution DescribeStateMachineForExecution GetExecutionHistory', executions),
      ],
    }),
  },
  [machine]: {
    [lambda]: invoke,
    [queue]: bySource({ Write: [allow('sqs', 'SendMessage')] }),
    [topic]: publish,
    [bus]: putEvents,
    [dynamo]: bySource({ Read: [readTable], Write: [writeTable] }),
    [bucket]: files,
    // Executions that are waited for are told of by a rule of Step Functions' own.
    [machine]: bySource({
      Read: [allow('states', 'DescribeExecution', executions), allow('events', 'DescribeRule', nestedRule)],
      Write: [
        allow('states', 'StartExecution'),
        allow('states', 'StopExecution', executions),
        allow('events', 'PutTargets PutRule', nestedRule),
      ],
    }),
  },
  [queue]: {
    [lambda]: {
      kind: 'role',
      of: 'Destination',
      isWhole: true,
      permissions: {
        Write: [allow('sqs', 'DeleteMessage', '%s')],
        Read: [allow('sqs', 'ReceiveMessage GetQueueAttributes', '%s')],
      },
    },
  },
  [dynamo]: {
    [lambda]: {
      kind: 'role',
      of: 'Destination',
      permissions: {
        Read: [allow('dynamodb', 'DescribeStream GetRecords GetShardIterator ListStreams', '%s/stream/*')],
      },
    },
  },
  [bucket]: { [lambda]: { kind: 'permission', principal: 's3.amazonaws.com' } },
  [topic]: {
    [lambda]: { kind: 'permission', principal: 'sns.amazonaws.com' },
    [queue]: { kind: 'queue', principal: 'sns.amazonaws.com' },
  },
  [rule]: {
    [lambda]: { kind: 'permission', principal: 'events.amazonaws.com' },
    [queue]: { kind: 'queue', principal: 'events.amazonaws.com' },
    [topic]: { kind: 'topic', principal: 'events.amazonaws.com' },
    [machine]: bySource({ Write: [allow('states', 'StartExecution')] }),
    [bus]: putEvents,
  },
  'AWS::ApiGateway::RestApi': { [lambda]: { kind: 'permission', principal: 'apigateway.amazonaws.com' } },
  'AWS::ApiGatewayV2::Api': { [lambda]: { kind: 'permission', principal: 'apigateway.amazonaws.com' } },
};
