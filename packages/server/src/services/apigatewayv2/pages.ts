import { pageOf } from '../kit/index.ts';
import { badRequest } from './faults.ts';

interface Asked {
  readonly MaxResults?: string | undefined;
  readonly NextToken?: string | undefined;
}

/** One page, as every list of this API has it: how many is a text here. */
export function paged<Record extends object, Item>(
  records: readonly Record[],
  { MaxResults: most, NextToken: token }: Asked,
  nameOf: (record: Record) => string,
  shown: (record: Record) => Item,
): { Items: Item[]; NextToken?: string } {
  const limit = most === undefined ? 500 : Number(most);
  if (!Number.isInteger(limit) || limit < 1) throw badRequest('Invalid maxResults parameter specified');
  const sorted = records.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  const page = pageOf(sorted, { limit, token, nameOf, invalid: () => badRequest('Invalid nextToken parameter specified') });
  return { Items: page.items.map(shown), ...(page.next === undefined ? {} : { NextToken: page.next }) };
}
