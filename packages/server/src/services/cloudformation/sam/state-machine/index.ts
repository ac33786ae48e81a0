import type { Draft, SamResource } from '../draft.ts';
import { addEvents } from '../events/index.ts';
import { InvalidResource } from '../faults.ts';
import { readPolicies } from '../policies/index.ts';
import { roleOf, trust, xrayArn } from '../role.ts';
import { readProperties, shapeOf } from '../shape.ts';
import { asMap, getAtt, isMap, ref, tagList, type Fields } from '../values.ts';
import { definitionOf } from './definition.ts';

const shape = shapeOf({
  any: 'RolePath AutoPublishAlias DeploymentPreference',
  text: 'Role Name Type PermissionsBoundary',
  map: 'Definition Logging DefinitionSubstitutions Tags Tracing',
  typed: { 'text or map': 'DefinitionUri', map: 'Events', flag: 'PropagateTags', 'text or texts': 'Policies' },
  known: { flag: 'UseAliasAsEventTarget' },
});

/** `AWS::Serverless::StateMachine`: a state machine, its role, and what starts it. */
export function translateStateMachine(resource: SamResource, draft: Draft): void {
  const { logicalId, type, inherited, own } = resource;
  const properties = readProperties(shape, logicalId, type, resource.properties);
  checkTogether(logicalId, properties);
  const doesPropagate = Boolean(properties['PropagateTags']) && properties['Tags'] !== undefined;
  const tags = tagList({
    ...(doesPropagate ? {} : { 'stateMachine:createdBy': 'SAM' }),
    ...asMap(properties['Tags']),
  });
  const { Name, Type, Logging, Tracing } = properties;
  const definition = definitionOf(logicalId, properties, draft);
  const aliasId = publish(logicalId, properties, inherited, draft);
  const target = ref(aliasId !== undefined && properties['UseAliasAsEventTarget'] === true ? aliasId : logicalId);
  addEvents(properties['Events'], {
    consumer: { kind: 'stateMachine', logicalId, name: target, arn: target },
    permissionsBoundary: properties['PermissionsBoundary'],
    tags: doesPropagate ? tags : undefined,
    inherited,
    draft,
  });
  const machine = {
    ...definition,
    LoggingConfiguration: Logging,
    RoleArn: properties['Role'] ?? addRole(logicalId, properties, tags, inherited, draft),
    StateMachineName: Name,
    StateMachineType: Type,
    Tags: tags,
    TracingConfiguration: Tracing,
  };
  draft.add(logicalId, 'AWS::StepFunctions::StateMachine', machine, { ...own, ...inherited });
}

function checkTogether(logicalId: string, { Role, Policies, AutoPublishAlias, ...others }: Fields): void {
  if (Role !== undefined && Policies !== undefined)
    throw new InvalidResource(
      logicalId,
      `Specify either 'Role' or 'Policies' (but not both at the same time) or neither of them`,
    );
  if (AutoPublishAlias !== undefined) return;
  for (const name of ['DeploymentPreference', 'UseAliasAsEventTarget'])
    if (isMap(others[name]) ? Object.keys(others[name]).length > 0 : others[name])
      throw new InvalidResource(logicalId, `'${name}' requires 'AutoPublishAlias' property to be specified.`);
}

/** @returns the logical id of the alias that a version is published under, if it is */
function publish(logicalId: string, properties: Fields, inherited: Fields, draft: Draft): string | undefined {
  const { AutoPublishAlias: alias, DeploymentPreference: preference } = properties;
  if (typeof alias !== 'string') return undefined;
  const versionId = `${logicalId}Version`;
  const aliasId = `${logicalId}Alias${alias}`;
  draft.add(
    versionId,
    'AWS::StepFunctions::StateMachineVersion',
    { StateMachineArn: ref(logicalId), StateMachineRevisionId: getAtt(logicalId, 'StateMachineRevisionId') },
    { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain', ...inherited },
  );
  const how = isMap(preference) ? preference : { Type: 'ALL_AT_ONCE' };
  const DeploymentPreference = { ...how, StateMachineVersionArn: ref(versionId) };
  draft.add(aliasId, 'AWS::StepFunctions::StateMachineAlias', { Name: alias, DeploymentPreference }, inherited);
  return aliasId;
}

function addRole(logicalId: string, properties: Fields, tags: readonly Fields[], inherited: Fields, draft: Draft): Fields {
  const roleId = `${logicalId}Role`;
  const { managedPolicy, partition } = draft.context;
  const { managed, inline } = readPolicies(properties['Policies'], { logicalId, roleId, managedPolicy });
  const tracing = properties['Tracing'];
  const isTraced = isMap(tracing) && tracing['Enabled'] === true;
  const role = roleOf({
    trust: trust('states.amazonaws.com'),
    managed: isTraced ? [xrayArn(partition), ...managed] : managed,
    inline,
    path: properties['RolePath'],
    permissionsBoundary: properties['PermissionsBoundary'],
    tags,
  });
  draft.add(roleId, 'AWS::IAM::Role', role, inherited);
  return getAtt(roleId);
}
