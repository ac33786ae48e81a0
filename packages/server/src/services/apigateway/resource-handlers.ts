import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { pathsOf, within, type Draft, type Place, type RestDesk } from './desk.ts';
import { badRequest, conflict, tooMany } from './faults.ts';
import { shownMethod } from './method-handlers.ts';
import { paged } from './pages.ts';
import { listing, member, patched, type Table } from './patch.ts';
import type { ResourceRecord } from './records.ts';

/** @source API Gateway Developer Guide, "Quotas for configuring and running a REST API": resources of an API, read 2026-11 */
const mostResources = 300;

type ResourceHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'CreateResource' | 'GetResource' | 'GetResources' | 'UpdateResource' | 'DeleteResource'
>;

export function resourceHandlers(desk: RestDesk): ResourceHandlers {
  const shownIn =
    (place: Place, apiId: string, embed: readonly string[] = []) =>
    (resource: ResourceRecord): ReturnType<typeof shown> =>
      shown(resource, pathsOf(desk.records.list('resource', within(place, apiId))), embed.includes('methods'));
  return {
    async CreateResource({ restApiId = '', parentId = '', pathPart = '' }, call) {
      const made = await desk.change(restApiId, (draft) => {
        desk.api(call, restApiId, draft);
        const scope = within(call, restApiId);
        if (draft.count('resource', scope) >= mostResources)
          throw tooMany(
            'Maximum number of resources for this API has been reached. Please contact AWS if you need additional resources.',
          );
        const parent = desk.part('resource', call, restApiId, parentId, draft);
        const resource: ResourceRecord = { id: desk.newId(), parentId, pathPart, methods: {} };
        checkPart(pathPart);
        checkPlace(draft.list('resource', scope), resource, parent);
        draft.put('resource', scope, resource.id, resource);
        return resource;
      });
      return shownIn(call, restApiId)(made);
    },

    GetResource: async ({ restApiId = '', resourceId, embed }, call) =>
      shownIn(call, restApiId, embed)(desk.part('resource', call, restApiId, resourceId)),

    async GetResources({ restApiId = '', embed, ...page }, call) {
      const resources = desk.parts('resource', call, restApiId);
      const paths = pathsOf(resources);
      return paged(
        resources,
        page,
        ({ id }) => paths.get(id) ?? '',
        (each) => shown(each, paths, embed?.includes('methods') === true),
      );
    },

    async UpdateResource({ restApiId = '', resourceId = '', patchOperations }, call) {
      const next = await desk.edit('resource', call, restApiId, resourceId, (before, draft) => {
        const after = patched<ResourceRecord>(before, patchOperations, updates);
        if (after.parentId === undefined) return before;
        const parent = desk.part('resource', call, restApiId, after.parentId, draft);
        const all = draft.list('resource', within(call, restApiId));
        checkPart(after.pathPart ?? '');
        checkCycle(draft, within(call, restApiId), after);
        checkPlace(all, after, parent);
        return after;
      });
      return shownIn(call, restApiId)(next);
    },

    async DeleteResource({ restApiId = '', resourceId = '' }, call) {
      await desk.change(restApiId, (draft) => {
        const { parentId } = desk.part('resource', call, restApiId, resourceId, draft);
        if (parentId === undefined) throw badRequest('Root resource cannot be deleted.');
        const scope = within(call, restApiId);
        const all = draft.list('resource', scope);
        const gone = [resourceId];
        // What stands below goes, too: the list grows while it is walked.
        for (const id of gone) {
          draft.delete('resource', scope, id);
          gone.push(...all.filter((each) => each.parentId === id).map((each) => each.id));
        }
      });
      return {};
    },
  };
}

const updates: Table = { places: { '/parentId': member(), '/pathPart': member() }, words: listing };

/** @throws BadRequestException */
export function checkPart(pathPart: string): void {
  if (!/^(?:[\w.:-]+|\{[\w.:-]+\+?\})$/.test(pathPart))
    throw badRequest(
      "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
    );
}

/** @throws ConflictException, BadRequestException */
export function checkPlace(all: readonly ResourceRecord[], resource: ResourceRecord, parent: ResourceRecord): void {
  const siblings = all.filter(({ id, parentId }) => parentId === resource.parentId && id !== resource.id);
  const pathPart = resource.pathPart ?? '';
  if (siblings.some((each) => each.pathPart === pathPart))
    throw conflict(`Another resource with the same parent already has this name: ${pathPart}`);
  if (parent.pathPart?.endsWith('+}') === true)
    throw badRequest(`Cannot create a child of a resource with a greedy path variable: ${parent.pathPart}`);
  const variable = siblings.find((each) => each.pathPart?.startsWith('{') === true);
  if (pathPart.startsWith('{') && variable !== undefined)
    throw badRequest(
      `A sibling (${variable.pathPart ?? ''}) of this resource already has a variable path part -- only one is allowed`,
    );
}

function checkCycle(draft: Draft, scope: string, resource: ResourceRecord): void {
  // The resource itself still stands where it was.
  for (let above = resource.parentId; above !== undefined; above = draft.get('resource', scope, above)?.parentId)
    if (above === resource.id) throw badRequest('Resources cannot be cyclical.');
}

const shown = ({ id, parentId, pathPart, methods }: ResourceRecord, paths: ReadonlyMap<string, string>, whole: boolean) => ({
  id,
  path: paths.get(id) ?? '/',
  ...(parentId === undefined ? {} : { parentId, pathPart }),
  ...(Object.keys(methods).length === 0
    ? {}
    : {
        resourceMethods: Object.fromEntries(
          Object.entries(methods).map(([name, method]) => [name, whole ? shownMethod(method) : {}]),
        ),
      }),
});
