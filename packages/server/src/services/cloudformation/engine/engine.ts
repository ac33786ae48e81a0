import type { Timer } from '../../../base/index.ts';
import { Deployment, type Workshop } from './deployment.ts';
import type { Failure } from './in-order.ts';
import { includedIn } from './outlook.ts';
import { isBusy, type Blueprint, type Stack, type StackStatus } from './records.ts';
import { inStatus, placeOf, type Draft } from './store.ts';

interface Run {
  readonly done: Promise<void>;
  /** Ends what can be ended: the operation then counts as failed. */
  readonly cancel: AbortController;
}

/**
 * Carries out what was asked of stacks, one operation of a stack at a time.
 *
 * What is to be done next stands in the stack's status, so that a server that was killed goes on where its predecessor
 * was: every status that ends in `_IN_PROGRESS` has one step here, and a step may be begun again at any point.
 */
export class Engine implements AsyncDisposable {
  readonly #shop: Workshop;
  readonly #runs = new Map<string, Run>();
  readonly #stopping = new AbortController();

  constructor(shop: Workshop) {
    this.#shop = shop;
  }

  /** Goes on with everything that was under way when the last server ended. */
  resume(): void {
    for (const { value } of this.#shop.store.records.all('stack')) if (isBusy(value.status)) this.start(value.id);
  }

  /** Begins, or goes on with, whatever the stack's status asks for. */
  start(stackId: string): void {
    if (this.#leaves || this.#runs.has(stackId)) return;
    const cancel = new AbortController();
    const done = this.#run(stackId, cancel)
      .catch((error: unknown) => this.#broken(stackId, error))
      .finally(() => this.#runs.delete(stackId));
    this.#runs.set(stackId, { done, cancel });
  }

  /** Resolves when the operation has ended, or later, or when the caller has waited long enough. */
  async settled(stackId: string, withinMs = Number.POSITIVE_INFINITY): Promise<void> {
    const run = this.#runs.get(stackId);
    if (run === undefined) return;
    if (!Number.isFinite(withinMs)) return run.done;
    const late = Promise.withResolvers<void>();
    using _timer: Timer = this.#shop.clock.after(withinMs, late.resolve);
    await Promise.race([run.done, late.promise]);
  }

  /** Makes the operation under way fail where it is. */
  cancel(stackId: string): void {
    this.#runs.get(stackId)?.cancel.abort(new Error('Cancelled.'));
  }

  /** Begins nothing any more; what is under way is left as it lies, for the next server. */
  stop(): void {
    this.#stopping.abort(new Error('The server stops.'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await Promise.all([...this.#runs.values()].map(({ done }) => done));
  }

  async #run(stackId: string, cancel: AbortController): Promise<void> {
    const { store } = this.#shop;
    for (;;) {
      const stack = store.stack(stackId);
      if (stack === undefined || !isBusy(stack.status) || this.#leaves) return;
      await this.#step(stack, cancel.signal);
    }
  }

  /** A fault of ours ends the operation, so that somebody can ask for the next one. */
  async #broken(stackId: string, error: unknown): Promise<void> {
    if (this.#leaves) return;
    this.#shop.log.error('An operation of a stack ended for a reason of ours.', { stackId, error });
    const stack = this.#shop.store.stack(stackId);
    if (stack === undefined || !isBusy(stack.status)) return;
    const ended = stack.status.replace(
      /(_COMPLETE)_CLEANUP_IN_PROGRESS$|_IN_PROGRESS$/,
      (_all, cleanUp?: string) => cleanUp ?? '_FAILED',
    );
    await this.#advance(stack, (now) => inStatus(now, ended as StackStatus, 'Internal Failure')).catch(() => undefined);
  }

  async #step(stack: Stack, signal: AbortSignal): Promise<void> {
    switch (stack.status) {
      case 'CREATE_IN_PROGRESS':
        return this.#build(stack, signal, 'now');
      case 'UPDATE_IN_PROGRESS':
        return this.#build(stack, signal, 'next');
      case 'ROLLBACK_IN_PROGRESS':
      case 'DELETE_IN_PROGRESS':
        return this.#demolish(stack);
      case 'UPDATE_ROLLBACK_IN_PROGRESS':
        return this.#undo(stack);
      case 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS':
      case 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS':
        return this.#cleanUp(stack);
      default:
        throw new Error(`Nothing is done in the status ${stack.status}.`);
    }
  }

  async #build(stack: Stack, signal: AbortSignal, which: 'now' | 'next'): Promise<void> {
    const { clock } = this.#shop;
    const blueprint = this.#blueprint(stack, which);
    const limited = new AbortController();
    const ms = (stack.timeoutMinutes ?? 0) * 60_000;
    using _limit: Timer | undefined =
      ms === 0 || which === 'next'
        ? undefined
        : clock.after(Math.max(0, stack.createdAtMs + ms - clock.now()), () =>
            limited.abort(new Error('The stack took too long.')),
          );
    const work = this.#deployment(stack, blueprint, AbortSignal.any([signal, limited.signal, this.#stopping.signal]));
    const failures = await work.build(blueprint);
    if (this.#leaves) return;
    const stopped = limited.signal.aborted
      ? 'Stack creation time exceeded the specified timeout'
      : signal.aborted
        ? 'User Initiated'
        : undefined;
    if (failures.length > 0 || stopped !== undefined) return this.#failed(stack, which, reasonFor(which, failures, stopped));
    try {
      const { outputs, imports } = work.outputs(blueprint);
      this.#checkExports(stack, outputs);
      await this.#advance(stack, (now, draft) => {
        settleResources(draft, stack.id);
        if (which === 'now') return inStatus({ ...now, outputs, imports }, 'CREATE_COMPLETE');
        draft.put('blueprint', placeOf(stack), `${stack.id}/now`, blueprint);
        draft.delete('blueprint', placeOf(stack), `${stack.id}/next`);
        return inStatus({ ...now, outputs, imports }, 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
      });
    } catch (error) {
      await this.#failed(stack, which, error instanceof Error ? error.message : String(error));
    }
  }

  /** @throws Error when an export has this name already */
  #checkExports(stack: Stack, outputs: Stack['outputs']): void {
    for (const { exportName } of outputs) {
      if (exportName === undefined) continue;
      const other = this.#shop.store.records
        .list('stack', placeOf(stack))
        .find(
          ({ id, outputs: of, deletedAtMs }) =>
            id !== stack.id && deletedAtMs === undefined && of.some((each) => each.exportName === exportName),
        );
      if (other !== undefined) throw new Error(`Export with name ${exportName} is already exported by stack ${other.name}.`);
    }
    for (const { exportName, value } of stack.outputs) {
      if (exportName === undefined) continue;
      const now = outputs.find((each) => each.exportName === exportName);
      if (now?.value === value) continue;
      const users = importersOf(this.#shop.store.records.list('stack', placeOf(stack)), exportName);
      if (users.length > 0)
        throw new Error(
          `Export ${exportName} cannot be ${now === undefined ? 'deleted' : 'updated'} as it is in use by ${users.join(' and ')}.`,
        );
    }
  }

  async #failed(stack: Stack, which: 'now' | 'next', reason: string): Promise<void> {
    await this.#advance(stack, (now, draft) => {
      const next = afterFailure(now, which);
      const stays = next.endsWith('_FAILED');
      // What stays as it is becomes what the stack is, for the next update to mend.
      if (next === 'UPDATE_FAILED') {
        draft.put('blueprint', placeOf(stack), `${stack.id}/now`, this.#blueprint(stack, 'next'));
        draft.delete('blueprint', placeOf(stack), `${stack.id}/next`);
        settleResources(draft, stack.id);
      }
      const byUser = stays || reason === 'User Initiated';
      return inStatus(now, next, byUser ? reason : `${reason}${reason.endsWith(' ') ? '' : '. '}Rollback requested by user.`);
    });
  }

  async #undo(stack: Stack): Promise<void> {
    const failures = await this.#deployment(stack, this.#blueprint(stack, 'now')).undo();
    if (this.#leaves) return;
    await this.#advance(stack, (now) =>
      failures.length > 0
        ? inStatus(now, 'UPDATE_ROLLBACK_FAILED', `The following resource(s) failed to update: [${namesOf(failures)}]. `)
        : inStatus(now, 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS', now.reason),
    );
  }

  async #cleanUp(stack: Stack): Promise<void> {
    const blueprint = this.#blueprint(stack, 'now');
    const names = new Set(includedIn(stack, blueprint));
    await this.#deployment(stack, blueprint).cleanUp((name) => names.has(name));
    if (this.#leaves) return;
    await this.#advance(stack, (now, draft) => {
      draft.delete('blueprint', placeOf(stack), `${stack.id}/next`);
      settleResources(draft, stack.id);
      const { skipped: _skipped, policyDuringUpdate: _policy, ...rest } = now;
      return now.status === 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS'
        ? inStatus(rest, 'UPDATE_COMPLETE')
        : inStatus(rest, 'UPDATE_ROLLBACK_COMPLETE', now.reason);
    });
  }

  async #demolish(stack: Stack): Promise<void> {
    const { store, clock } = this.#shop;
    const isRollback = stack.status === 'ROLLBACK_IN_PROGRESS';
    const blueprint = store.blueprint(stack, 'now');
    const [inUse] = isRollback ? [] : stack.outputs.flatMap(({ exportName }) => this.#usersOf(stack, exportName));
    if (inUse !== undefined) return this.#advance(stack, (now) => inStatus(now, 'DELETE_FAILED', inUse));
    const caller = stack.deletion?.caller ?? blueprint?.caller ?? { kind: 'anonymous' };
    const roleArn = stack.deletion?.roleArn ?? blueprint?.roleArn;
    const who = { caller, tags: [], ...(roleArn === undefined ? {} : { roleArn }) };
    const failures = await this.#deployment(stack, who).demolish({
      retain: stack.deletion?.retain ?? [],
      ...(isRollback ? { created: true } : {}),
    });
    if (this.#leaves) return;
    const failed = failures.length > 0 ? `The following resource(s) failed to delete: [${namesOf(failures)}]. ` : undefined;
    await this.#advance(stack, (now, draft) => {
      // Why it was rolled back is still worth knowing.
      if (isRollback) return inStatus(now, failed === undefined ? 'ROLLBACK_COMPLETE' : 'ROLLBACK_FAILED', failed ?? now.reason);
      if (failed !== undefined) return inStatus(now, 'DELETE_FAILED', failed);
      const gone = inStatus({ ...now, deletedAtMs: clock.now(), imports: [] }, 'DELETE_COMPLETE');
      draft.put('stack', placeOf(stack), stack.id, gone);
      store.forgetOld(draft, gone);
      return gone;
    });
  }

  /** The stack's next status, and an event that tells it. What others have changed of the stack meanwhile stays. */
  #advance(stack: Stack, next: (now: Stack, draft: Draft) => Stack): Promise<void> {
    const { store } = this.#shop;
    return store.change((draft) => {
      const before = draft.get('stack', placeOf(stack), stack.id) ?? stack;
      const after = next(before, draft);
      store.putStack(draft, after, after.reason === undefined || after.reason === before.reason ? {} : { reason: after.reason });
    });
  }

  /** Why a stack's export may not go. */
  #usersOf(stack: Stack, exportName: string | undefined): readonly string[] {
    if (exportName === undefined) return [];
    const users = importersOf(this.#shop.store.records.list('stack', placeOf(stack)), exportName);
    return users.length === 0 ? [] : [`Export ${exportName} cannot be deleted as it is in use by ${users.join(' and ')}`];
  }

  #blueprint(stack: Stack, which: 'now' | 'next'): Blueprint {
    const found = this.#shop.store.blueprint(stack, which);
    if (found === undefined) throw new Error(`The stack ${stack.id} has no ${which} blueprint.`);
    return found;
  }

  /** @param signal  ends what is being made; what is undone or deleted goes on until the server stops */
  #deployment(stack: Stack, who: Pick<Blueprint, 'caller' | 'roleArn' | 'tags'>, signal = this.#stopping.signal): Deployment {
    return new Deployment(this.#shop, stack, who, { signal, leaves: () => this.#leaves });
  }

  get #leaves(): boolean {
    return this.#stopping.signal.aborted;
  }
}

/** What operations have done so far can no longer be undone. */
function settleResources(draft: Draft, stackId: string): void {
  for (const resource of draft.list('resource', stackId)) {
    if (resource.before === undefined) continue;
    const { before: _before, ...rest } = resource;
    draft.put('resource', stackId, resource.logicalId, rest);
  }
}

function afterFailure(stack: Stack, which: 'now' | 'next'): StackStatus {
  if (which === 'next') return stack.disableRollback ? 'UPDATE_FAILED' : 'UPDATE_ROLLBACK_IN_PROGRESS';
  if (stack.deletion !== undefined || stack.onFailure === 'DELETE') return 'DELETE_IN_PROGRESS';
  return stack.onFailure === 'DO_NOTHING' ? 'CREATE_FAILED' : 'ROLLBACK_IN_PROGRESS';
}

const namesOf = (failures: readonly Failure[]): string => failures.map(({ name }) => name).join(', ');

export const importersOf = (stacks: readonly Stack[], exportName: string): readonly string[] =>
  stacks.filter(({ imports, deletedAtMs }) => deletedAtMs === undefined && imports.includes(exportName)).map(({ name }) => name);

function reasonFor(which: 'now' | 'next', failures: readonly Failure[], stopped: string | undefined): string {
  if (failures.length === 0) return stopped ?? '';
  return `The following resource(s) failed to ${which === 'now' ? 'create' : 'update'}: [${namesOf(failures)}]. `;
}
