import type { Call, CloudFormationOperations, Handlers } from '@mayfly/wire';
import { pageOf } from '../../kit/index.ts';
import { patienceMs, stackArn, stackNamed, type Desk } from '../desk.ts';
import { changesTo, isSameBlueprint } from '../engine/changes.ts';
import type { Blueprint, ChangeSet, Stack } from '../engine/records.ts';
import { inStatus, placeOf } from '../engine/store.ts';
import { alreadyExists, invalid, invalidStatus, noStackNamed, noSuchChangeSet, TransformFailed } from '../faults.ts';
import { draw } from './draw.ts';
import { shownParameters } from './show.ts';
import { checkedName, checkUpdatable, newStack } from './stacks.ts';

type Names = 'CreateChangeSet' | 'DescribeChangeSet' | 'ListChangeSets' | 'ExecuteChangeSet' | 'DeleteChangeSet';

const nothingNew = "The submitted information didn't contain changes. Submit different information to create a change set.";
const changesPerPage = 100;

export function changeSetHandlers(desk: Desk): Pick<Handlers<CloudFormationOperations>, Names> {
  const { store, engine, clock, random } = desk;
  return {
    async CreateChangeSet(input, call) {
      const name = input.ChangeSetName ?? '';
      const kind = input.ChangeSetType ?? 'UPDATE';
      if (kind === 'IMPORT') throw invalid('Mayfly does not import resources into stacks yet.');
      const known = store.find(call, input.StackName ?? '');
      const standing = known?.deletedAtMs === undefined ? known : undefined;
      const stack =
        kind === 'CREATE' ? forCreation(desk, call, input.StackName, standing, name) : forUpdate(standing, input.StackName);
      const id = `arn:aws:cloudformation:${call.region}:${call.account}:changeSet/${name}/${random.uuid()}`;
      const outcome = await outcomeOf(desk, call, input, stack, kind);
      const set: ChangeSet = {
        id,
        name,
        stackId: stack.id,
        stackName: stack.name,
        kind,
        ...(input.Description === undefined ? {} : { description: input.Description }),
        createdAtMs: clock.now(),
        includeNested: input.IncludeNestedStacks ?? false,
        ...(input.OnStackFailure === undefined ? {} : { onFailure: input.OnStackFailure }),
        ...(outcome.reason === undefined
          ? { status: 'CREATE_COMPLETE' as const, executionStatus: 'AVAILABLE' as const }
          : { status: 'FAILED' as const, executionStatus: 'UNAVAILABLE' as const, reason: outcome.reason }),
        changes: outcome.changes,
      };
      await store.change((draft) => {
        const place = placeOf(call);
        const there = draft.get('name', place, stack.name);
        if (there !== undefined && there.id !== stack.id) throw alreadyExists(`Stack [${stack.name}] already exists`);
        if (
          draft
            .list('changeSet', place)
            .some((each) => each.stackId === stack.id && each.name === name && each.executionStatus !== 'EXECUTE_COMPLETE')
        )
          throw alreadyExists(`ChangeSet ${name} cannot be created due to a mismatch with existing attributes of the same name`);
        if (there === undefined) {
          draft.put('name', place, stack.name, { id: stack.id });
          store.putStack(draft, stack, { reason: 'User Initiated' });
        }
        draft.put('changeSet', place, id, set);
        if (outcome.blueprint !== undefined) draft.put('blueprint', place, id, outcome.blueprint);
      });
      return { Id: id, StackId: stack.id };
    },

    async DescribeChangeSet(input, call) {
      const set = findChangeSet(desk, call, input);
      const blueprint = store.records.get('blueprint', placeOf(call), set.id);
      const page = pageOf(
        (input.IncludePropertyValues === true ? valued(set, blueprint) : set.changes).map((change, index) => ({
          change,
          name: String(index).padStart(6, '0'),
        })),
        {
          limit: changesPerPage,
          token: input.NextToken,
          nameOf: ({ name }) => name,
          invalid: () => invalid('Pagination token is not valid.'),
        },
      );
      const parameters = shownParameters(blueprint?.parameters);
      return {
        ChangeSetName: set.name,
        ChangeSetId: set.id,
        StackId: set.stackId,
        StackName: set.stackName,
        ...(set.description === undefined ? {} : { Description: set.description }),
        ...(parameters.length === 0 ? {} : { Parameters: parameters }),
        CreationTime: new Date(set.createdAtMs),
        ExecutionStatus: set.executionStatus,
        Status: set.status,
        ...(set.reason === undefined ? {} : { StatusReason: set.reason }),
        NotificationARNs: [...(blueprint?.notificationArns ?? [])],
        RollbackConfiguration: {},
        Capabilities: [...(blueprint?.capabilities ?? [])] as (
          | 'CAPABILITY_IAM'
          | 'CAPABILITY_NAMED_IAM'
          | 'CAPABILITY_AUTO_EXPAND'
        )[],
        ...(blueprint === undefined || blueprint.tags.length === 0 ? {} : { Tags: [...blueprint.tags] }),
        Changes: page.items.map(({ change }) => change),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
        IncludeNestedStacks: set.includeNested,
        ...(set.onFailure === undefined ? {} : { OnStackFailure: set.onFailure }),
      };
    },

    async ListChangeSets(input, call) {
      const stack = stackNamed(desk, call, input.StackName);
      const all = store.records
        .list('changeSet', placeOf(call))
        .filter(({ stackId }) => stackId === stack.id)
        .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
      return {
        Summaries: all.map((set) => ({
          StackId: set.stackId,
          StackName: set.stackName,
          ChangeSetId: set.id,
          ChangeSetName: set.name,
          ExecutionStatus: set.executionStatus,
          Status: set.status,
          ...(set.reason === undefined ? {} : { StatusReason: set.reason }),
          CreationTime: new Date(set.createdAtMs),
          ...(set.description === undefined ? {} : { Description: set.description }),
          IncludeNestedStacks: set.includeNested,
        })),
      };
    },

    async ExecuteChangeSet(input, call) {
      const set = findChangeSet(desk, call, input);
      const blueprint = store.records.get('blueprint', placeOf(call), set.id);
      if (set.executionStatus !== 'AVAILABLE' || blueprint === undefined)
        throw invalidStatus(
          `ChangeSet [${set.id}] cannot be executed in its current status of [${set.executionStatus === 'AVAILABLE' || set.status === 'FAILED' ? set.status : set.executionStatus}]`,
        );
      if (input.DisableRollback !== undefined && set.onFailure !== undefined)
        throw invalid('Both DisableRollback and OnStackFailure cannot be specified.');
      await store.change((draft) => {
        const place = placeOf(call);
        const now = draft.get('stack', place, set.stackId);
        if (now === undefined || now.deletedAtMs !== undefined) throw noStackNamed(set.stackName);
        const create = now.status === 'REVIEW_IN_PROGRESS';
        if (!create) checkUpdatable(now);
        draft.put('changeSet', place, set.id, { ...set, executionStatus: 'EXECUTE_COMPLETE' });
        // The others were made for a stack that will not be the same.
        for (const other of draft.list('changeSet', place)) {
          if (other.stackId !== set.stackId || other.id === set.id) continue;
          draft.delete('changeSet', place, other.id);
          draft.delete('blueprint', place, other.id);
        }
        draft.put('blueprint', place, `${set.stackId}/${create ? 'now' : 'next'}`, { ...blueprint, caller: call.caller });
        const stays = input.DisableRollback === true || set.onFailure === 'DO_NOTHING';
        const { deletion: _deletion, ...rest } = now;
        const begun: Stack = {
          ...inStatus(rest, create ? 'CREATE_IN_PROGRESS' : 'UPDATE_IN_PROGRESS', 'User Initiated'),
          changeSetId: set.id,
          updatedAtMs: clock.now(),
          disableRollback: stays,
          onFailure: set.onFailure ?? (stays ? 'DO_NOTHING' : 'ROLLBACK'),
          ...(input.ClientRequestToken === undefined ? {} : { clientToken: input.ClientRequestToken }),
        };
        store.putStack(draft, begun, { reason: 'User Initiated' });
      });
      engine.start(set.stackId);
      await engine.settled(set.stackId, patienceMs);
      return {};
    },

    async DeleteChangeSet(input, call) {
      const set = findChangeSet(desk, call, input, { orNothing: true });
      if (set === undefined) return {};
      await store.change((draft) => {
        draft.delete('changeSet', placeOf(call), set.id);
        draft.delete('blueprint', placeOf(call), set.id);
      });
      return {};
    },
  };

  /** They are worked out when somebody asks for them, and not kept; where there are secrets among them they are not told. */
  function valued(set: ChangeSet, blueprint: Blueprint | undefined): readonly object[] {
    const stack = store.stack(set.stackId);
    if (blueprint === undefined || stack === undefined || set.executionStatus !== 'AVAILABLE') return set.changes;
    if (Object.values(blueprint.parameters).some(({ noEcho }) => noEcho === true)) return set.changes;
    return changesTo(stack, blueprint, { store, types: desk.types, now: store.blueprint(stack, 'now'), values: true });
  }
}

type Wanted = { readonly StackName?: string | undefined; readonly ChangeSetName?: string | undefined };

/** By its id, or by its name and its stack. @throws ChangeSetNotFoundException, ValidationError */
export function findChangeSet(desk: Desk, call: Call, wanted: Wanted): ChangeSet;
export function findChangeSet(
  desk: Desk,
  call: Call,
  wanted: Wanted,
  options: { readonly orNothing: true },
): ChangeSet | undefined;
export function findChangeSet(
  desk: Desk,
  call: Call,
  { StackName: stackName, ChangeSetName: name = '' }: Wanted,
  options: { readonly orNothing?: true } = {},
): ChangeSet | undefined {
  const { records } = desk.store;
  const found = (): ChangeSet | undefined => {
    if (name.startsWith('arn:')) return records.get('changeSet', placeOf(call), name);
    if (stackName === undefined || stackName === '')
      throw invalid('StackName must be specified if ChangeSetName is not specified as an ARN.');
    const stack = stackNamed(desk, call, stackName);
    return records.list('changeSet', placeOf(call)).find((each) => each.stackId === stack.id && each.name === name);
  };
  const set = found();
  if (set === undefined && options.orNothing !== true) throw noSuchChangeSet(name);
  return set;
}

/** The stack that a change set would create: it is there from now on, to be looked at. */
function forCreation(
  { clock, random }: Desk,
  call: Call,
  given: string | undefined,
  standing: Stack | undefined,
  changeSet: string,
): Stack {
  if (standing?.status === 'REVIEW_IN_PROGRESS') return standing;
  if (standing !== undefined)
    throw invalid(`Stack [${standing.name}] already exists and cannot be created again with the changeSet [${changeSet}].`);
  const name = checkedName(given);
  return {
    ...newStack(call, stackArn(call, name, random), name, clock.now()),
    status: 'REVIEW_IN_PROGRESS',
    reason: 'User Initiated',
  };
}

function forUpdate(standing: Stack | undefined, given: string | undefined): Stack {
  if (standing === undefined) throw noStackNamed(given ?? '');
  checkUpdatable(standing);
  return standing;
}

interface Outcome {
  readonly blueprint?: Blueprint;
  readonly changes: readonly object[];
  readonly reason?: string;
}

async function outcomeOf(
  desk: Desk,
  call: Call,
  input: Parameters<typeof draw>[2],
  stack: Stack,
  kind: 'CREATE' | 'UPDATE',
): Promise<Outcome> {
  const { store, types } = desk;
  const now = kind === 'UPDATE' ? store.blueprint(stack, 'now') : undefined;
  let blueprint: Blueprint;
  try {
    blueprint = await draw(desk, call, input, stack, { previous: now, review: true });
  } catch (error) {
    if (error instanceof TransformFailed) return { changes: [], reason: error.message };
    throw error;
  }
  const changes = changesTo(stack, blueprint, { store, types, now });
  const same = now !== undefined && isSameBlueprint(now, blueprint);
  return { blueprint, changes, ...(same ? { reason: nothingNew } : {}) };
}
