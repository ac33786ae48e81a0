import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { within, type Draft, type Place, type RestDesk } from './desk.ts';
import { badRequest, notFound } from './faults.ts';

type Tags = Readonly<Record<string, string>>;
const mostTags = 50;

/** `restapis/a1b2c3/stages/prod`: what has tags, and where its record lies. */
function recordOf(place: Place, path: string) {
  const [kind, id = '', part, name] = path.split('/');
  if (kind === 'restapis' && part === 'stages' && name !== undefined) return ['stage', within(place, id), name] as const;
  if (part !== undefined) return undefined;
  if (kind === 'restapis') return ['api', scopeOf(place), id] as const;
  if (kind === 'apikeys') return ['key', scopeOf(place), id] as const;
  if (kind === 'usageplans') return ['plan', scopeOf(place), id] as const;
  return kind === 'domainnames' ? (['domain', scopeOf(place), id] as const) : undefined;
}

export function tagHandlers(desk: RestDesk): Pick<Handlers<ApiGatewayOperations>, 'TagResource' | 'UntagResource' | 'GetTags'> {
  const tagsOf = (from: Pick<Draft, 'get'>, place: Place, arn = '') => {
    const path = /^arn:[^:]*:apigateway:[^:]*:[^:]*:\/(.+)$/.exec(arn)?.[1];
    const at = path === undefined ? undefined : recordOf(place, path);
    const record = at === undefined ? undefined : from.get(at[0], at[1], at[2]);
    if (at === undefined || record === undefined) throw notFound('Invalid resource identifier specified');
    return { at, record, tags: (record as { readonly tags?: Tags }).tags ?? {} };
  };
  const change = (arn: string | undefined, place: Place, edit: (tags: Tags) => Tags): Promise<void> =>
    desk.change(undefined, (draft) => {
      const { at, record, tags: before } = tagsOf(draft, place, arn);
      const tags = edit(before);
      if (Object.keys(tags).length > mostTags) throw badRequest(`A resource has at most ${mostTags} tags.`);
      draft.put(at[0], at[1], at[2], { ...record, tags });
    });
  return {
    async TagResource({ resourceArn, tags }, call) {
      await change(resourceArn, call, (before) => ({ ...before, ...tags }));
      return {};
    },
    async UntagResource({ resourceArn, tagKeys = [] }, call) {
      await change(resourceArn, call, (before) =>
        Object.fromEntries(Object.entries(before).filter(([key]) => !tagKeys.includes(key))),
      );
      return {};
    },
    GetTags: async ({ resourceArn }, call) => ({ tags: { ...tagsOf(desk.records, call, resourceArn).tags } }),
  };
}
