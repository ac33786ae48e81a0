/** A statement as it stands in a document. */
type Statement = Readonly<Record<string, unknown>>;

const allow = (...actions: string[]): Statement => ({ Effect: 'Allow', Action: actions, Resource: '*' });
const logs = ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'];
const read = (...services: string[]): string[] => services.flatMap((service) => [`${service}:Describe*`, `${service}:Get*`, `${service}:List*`]);

/**
 * The policies of AWS that templates attach, by what follows `policy/` in their ARN. What they let through
 * is what AWS's do for the services that are here; the few that name hundreds of services elsewhere are cut
 * down to those.
 *
 * @source AWS Managed Policy Reference, read 2026-11
 */
export const documents: Readonly<Record<string, readonly Statement[]>> = {
  AdministratorAccess: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
  PowerUserAccess: [
    { Effect: 'Allow', NotAction: ['iam:*', 'organizations:*', 'account:*'], Resource: '*' },
    allow('iam:CreateServiceLinkedRole', 'iam:DeleteServiceLinkedRole', 'iam:ListRoles', 'organizations:DescribeOrganization', 'account:ListRegions'),
  ],
  ReadOnlyAccess: [
    allow(
      ...read('apigateway', 'cloudformation', 'cloudwatch', 'dynamodb', 'ecr', 'events', 'iam', 'kinesis', 'lambda', 'logs', 'scheduler', 's3', 'sns', 'sqs', 'ssm', 'states', 'sts'),
      'apigateway:GET',
      'dynamodb:BatchGet*',
      'dynamodb:Query',
      'dynamodb:Scan',
      'ecr:BatchGet*',
      'iam:Generate*',
      'iam:Simulate*',
      'lambda:List*',
      'logs:FilterLogEvents',
      'logs:StartQuery',
      'logs:StopQuery',
      'logs:TestMetricFilter',
      'secretsmanager:DescribeSecret',
      'secretsmanager:GetResourcePolicy',
      'secretsmanager:List*',
      'tag:Get*',
      'xray:BatchGet*',
      'xray:Get*',
    ),
  ],
  SecurityAudit: [allow(...read('apigateway', 'cloudformation', 'cloudwatch', 'dynamodb', 'events', 'iam', 'kinesis', 'lambda', 'logs', 'sns', 'sqs', 'ssm'))],
  IAMFullAccess: [allow('iam:*', 'organizations:DescribeAccount', 'organizations:DescribeOrganization', 'organizations:ListRoots')],
  IAMReadOnlyAccess: [allow('iam:GenerateCredentialReport', 'iam:GenerateServiceLastAccessedDetails', 'iam:Get*', 'iam:List*', 'iam:Simulate*')],
  IAMUserChangePassword: [
    { Effect: 'Allow', Action: ['iam:ChangePassword'], Resource: ['arn:aws:iam::*:user/${aws:username}'] },
    allow('iam:GetAccountPasswordPolicy'),
  ],

  'service-role/AWSLambdaBasicExecutionRole': [allow(...logs)],
  'service-role/AWSLambdaBasicDurableExecutionRolePolicy': [allow(...logs, 'lambda:CheckpointDurableExecution', 'lambda:GetDurableExecutionState')],
  'service-role/AWSLambdaVPCAccessExecutionRole': [
    allow(
      ...logs,
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:DeleteNetworkInterface',
      'ec2:AssignPrivateIpAddresses',
      'ec2:UnassignPrivateIpAddresses',
    ),
  ],
  'service-role/AWSLambdaENIManagementAccess': [
    allow('ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces', 'ec2:DeleteNetworkInterface', 'ec2:AssignPrivateIpAddresses', 'ec2:UnassignPrivateIpAddresses'),
  ],
  'service-role/AWSLambdaSQSQueueExecutionRole': [allow('sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes', ...logs)],
  'service-role/AWSLambdaDynamoDBExecutionRole': [
    allow('dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams', ...logs),
  ],
  'service-role/AWSLambdaKinesisExecutionRole': [
    allow(
      'kinesis:DescribeStream',
      'kinesis:DescribeStreamSummary',
      'kinesis:GetRecords',
      'kinesis:GetShardIterator',
      'kinesis:ListShards',
      'kinesis:ListStreams',
      'kinesis:SubscribeToShard',
      ...logs,
    ),
  ],
  'service-role/AWSLambdaMSKExecutionRole': [
    allow(
      'kafka:DescribeCluster',
      'kafka:DescribeClusterV2',
      'kafka:GetBootstrapBrokers',
      'ec2:CreateNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeVpcs',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeSubnets',
      'ec2:DescribeSecurityGroups',
      ...logs,
    ),
  ],
  'service-role/AWSLambdaRole': [allow('lambda:InvokeFunction')],
  AWSLambdaExecute: [
    { Effect: 'Allow', Action: ['logs:*'], Resource: 'arn:aws:logs:*:*:*' },
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:PutObject'], Resource: 'arn:aws:s3:::*' },
  ],
  'AWSLambdaInvocation-DynamoDB': [
    allow('lambda:InvokeFunction'),
    allow('dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator', 'dynamodb:ListStreams'),
  ],
  AWSLambda_FullAccess: [
    allow(
      'cloudformation:DescribeStacks',
      'cloudformation:ListStackResources',
      'cloudwatch:ListMetrics',
      'cloudwatch:GetMetricData',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
      'kms:ListAliases',
      'iam:GetPolicy',
      'iam:GetPolicyVersion',
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
      'iam:ListRoles',
      'lambda:*',
      'logs:DescribeLogGroups',
      'states:DescribeStateMachine',
      'states:ListStateMachines',
      'tag:GetResources',
      'xray:GetTraceSummaries',
      'xray:BatchGetTraces',
    ),
    { Effect: 'Allow', Action: 'iam:PassRole', Resource: '*', Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } } },
    {
      Effect: 'Allow',
      Action: ['logs:DescribeLogStreams', 'logs:GetLogEvents', 'logs:FilterLogEvents', 'logs:StartLiveTail', 'logs:StopLiveTail'],
      Resource: 'arn:aws:logs:*:*:log-group:/aws/lambda/*',
    },
  ],
  AWSLambda_ReadOnlyAccess: [
    allow(
      'cloudformation:DescribeStacks',
      'cloudformation:ListStackResources',
      'cloudwatch:GetMetricData',
      'cloudwatch:ListMetrics',
      'ec2:DescribeSecurityGroups',
      'ec2:DescribeSubnets',
      'ec2:DescribeVpcs',
      'kms:ListAliases',
      'iam:GetPolicy',
      'iam:GetPolicyVersion',
      'iam:GetRole',
      'iam:GetRolePolicy',
      'iam:ListAttachedRolePolicies',
      'iam:ListRolePolicies',
      'iam:ListRoles',
      'logs:DescribeLogGroups',
      'lambda:Get*',
      'lambda:List*',
      'states:DescribeStateMachine',
      'states:ListStateMachines',
      'tag:GetResources',
      'xray:GetTraceSummaries',
      'xray:BatchGetTraces',
    ),
    {
      Effect: 'Allow',
      Action: ['logs:DescribeLogStreams', 'logs:GetLogEvents', 'logs:FilterLogEvents', 'logs:StartLiveTail', 'logs:StopLiveTail'],
      Resource: 'arn:aws:logs:*:*:log-group:/aws/lambda/*',
    },
  ],
  'service-role/AWSCodeDeployRoleForLambda': [
    allow('cloudwatch:DescribeAlarms', 'lambda:UpdateAlias', 'lambda:GetAlias', 'lambda:GetProvisionedConcurrencyConfig', 'sns:Publish'),
    { Effect: 'Allow', Action: ['s3:GetObject', 's3:GetObjectVersion'], Resource: 'arn:aws:s3:::*/CodeDeploy/*' },
    { Effect: 'Allow', Action: ['lambda:InvokeFunction'], Resource: 'arn:aws:lambda:*:*:function:CodeDeployHook_*' },
  ],
  CloudWatchLambdaInsightsExecutionRolePolicy: [
    { Effect: 'Allow', Action: 'logs:CreateLogGroup', Resource: '*' },
    { Effect: 'Allow', Action: ['logs:CreateLogStream', 'logs:PutLogEvents'], Resource: 'arn:aws:logs:*:*:log-group:/aws/lambda-insights:*' },
  ],

  AWSXRayDaemonWriteAccess: [
    allow('xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:GetSamplingStatisticSummaries'),
  ],
  AWSXrayWriteOnlyAccess: [
    allow('xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:GetSamplingStatisticSummaries'),
  ],
  AWSXrayFullAccess: [allow('xray:*')],

  AmazonS3FullAccess: [allow('s3:*', 's3-object-lambda:*')],
  AmazonS3ReadOnlyAccess: [allow('s3:Get*', 's3:List*', 's3:Describe*', 's3-object-lambda:Get*', 's3-object-lambda:List*')],
  AmazonDynamoDBFullAccess: [
    allow('dynamodb:*', 'dax:*', 'application-autoscaling:*', 'cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData', 'cloudwatch:ListMetrics', 'cloudwatch:PutMetricAlarm', 'lambda:ListFunctions', 'lambda:ListEventSourceMappings', 'kinesis:ListStreams', 'kinesis:DescribeStream'),
  ],
  AmazonDynamoDBFullAccess_v2: [allow('dynamodb:*', 'dax:*', 'application-autoscaling:*', 'cloudwatch:*')],
  AmazonDynamoDBReadOnlyAccess: [
    allow('dynamodb:BatchGetItem', 'dynamodb:Describe*', 'dynamodb:List*', 'dynamodb:GetItem', 'dynamodb:GetResourcePolicy', 'dynamodb:Query', 'dynamodb:Scan', 'dynamodb:PartiQLSelect', 'cloudwatch:GetMetricData', 'cloudwatch:ListMetrics'),
  ],
  AmazonSQSFullAccess: [allow('sqs:*')],
  AmazonSQSReadOnlyAccess: [
    allow('sqs:GetQueueAttributes', 'sqs:GetQueueUrl', 'sqs:ListDeadLetterSourceQueues', 'sqs:ListQueues', 'sqs:ListMessageMoveTasks', 'sqs:ListQueueTags'),
  ],
  AmazonSNSFullAccess: [allow('sns:*')],
  AmazonSNSReadOnlyAccess: [allow('sns:GetTopicAttributes', 'sns:List*', 'sns:CheckIfPhoneNumberIsOptedOut', 'sns:GetDataProtectionPolicy')],
  AmazonKinesisFullAccess: [allow('kinesis:*')],
  AmazonKinesisReadOnlyAccess: [allow('kinesis:Get*', 'kinesis:List*', 'kinesis:Describe*')],
  AmazonKinesisFirehoseFullAccess: [allow('firehose:*')],
  AmazonEventBridgeFullAccess: [allow('events:*', 'schemas:*', 'scheduler:*', 'pipes:*')],
  AmazonEventBridgeReadOnlyAccess: [allow('events:DescribeRule', 'events:List*', 'events:TestEventPattern', ...read('events', 'scheduler', 'pipes', 'schemas'))],
  AmazonEventBridgeSchedulerFullAccess: [
    allow('scheduler:*'),
    { Effect: 'Allow', Action: 'iam:PassRole', Resource: 'arn:aws:iam::*:role/*', Condition: { StringLike: { 'iam:PassedToService': 'scheduler.amazonaws.com' } } },
  ],
  AWSStepFunctionsFullAccess: [allow('states:*')],
  AWSStepFunctionsReadOnlyAccess: [allow('states:ListStateMachines', 'states:ListActivities', 'states:Describe*', 'states:GetExecutionHistory', 'states:ListExecutions')],
  CloudWatchFullAccess: [allow('autoscaling:Describe*', 'cloudwatch:*', 'logs:*', 'sns:*', 'iam:GetPolicy', 'iam:GetPolicyVersion', 'iam:GetRole')],
  CloudWatchFullAccessV2: [allow('autoscaling:Describe*', 'cloudwatch:*', 'logs:*', 'sns:CreateTopic', 'sns:Subscribe', 'sns:List*', 'sns:Get*')],
  CloudWatchReadOnlyAccess: [
    allow('autoscaling:Describe*', 'cloudwatch:Describe*', 'cloudwatch:Get*', 'cloudwatch:List*', 'logs:Get*', 'logs:List*', 'logs:StartQuery', 'logs:StopQuery', 'logs:Describe*', 'logs:TestMetricFilter', 'logs:FilterLogEvents', 'logs:StartLiveTail', 'logs:StopLiveTail', 'sns:Get*', 'sns:List*'),
  ],
  CloudWatchLogsFullAccess: [allow('logs:*', 'cloudwatch:GenerateQuery')],
  CloudWatchLogsReadOnlyAccess: [
    allow('logs:Describe*', 'logs:Get*', 'logs:List*', 'logs:StartQuery', 'logs:StopQuery', 'logs:TestMetricFilter', 'logs:FilterLogEvents', 'logs:StartLiveTail', 'logs:StopLiveTail', 'cloudwatch:GenerateQuery'),
  ],
  CloudWatchEventsFullAccess: [allow('events:*', 'schemas:*', 'scheduler:*', 'pipes:*')],
  AmazonSSMFullAccess: [allow('cloudwatch:PutMetricData', 'ds:CreateComputer', 'ds:DescribeDirectories', 'ec2:DescribeInstanceStatus', 'logs:*', 'ssm:*', 'ec2messages:*')],
  AmazonSSMReadOnlyAccess: [allow('ssm:Describe*', 'ssm:Get*', 'ssm:List*')],
  AmazonSSMManagedInstanceCore: [
    allow('ssm:DescribeAssociation', 'ssm:GetDocument', 'ssm:DescribeDocument', 'ssm:GetParameter', 'ssm:GetParameters', 'ssm:ListAssociations', 'ssm:PutInventory', 'ssm:UpdateInstanceInformation'),
    allow('ssmmessages:CreateControlChannel', 'ssmmessages:CreateDataChannel', 'ssmmessages:OpenControlChannel', 'ssmmessages:OpenDataChannel'),
    allow('ec2messages:*'),
  ],
  SecretsManagerReadWrite: [
    allow('secretsmanager:*', 'cloudformation:CreateChangeSet', 'cloudformation:DescribeChangeSet', 'cloudformation:DescribeStackResource', 'cloudformation:DescribeStacks', 'cloudformation:ExecuteChangeSet', 'kms:DescribeKey', 'kms:ListAliases', 'kms:ListKeys', 'lambda:ListFunctions', 'tag:GetResources'),
  ],
  AWSSecretsManagerClientReadOnlyAccess: [allow('secretsmanager:DescribeSecret', 'secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue', 'secretsmanager:ListSecrets')],
  AmazonAPIGatewayAdministrator: [{ Effect: 'Allow', Action: ['apigateway:*'], Resource: 'arn:aws:apigateway:*::/*' }],
  AmazonAPIGatewayInvokeFullAccess: [{ Effect: 'Allow', Action: ['execute-api:Invoke', 'execute-api:ManageConnections'], Resource: 'arn:aws:execute-api:*:*:*' }],
  'service-role/AmazonAPIGatewayPushToCloudWatchLogs': [
    allow('logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:PutLogEvents', 'logs:GetLogEvents', 'logs:FilterLogEvents'),
  ],
  AWSCloudFormationFullAccess: [allow('cloudformation:*')],
  AWSCloudFormationReadOnlyAccess: [allow('cloudformation:Describe*', 'cloudformation:EstimateTemplateCost', 'cloudformation:Get*', 'cloudformation:List*', 'cloudformation:ValidateTemplate', 'cloudformation:Detect*')],
  AmazonEC2ContainerRegistryFullAccess: [allow('ecr:*', 'cloudtrail:LookupEvents')],
  AmazonEC2ContainerRegistryPowerUser: [
    allow('ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:GetRepositoryPolicy', 'ecr:DescribeRepositories', 'ecr:ListImages', 'ecr:DescribeImages', 'ecr:BatchGetImage', 'ecr:ListTagsForResource', 'ecr:InitiateLayerUpload', 'ecr:UploadLayerPart', 'ecr:CompleteLayerUpload', 'ecr:PutImage'),
  ],
  AmazonEC2ContainerRegistryReadOnly: [
    allow('ecr:GetAuthorizationToken', 'ecr:BatchCheckLayerAvailability', 'ecr:GetDownloadUrlForLayer', 'ecr:GetRepositoryPolicy', 'ecr:DescribeRepositories', 'ecr:ListImages', 'ecr:DescribeImages', 'ecr:BatchGetImage', 'ecr:ListTagsForResource'),
  ],
};
