import { pageOf } from '../kit/index.ts';
import { bounds } from './bounds.ts';
import { invalid } from './faults.ts';

export interface PageInput {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/** A page in IAM's way of saying it. @param items  sorted by `nameOf` */
export function pageIn<Item>(items: readonly Item[], input: PageInput, nameOf: (item: Item) => string) {
  const page = pageOf(items, {
    limit: input.MaxItems ?? bounds.pageSize,
    token: input.Marker,
    nameOf,
    invalid: () => invalid('Invalid Marker.'),
  });
  return { items: page.items, more: page.next === undefined ? { IsTruncated: false } : { IsTruncated: true, Marker: page.next } };
}

export type TagList = readonly { readonly Key: string | undefined; readonly Value: string | undefined }[];

export const tagsOf = (tags: TagList | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));

export const tagList = (tags: Readonly<Record<string, string>>): { Key: string; Value: string }[] =>
  Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
