import type { ApiGatewayV2Operations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { within, type HttpDesk } from './desk.ts';
import { badRequest, notFound } from './faults.ts';

type Tags = Readonly<Record<string, string>>;
const mostTags = 50;

/** APIs, stages and domain names have tags. `arn:aws:apigateway:us-east-1::/apis/a1b2c3d4e5/stages/prod` */
export function tagHandlers(desk: HttpDesk): Pick<Handlers<ApiGatewayV2Operations>, 'TagResource' | 'UntagResource' | 'GetTags'> {
  const change = async (
    arn: string | undefined,
    place: { readonly account: string; readonly region: string },
    edit: (tags: Tags) => Tags,
  ): Promise<Tags> => {
    const [, kind, id = '', , stage] =
      /^arn:[^:]*:apigateway:[^:]*:[^:]*:\/(apis|domainnames)\/([^/]+)(\/stages\/(.+))?$/.exec(arn ?? '') ?? [];
    return desk.change(id, (draft) => {
      const [of, scope, name] =
        kind === 'domainnames'
          ? (['domain', scopeOf(place), id] as const)
          : stage === undefined
            ? (['api', scopeOf(place), id] as const)
            : (['stage', within(place, id), stage] as const);
      const record = draft.get(of, scope, name) as { readonly Tags?: Tags } | undefined;
      if (kind === undefined || record === undefined) throw notFound('Invalid resource identifier specified');
      const tags = edit(record.Tags ?? {});
      if (Object.keys(tags).length > mostTags) throw badRequest(`A resource has at most ${mostTags} tags.`);
      // What is only read stays as it is.
      if (tags !== record.Tags) draft.put(of, scope, name, { ...record, Tags: tags } as never);
      return tags;
    });
  };
  return {
    async TagResource(input, call) {
      await change(input.ResourceArn, call, (tags) => ({ ...tags, ...input.Tags }));
      return {};
    },
    async UntagResource(input, call) {
      const gone = input.TagKeys ?? [];
      await change(input.ResourceArn, call, (tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.includes(key))),
      );
      return {};
    },
    GetTags: async (input, call) => ({ Tags: { ...(await change(input.ResourceArn, call, (tags) => tags)) } }),
  };
}
