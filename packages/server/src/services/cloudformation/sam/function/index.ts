import type { Draft, SamResource } from '../draft.ts';
import { addEvents } from '../events/index.ts';
import { InvalidResource } from '../faults.ts';
import { readPolicies } from '../policies/index.ts';
import { managedArn, roleOf, trust, xrayArn } from '../role.ts';
import { readProperties, shapeOf } from '../shape.ts';
import { textOf, asMap, getAtt, given, iff, isMap, isNoValue, pick, printed, ref, tagList, type Fields } from '../values.ts';
import { codeOf } from './code.ts';
import { addDeployment } from './deployment.ts';
import { addInvokeConfig } from './invoke-config.ts';
import { addUrl } from './url.ts';
import { aliasOf, givenSha256, publish } from './version.ts';

/** What SAM and CloudFormation call the same. */
const kept = `Handler Runtime Description MemorySize Timeout VpcConfig Environment Layers KmsKeyArn ReservedConcurrentExecutions
  FileSystemConfigs ImageConfig CodeSigningConfigArn Architectures SnapStart EphemeralStorage RuntimeManagementConfig
  LoggingConfig RecursiveLoop TenancyConfig DurableConfig PublishToLatestPublished PackageType FunctionName`.split(/\s+/);

const shape = shapeOf({
  any: `Handler Runtime CodeUri ImageUri PackageType InlineCode Description MemorySize Timeout VpcConfig RolePath KmsKeyArn
    ReservedConcurrentExecutions VersionDescription ProvisionedConcurrencyConfig FileSystemConfigs ImageConfig
    CodeSigningConfigArn Architectures EphemeralStorage RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn
    TenancyConfig PublishToLatestPublished VersionDeletionPolicy CapacityProviderConfig FunctionScalingConfig`,
  text: 'Role PermissionsBoundary',
  map: `DeadLetterQueue AssumeRolePolicyDocument Tags DeploymentPreference EventInvokeConfig SnapStart FunctionUrlConfig
    DurableConfig`,
  typed: {
    text: 'FunctionName Tracing AutoPublishAlias AutoPublishCodeSha256',
    map: 'Environment Events',
    texts: 'Layers',
    flag: 'PropagateTags',
    'text or texts': 'Policies',
  },
  known: { flag: 'AutoPublishAliasAllProperties' },
});

/** `AWS::Serverless::Function`: a function, its role, and all that calls it or hears of it. */
export function translateFunction(resource: SamResource, draft: Draft): void {
  const { logicalId, type, inherited, own } = resource;
  const properties = readProperties(shape, logicalId, type, resource.properties);
  const doesPropagate = Boolean(properties['PropagateTags']) && properties['Tags'] !== undefined;
  const tags = tagList({
    ...(doesPropagate ? {} : { 'lambda:createdBy': 'SAM' }),
    ...asMap(properties['Tags']),
  });
  const deadLetters = readDeadLetters(properties['DeadLetterQueue'], logicalId);
  const alias = aliasOf(logicalId, properties, draft);
  checkTogether(logicalId, properties, alias);
  const lambda = given({
    ...pick(properties, kept),
    Role: properties['Role'],
    Description: alias === undefined ? properties['Description'] : described(logicalId, properties, draft),
    Code: codeOf(logicalId, properties, draft),
    DeadLetterConfig: deadLetters && { TargetArn: deadLetters.arn },
    TracingConfig: isTraced(properties) ? { Mode: properties['Tracing'] } : undefined,
    Tags: tags.length === 0 ? undefined : tags,
  });
  const preference = properties['DeploymentPreference'];
  const updatePolicy = isMap(preference) && alias !== undefined ? addDeployment(logicalId, preference, draft) : undefined;
  const published =
    alias === undefined ? undefined : publish(alias, { logicalId, properties, lambda, inherited, updatePolicy, draft });
  addUrl(logicalId, properties, published?.aliasId, inherited, draft);
  const propagated = doesPropagate ? tags : undefined;
  const config = properties['EventInvokeConfig'];
  const reaches = isMap(config)
    ? addInvokeConfig({ logicalId, config, published, tags: propagated, metadata: own['Metadata'], inherited, draft })
    : [];
  const needs = addEvents(properties['Events'], {
    consumer: {
      kind: 'function',
      logicalId,
      name: ref(published?.aliasId ?? logicalId),
      arn: published === undefined ? getAtt(logicalId) : ref(published.aliasId),
    },
    tags: propagated,
    inherited,
    draft,
  });
  const role = addRole(resource, properties, draft, {
    managed: needs.managed,
    inline: [...reaches, ...needs.inline, ...(deadLetters?.policies ?? [])],
    tags,
  });
  draft.add(logicalId, 'AWS::Lambda::Function', { ...lambda, Role: role }, { ...own, ...inherited });
}

/** With the hash of the code that was given: the function changes when the hash does, even where the code's place does not. */
function described(logicalId: string, properties: Fields, draft: Draft): unknown {
  const { Description } = properties;
  const sha256 = givenSha256(logicalId, properties, draft);
  if (sha256 === undefined || isMap(Description)) return Description;
  return Description === undefined ? sha256 : `${textOf(Description)} ${sha256}`;
}

const isTraced = ({ Tracing: tracing }: Fields): boolean => tracing !== undefined && tracing !== 'Disabled';

function checkTogether(logicalId: string, properties: Fields, alias: string | undefined): void {
  for (const name of ['CapacityProviderConfig', 'FunctionScalingConfig'])
    if (properties[name] !== undefined)
      throw new InvalidResource(logicalId, `Mayfly does not translate ${name} of AWS::Serverless::Function yet.`);
  const { ProvisionedConcurrencyConfig, DeploymentPreference, VersionDeletionPolicy, TenancyConfig } = properties;
  if (ProvisionedConcurrencyConfig !== undefined && alias === undefined)
    throw new InvalidResource(logicalId, 'To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function');
  if (ProvisionedConcurrencyConfig !== undefined && TenancyConfig !== undefined)
    throw new InvalidResource(
      logicalId,
      'Provisioned concurrency is not supported for functions enabled with tenancy configuration.',
    );
  if (DeploymentPreference !== undefined && alias === undefined)
    throw new InvalidResource(logicalId, `'DeploymentPreference' requires AutoPublishAlias property to be specified.`);
  if (
    VersionDeletionPolicy !== undefined &&
    !isMap(VersionDeletionPolicy) &&
    VersionDeletionPolicy !== 'Delete' &&
    VersionDeletionPolicy !== 'Retain'
  )
    throw new InvalidResource(
      logicalId,
      `Property 'VersionDeletionPolicy' should be a one of the strings: 'Delete' or 'Retain'.`,
    );
  if (VersionDeletionPolicy !== undefined && alias === undefined)
    throw new InvalidResource(logicalId, `'VersionDeletionPolicy' requires 'AutoPublishAlias'.`);
}

interface DeadLetters {
  readonly arn: unknown;
  readonly policies: readonly Fields[];
}

function readDeadLetters(queue: unknown, logicalId: string): DeadLetters | undefined {
  if (!isMap(queue)) return undefined;
  const { Type: type, TargetArn: arn } = queue;
  if (!type || !arn)
    throw new InvalidResource(logicalId, `'DeadLetterQueue' requires Type and TargetArn properties to be specified.`);
  if (type !== 'SQS' && type !== 'SNS')
    throw new InvalidResource(logicalId, `'DeadLetterQueue' requires Type of ${printed(['SQS', 'SNS'])}`);
  const Action = type === 'SQS' ? 'sqs:SendMessage' : 'sns:Publish';
  const document = { Version: '2012-10-17', Statement: [{ Action, Resource: arn, Effect: 'Allow' }] };
  return { arn, policies: [{ PolicyName: 'DeadLetterQueuePolicy', PolicyDocument: document }] };
}

/** The role that was given, or one that may do what the function needs. @returns its ARN */
function addRole(
  { logicalId, inherited }: SamResource,
  properties: Fields,
  draft: Draft,
  needs: { readonly managed: readonly string[]; readonly inline: readonly unknown[]; readonly tags: readonly Fields[] },
): unknown {
  const role = properties['Role'];
  const branches = isMap(role) && Array.isArray(role['Fn::If']) ? (role['Fn::If'] as unknown[]) : [];
  const [condition, yes, no] = branches as [string?, unknown?, unknown?];
  const isPerhaps = isNoValue(yes) || isNoValue(no);
  if (role !== undefined && !isNoValue(role) && !isPerhaps) return role;
  const roleId = `${logicalId}Role`;
  const { managedPolicy, partition } = draft.context;
  const own = readPolicies(properties['Policies'], { logicalId, roleId, managedPolicy });
  const managed = (name: string): string => managedArn(partition, name);
  const isDurable = properties['DurableConfig'] !== undefined;
  const path = properties['RolePath'];
  const { PermissionsBoundary: permissionsBoundary, AssumeRolePolicyDocument: ownTrust } = properties;
  const conditionOfRole = isPerhaps && condition !== undefined ? (isNoValue(yes) ? condition : draft.not(condition)) : undefined;
  draft.add(
    roleId,
    'AWS::IAM::Role',
    roleOf({
      trust: ownTrust ?? trust('lambda.amazonaws.com'),
      managed: [
        managed(`service-role/${isDurable ? 'AWSLambdaBasicDurableExecutionRolePolicy' : 'AWSLambdaBasicExecutionRole'}`),
        ...(isTraced(properties) ? [xrayArn(partition)] : []),
        ...(properties['VpcConfig'] === undefined ? [] : [managed('service-role/AWSLambdaVPCAccessExecutionRole')]),
        ...needs.managed.map(managed),
        ...own.managed,
      ],
      inline: [...own.inline, ...needs.inline],
      path,
      permissionsBoundary,
      tags: needs.tags.length === 0 ? undefined : needs.tags,
    }),
    conditionOfRole === undefined ? inherited : { ...inherited, Condition: conditionOfRole },
  );
  if (!isPerhaps || condition === undefined) return getAtt(roleId);
  return iff(condition, isNoValue(yes) ? getAtt(roleId) : yes, isNoValue(no) ? getAtt(roleId) : no);
}
