import type { Logger, Random } from '../../base/index.ts';
import type { Scope } from '../names.ts';
import type { Executions } from '../ports.ts';
import type { Change } from '../records/change.ts';
import type { Desk } from '../records/desk.ts';
import type { Shelf } from '../records/shelf.ts';
import type { Reason } from './record.ts';

/** @source spec 1.2-23 */
const draining: Reason = {
  code: 'DrainingDurableExecutions',
  text: 'The function is being deleted once its durable executions have ended.',
};

/** Takes no calls any more, and runs what it began. */
export function drain(desk: Desk, change: Change, functionName: string, version: string | undefined, random: Random): void {
  for (const [number, record] of desk.parts('version', functionName)) {
    if (record.state === 'Deleting' || (version !== undefined && number !== version)) continue;
    change.put('version', functionName, number, {
      ...record,
      state: 'Deleting',
      stateReason: draining,
      revisionId: random.uuid(),
    });
  }
}

/** Deletes what was to be deleted, now that its durable executions have ended. */
export class Draining {
  readonly #shelf: Shelf;
  readonly #executions: Executions;
  readonly #log: Logger;

  constructor(options: { readonly shelf: Shelf; readonly executions: Executions; readonly log: Logger }) {
    this.#shelf = options.shelf;
    this.#executions = options.executions;
    this.#log = options.log;
  }

  /** After a start, when it is known which executions are left. */
  lookAtAll(): void {
    for (const scope of [...this.#shelf.scopes()])
      for (const name of this.#shelf.desk(scope).names('function')) this.look(scope, name);
  }

  /** An execution of the function has ended. */
  look(scope: Scope, functionName: string): void {
    const isOver = (desk: Desk): readonly string[] =>
      [...desk.parts('version', functionName)].flatMap(([version, { state }]) =>
        state === 'Deleting' && this.#executions.running(scope, functionName, version) === 0 ? [version] : [],
      );
    const { size } = this.#shelf.desk(scope).parts('version', functionName);
    if (size === 0 || isOver(this.#shelf.desk(scope)).length === 0) return;
    this.#shelf
      .change(scope, (desk, change) => {
        const over = isOver(desk);
        const all = desk.parts('version', functionName);
        // `$LATEST` goes with the whole function, and not before the last of its versions is ready to.
        const isWhole = all.get('$LATEST')?.state === 'Deleting';
        if (isWhole) return over.length === all.size ? change.deleteFunction(functionName) : undefined;
        for (const version of over) change.deleteQualifier(functionName, version);
        return undefined;
      })
      .catch((error: unknown) => this.#log.error('A function could not be deleted.', { functionName, error }));
  }
}
