import type { Call, CloudFormationOperations, Handlers } from '@mayfly/wire';
import { patienceMs, stackArn, stackNamed, stackOf, type Desk } from '../desk.ts';
import { isSameBlueprint } from '../engine/changes.ts';
import { isBusy, type Stack, type StackStatus } from '../engine/records.ts';
import { inStatus, placeOf } from '../engine/store.ts';
import { alreadyExists, invalid, limitExceeded } from '../faults.ts';
import { draw } from './draw.ts';
import { parseStackPolicy } from './stack-policy.ts';

/** Stacks of an account in a region. @source CloudFormation User Guide, "Understand CloudFormation quotas", read 2026-11 */
const mostStacks = 2_000;

type Names =
  | 'CreateStack'
  | 'UpdateStack'
  | 'DeleteStack'
  | 'CancelUpdateStack'
  | 'ContinueUpdateRollback'
  | 'UpdateTerminationProtection'
  | 'SetStackPolicy'
  | 'GetStackPolicy'
  | 'SignalResource';

export function stackHandlers(desk: Desk): Pick<Handlers<CloudFormationOperations>, Names> {
  const { store, engine, clock, random } = desk;
  return {
    async CreateStack(input, call) {
      const name = checkedName(input.StackName);
      const failures = [input.OnFailure, input.DisableRollback].filter((each) => each !== undefined);
      if (failures.length > 1) throw invalid('Either DisableRollback or OnFailure can be specified, not both.');
      const known = store.find(call, name);
      const id = known?.status === 'REVIEW_IN_PROGRESS' ? known.id : stackArn(call, name, random);
      const blueprint = await draw(desk, call, input, { account: call.account, region: call.region, id, name });
      const stack: Stack = {
        ...newStack(call, id, name, clock.now()),
        status: 'CREATE_IN_PROGRESS',
        reason: 'User Initiated',
        terminationProtection: input.EnableTerminationProtection ?? false,
        disableRollback: input.DisableRollback ?? false,
        onFailure: input.OnFailure ?? (input.DisableRollback === true ? 'DO_NOTHING' : 'ROLLBACK'),
        ...(input.TimeoutInMinutes === undefined ? {} : { timeoutMinutes: input.TimeoutInMinutes }),
        ...(input.StackPolicyBody === undefined ? {} : { policy: parseStackPolicy(input.StackPolicyBody) }),
        ...(input.ClientRequestToken === undefined ? {} : { clientToken: input.ClientRequestToken }),
      };
      const made = await store.change((draft) => {
        const place = placeOf(call);
        const there = draft.get('name', place, name);
        const standing = there === undefined ? undefined : draft.get('stack', place, there.id);
        if (standing !== undefined && standing.status !== 'REVIEW_IN_PROGRESS') {
          // The same request again: its answer got lost.
          if (input.ClientRequestToken !== undefined && standing.clientToken === input.ClientRequestToken) return standing;
          throw alreadyExists(`Stack [${name}] already exists`);
        }
        if (draft.count('name', place) >= mostStacks)
          throw limitExceeded(`Limit for stack has been exceeded: ${mostStacks} stacks are the most.`);
        draft.put('name', place, name, { id });
        draft.put('blueprint', place, `${id}/now`, blueprint);
        store.putStack(draft, stack, { reason: 'User Initiated' });
        return stack;
      });
      return begun(desk, made.id);
    },

    async UpdateStack(input, call) {
      const stack = stackNamedForUpdate(desk, call, input.StackName);
      const previous = store.blueprint(stack, 'now');
      const blueprint = await draw(desk, call, input, stack, { previous });
      if (previous !== undefined && isSameBlueprint(previous, blueprint) && isWhole(stack.status))
        throw invalid('No updates are to be performed.');
      await store.change((draft) => {
        const now = draft.get('stack', placeOf(stack), stack.id) ?? stack;
        checkUpdatable(now);
        draft.put('blueprint', placeOf(stack), `${stack.id}/next`, blueprint);
        const { deletion: _deletion, policyDuringUpdate: _policy, ...rest } = now;
        const next: Stack = {
          ...inStatus(rest, 'UPDATE_IN_PROGRESS', 'User Initiated'),
          updatedAtMs: clock.now(),
          disableRollback: input.DisableRollback ?? false,
          ...(input.StackPolicyBody === undefined ? {} : { policy: parseStackPolicy(input.StackPolicyBody) }),
          ...(input.StackPolicyDuringUpdateBody === undefined
            ? {}
            : { policyDuringUpdate: parseStackPolicy(input.StackPolicyDuringUpdateBody) }),
          ...(input.ClientRequestToken === undefined ? {} : { clientToken: input.ClientRequestToken }),
        };
        store.putStack(draft, next, { reason: 'User Initiated' });
      });
      return begun(desk, stack.id);
    },

    async DeleteStack(input, call) {
      const stack = store.find(call, input.StackName ?? '');
      // What is not there is as deleted as can be.
      if (stack === undefined || stack.deletedAtMs !== undefined) return {};
      if (stack.terminationProtection)
        throw invalid(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
      const retain = input.RetainResources ?? [];
      if (retain.length > 0 && stack.status !== 'DELETE_FAILED')
        throw invalid(
          'Invalid operation on stack. Specify which resources to retain only when the stack is in the DELETE_FAILED state.',
        );
      await store.change((draft) => {
        const now = draft.get('stack', placeOf(stack), stack.id) ?? stack;
        const deletion = { caller: call.caller, retain, ...(input.RoleARN === undefined ? {} : { roleArn: input.RoleARN }) };
        if (now.status === 'CREATE_IN_PROGRESS') return draft.put('stack', placeOf(stack), stack.id, { ...now, deletion });
        if (isBusy(now.status)) {
          if (now.status === 'DELETE_IN_PROGRESS') return undefined;
          throw invalid(`Stack ${stack.id} is in ${now.status} state and can not be deleted.`);
        }
        const next: Stack = {
          ...inStatus(now, 'DELETE_IN_PROGRESS', 'User Initiated'),
          deletion,
          ...(input.ClientRequestToken === undefined ? {} : { clientToken: input.ClientRequestToken }),
        };
        store.putStack(draft, next, { reason: 'User Initiated' });
      });
      // A creation under way ends where it is, and is taken away again.
      if (stack.status === 'CREATE_IN_PROGRESS') engine.cancel(stack.id);
      await begun(desk, stack.id);
      return {};
    },

    async CancelUpdateStack(input, call) {
      const stack = stackOf(desk, call, input.StackName);
      if (stack.status !== 'UPDATE_IN_PROGRESS') throw invalid(`CancelUpdateStack cannot be called from current stack status`);
      engine.cancel(stack.id);
      return {};
    },

    async ContinueUpdateRollback(input, call) {
      const stack = stackOf(desk, call, input.StackName);
      if (stack.status !== 'UPDATE_ROLLBACK_FAILED')
        throw invalid(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
      await store.change((draft) => {
        const next: Stack = {
          ...inStatus(stack, 'UPDATE_ROLLBACK_IN_PROGRESS', 'User Initiated'),
          skipped: input.ResourcesToSkip ?? [],
        };
        store.putStack(draft, next, { reason: 'User Initiated' });
      });
      await begun(desk, stack.id);
      return {};
    },

    async UpdateTerminationProtection(input, call) {
      const stack = stackNamed(desk, call, input.StackName);
      await store.change((draft) => {
        const now = draft.get('stack', placeOf(stack), stack.id) ?? stack;
        store.putStack(draft, { ...now, terminationProtection: input.EnableTerminationProtection ?? false });
      });
      return { StackId: stack.id };
    },

    async SetStackPolicy(input, call) {
      const stack = stackNamed(desk, call, input.StackName);
      if (input.StackPolicyBody !== undefined && input.StackPolicyURL !== undefined)
        throw invalid('You cannot specify both StackPolicyURL and StackPolicyBody');
      if (input.StackPolicyURL !== undefined) throw invalid('Mayfly takes a stack policy by its text, not by its URL yet.');
      const policy = parseStackPolicy(input.StackPolicyBody ?? '');
      await store.change((draft) => {
        const now = draft.get('stack', placeOf(stack), stack.id) ?? stack;
        store.putStack(draft, { ...now, policy });
      });
      return {};
    },

    async GetStackPolicy(input, call) {
      const { policy } = stackNamed(desk, call, input.StackName);
      return policy === undefined ? {} : { StackPolicyBody: policy };
    },

    async SignalResource(input, call) {
      const stack = stackNamed(desk, call, input.StackName);
      const logicalId = input.LogicalResourceId ?? '';
      const instance = store.resource(stack.id, logicalId)?.instance;
      if (instance?.type !== 'AWS::CloudFormation::WaitConditionHandle')
        throw invalid(`Resource ${logicalId} is in a state that takes no signals.`);
      await desk.signals.put(instance.physicalId.split('/').at(-1) ?? '', {
        Status: input.Status,
        UniqueId: input.UniqueId,
        Data: '',
      });
      return {};
    },
  };
}

export const newStack = ({ account, region }: Call, id: string, name: string, nowMs: number): Omit<Stack, 'status'> => ({
  id,
  name,
  account,
  region,
  createdAtMs: nowMs,
  terminationProtection: false,
  disableRollback: false,
  onFailure: 'ROLLBACK',
  outputs: [],
  imports: [],
});

/** @throws ValidationError for what looks like a name to nobody */
export function checkedName(name: string | undefined): string {
  if (name !== undefined && /^[a-zA-Z][-a-zA-Z0-9]{0,127}$/.test(name)) return name;
  throw invalid(
    `1 validation error detected: Value '${name ?? ''}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*`,
  );
}

/** Answers when the operation is done, or when the caller has waited long enough. */
async function begun({ engine }: Desk, stackId: string): Promise<{ StackId: string }> {
  engine.start(stackId);
  await engine.settled(stackId, patienceMs);
  return { StackId: stackId };
}

/** Where an update that changes nothing has nothing to mend either. */
const isWhole = (status: StackStatus): boolean => !status.endsWith('_FAILED');

const updatable: ReadonlySet<StackStatus> = new Set<StackStatus>([
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
  'IMPORT_COMPLETE',
  'IMPORT_ROLLBACK_COMPLETE',
  'CREATE_FAILED',
  'UPDATE_FAILED',
]);

export function checkUpdatable(stack: Stack): void {
  if (!updatable.has(stack.status)) throw invalid(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
}

export function stackNamedForUpdate(desk: Desk, call: Call, nameOrId: string | undefined): Stack {
  const stack = stackNamed(desk, call, nameOrId, { deleted: true });
  checkUpdatable(stack);
  return stack;
}
