import type { Call } from '@mayfly/wire';
import { limitExceeded, notFound, type CloudWatchHandlers } from './faults.ts';

type Tags = Readonly<Record<string, string>>;

/** Things of one kind that can have tags. */
export interface Tagged {
  /** Of an ARN, before the name: `metric-stream/`. */
  readonly prefix: string;
  tags(call: Call, name: string): Tags | undefined;
  /** @returns false when there is no such thing */
  retag(call: Call, name: string, edit: (tags: Tags) => Tags): Promise<boolean>;
}

interface Tag {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

const mostTags = 50;

export const tagsOf = (tags: readonly Tag[] | undefined): Record<string, string> =>
  Object.fromEntries((tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']));

export function tagHandlers(all: readonly Tagged[]) {
  const find = (arn: string | undefined): { readonly of: Tagged; readonly name: string } | undefined => {
    const resource = /^arn:[\w-]+:cloudwatch:[\w-]*:\d*:(.+)$/s.exec(arn ?? '')?.[1];
    const of = all.find(({ prefix }) => resource?.startsWith(prefix));
    return of === undefined || resource === undefined ? undefined : { of, name: resource.slice(of.prefix.length) };
  };
  const retag = async (call: Call, arn: string | undefined, edit: (tags: Tags) => Tags): Promise<void> => {
    const found = find(arn);
    if (found === undefined || !(await found.of.retag(call, found.name, edit))) throw notFound(`Resource ${arn} does not exist`);
  };

  return {
    async ListTagsForResource(input, call) {
      const found = find(input.ResourceARN);
      const tags = found?.of.tags(call, found.name) ?? {};
      return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    },
    async TagResource(input, call) {
      await retag(call, input.ResourceARN, (tags) => {
        const more = { ...tags, ...tagsOf(input.Tags) };
        if (Object.keys(more).length > mostTags) throw limitExceeded(`A resource can have at most ${mostTags} tags.`);
        return more;
      });
      return {};
    },
    async UntagResource(input, call) {
      await retag(call, input.ResourceARN, (tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => input.TagKeys?.includes(key) !== true)),
      );
      return {};
    },
  } satisfies CloudWatchHandlers;
}
