import type { AccountId, Region } from '../../base/index.ts';
import type { Scope } from '../names.ts';

/** Numbers by function with their sum by account and region kept beside them, so that the sum is only looked up. */
export class Reservations {
  readonly #regions = new Map<AccountId, Map<Region, { sum: number; readonly of: Map<string, number> }>>();

  total(account: AccountId, region: Region): number {
    return this.#regions.get(account)?.get(region)?.sum ?? 0;
  }

  /** @param amount  absent = none */
  set({ account, region }: Scope, functionName: string, amount: number | undefined): void {
    const before = this.#regions.get(account)?.get(region)?.of.get(functionName);
    if (before === amount) return;
    let regions = this.#regions.get(account);
    if (regions === undefined) this.#regions.set(account, (regions = new Map()));
    let held = regions.get(region);
    if (held === undefined) regions.set(region, (held = { sum: 0, of: new Map() }));
    held.sum += (amount ?? 0) - (before ?? 0);
    if (amount === undefined) held.of.delete(functionName);
    else held.of.set(functionName, amount);
  }
}
