import { changedProperties } from '../../engine/differences.ts';
import { pick } from '../pick.ts';
import { behaviours, tagChanges, tagMap, type Making, type Properties, type ResourceType } from '../type.ts';
import { inlineArchive } from './inline-code.ts';

/** What UpdateFunctionConfiguration takes, and what a property that is no longer there means to it. */
const configuration: Readonly<Record<string, unknown>> = {
  CapacityProviderConfig: undefined,
  DeadLetterConfig: { TargetArn: '' },
  Description: '',
  DurableConfig: undefined,
  Environment: { Variables: {} },
  EphemeralStorage: { Size: 512 },
  FileSystemConfigs: [],
  Handler: undefined,
  ImageConfig: {},
  KmsKeyArn: '',
  Layers: [],
  LoggingConfig: { LogFormat: 'Text' },
  MemorySize: 128,
  Role: undefined,
  Runtime: undefined,
  SnapStart: { ApplyOn: 'None' },
  Timeout: 3,
  TracingConfig: { Mode: 'PassThrough' },
  VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
};
const codeMembers = 'S3Bucket S3Key S3ObjectVersion ImageUri SourceKMSKeyArn';

/** @source CloudFormation Template Reference, AWS::Lambda::Function, read 2026-11 */
export const lambdaFunction: ResourceType = {
  properties: behaviours({
    replaces: 'FunctionName PackageType TenancyConfig',
    updates: `${Object.keys(configuration).join(' ')} Architectures Code CodeSigningConfigArn RecursiveLoop ReservedConcurrentExecutions RuntimeManagementConfig Tags`,
    unapplied: 'FunctionScalingConfig PublishToLatestPublished SnapStartResponse',
  }),
  required: ['Code', 'Role'],
  attributes: ['Arn', 'SnapStartResponse', 'SnapStartResponse.ApplyOn', 'SnapStartResponse.OptimizationStatus'],
  name: { property: 'FunctionName', most: 64 },
  exists: (name, { aws }) => aws.lambda.GetFunction({ FunctionName: name }),
  async create(properties, making) {
    const { aws, name } = making;
    await aws.lambda.CreateFunction({
      ...pick(properties, `${Object.keys(configuration).join(' ')} Architectures CodeSigningConfigArn PackageType TenancyConfig`),
      ...wire(properties),
      Role: properties['Role'],
      FunctionName: name,
      Code: codeOf(properties),
      Tags: tagMap(properties['Tags'], making),
    });
    await ready(making);
    await beside(properties, {}, making);
    return { id: name, attributes: { Arn: arnOf(making) } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const changed = new Set(changedProperties(before, properties));
    if (changed.has('Code') || changed.has('Architectures')) {
      await aws.lambda.UpdateFunctionCode({
        FunctionName: id,
        ...pick(properties, 'Architectures'),
        ...codeOf(properties),
      });
      await ready(making);
    }
    const settings = Object.keys(configuration).filter((name) => changed.has(name));
    if (settings.length > 0) {
      const wanted = Object.fromEntries(settings.map((name) => [name, properties[name] ?? configuration[name]]));
      await aws.lambda.UpdateFunctionConfiguration({ FunctionName: id, ...wanted, ...wire(wanted) });
      await ready(making);
    }
    await beside(properties, before, making);
    const tags = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    const Resource = arnOf(making);
    if (Object.keys(tags.set).length > 0) await aws.lambda.TagResource({ Resource, Tags: tags.set });
    if (tags.gone.length > 0) await aws.lambda.UntagResource({ Resource, TagKeys: [...tags.gone] });
    return { id, attributes: { Arn: arnOf(making) } };
  },
  delete: (id, _properties, { aws }) => aws.lambda.DeleteFunction({ FunctionName: id }),
};

const arnOf = ({ region, account, name }: Making): string => `arn:aws:lambda:${region}:${account}:function:${name}`;

/** The one member whose name is another in the API. */
const wire = (properties: Properties): Properties => ({
  ...(properties['KmsKeyArn'] === undefined ? {} : { KMSKeyArn: properties['KmsKeyArn'] }),
});

function codeOf({ Code: code, Runtime: runtime = '' }: Properties): Properties {
  const { ZipFile: source } = code as { readonly ZipFile?: string };
  return source === undefined ? pick(code, codeMembers) : { ZipFile: inlineArchive(source, String(runtime)) };
}

/** Settings that have operations of their own. */
async function beside(properties: Properties, before: Properties, { aws, name: FunctionName }: Making): Promise<void> {
  const changed = new Set(changedProperties(before, properties));
  if (changed.has('ReservedConcurrentExecutions')) {
    const reserved: number | undefined = properties['ReservedConcurrentExecutions'];
    await (reserved === undefined
      ? aws.lambda.DeleteFunctionConcurrency({ FunctionName })
      : aws.lambda.PutFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: reserved }));
  }
  if (changed.has('RecursiveLoop'))
    await aws.lambda.PutFunctionRecursionConfig({ FunctionName, RecursiveLoop: properties['RecursiveLoop'] ?? 'Terminate' });
  if (changed.has('RuntimeManagementConfig')) {
    const { UpdateRuntimeOn = 'Auto', RuntimeVersionArn } = (properties['RuntimeManagementConfig'] ?? {}) as Properties;
    await aws.lambda.PutRuntimeManagementConfig({ FunctionName, UpdateRuntimeOn, RuntimeVersionArn });
  }
  // A new function has its signing from its creation.
  if (changed.has('CodeSigningConfigArn') && Object.keys(before).length > 0) {
    const CodeSigningConfigArn: string | undefined = properties['CodeSigningConfigArn'];
    await (CodeSigningConfigArn === undefined
      ? aws.lambda.DeleteFunctionCodeSigningConfig({ FunctionName })
      : aws.lambda.PutFunctionCodeSigningConfig({ FunctionName, CodeSigningConfigArn }));
  }
}

/** Until it can be called, and has taken its last change. */
async function ready({ aws, name: FunctionName, until }: Making): Promise<void> {
  await until(async () => {
    const { State, StateReason, LastUpdateStatus, LastUpdateStatusReason } = await aws.lambda.GetFunctionConfiguration({
      FunctionName,
    });
    if (State === 'Failed') throw new Error(StateReason ?? 'The function could not be made ready.');
    if (LastUpdateStatus === 'Failed') throw new Error(LastUpdateStatusReason ?? 'The function could not be updated.');
    return State === 'Pending' || LastUpdateStatus === 'InProgress' ? undefined : true;
  });
}
