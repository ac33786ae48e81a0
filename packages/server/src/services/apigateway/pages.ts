import { pageOf } from '../kit/index.ts';
import { badRequest } from './faults.ts';

interface Asked {
  readonly limit?: number | undefined;
  readonly position?: string | undefined;
}

/** One page, as most lists of this API have it. @source API Gateway API Reference: 25 by default, at most 500 */
export function paged<Record extends object, Item>(
  records: readonly Record[],
  { limit: most = 25, position: token }: Asked,
  nameOf: (record: Record) => string,
  shown: (record: Record) => Item,
): { items: Item[]; position?: string } {
  // Whoever asks for nothing, or too much, gets what the service thinks right, as recorded.
  const limit = most < 1 ? 25 : Math.min(most, 500);
  const sorted = records.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const page = pageOf(sorted, { limit, token, nameOf, invalid: () => badRequest('Invalid position parameter specified') });
  return { items: page.items.map(shown), ...(page.next === undefined ? {} : { position: page.next }) };
}

export const byName =
  <Item>(nameOf: (item: Item) => string) =>
  (a: Item, b: Item): number =>
    nameOf(a) < nameOf(b) ? -1 : 1;
