import type { LambdaOperations } from '@mayfly/wire';
import {
  arnIn,
  isArn,
  passRole,
  text,
  type AnyInput,
  type Context,
  type Demand,
  type OperationRules,
  type Place,
  type ServiceRules,
} from '../demand.ts';

/** What stands in the place of a function's name. */
export interface ReadName {
  readonly account?: string;
  readonly region?: string;
  readonly functionName: string;
  readonly qualifier?: string;
}

/** Must read names as the handlers do: what is checked has to be what is used. */
export type NameReader = (given: string) => ReadName | undefined;

/** What is set of functions that are here. */
export interface FunctionFinder {
  /** Execution role of a function, version or alias. */
  role(functionArn: string): string | undefined;
  /** Source and function of an event source mapping. */
  mapping(uuid: string): { readonly sourceArn: string; readonly functionArn: string } | undefined;
  /** ARN of the durable execution that waits for a callback. */
  callbackOwner(callbackId: string): string | undefined;
}

const principal = 'lambda.amazonaws.com';

const capacityProviderArn = (given: string, place: Place): string =>
  isArn(given) ? given : arnIn('lambda', place, `capacity-provider:${given}`);

/** @source spec 1.16-01, 1.16-02; Service Authorization Reference, "Actions, resources, and condition keys for AWS Lambda", read 2026-11 */
export function lambdaRules(readName: NameReader, functions: FunctionFinder): ServiceRules {
  const functionArn = (given: string | undefined, place: Place, qualifier?: string): string => {
    const read = readName(given ?? '');
    if (read === undefined) return arnIn('lambda', place, `function:${given}`);
    const { region, account } = { ...place, ...read };
    const named = read.qualifier ?? qualifier;
    return `arn:aws:lambda:${region}:${account}:function:${read.functionName}${named === undefined ? '' : `:${named}`}`;
  };
  const layerArn = (given: string | undefined, place: Place): string =>
    given !== undefined && isArn(given) ? given : arnIn('lambda', place, `layer:${given}`);
  const onFunction = (action: string, given: string | undefined, place: Place, context?: Context): Demand => ({
    action: `lambda:${action}`,
    resource: functionArn(given, place),
    ...(context === undefined ? {} : { context }),
  });
  const onLayerVersion =
    (action: string) =>
    (input: { LayerName?: string | undefined; VersionNumber?: number | undefined }, place: Place): Demand => ({
      action: `lambda:${action}`,
      resource: `${layerArn(input.LayerName, place)}:${input.VersionNumber}`,
    });
  const invoke = (input: { FunctionName?: string | undefined; Qualifier?: string | undefined }, place: Place): Demand => ({
    action: 'lambda:InvokeFunction',
    resource: functionArn(input.FunctionName, place, input.Qualifier),
  });
  const qualified =
    (action: string) =>
    (input: { FunctionName?: string | undefined; Qualifier?: string | undefined }, place: Place): Demand => ({
      action: `lambda:${action}`,
      resource: functionArn(input.FunctionName, place, input.Qualifier),
    });
  const callback =
    (action: string) =>
    (input: { CallbackId?: string | undefined }): Demand => ({
      action: `lambda:${action}`,
      resource: functions.callbackOwner(input.CallbackId ?? '') ?? '*',
    });
  const mapping =
    (action: string) =>
    (input: { UUID?: string | undefined; FunctionName?: string | undefined }, place: Place): Demand => ({
      action: `lambda:${action}`,
      resource: input.UUID === undefined ? '*' : arnIn('lambda', place, `event-source-mapping:${input.UUID}`),
      context: input.FunctionName === undefined ? {} : { 'lambda:FunctionArn': functionArn(input.FunctionName, place) },
    });
  /** What the function's role has to be allowed, so that nobody reads or writes through a function what its role may not. */
  const reads =
    (action: string) =>
    (input: MappingInput, place: Place): readonly Demand[] => {
      const known = input.UUID === undefined ? undefined : functions.mapping(input.UUID);
      const functionOf = input.FunctionName === undefined ? known?.functionArn : functionArn(input.FunctionName, place);
      const role = functionOf === undefined ? undefined : functions.role(functionOf);
      return [
        mapping(action)(input, place),
        ...reading(input.EventSourceArn ?? known?.sourceArn, role),
        ...sending([input.DestinationConfig?.OnFailure?.Destination], role),
      ];
    };
  const delivers =
    (action: string) =>
    (input: InvokeConfigInput, place: Place): readonly Demand[] => {
      const resource = functionArn(input.FunctionName, place, input.Qualifier);
      const { OnSuccess, OnFailure } = input.DestinationConfig ?? {};
      return [
        onFunction(action, input.FunctionName, place),
        ...sending([OnSuccess?.Destination, OnFailure?.Destination], functions.role(resource)),
      ];
    };
  const layers = (given: readonly string[] | undefined): readonly Demand[] =>
    (given ?? []).map((resource) => ({ action: 'lambda:GetLayerVersion', resource }));
  const object = (
    code: { S3Bucket?: string | undefined; S3Key?: string | undefined; S3ObjectVersion?: string | undefined } | undefined,
  ): readonly Demand[] =>
    code?.S3Bucket === undefined
      ? []
      : [
          {
            action: code.S3ObjectVersion === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
            resource: `arn:aws:s3:::${code.S3Bucket}/${code.S3Key}`,
          },
        ];

  const operations: OperationRules<LambdaOperations> = {
    Invoke: invoke,
    InvokeAsync: invoke,
    InvokeWithResponseStream: invoke,
    GetFunction: qualified('GetFunction'),
    GetFunctionConfiguration: qualified('GetFunctionConfiguration'),
    DeleteFunction: qualified('DeleteFunction'),
    CreateFunction: (input, place) => [
      onFunction('CreateFunction', input.FunctionName, place, {
        ...settings(input),
        ...(input.CodeSigningConfigArn === undefined ? {} : { 'lambda:CodeSigningConfigArn': input.CodeSigningConfigArn }),
        ...tagsOf(input.Tags),
      }),
      ...layers(input.Layers),
      ...object(input.Code),
      ...passRole(input.Role, principal, { 'iam:AssociatedResourceArn': functionArn(input.FunctionName, place) }),
      ...sending([input.DeadLetterConfig?.TargetArn], input.Role),
    ],
    UpdateFunctionConfiguration: (input, place) => [
      onFunction('UpdateFunctionConfiguration', input.FunctionName, place, settings(input)),
      ...layers(input.Layers),
      ...passRole(input.Role, principal, { 'iam:AssociatedResourceArn': functionArn(input.FunctionName, place) }),
      ...sending([input.DeadLetterConfig?.TargetArn], input.Role ?? functions.role(functionArn(input.FunctionName, place))),
    ],
    UpdateFunctionCode: (input, place) => [onFunction('UpdateFunctionCode', input.FunctionName, place), ...object(input)],
    AddPermission: (input, place) =>
      onFunction('AddPermission', input.FunctionName, place, {
        'lambda:Principal': input.Principal,
        'lambda:FunctionUrlAuthType': input.FunctionUrlAuthType,
      }),
    CreateFunctionUrlConfig: (input, place) =>
      onFunction('CreateFunctionUrlConfig', input.FunctionName, place, { 'lambda:FunctionUrlAuthType': input.AuthType }),
    UpdateFunctionUrlConfig: (input, place) =>
      onFunction('UpdateFunctionUrlConfig', input.FunctionName, place, { 'lambda:FunctionUrlAuthType': input.AuthType }),
    PutFunctionCodeSigningConfig: (input, place) =>
      onFunction('PutFunctionCodeSigningConfig', input.FunctionName, place, {
        'lambda:CodeSigningConfigArn': input.CodeSigningConfigArn,
      }),
    CreateCapacityProvider: (input, place) => [
      {
        action: 'lambda:CreateCapacityProvider',
        resource: capacityProviderArn(String(input.CapacityProviderName), place),
        context: tagsOf(input.Tags),
      },
      ...passRole(input.PermissionsConfig?.CapacityProviderOperatorRoleArn, principal),
    ],
    CreateEventSourceMapping: reads('CreateEventSourceMapping'),
    UpdateEventSourceMapping: reads('UpdateEventSourceMapping'),
    PutFunctionEventInvokeConfig: delivers('PutFunctionEventInvokeConfig'),
    UpdateFunctionEventInvokeConfig: delivers('UpdateFunctionEventInvokeConfig'),
    DeleteEventSourceMapping: mapping('DeleteEventSourceMapping'),
    GetEventSourceMapping: mapping('GetEventSourceMapping'),
    ListEventSourceMappings: mapping('ListEventSourceMappings'),
    PublishLayerVersion: (input, place) => [
      { action: 'lambda:PublishLayerVersion', resource: layerArn(input.LayerName, place) },
      ...object(input.Content),
    ],
    GetLayerVersion: onLayerVersion('GetLayerVersion'),
    GetLayerVersionByArn: (input) => ({ action: 'lambda:GetLayerVersion', resource: input.Arn ?? '*' }),
    DeleteLayerVersion: onLayerVersion('DeleteLayerVersion'),
    GetLayerVersionPolicy: onLayerVersion('GetLayerVersionPolicy'),
    AddLayerVersionPermission: onLayerVersion('AddLayerVersionPermission'),
    RemoveLayerVersionPermission: onLayerVersion('RemoveLayerVersionPermission'),
    PutResourcePolicy: (input) => wholePolicy(input, ['PutResourcePolicy', 'AddPermission', 'RemovePermission']),
    GetResourcePolicy: (input) => wholePolicy(input, ['GetResourcePolicy', 'GetPolicy']),
    DeleteResourcePolicy: (input) => wholePolicy(input, ['DeleteResourcePolicy', 'RemovePermission']),
    TagResource: (input) => ({ action: 'lambda:TagResource', resource: input.Resource ?? '*', context: tagsOf(input.Tags) }),
    UntagResource: (input) => ({
      action: 'lambda:UntagResource',
      resource: input.Resource ?? '*',
      context: { 'aws:TagKeys': input.TagKeys ?? [] },
    }),
    ListDurableExecutionsByFunction: qualified('ListDurableExecutionsByFunction'),
    SendDurableExecutionCallbackSuccess: callback('SendDurableExecutionCallbackSuccess'),
    SendDurableExecutionCallbackFailure: callback('SendDurableExecutionCallbackFailure'),
    SendDurableExecutionCallbackHeartbeat: callback('SendDurableExecutionCallbackHeartbeat'),
    ListTags: (input) => ({ action: 'lambda:ListTags', resource: input.Resource ?? '*' }),
  };

  return {
    prefix: 'lambda',
    operations,
    resource(input: AnyInput, place: Place) {
      const named = text(input['FunctionName']);
      if (named !== undefined) return functionArn(named, place);
      const layer = text(input['LayerName']);
      if (layer !== undefined) return layerArn(layer, place);
      const provider = text(input['CapacityProviderName']);
      if (provider !== undefined) return capacityProviderArn(provider, place);
      return text(input['ResourceArn']) ?? text(input['CodeSigningConfigArn']) ?? text(input['DurableExecutionArn']);
    },
    byAccount: true,
  };
}

interface Destinations {
  readonly OnSuccess?: { readonly Destination?: string | undefined } | undefined;
  readonly OnFailure?: { readonly Destination?: string | undefined } | undefined;
}
interface InvokeConfigInput {
  readonly FunctionName?: string | undefined;
  readonly Qualifier?: string | undefined;
  readonly DestinationConfig?: Destinations | undefined;
}
interface MappingInput {
  readonly UUID?: string | undefined;
  readonly FunctionName?: string | undefined;
  readonly EventSourceArn?: string | undefined;
  readonly DestinationConfig?: Destinations | undefined;
}

const readers: Readonly<Record<string, readonly string[]>> = {
  sqs: ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'],
  kinesis: ['GetRecords', 'GetShardIterator', 'DescribeStream'],
  dynamodb: ['GetRecords', 'GetShardIterator', 'DescribeStream'],
};
/** @source spec 1.16-05, 9.3-31 */
const reading = (source: string | undefined, role: string | undefined): readonly Demand[] => {
  const service = source?.split(':')[2] ?? '';
  if (source === undefined || role === undefined) return [];
  return (readers[service] ?? []).map((verb) => ({ action: `${service}:${verb}`, resource: source, by: role }));
};

const writers: Readonly<Record<string, string>> = {
  sqs: 'sqs:SendMessage',
  sns: 'sns:Publish',
  lambda: 'lambda:InvokeFunction',
  events: 'events:PutEvents',
  s3: 's3:PutObject',
};
/** Destinations and dead letters. @source spec 1.16-05 */
const sending = (targets: readonly (string | undefined)[], role: string | undefined): readonly Demand[] =>
  targets.flatMap((target) => {
    const service = target?.split(':')[2] ?? '';
    const action = writers[service];
    if (target === undefined || role === undefined || action === undefined) return [];
    return [{ action, resource: service === 's3' ? `${target}/*` : target, by: role }];
  });

/** @source spec 1.6-11 */
const wholePolicy = (input: { ResourceArn?: string | undefined }, actions: readonly string[]): readonly Demand[] =>
  actions.map((action) => ({ action: `lambda:${action}`, resource: input.ResourceArn ?? '*' }));

/** Layers and networks, by which an administrator may bound what others deploy. @source spec 1.16-02 */
const settings = (input: {
  Layers?: readonly string[] | undefined;
  VpcConfig?: { SubnetIds?: readonly string[] | undefined; SecurityGroupIds?: readonly string[] | undefined } | undefined;
}): Context => ({
  'lambda:Layer': input.Layers,
  'lambda:SubnetIds': input.VpcConfig?.SubnetIds,
  'lambda:SecurityGroupIds': input.VpcConfig?.SecurityGroupIds,
});

const tagsOf = (tags: Readonly<Record<string, string>> | undefined): Context =>
  tags === undefined
    ? {}
    : {
        'aws:TagKeys': Object.keys(tags),
        ...Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value])),
      };
