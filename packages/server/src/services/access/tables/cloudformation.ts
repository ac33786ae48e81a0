import type { CloudFormationOperations } from '@mayfly/wire';
import { arnIn, passRole, text, type Demand, type OperationRules, type Place, type ServiceRules } from '../demand.ts';

/** The ARN of a stack by its name, its id, or the id of one of its change sets; undefined where there is none. */
export type StackFinder = (place: Place, id: string) => string | undefined;

interface Target {
  StackName?: string | undefined;
  ChangeSetName?: string | undefined;
  RoleARN?: string | undefined;
}

/** @source Service Authorization Reference, "Actions, resources, and condition keys for AWS CloudFormation", read 2026-11 */
export function cloudFormationRules(find: StackFinder): ServiceRules {
  /** A stack that is not there yet has no id; policies name it with a star there. */
  const stackArn = (input: Target, place: Place): string | undefined => {
    const changeSet = text(input.ChangeSetName);
    // The id of a change set says whose it is, whatever stack is named beside it.
    const id = changeSet?.startsWith('arn:') === true ? changeSet : (text(input.StackName) ?? changeSet);
    if (id === undefined) return undefined;
    const name = id.startsWith('arn:') ? id.split(':').slice(5).join(':') : `stack/${id}/*`;
    return find(place, id) ?? arnIn('cloudformation', place, name);
  };
  const onStack =
    (action: string) =>
    (input: Target, place: Place): readonly Demand[] => [
      { action: `cloudformation:${action}`, resource: stackArn(input, place) ?? '*' },
      ...passRole(input.RoleARN, 'cloudformation.amazonaws.com'),
    ];
  const operations: OperationRules<CloudFormationOperations> = {
    CreateStack: onStack('CreateStack'),
    UpdateStack: onStack('UpdateStack'),
    DeleteStack: onStack('DeleteStack'),
    CreateChangeSet: onStack('CreateChangeSet'),
    ContinueUpdateRollback: onStack('ContinueUpdateRollback'),
    ListExports: () => ({ action: 'cloudformation:ListExports', resource: '*' }),
    ListImports: () => ({ action: 'cloudformation:ListImports', resource: '*' }),
    ListStacks: () => ({ action: 'cloudformation:ListStacks', resource: '*' }),
    ValidateTemplate: () => ({ action: 'cloudformation:ValidateTemplate', resource: '*' }),
  };
  return {
    prefix: 'cloudformation',
    operations,
    resource: (input, place) => stackArn(input, place),
  };
}
