import type { Call, EventBridgeOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { tagsOf } from './bus-handlers.ts';
import type { Desk } from './desk.ts';
import { invalid, ruleNotFound } from './faults.ts';
import type { Bus, Rule, Tags } from './kinds.ts';

type TagHandlers = Pick<Handlers<EventBridgeOperations>, 'TagResource' | 'UntagResource' | 'ListTagsForResource'>;

const mostTags = 50;

/** Tags of buses and rules. */
export function tagHandlers({ records, buses }: Desk): TagHandlers {
  type Found =
    | { readonly kind: 'bus'; readonly name: string; readonly value: Bus }
    | { readonly kind: 'rule'; readonly name: string; readonly value: Rule };
  const find = (call: Call, arn: string | undefined): Found => {
    const [kind = '', ...parts] = arn?.split(':').slice(5).join(':').split('/') ?? [];
    if (kind === 'event-bus') {
      const name = parts.join('/');
      return { kind: 'bus', name, value: buses.get(call, name) };
    }
    if (kind !== 'rule') throw invalid(`Parameter ${arn} is not valid. Reason: Provided Arn is not in correct format.`);
    const name = parts.at(-1) ?? '';
    const bus = parts.length === 1 ? 'default' : parts.slice(0, -1).join('/');
    const value = buses.rule(call, bus, name);
    if (value === undefined) throw ruleNotFound(name, bus);
    return { kind: 'rule', name: `${bus}/${name}`, value };
  };
  const change = async (call: Call, arn: string | undefined, edit: (tags: Tags) => Tags): Promise<object> => {
    const found = find(call, arn);
    await records.change((draft) => {
      const scope = scopeOf(call);
      const tags = edit((draft.get(found.kind, scope, found.name) ?? found.value).tags);
      if (Object.keys(tags).length > mostTags) throw invalid('The number of tags exceeds the limit of 50.');
      if (found.kind === 'bus')
        draft.put('bus', scope, found.name, { ...(draft.get('bus', scope, found.name) ?? found.value), tags });
      else draft.put('rule', scope, found.name, { ...(draft.get('rule', scope, found.name) ?? found.value), tags });
    });
    return {};
  };
  return {
    TagResource: (input, call) => change(call, input.ResourceARN, (tags) => ({ ...tags, ...tagsOf(input.Tags) })),
    UntagResource: (input, call) =>
      change(call, input.ResourceARN, (tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => input.TagKeys?.includes(key) !== true)),
      ),
    ListTagsForResource: (input, call) =>
      Promise.resolve({ Tags: Object.entries(find(call, input.ResourceARN).value.tags).map(([Key, Value]) => ({ Key, Value })) }),
  };
}
