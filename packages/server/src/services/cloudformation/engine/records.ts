import type { Caller, CloudFormationOperations } from '@mayfly/wire';
import type { ParameterValues } from '../template/parameters.ts';
import type { Fields, Template } from '../template/template.ts';

type Described = CloudFormationOperations['DescribeStacks']['output'];
type StackShape = NonNullable<Described['Stacks']>[number];
type EventShape = NonNullable<CloudFormationOperations['DescribeStackEvents']['output']['StackEvents']>[number];

export type StackStatus = NonNullable<StackShape['StackStatus']>;
export type ResourceStatus = NonNullable<EventShape['ResourceStatus']>;
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** Everything that was asked for: what a stack is to become. */
export interface Blueprint {
  /** As it was given. */
  readonly original: string;
  /** After its transforms. */
  readonly template: Template;
  readonly transforms: readonly string[];
  readonly parameters: ParameterValues;
  readonly tags: readonly Tag[];
  readonly capabilities: readonly string[];
  readonly notificationArns: readonly string[];
  /** In whose name it is made; absent = in that of the caller. */
  readonly roleArn?: string;
  readonly caller: Caller;
}

/** What stands for a resource: one thing of some service. */
export interface Instance {
  readonly type: string;
  readonly physicalId: string;
  /** Its properties, sealed: there may be secrets among them. */
  readonly properties: string;
  readonly attributes: Fields;
}

/** A resource of a stack, and what an operation under way has done to it. */
export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  readonly status: ResourceStatus;
  readonly reason?: string;
  readonly atMs: number;
  /** Resources of the stack that it needs: it is deleted before them. */
  readonly needs: readonly string[];
  readonly deletionPolicy?: string;
  readonly replacePolicy?: string;
  readonly description?: string;
  readonly instance?: Instance;
  /** What stood there before the operation under way, for its undoing; 'nothing' when the operation made it. */
  readonly before?: Instance | 'nothing';
  /** What is being made: written down before anything is done, so that a restart finds it again. */
  readonly making?: { readonly name: string; readonly token: string };
  /** What an update has replaced, to be deleted when nothing can be undone any more. */
  readonly retired?: readonly Instance[];
}

export interface StackOutput {
  readonly key: string;
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

export interface Stack {
  readonly id: string;
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly status: StackStatus;
  readonly reason?: string;
  readonly createdAtMs: number;
  readonly updatedAtMs?: number;
  readonly deletedAtMs?: number;
  readonly terminationProtection: boolean;
  readonly disableRollback: boolean;
  readonly onFailure: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING';
  readonly timeoutMinutes?: number;
  readonly changeSetId?: string;
  readonly parentId?: string;
  readonly rootId?: string;
  /** Which updates may touch which resources. */
  readonly policy?: string;
  /** The same for the update under way. */
  readonly policyDuringUpdate?: string;
  readonly outputs: readonly StackOutput[];
  /** Names of exports of other stacks that it uses. */
  readonly imports: readonly string[];
  readonly clientToken?: string;
  /** Who asked for the deletion, and what is to stay. */
  readonly deletion?: { readonly caller: Caller; readonly roleArn?: string; readonly retain: readonly string[] };
  /** Resources that a continued rollback leaves as they are. */
  readonly skipped?: readonly string[];
}

export interface StackEvent {
  readonly id: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: ResourceStatus;
  readonly reason?: string;
  readonly clientToken?: string;
  readonly atMs: number;
}

export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly kind: 'CREATE' | 'UPDATE';
  readonly description?: string;
  readonly createdAtMs: number;
  readonly status: 'CREATE_COMPLETE' | 'FAILED';
  readonly reason?: string;
  readonly executionStatus: 'AVAILABLE' | 'UNAVAILABLE' | 'OBSOLETE' | 'EXECUTE_COMPLETE' | 'EXECUTE_IN_PROGRESS';
  readonly onFailure?: 'ROLLBACK' | 'DELETE' | 'DO_NOTHING';
  readonly includeNested: boolean;
  readonly changes: readonly object[];
}

/**
 * Documents of CloudFormation. Stacks and what is theirs are named by their ids; resources and events have their stack's
 * id as their scope.
 */
export type Kinds = {
  readonly stack: Stack;
  /** Which stack has a name now. */
  readonly name: { readonly id: string };
  readonly resource: Resource;
  readonly event: StackEvent;
  readonly changeSet: ChangeSet;
  /** `<stack id>/now`, `<stack id>/next`, `<change set id>` */
  readonly blueprint: Blueprint;
  /** Signals and answers that a stack waits for, by their token. */
  readonly signal: Signal;
};

/** What something outside has to say before a stack goes on. */
export interface Signal {
  readonly stackId: string;
  readonly logicalId: string;
  /** As they came. */
  readonly answers: readonly Fields[];
}

/** Whether an operation is under way. */
export const isBusy = (status: StackStatus): boolean => status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
