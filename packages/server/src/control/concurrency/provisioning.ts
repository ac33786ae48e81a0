import type { Logger } from '../../base/index.ts';
import { isVersion, type Scope } from '../names.ts';
import type { Provisioned, ProvisionedProgress } from '../ports.ts';
import type { Desk } from '../records/desk.ts';
import { kinds } from '../records/kinds.ts';
import type { Shelf } from '../records/shelf.ts';
import { compact } from '../compact.ts';
import type { ProvisionedRecord } from './record.ts';

/** Environments wanted for one version, and the qualifier that wants them. */
interface Wanted {
  readonly count: number;
  readonly qualifier: string;
  readonly incarnation: string;
  /** When it was asked for: the same number asked for again starts again what has failed. */
  readonly askedAt: number;
}

/**
 * Keeps what is provisioned in step with what the records ask for: after a start, a change of a
 * configuration, a moved alias, a deletion. @source spec 1.5-11
 */
export class Provisioning implements Disposable {
  readonly #shelf: Shelf;
  readonly #port: Provisioned;
  readonly #log: Logger;
  /** By scope and function, then version. */
  readonly #applied = new Map<string, Map<string, Wanted>>();
  readonly #watch: Disposable;

  constructor(options: { readonly shelf: Shelf; readonly port: Provisioned; readonly log: Logger }) {
    this.#shelf = options.shelf;
    this.#port = options.port;
    this.#log = options.log;
    for (const scope of [...this.#shelf.scopes()])
      for (const name of this.#shelf.desk(scope).names('provisioned')) this.#follow(scope, name);
    this.#watch = this.#shelf.onChange((scope, { edits }) => {
      const names = new Set(edits.filter((edit) => kinds[edit.kind].ofFunction).map((edit) => edit.name));
      for (const name of names) this.#follow(scope, name);
    });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #follow(scope: Scope, functionName: string): void {
    const key = `${scope.account}/${scope.region}/${functionName}`;
    const before = this.#applied.get(key) ?? new Map<string, Wanted>();
    const wanted = wantedOf(this.#shelf.desk(scope), functionName);
    if (wanted.size === 0) this.#applied.delete(key);
    else this.#applied.set(key, wanted);
    for (const version of before.keys())
      if (!wanted.has(version)) this.#port.apply({ ...scope, functionName, version, count: 0 }, () => {});
    for (const [version, want] of wanted) {
      const had = before.get(version);
      if (
        had?.count === want.count &&
        had.qualifier === want.qualifier &&
        had.incarnation === want.incarnation &&
        had.askedAt === want.askedAt
      )
        continue;
      this.#port.apply({ ...scope, functionName, version, count: want.count }, (progress) =>
        this.#report(scope, functionName, want, progress),
      );
    }
  }

  #report(scope: Scope, functionName: string, { qualifier, count }: Wanted, progress: ProvisionedProgress): void {
    const done = this.#shelf.change(scope, (desk, change) => {
      const record = desk.get('provisioned', functionName, qualifier);
      if (record?.requested !== count) return;
      const { statusReason: _statusReason, ...rest } = record;
      change.put('provisioned', functionName, qualifier, compact<ProvisionedRecord>({ ...rest, ...progress }));
    });
    done.catch((error: unknown) =>
      this.#log.error('The progress of provisioned concurrency was not written.', { functionName, error }),
    );
  }
}

function wantedOf(desk: Desk, functionName: string): Map<string, Wanted> {
  const wanted = new Map<string, Wanted>();
  for (const [qualifier, { requested: count, modifiedAt: askedAt }] of desk.parts('provisioned', functionName)) {
    const version = isVersion(qualifier) ? qualifier : desk.get('alias', functionName, qualifier)?.functionVersion;
    const record = version === undefined ? undefined : desk.get('version', functionName, version);
    if (record?.state === 'Active') wanted.set(record.version, { count, qualifier, incarnation: record.incarnation, askedAt });
  }
  return wanted;
}
