import type { Clock, Logger } from '../base/index.ts';
import type { Catalog, FunctionVersion, Provisioned } from '../control/index.ts';
import type { EnvironmentFactory } from '../environment/index.ts';
import type { KeepAlive } from './keep-alive.ts';
import { Kept, type Cores } from './kept.ts';

type Target = Parameters<Provisioned['apply']>[0];
type Report = Parameters<Provisioned['apply']>[1];

/** Takes what control asks for before the hall is open, and hands it over when it is. */
export class ProvisionedDesk implements Provisioned {
  readonly #early = new Map<string, () => void>();
  #keepers: Keepers | undefined;

  apply(target: Target, report: Report): void {
    if (this.#keepers !== undefined) return this.#keepers.apply(target, report);
    this.#early.set(keyOf(target), () => this.#keepers?.apply(target, report));
  }

  open(keepers: Keepers): void {
    this.#keepers = keepers;
    for (const apply of this.#early.values()) apply();
    this.#early.clear();
  }
}

/** All provisioned environments, by version. @source spec 1.10-05 to 1.10-12 */
export class Keepers implements Provisioned {
  readonly #catalog: Catalog;
  readonly #options: ConstructorParameters<typeof Kept>[1];
  readonly #kept = new Map<string, Kept>();
  readonly #byVersion = new WeakMap<FunctionVersion, Kept>();
  readonly #byFunction = new Map<string, Set<Kept>>();
  /** Of earlier incarnations, or no longer asked for: until the last environment is gone. */
  readonly #leaving = new Set<Kept>();

  constructor(options: {
    readonly catalog: Catalog;
    readonly factory: EnvironmentFactory;
    readonly keepAlive: KeepAlive;
    readonly clock: Clock;
    readonly log: Logger;
    readonly cores: Cores;
  }) {
    this.#catalog = options.catalog;
    this.#options = options;
  }

  apply(target: Target, report: Report): void {
    const key = keyOf(target);
    let kept = this.#kept.get(key);
    const version = target.count === 0 ? undefined : this.#version(target);
    if (kept !== undefined && kept.version.incarnation !== version?.incarnation) {
      this.#let(key, kept);
      kept = undefined;
    }
    if (version === undefined) return;
    if (kept === undefined) {
      kept = new Kept(version, this.#options);
      this.#kept.set(key, kept);
      const family = this.#byFunction.get(version.functionArn) ?? new Set();
      this.#byFunction.set(version.functionArn, family.add(kept));
    }
    this.#byVersion.set(version, kept);
    kept.resize(target.count, report);
  }

  /** Looked up for each invocation of a version that has some. */
  of(version: FunctionVersion): Kept | undefined {
    const known = this.#byVersion.get(version) ?? this.#kept.get(keyOf(version));
    return known?.version.incarnation === version.incarnation ? known : undefined;
  }

  /** Places of a function's other callers that are set aside: those that are provisioned and can be used. */
  setAside(functionArn: string): number {
    let places = 0;
    for (const kept of this.#byFunction.get(functionArn) ?? []) places += kept.places;
    return places;
  }

  counts(): { readonly idle: number; readonly busy: number } {
    let idle = 0;
    let busy = 0;
    for (const kept of this.#kept.values()) {
      idle += kept.idle;
      busy += kept.busy;
    }
    return { idle, busy };
  }

  async close(): Promise<void> {
    const all = [...this.#kept.values(), ...this.#leaving];
    this.#kept.clear();
    await Promise.all(all.map((kept) => kept.close()));
  }

  #let(key: string, kept: Kept): void {
    this.#kept.delete(key);
    const family = this.#byFunction.get(kept.version.functionArn);
    family?.delete(kept);
    if (family?.size === 0) this.#byFunction.delete(kept.version.functionArn);
    kept.letGo();
    for (const other of this.#leaving) if (other.empty) this.#leaving.delete(other);
    this.#leaving.add(kept);
  }

  #version({ account, region, functionName, version }: Target): FunctionVersion | undefined {
    try {
      return this.#catalog.resolve(account, region, functionName, version).version;
    } catch {
      // Deleted in between: another call for it follows.
      return undefined;
    }
  }
}

const keyOf = ({
  account,
  region,
  functionName,
  version,
}: Pick<Target, 'account' | 'region' | 'functionName' | 'version'>): string => `${account}/${region}/${functionName}:${version}`;
