import { invalid } from '../faults.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { checkTags } from './checks.ts';
import { taggable } from './taggable.ts';

/** @source spec 1.13-01 to 1.13-06 */
export function tagHandlers(room: Room): Operations<'TagResource' | 'UntagResource' | 'ListTags'> {
  return {
    async TagResource(input, call) {
      const resource = taggable(input.Resource ?? '', scopeOf(call));
      const added = input.Tags ?? {};
      if (Object.keys(added).length === 0) throw invalid('An error occurred and the request cannot be processed.');
      await room.shelf.change(resource.scope, (desk, change) => {
        const tags = { ...resource.read(desk), ...added };
        checkTags(tags);
        resource.write(desk, change, tags);
      });
      return {};
    },

    async UntagResource(input, call) {
      const resource = taggable(input.Resource ?? '', scopeOf(call));
      const gone = new Set(input.TagKeys);
      await room.shelf.change(resource.scope, (desk, change) => {
        const before = Object.entries(resource.read(desk));
        const kept = before.filter(([key]) => !gone.has(key));
        if (kept.length < before.length) resource.write(desk, change, Object.fromEntries(kept));
      });
      return {};
    },

    async ListTags(input, call) {
      const resource = taggable(input.Resource ?? '', scopeOf(call));
      return { Tags: { ...resource.read(room.shelf.desk(resource.scope)) } };
    },
  };
}
