import { ServiceFault, type Call, type Handlers, type KinesisOperations } from '@mayfly/wire';
import type { Stream } from './stream.ts';
import type { Streams } from './streams.ts';

type TagHandlers = Pick<
  Handlers<KinesisOperations>,
  'AddTagsToStream' | 'RemoveTagsFromStream' | 'ListTagsForStream' | 'TagResource' | 'UntagResource' | 'ListTagsForResource'
>;
type Tags = Readonly<Record<string, string>>;

/** @source Developer Guide, "Tag your streams" */
const mostTags = 50;

/** Tags of streams, and of their consumers by ARN. */
export function tagHandlers(streams: Streams): TagHandlers {
  const change = async (stream: Stream, of: string | undefined, edit: (tags: Tags) => Tags): Promise<object> => {
    const edited = (tags: Tags): Tags => {
      const now = edit(tags);
      if (Object.keys(now).length <= mostTags) return now;
      throw new ServiceFault(
        'InvalidArgumentException',
        `Failed to add tags to stream ${stream.name} under account ${stream.account} because a given stream cannot have more than ${mostTags} tags associated with it.`,
      );
    };
    const next =
      of === undefined
        ? { ...stream, tags: edited(stream.tags) }
        : {
            ...stream,
            consumers: stream.consumers.map((each) => (each.arn === of ? { ...each, tags: edited(each.tags) } : each)),
          };
    await streams.save(next, stream);
    return {};
  };
  const target = (call: Call, arn: string | undefined) => {
    const stream = streams.get(call, undefined, arn ?? '');
    if (arn?.includes('/consumer/') !== true) return { stream, of: undefined, tags: stream.tags };
    const consumer = stream.consumers.find((each) => each.arn === arn);
    if (consumer === undefined) throw new ServiceFault('ResourceNotFoundException', `Consumer ${arn} not found.`);
    return { stream, of: consumer.arn, tags: consumer.tags };
  };
  const without =
    (keys: readonly string[] | undefined) =>
    (tags: Tags): Tags =>
      Object.fromEntries(Object.entries(tags).filter(([key]) => keys?.includes(key) !== true));
  return {
    AddTagsToStream: (input, call) =>
      change(streams.get(call, input.StreamName, input.StreamARN), undefined, (tags) => ({ ...tags, ...input.Tags })),
    RemoveTagsFromStream: (input, call) =>
      change(streams.get(call, input.StreamName, input.StreamARN), undefined, without(input.TagKeys)),
    ListTagsForStream(input, call) {
      const { tags } = streams.get(call, input.StreamName, input.StreamARN);
      const keys = Object.keys(tags)
        .sort()
        .filter((key) => input.ExclusiveStartTagKey === undefined || key > input.ExclusiveStartTagKey);
      const shown = keys.slice(0, input.Limit ?? mostTags);
      return Promise.resolve({
        Tags: shown.map((Key) => ({ Key, Value: tags[Key] ?? '' })),
        HasMoreTags: keys.length > shown.length,
      });
    },
    TagResource(input, call) {
      const { stream, of } = target(call, input.ResourceARN);
      return change(stream, of, (tags) => ({ ...tags, ...input.Tags }));
    },
    UntagResource(input, call) {
      const { stream, of } = target(call, input.ResourceARN);
      return change(stream, of, without(input.TagKeys));
    },
    ListTagsForResource: (input, call) =>
      Promise.resolve({ Tags: Object.entries(target(call, input.ResourceARN).tags).map(([Key, Value]) => ({ Key, Value })) }),
  };
}
