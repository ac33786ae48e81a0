import { ServiceFault } from '@mayfly/wire';
import type { AccountId, Random, Region } from '../../base/index.ts';
import type { Catalog, CatalogChange, Resolution } from '../catalog.ts';
import { provisionedOf } from '../concurrency/sums.ts';
import { conflict, functionNotFound } from '../faults.ts';
import { latest, latestPublished } from '../functions/record.ts';
import { arnOf, parseFunctionName, qualifiedArn, type Scope } from '../names.ts';
import { kinds } from '../records/kinds.ts';
import type { Shelf } from '../records/shelf.ts';
import { entryOf, type Entry, type EntryMaker, type Target } from './entry.ts';
import { Reservations } from './reservations.ts';

/** The catalog over the shelf: made anew for a function at each change of it, only looked up otherwise. */
export class LiveCatalog implements Catalog, Disposable {
  readonly #shelf: Shelf;
  readonly #maker: EntryMaker;
  readonly #random: Random;
  readonly #onIdle: (scope: Scope, functionName: string, version: string) => void;
  readonly #regions = new Map<AccountId, Map<Region, Map<string, Entry>>>();
  readonly #reserved = new Reservations();
  readonly #provisioned = new Reservations();
  readonly #listeners = new Set<(change: CatalogChange) => void>();
  readonly #watch: Disposable;

  constructor(options: {
    readonly shelf: Shelf;
    readonly maker: EntryMaker;
    readonly random: Random;
    /** An Inactive version was called. @source spec 1.3-04 */
    readonly onIdle: (scope: Scope, functionName: string, version: string) => void;
  }) {
    this.#shelf = options.shelf;
    this.#maker = options.maker;
    this.#random = options.random;
    this.#onIdle = options.onIdle;
    for (const scope of this.#shelf.scopes())
      for (const name of this.#shelf.desk(scope).names('function')) this.#renew(scope, name);
    this.#watch = this.#shelf.onChange((scope, { edits }) => {
      const names = new Set(edits.filter((edit) => kinds[edit.kind].ofFunction).map((edit) => edit.name));
      for (const name of names)
        this.#tell(this.#renew(scope, name) ?? { functionArn: arnOf(scope, name), incarnations: new Set() });
    });
  }

  resolve(account: AccountId, region: Region, name: string, qualifier?: string): Resolution {
    const chosen = this.find(account, region, name, qualifier);
    return chosen.version.state === 'Active' ? chosen : this.#refuse(chosen);
  }

  find(account: AccountId, region: Region, name: string, qualifier?: string): Resolution {
    const entries = this.#regions.get(account)?.get(region);
    const direct = entries?.get(name);
    if (direct !== undefined && qualifier === undefined) return this.#chosen(direct.unqualified);
    const scope = { account, region };
    const asked = parseFunctionName(name, qualifier, scope);
    const entry = direct ?? entries?.get(asked.functionName);
    const target = asked.qualifier === undefined ? entry?.unqualified : entry?.targets.get(asked.qualifier);
    if (target !== undefined) return this.#chosen(target);
    if (entry !== undefined && asked.qualifier === latestPublished)
      throw new ServiceFault('NoPublishedVersionException', 'The function has no published version.');
    throw functionNotFound(qualifiedArn(scope, asked.functionName, asked.qualifier ?? latest));
  }

  reservedTotal(account: AccountId, region: Region): number {
    return this.#reserved.total(account, region);
  }

  provisionedTotal(account: AccountId, region: Region): number {
    return this.#provisioned.total(account, region);
  }

  onChange(listener: (change: CatalogChange) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  /** By weight, anew for each invocation. @source spec 1.5-03 */
  #chosen({ main, split }: Target): Resolution {
    return split !== undefined && this.#random.float() < split.weight ? split.other : main;
  }

  /** @source spec 1.2-21, 1.3-04 */
  #refuse({ version }: Resolution): never {
    if (version.state === 'Inactive') this.#onIdle(version, version.functionName, version.version);
    throw conflict(
      `The operation cannot be performed at this time. The function is currently in the following state: ${version.state}`,
    );
  }

  #renew(scope: Scope, functionName: string): CatalogChange | undefined {
    const desk = this.#shelf.desk(scope);
    const entry = entryOf(scope, functionName, desk, this.#maker);
    const reserved = desk.get('function', functionName)?.reservedConcurrency;
    this.#reserved.set(scope, functionName, reserved);
    this.#provisioned.set(
      scope,
      functionName,
      reserved === undefined ? provisionedOf(desk, functionName) || undefined : undefined,
    );
    if (entry === undefined) {
      this.#regions.get(scope.account)?.get(scope.region)?.delete(functionName);
      return undefined;
    }
    let regions = this.#regions.get(scope.account);
    if (regions === undefined) this.#regions.set(scope.account, (regions = new Map()));
    let entries = regions.get(scope.region);
    if (entries === undefined) regions.set(scope.region, (entries = new Map()));
    entries.set(functionName, entry);
    return entry.change;
  }

  #tell(change: CatalogChange): void {
    for (const listener of this.#listeners) listener(change);
  }
}
