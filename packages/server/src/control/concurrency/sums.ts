import type { Catalog } from '../catalog.ts';
import type { Scope } from '../names.ts';
import type { Desk } from '../records/desk.ts';

/** All provisioned concurrency of a function, but that of `except`. */
export function provisionedOf(desk: Desk, functionName: string, except?: string): number {
  let sum = 0;
  for (const [qualifier, { requested }] of desk.parts('provisioned', functionName)) if (qualifier !== except) sum += requested;
  return sum;
}

/** What all other functions have taken of the account's limit: their reservation, or what is provisioned without one. */
export function takenByOthers(catalog: Catalog, desk: Desk, { account, region }: Scope, functionName: string): number {
  const all = (catalog.reservedTotal?.(account, region) ?? 0) + (catalog.provisionedTotal?.(account, region) ?? 0);
  return all - takenBy(desk, functionName);
}

const takenBy = (desk: Desk, functionName: string): number =>
  desk.get('function', functionName)?.reservedConcurrency ?? provisionedOf(desk, functionName);
