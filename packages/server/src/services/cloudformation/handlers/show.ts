import type { CloudFormationOperations } from '@mayfly/wire';
import type { Blueprint, Resource, Stack } from '../engine/records.ts';
import type { ParameterValues } from '../template/parameters.ts';

type StackShape = NonNullable<CloudFormationOperations['DescribeStacks']['output']['Stacks']>[number];

const date = (ms: number | undefined): Date | undefined => (ms === undefined ? undefined : new Date(ms));
const notChecked = { StackDriftStatus: 'NOT_CHECKED' as const };

/** Secrets are not told again. */
export const shownParameters = (values: ParameterValues = {}) =>
  Object.entries(values).map(([ParameterKey, { value, resolved, noEcho }]) => ({
    ParameterKey,
    ParameterValue: noEcho === true ? '****' : value,
    ...(resolved === undefined ? {} : { ResolvedValue: resolved }),
  }));

export function shownStack(stack: Stack, blueprint: Blueprint | undefined): StackShape {
  const parameters = shownParameters(blueprint?.parameters);
  const gone = stack.deletedAtMs !== undefined;
  const capabilities = blueprint?.capabilities ?? [];
  return {
    StackId: stack.id,
    StackName: stack.name,
    ...(stack.changeSetId === undefined || gone ? {} : { ChangeSetId: stack.changeSetId }),
    ...(blueprint?.template.Description === undefined ? {} : { Description: String(blueprint.template.Description) }),
    ...(parameters.length === 0 ? {} : { Parameters: parameters }),
    CreationTime: new Date(stack.createdAtMs),
    ...(gone ? { DeletionTime: date(stack.deletedAtMs) } : {}),
    ...(stack.updatedAtMs === undefined ? {} : { LastUpdatedTime: date(stack.updatedAtMs) }),
    RollbackConfiguration: {},
    StackStatus: stack.status,
    ...(stack.reason === undefined ? {} : { StackStatusReason: stack.reason }),
    DisableRollback: stack.disableRollback,
    NotificationARNs: [...(blueprint?.notificationArns ?? [])],
    ...(stack.timeoutMinutes === undefined ? {} : { TimeoutInMinutes: stack.timeoutMinutes }),
    ...(capabilities.length === 0 ? {} : { Capabilities: [...capabilities] as NonNullable<StackShape['Capabilities']> }),
    ...(stack.outputs.length === 0
      ? {}
      : {
          Outputs: stack.outputs.map(({ key, value, description, exportName }) => ({
            OutputKey: key,
            OutputValue: value,
            ...(description === undefined ? {} : { Description: description }),
            ...(exportName === undefined ? {} : { ExportName: exportName }),
          })),
        }),
    ...(blueprint?.roleArn === undefined ? {} : { RoleARN: blueprint.roleArn }),
    Tags: (blueprint?.tags ?? []).map(({ Key, Value }) => ({ Key, Value })),
    ...(gone ? {} : { EnableTerminationProtection: stack.terminationProtection }),
    ...(stack.parentId === undefined ? {} : { ParentId: stack.parentId, RootId: stack.rootId }),
    DriftInformation: notChecked,
  };
}

export const shownSummary = (stack: Stack, blueprint: Blueprint | undefined) => ({
  StackId: stack.id,
  StackName: stack.name,
  ...(blueprint?.template.Description === undefined ? {} : { TemplateDescription: String(blueprint.template.Description) }),
  CreationTime: new Date(stack.createdAtMs),
  ...(stack.updatedAtMs === undefined ? {} : { LastUpdatedTime: date(stack.updatedAtMs) }),
  ...(stack.deletedAtMs === undefined ? {} : { DeletionTime: date(stack.deletedAtMs) }),
  StackStatus: stack.status,
  ...(stack.reason === undefined ? {} : { StackStatusReason: stack.reason }),
  ...(stack.parentId === undefined ? {} : { ParentId: stack.parentId, RootId: stack.rootId }),
  DriftInformation: notChecked,
});

export const shownResource = (
  { id, name }: Stack,
  { logicalId, instance, type, status, reason, atMs, description }: Resource,
) => ({
  StackName: name,
  StackId: id,
  LogicalResourceId: logicalId,
  ...(instance === undefined ? {} : { PhysicalResourceId: instance.physicalId }),
  ResourceType: type,
  Timestamp: new Date(atMs),
  ResourceStatus: status,
  ...(reason === undefined ? {} : { ResourceStatusReason: reason }),
  ...(description === undefined ? {} : { Description: description }),
  DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' as const },
});
