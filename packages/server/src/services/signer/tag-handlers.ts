import type { Handlers, SignerOperations } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { badRequest, noSuchResource } from './faults.ts';
import type { SignerDesk } from './desk.ts';
import { readArn, type Place, type Profile } from './records.ts';

const mostTags = 50;

/** Only profiles have tags; those of another account or region are not found. */
export function tagHandlers({
  records,
}: SignerDesk): Pick<Handlers<SignerOperations>, 'TagResource' | 'UntagResource' | 'ListTagsForResource'> {
  const nameIn = (resourceArn: string | undefined, place: Place): string => {
    const at = readArn(resourceArn ?? '');
    if (at?.kind !== 'profile' || at.account !== place.account || at.region !== place.region) throw missing(resourceArn);
    return at.name;
  };
  const change = (
    resourceArn: string | undefined,
    place: Place,
    edit: (tags: Profile['tags']) => Profile['tags'],
  ): Promise<void> =>
    records.change((draft) => {
      const profile = draft.get('profile', scopeOf(place), nameIn(resourceArn, place));
      if (profile === undefined) throw missing(resourceArn);
      const tags = edit(profile.tags);
      if (Object.keys(tags).length > mostTags) throw badRequest(`A resource has at most ${mostTags} tags.`);
      draft.put('profile', scopeOf(place), profile.name, { ...profile, tags });
    });
  return {
    async TagResource(input, call) {
      await change(input.resourceArn, call, (tags) => ({ ...tags, ...input.tags }));
      return {};
    },
    async UntagResource(input, call) {
      await change(input.resourceArn, call, (tags) =>
        Object.fromEntries(Object.entries(tags).filter(([key]) => input.tagKeys?.includes(key) !== true)),
      );
      return {};
    },
    ListTagsForResource(input, call) {
      const profile = records.get('profile', scopeOf(call), nameIn(input.resourceArn, call));
      if (profile === undefined) throw missing(input.resourceArn);
      return Promise.resolve({ tags: { ...profile.tags } });
    },
  };
}

const missing = (arn: string | undefined): Error => noSuchResource(`Unable to find resource: ${arn}`);
