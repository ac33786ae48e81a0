import type { Quirks } from './constraints.ts';
import { ServiceFault } from './fault.ts';
import type { ServiceName } from './services.ts';

/** The runtimes of the recorded answers, in the order the service prints them. @source spec 9.1-12 */
export const lambdaRuntimes: readonly string[] = [
  'nodejs20.x',
  'python3.14',
  'provided.al2023',
  'python3.12',
  'python3.13',
  'nodejs24.x',
  'nodejs22.x',
  'java25',
  'python3.10',
  'python3.11',
  'java21',
  'ruby3.3',
  'ruby3.4',
  'ruby3.2',
  'python3.8',
  'python3.9',
  'java17',
  'nodejs16.x',
  'dotnet10',
  'dotnet8',
  'java11',
  'dotnet6',
  'nodejs18.x',
  'provided.al2',
  'java8.al2',
];

/** What the listing of layers prints, in the recorded order. */
const listedRuntimes = [
  'ruby3.5',
  'ruby2.6',
  'dotnetcore1.0',
  'python3.7',
  'nodejs8.10',
  'nasa',
  'ruby2.7',
  'python2.7-greengrass',
  'dotnetcore2.0',
  'python3.8',
  'java21',
  'dotnet6',
  'dotnetcore2.1',
  'python3.9',
  'java11',
  'nodejs6.10',
  'provided',
  'dotnetcore3.1',
  'dotnet8',
  'java25',
  'java17',
  'nodejs',
  'nodejs4.3',
  'java8.al2',
  'go1.x',
  'dotnet10',
  'nodejs20.x',
  'go1.9',
  'byol',
  'nodejs10.x',
  'provided.al2023',
  'nodejs22.x',
  'python3.10',
  'java8',
  'nodejs12.x',
  'python3.11',
  'nodejs24.x',
  'nodejs8.x',
  'python3.12',
  'nodejs14.x',
  'nodejs8.9',
  'nodejs26.x',
  'python3.13',
  'python3.14',
  'nodejs16.x',
  'python3.15',
  'provided.al2',
  'nodejs4.3-edge',
  'nodejs18.x',
  'ruby3.2',
  'python3.4',
  'ruby3.3',
  'ruby3.4',
  'ruby2.5',
  'python3.6',
  'python2.7',
];

/** A younger part of CloudWatch Logs. */
const logDeliveryOperations = [
  ...['PutDeliverySource', 'GetDeliverySource', 'DeleteDeliverySource', 'DescribeDeliverySources'],
  ...['PutDeliveryDestination', 'GetDeliveryDestination', 'DeleteDeliveryDestination', 'DescribeDeliveryDestinations'],
  ...['PutDeliveryDestinationPolicy', 'GetDeliveryDestinationPolicy', 'DeleteDeliveryDestinationPolicy'],
  ...['CreateDelivery', 'GetDelivery', 'DeleteDelivery', 'DescribeDeliveries'],
];

export const quirks: Partial<Readonly<Record<ServiceName, Quirks>>> = {
  lambda: {
    lastFirst: true,
    // Order of the recorded answers. @source spec 9.1-12, 9.2-10
    enums: {
      Runtime: lambdaRuntimes,
      SnapStartApplyOn: ['PublishedVersions', 'None'],
      EventSourcePosition: ['LATEST', 'AT_TIMESTAMP', 'TRIM_HORIZON'],
      InvokeMode: ['RESPONSE_STREAM', 'BUFFERED'],
      FunctionUrlAuthType: ['NONE', 'AWS_IAM'],
      RecursiveLoop: ['Terminate', 'Allow'],
    },
    memberEnums: {
      'ListLayersRequest.CompatibleRuntime': listedRuntimes,
      'ListLayerVersionsRequest.CompatibleRuntime': listedRuntimes,
    },
    patterns: {
      NamespacedFunctionName: String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
      LayerVersionArn: String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+)`,
      TaggableResource: String.raw`arn:(aws[a-zA-Z-]*):lambda:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:\d{12}:(function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?|layer:([a-zA-Z0-9-_]+)|code-signing-config:csc-[a-z0-9]{17}|event-source-mapping:[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|capacity-provider:[a-zA-Z0-9-_]+)`,
    },
    // control refuses unknown runtimes with another exception and text. @source spec 9.3-02
    unchecked: ['CreateFunctionRequest.Runtime', 'UpdateFunctionConfigurationRequest.Runtime'],
    notNullItems: ['LayerList', 'ArchitecturesList', 'CompatibleArchitectures'],
    bareItems: ['CompatibleRuntimes'],
  },
  sqs: {
    missing: (member) =>
      new ServiceFault('MissingParameter', `The request must contain the parameter ${member}.`, { status: 400 }),
  },
  sns: {
    missing: (member) =>
      // Texts are looked at by the service itself, structures by what decodes the request.
      /^attributes$/i.test(member)
        ? new ServiceFault(
            'ValidationError',
            "1 validation error detected: Value null at 'attributes' failed to satisfy constraint: Member must not be null",
            { status: 400 },
          )
        : new ServiceFault('InvalidParameter', `Invalid parameter: ${member} Reason: no value for required parameter`, {
            status: 400,
          }),
  },
  s3: { none: true },
  logs: {
    code: 'InvalidParameterException',
    codes: Object.fromEntries(logDeliveryOperations.map((name) => [name, 'ValidationException'])),
    enums: { OutputFormat: ['w3c', 'raw', 'json', 'plain', 'parquet'] },
    // Clients name a group by its ARN with the star that DescribeLogGroups prints.
    patterns: { AmazonResourceName: String.raw`[\w+=/:,.@*-]*` },
    printed: {
      MetricTransformation: ['metricName', 'metricNamespace', 'metricValue', 'defaultValue', 'unit', 'dimensions'],
    },
    // The handler says it in other words.
    unchecked: ['DeleteMetricFilterRequest.logGroupName'],
  },
  events: {
    enums: { ApiDestinationHttpMethod: ['HEAD', 'POST', 'PATCH', 'DELETE', 'PUT', 'GET', 'OPTIONS'] },
    printed: {
      PutEventsRequestEntry: [
        ...['Time', 'Source', 'Resources', 'DetailType', 'Detail', 'EventBusName', 'TraceHeader'],
        ...['KmsKeyIdentifier', 'InternalMetadata'],
      ],
    },
  },
  apigateway: {
    // Members of a body are within it, those of paths and queries are not.
    within: (operation, member) =>
      /^(?:Get|Delete)/.test(operation) || member === 'responseType'
        ? ''
        : `${operation.charAt(0).toLowerCase()}${operation.slice(1)}Input.`,
    // Order of the recorded answers.
    enums: {
      EndpointType: ['PRIVATE', 'EDGE', 'REGIONAL'],
      Op: ['add', 'remove', 'move', 'test', 'replace', 'copy'],
      DocumentationPartType: [
        ...['RESPONSE_BODY', 'RESPONSE', 'METHOD', 'MODEL', 'AUTHORIZER', 'RESPONSE_HEADER', 'RESOURCE', 'PATH_PARAMETER'],
        ...['REQUEST_BODY', 'QUERY_PARAMETER', 'API', 'REQUEST_HEADER'],
      ],
      IntegrationType: ['HTTP', 'MOCK', 'AWS_PROXY', 'HTTP_PROXY', 'AWS'],
      GatewayResponseType: [
        ...['REQUEST_TOO_LARGE', 'RESOURCE_NOT_FOUND', 'AUTHORIZER_CONFIGURATION_ERROR', 'MISSING_AUTHENTICATION_TOKEN'],
        ...['BAD_REQUEST_BODY', 'INVALID_SIGNATURE', 'INVALID_API_KEY', 'BAD_REQUEST_PARAMETERS', 'AUTHORIZER_FAILURE'],
        ...['UNAUTHORIZED', 'INTEGRATION_TIMEOUT', 'ACCESS_DENIED', 'DEFAULT_4XX', 'DEFAULT_5XX', 'WAF_FILTERED'],
        ...['QUOTA_EXCEEDED', 'THROTTLED', 'API_CONFIGURATION_ERROR', 'UNSUPPORTED_MEDIA_TYPE', 'INTEGRATION_FAILURE'],
        'EXPIRED_TOKEN',
      ],
    },
  },
  // The services of the query protocol say it so.
  sts: { code: 'ValidationError' },
  iam: { code: 'ValidationError', silent: true },
  cloudformation: { code: 'ValidationError' },
  cloudwatch: { code: 'ValidationError', enums: { StateValue: ['INSUFFICIENT_DATA', 'ALARM', 'OK'] } },
};
