import type { ApiGatewayOperations, Call, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { checkCompression, dropParts, endpointOf, newApi, putApi, readEndpoint, shownApi, withTags } from './api-handlers.ts';
import { readAuthorizer } from './authorizer-handlers.ts';
import { pathsOf, within, type Draft, type RestDesk } from './desk.ts';
import { badRequest } from './faults.ts';
import { readIntegration } from './integration-handlers.ts';
import { readApi, type ReadApi } from './openapi/index.ts';
import type { ApiRecord, MethodRecord, ResourceRecord, RestKinds } from './records.ts';
import { checkPart, checkPlace } from './resource-handlers.ts';

type Asked = Pick<ApiGatewayOperations['PutRestApi']['input'], 'failOnWarnings' | 'parameters' | 'body'>;

/** APIs that come as OpenAPI documents. */
export function importHandlers(desk: RestDesk): Pick<Handlers<ApiGatewayOperations>, 'ImportRestApi' | 'PutRestApi'> {
  const read = (apiId: string, { body, parameters = {}, failOnWarnings }: Asked): ReadApi => {
    const basePath = parameters['basepath'] ?? parameters['basePath'] ?? 'ignore';
    if (basePath !== 'ignore' && basePath !== 'prepend' && basePath !== 'split')
      throw badRequest('Invalid value for basepath parameter. Valid values are ignore, prepend, split');
    // Off the wire it is bytes.
    const found = readApi(body as Uint8Array, {
      apiId,
      newId: () => desk.newId(),
      basePath,
      withDocumentation: parameters['ignore'] !== 'documentation',
    });
    if (failOnWarnings === true && found.warnings.length > 0)
      throw badRequest(`Warnings found during import:\n\t${found.warnings.join('\n\t')}`);
    return found;
  };
  const warned = ({ warnings }: ReadApi) => (warnings.length === 0 ? {} : { warnings: [...warnings] });
  return {
    async ImportRestApi(input, call) {
      const types = input.parameters?.['endpointConfigurationTypes'];
      const empty = newApi(desk, call, {});
      const found = read(empty.id, input);
      const asked = types === undefined ? {} : { endpointConfiguration: { types: types.split(',') as ['EDGE'] } };
      const api: ApiRecord = { ...empty, ...found.settings, ...asked };
      readEndpoint(api.endpointConfiguration);
      checkCompression(api.minimumCompressionSize);
      await desk.change(api.id, (draft) => {
        putApi(draft, call, api);
        draft.put('resource', within(call, api.id), api.rootId, { id: api.rootId, methods: {} });
        lay(desk, draft, call, api, found);
      });
      return { ...shownApi(api), ...warned(found) };
    },

    async PutRestApi({ restApiId: id = '', mode = 'merge', ...input }, call) {
      desk.api(call, id);
      const found = read(id, input);
      checkCompression(found.settings.minimumCompressionSize);
      const next = await desk.change(id, (draft) => {
        const before = desk.api(call, id, draft);
        if (mode === 'overwrite') clear(draft, call, before, found);
        const types = new Set([
          ...(mode === 'merge' ? (before.binaryMediaTypes ?? []) : []),
          ...(found.settings.binaryMediaTypes ?? []),
        ]);
        const { binaryMediaTypes: _before, ...kept } = before;
        const after: ApiRecord = {
          ...kept,
          ...found.settings,
          endpointConfiguration: { ...endpointOf(before), ...found.settings.endpointConfiguration },
          ...(types.size === 0 ? {} : { binaryMediaTypes: [...types] }),
        };
        draft.put('api', scopeOf(call), id, after);
        lay(desk, draft, call, after, found);
        return after;
      });
      return { ...withTags(next), ...warned(found) };
    },
  };
}

/** What is overwritten goes; resources that come again keep their ids. */
function clear(draft: Draft, call: Call, api: ApiRecord, { paths }: ReadApi): void {
  const scope = within(call, api.id);
  dropParts(draft, call, api.id, ['authorizer', 'model', 'validator', 'gatewayResponse']);
  const resources = draft.list('resource', scope);
  const known = pathsOf(resources);
  const wanted = new Set([...paths.keys()].flatMap((path) => above(path)));
  for (const resource of resources)
    if (resource.id === api.rootId || wanted.has(known.get(resource.id) ?? ''))
      draft.put('resource', scope, resource.id, { ...resource, methods: {} });
    else draft.delete('resource', scope, resource.id);
}

/** `/a/b`: itself and every path over it but the root. */
const above = (path: string): readonly string[] => {
  const segments = path.split('/').filter((each) => each !== '');
  return segments.map((_, at) => `/${segments.slice(0, at + 1).join('/')}`);
};

/** Lays what was read over what is there. */
function lay(desk: RestDesk, draft: Draft, call: Call, api: ApiRecord, found: ReadApi): void {
  const scope = within(call, api.id);
  const authorizers = named(
    desk,
    draft,
    scope,
    'authorizer',
    found.authorizers.map((each) => readAuthorizer({ ...each, id: '' })),
  );
  const validators = named(desk, draft, scope, 'validator', found.validators);
  for (const model of found.models)
    draft.put('model', scope, model.name, { ...model, id: draft.get('model', scope, model.name)?.id ?? desk.newId() });
  for (const response of found.gatewayResponses) draft.put('gatewayResponse', scope, response.id, response);
  for (const part of found.documentation) {
    const id = desk.newId();
    draft.put('documentationPart', scope, id, { ...part, id });
  }
  const ids = new Map([...pathsOf(draft.list('resource', scope))].map(([id, path]) => [path, id]));
  for (const [path, methods] of found.paths) {
    const { resource, isNew } = resourceAt(desk, draft, scope, ids, path, api.rootId);
    // Over a resource that was there, AWS reads what comes into a place of its own.
    const cache = isNew ? resource.id : desk.newId();
    const read = Object.entries(methods).map(([name, method]) => [name, withIds(method, cache, authorizers, validators)]);
    draft.put('resource', scope, resource.id, { ...resource, methods: { ...resource.methods, ...Object.fromEntries(read) } });
  }
}

/** Puts what is called by its name among those of its kind; one that was there keeps its id. */
function named<Kind extends 'authorizer' | 'validator'>(
  desk: RestDesk,
  draft: Draft,
  scope: string,
  kind: Kind,
  found: readonly Omit<RestKinds[Kind], 'id'>[],
): ReadonlyMap<string, string> {
  const ids = new Map(draft.list(kind, scope).map(({ name = '', id }) => [name, id]));
  for (const each of found) {
    const name = (each as { readonly name?: string }).name ?? '';
    const id = ids.get(name) ?? desk.newId();
    ids.set(name, id);
    draft.put(kind, scope, id, { ...each, id });
  }
  return ids;
}

function resourceAt(
  desk: RestDesk,
  draft: Draft,
  scope: string,
  ids: Map<string, string>,
  path: string,
  rootId: string,
): { readonly resource: ResourceRecord; readonly isNew: boolean } {
  let parentId = rootId;
  let isNew = Object.keys(draft.get('resource', scope, rootId)?.methods ?? {}).length === 0;
  for (const each of above(path)) {
    const known = ids.get(each);
    const id = known ?? desk.newId();
    if (known === undefined) {
      const pathPart = each.slice(each.lastIndexOf('/') + 1);
      const made: ResourceRecord = { id, parentId, pathPart, methods: {} };
      checkImported(draft, scope, made, each);
      draft.put('resource', scope, id, made);
      ids.set(each, id);
    }
    isNew = known === undefined;
    parentId = id;
  }
  return { resource: draft.get('resource', scope, parentId) as ResourceRecord, isNew };
}

/** The place of a resource, in the words of an import. */
function checkImported(draft: Draft, scope: string, resource: ResourceRecord, path: string): void {
  try {
    checkPart(resource.pathPart ?? '');
    checkPlace(draft.list('resource', scope), resource, draft.get('resource', scope, resource.parentId ?? '') as ResourceRecord);
  } catch (error) {
    throw badRequest(`Errors found during import:\n\tUnable to create resource at path '${path}': ${(error as Error).message}`);
  }
}

function withIds(
  { authorizerId: authorizer, requestValidatorId: validator, methodIntegration: integration, ...method }: MethodRecord,
  resourceId: string,
  authorizers: ReadonlyMap<string, string>,
  validators: ReadonlyMap<string, string>,
): MethodRecord {
  const authorizerId = authorizers.get(authorizer ?? '');
  const requestValidatorId = validators.get(validator ?? '');
  return {
    ...method,
    ...(authorizerId === undefined ? {} : { authorizerId }),
    ...(requestValidatorId === undefined ? {} : { requestValidatorId }),
    ...(integration === undefined ? {} : { methodIntegration: readIntegration(integration, resourceId) }),
  };
}
