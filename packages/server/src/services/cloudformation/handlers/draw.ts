import type { Call } from '@mayfly/wire';
import type { Desk } from '../desk.ts';
import { evaluatorOf, includedIn, rehearse } from '../engine/outlook.ts';
import type { Blueprint, Stack, Tag } from '../engine/records.ts';
import { vaultsOf } from '../engine/vaults.ts';
import { awsAs } from '../aws.ts';
import { formatError, insufficientCapabilities, invalid } from '../faults.ts';
import type { GivenParameter } from '../template/parameters.ts';
import { processTemplate } from '../template/process.ts';
import { checkRules } from '../template/rules.ts';
import { s3Text } from '../resources/s3-text.ts';
import { functionOf } from '../template/template.ts';
import { templateText, type Source } from './template-source.ts';

export interface Wish extends Source {
  readonly Parameters?: readonly GivenParameter[] | undefined;
  readonly Capabilities?: readonly string[] | undefined;
  readonly ResourceTypes?: readonly string[] | undefined;
  readonly Tags?: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[] | undefined;
  readonly RoleARN?: string | undefined;
  readonly NotificationARNs?: readonly string[] | undefined;
}

/**
 * What a caller asks a stack to become, checked as far as it can be before anything is made.
 *
 * @param options.review  somebody looks at it before it is carried out, transforms and all
 * @throws ValidationError, InsufficientCapabilitiesException
 */
export async function draw(
  desk: Desk,
  call: Call,
  wish: Wish,
  stack: Pick<Stack, 'account' | 'region' | 'id' | 'name'>,
  options: { readonly previous?: Blueprint | undefined; readonly review?: boolean } = {},
): Promise<Blueprint> {
  const { previous } = options;
  const original = await templateText(desk, call, wish, previous?.original);
  const notificationArns = wish.NotificationARNs ?? previous?.notificationArns ?? [];
  const aws = awsAs({ caller: call.caller, account: call.account, region: call.region }, desk.road);
  const { template, parameters, transforms } = await processTemplate(original, {
    place: { account: stack.account, region: stack.region, stackId: stack.id, stackName: stack.name, notificationArns },
    given: wish.Parameters ?? [],
    previous: previous?.parameters,
    ssm: (name) => vaultsOf(aws).ssm(name),
    object: (Bucket, Key) => s3Text(aws, { Bucket, Key }),
    managedPolicy: desk.managedPolicy,
  });
  const roleArn = wish.RoleARN ?? previous?.roleArn;
  const blueprint: Blueprint = {
    original,
    template,
    transforms,
    parameters,
    tags: (wish.Tags as readonly Tag[] | undefined) ?? previous?.tags ?? [],
    capabilities: wish.Capabilities ?? [],
    notificationArns,
    ...(roleArn === undefined ? {} : { roleArn }),
    caller: call.caller,
  };
  checkRules(template, evaluatorOf(stack, blueprint));
  checkResources(desk, stack, blueprint, wish.ResourceTypes);
  rehearse(stack, blueprint);
  if (options.review !== true && transforms.length > 0 && !blueprint.capabilities.includes('CAPABILITY_AUTO_EXPAND'))
    throw insufficientCapabilities('Requires capabilities : [CAPABILITY_AUTO_EXPAND]');
  return blueprint;
}

function checkResources(
  { types }: Desk,
  stack: Pick<Stack, 'account' | 'region' | 'id' | 'name'>,
  blueprint: Blueprint,
  allowed: readonly string[] | undefined,
): void {
  const { Resources: resources } = blueprint.template;
  const included = includedIn(stack, blueprint);
  const strange = new Set(included.map((name) => resources[name]?.Type ?? '').filter((type) => !types.knows(type)));
  if (strange.size > 0) throw formatError(`Unrecognized resource types: [${[...strange].join(', ')}]`);
  for (const name of included) {
    const { Type: type = '', Properties: properties = {} } = resources[name] ?? {};
    if (allowed !== undefined && allowed.length > 0 && !allowed.some((pattern) => fits(pattern, type)))
      throw invalid(`Resource type ${type} is not allowed by parameter ResourceTypes [${allowed.join(', ')}]`);
    if (functionOf(properties) === undefined) types.check(name, type, properties);
  }
  const needed = neededCapability(types, blueprint, included);
  const { capabilities } = blueprint;
  if (needed === undefined || capabilities.includes('CAPABILITY_NAMED_IAM')) return;
  if (needed === 'CAPABILITY_NAMED_IAM' || !capabilities.includes('CAPABILITY_IAM'))
    throw insufficientCapabilities(`Requires capabilities : [${needed}]`);
}

const fits = (pattern: string, type: string): boolean =>
  pattern === type || (/::\*$|^AWS::\*$/.test(pattern) && type.startsWith(pattern.slice(0, -1)));

/** Templates that make roles, or roles of a name of their own, say that they may. */
export function neededCapability(
  types: Desk['types'],
  { template }: Pick<Blueprint, 'template'>,
  included: readonly string[] = Object.keys(template.Resources),
): 'CAPABILITY_IAM' | 'CAPABILITY_NAMED_IAM' | undefined {
  const named = included
    .map((name) => template.Resources[name])
    .filter((resource) => resource !== undefined && types.knows(resource.Type) && types.find(resource.Type).iam !== undefined)
    .map((resource) => {
      const property = types.find(resource?.Type ?? '').iam?.nameProperty;
      return property !== undefined && resource?.Properties?.[property] !== undefined;
    });
  if (named.length === 0) return undefined;
  return named.includes(true) ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM';
}
