export type Protocol = 'restJson1' | 'awsJson1_0' | 'awsJson1_1' | 'query' | 'restXml' | 'rpcV2Cbor' | 'awsCbor1_1';

/** What cannot be read from a service's SDK package. Adding a service is adding a row. */
export interface ServiceInfo {
  /** Name in the credential scope of a signature. */
  readonly signingName: string;
  /** First part of `X-Amz-Target`, for the awsJson protocols; the service's name in the paths of RPC v2. */
  readonly targetPrefix?: string;
  /** For the query protocol: `Version` in the request, and the document's namespace. */
  readonly query?: {
    readonly version: string;
    readonly xmlNamespace: string;
    /** Faults that no schema declares: what the JSON protocol calls them. */
    readonly jsonNames?: Readonly<Record<string, string>>;
  };
  /** For the CBOR protocols: members whose numbers are doubles, which the SDK's schemas do not say. */
  readonly doubles?: readonly string[];
  /** Where the service's exceptions are at home, as it writes before their names. */
  readonly errorNamespace?: string;
  /** For the REST XML protocol: the documents' namespace, and operations whose one member is the whole document. */
  readonly xml?: { readonly namespace: string; readonly unwrapped: readonly string[] };
  /** A value of the wrong kind is told by its class in Java, as recorded. */
  readonly javaKinds?: boolean;
  /** First segments of REST paths, for unsigned requests. */
  readonly pathPrefixes?: readonly string[];
  readonly protocols: readonly [Protocol, ...Protocol[]];
  /** The package whose schemas describe the API; imported on the first request. */
  readonly sdk: () => Promise<object>;
  /** Lengths, ranges, patterns and enums of the public model; loaded with the schemas. */
  readonly model: () => Promise<unknown>;
  /** Clock skew a signature may have. @source spec 0.1-11 and notes on SigV4: Lambda 5 minutes, others 15 */
  readonly skewMs: number;
}

const minutes = 60_000;
const file = async (loading: Promise<{ default: unknown }>): Promise<unknown> => (await loading).default;

export const services = {
  lambda: {
    signingName: 'lambda',
    pathPrefixes: lambdaDatePrefixes(),
    protocols: ['restJson1'],
    sdk: () => import('@aws-sdk/client-lambda'),
    model: () => file(import('../../../model/lambda.json', { with: { type: 'json' } })),
    skewMs: 5 * minutes,
  },
  sts: {
    signingName: 'sts',
    query: { version: '2011-06-15', xmlNamespace: 'https://sts.amazonaws.com/doc/2011-06-15/' },
    protocols: ['query'],
    sdk: () => import('@aws-sdk/client-sts'),
    model: () => file(import('../../../model/sts.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  iam: {
    signingName: 'iam',
    query: { version: '2010-05-08', xmlNamespace: 'https://iam.amazonaws.com/doc/2010-05-08/' },
    protocols: ['query'],
    sdk: () => import('@aws-sdk/client-iam'),
    model: () => file(import('../../../model/iam.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  logs: {
    signingName: 'logs',
    targetPrefix: 'Logs_20140328',
    protocols: ['awsJson1_1'],
    sdk: () => import('@aws-sdk/client-cloudwatch-logs'),
    model: () => file(import('../../../model/logs.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  sqs: {
    signingName: 'sqs',
    targetPrefix: 'AmazonSQS',
    query: {
      version: '2012-11-05',
      xmlNamespace: 'http://queue.amazonaws.com/doc/2012-11-05/',
      jsonNames: {
        InvalidParameterValue: 'InvalidParameterValueException',
        MissingParameter: 'MissingRequiredParameterException',
      },
    },
    protocols: ['awsJson1_0', 'query'],
    sdk: () => import('@aws-sdk/client-sqs'),
    model: () => file(import('../../../model/sqs.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  sns: {
    signingName: 'sns',
    query: { version: '2010-03-31', xmlNamespace: 'http://sns.amazonaws.com/doc/2010-03-31/' },
    protocols: ['query'],
    sdk: () => import('@aws-sdk/client-sns'),
    model: () => file(import('../../../model/sns.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  s3: {
    signingName: 's3',
    protocols: ['restXml'],
    xml: { namespace: 'http://s3.amazonaws.com/doc/2006-03-01/', unwrapped: ['GetBucketLocation'] },
    sdk: () => import('@aws-sdk/client-s3'),
    model: () => file(import('../../../model/s3.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  dynamodb: {
    signingName: 'dynamodb',
    targetPrefix: 'DynamoDB_20120810',
    protocols: ['awsJson1_0'],
    sdk: () => import('@aws-sdk/client-dynamodb'),
    model: () => file(import('../../../model/dynamodb.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  // Signs as `dynamodb`: the target header tells the two apart.
  dynamodbstreams: {
    signingName: 'dynamodb',
    targetPrefix: 'DynamoDBStreams_20120810',
    protocols: ['awsJson1_0'],
    sdk: () => import('@aws-sdk/client-dynamodb-streams'),
    model: () => file(import('../../../model/dynamodbstreams.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  kinesis: {
    signingName: 'kinesis',
    targetPrefix: 'Kinesis_20131202',
    protocols: ['awsJson1_1', 'awsCbor1_1'],
    sdk: () => import('@aws-sdk/client-kinesis'),
    model: () => file(import('../../../model/kinesis.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  events: {
    signingName: 'events',
    targetPrefix: 'AWSEvents',
    protocols: ['awsJson1_1'],
    sdk: () => import('@aws-sdk/client-eventbridge'),
    model: () => file(import('../../../model/events.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  scheduler: {
    signingName: 'scheduler',
    pathPrefixes: ['schedules', 'schedule-groups'],
    protocols: ['restJson1'],
    sdk: () => import('@aws-sdk/client-scheduler'),
    model: () => file(import('../../../model/scheduler.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  ecr: {
    signingName: 'ecr',
    targetPrefix: 'AmazonEC2ContainerRegistry_V20150921',
    protocols: ['awsJson1_1'],
    sdk: () => import('@aws-sdk/client-ecr'),
    model: () => file(import('../../../model/ecr.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  ssm: {
    signingName: 'ssm',
    targetPrefix: 'AmazonSSM',
    protocols: ['awsJson1_1'],
    sdk: () => import('@aws-sdk/client-ssm'),
    model: () => file(import('../../../model/ssm.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  secretsmanager: {
    signingName: 'secretsmanager',
    targetPrefix: 'secretsmanager',
    protocols: ['awsJson1_1'],
    sdk: () => import('@aws-sdk/client-secrets-manager'),
    model: () => file(import('../../../model/secretsmanager.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  signer: {
    signingName: 'signer',
    pathPrefixes: ['signing-profiles', 'signing-jobs', 'signing-platforms', 'revocations'],
    protocols: ['restJson1'],
    sdk: () => import('@aws-sdk/client-signer'),
    model: () => file(import('../../../model/signer.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  apigateway: {
    signingName: 'apigateway',
    javaKinds: true,
    pathPrefixes: ['restapis', 'apikeys', 'usageplans', 'domainnames', 'account', 'clientcertificates', 'sdktypes', 'vpclinks'],
    protocols: ['restJson1'],
    sdk: () => import('@aws-sdk/client-api-gateway'),
    model: () => file(import('../../../model/apigateway.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  // Signs as `apigateway`: the path tells the two apart.
  apigatewayv2: {
    signingName: 'apigateway',
    pathPrefixes: ['v2'],
    protocols: ['restJson1'],
    sdk: () => import('@aws-sdk/client-apigatewayv2'),
    model: () => file(import('../../../model/apigatewayv2.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  cloudformation: {
    signingName: 'cloudformation',
    query: { version: '2010-05-15', xmlNamespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/' },
    protocols: ['query'],
    sdk: () => import('@aws-sdk/client-cloudformation'),
    model: () => file(import('../../../model/cloudformation.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
  cloudwatch: {
    signingName: 'monitoring',
    targetPrefix: 'GraniteServiceVersion20100801',
    query: { version: '2010-08-01', xmlNamespace: 'http://monitoring.amazonaws.com/doc/2010-08-01/' },
    errorNamespace: 'com.amazonaws.cloudwatch.v2010_08_01',
    doubles: [
      ...[
        'AggregateValue',
        'ApproximateAggregateValue',
        'ApproximateValue',
        'Average',
        'ExtendedStatistics',
        'MaxContributorValue',
      ],
      ...['Maximum', 'Minimum', 'SampleCount', 'Sum', 'Threshold', 'UniqueContributors', 'Values'],
    ],
    protocols: ['awsJson1_0', 'query', 'rpcV2Cbor'],
    sdk: () => import('@aws-sdk/client-cloudwatch'),
    model: () => file(import('../../../model/cloudwatch.json', { with: { type: 'json' } })),
    skewMs: 15 * minutes,
  },
} as const satisfies Readonly<Record<string, ServiceInfo>>;

export type ServiceName = keyof typeof services;

export const serviceNames = Object.keys(services) as ServiceName[];

export const serviceInfo = (service: ServiceName): ServiceInfo => services[service];

/** Each operation family keeps its own date. @source spec 0.1-03 */
function lambdaDatePrefixes(): readonly string[] {
  return [
    '2014-11-13',
    '2015-03-31',
    '2016-08-19',
    '2017-03-31',
    '2017-10-31',
    '2018-10-31',
    '2019-09-25',
    '2019-09-30',
    '2020-04-22',
    '2020-06-30',
    '2021-07-20',
    '2021-10-31',
    '2021-11-15',
    '2024-08-31',
    '2025-11-30',
    '2025-12-01',
    '2026-07-09',
  ];
}
