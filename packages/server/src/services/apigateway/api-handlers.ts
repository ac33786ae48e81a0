import type { ApiGatewayOperations, Call, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { within, type Draft, type Place, type RestDesk } from './desk.ts';
import { badRequest, tooMany } from './faults.ts';
import { defaultModels } from './model-handlers.ts';
import { paged } from './pages.ts';
import { brief, item, laid, member, patched, text, truth, values, type Place as PatchPlace, type Table } from './patch.ts';
import { parts, type ApiRecord, type RestKinds } from './records.ts';

/** @source API Gateway Developer Guide, "Quotas for configuring and running a REST API": APIs of a region, read 2026-11 */
const mostApis = 600;
const mostCompressed = 10_485_760;
const endpointTypes = ['REGIONAL', 'EDGE', 'PRIVATE'];

type ApiHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'CreateRestApi' | 'GetRestApi' | 'GetRestApis' | 'UpdateRestApi' | 'DeleteRestApi'
>;

export function apiHandlers(desk: RestDesk): ApiHandlers {
  return {
    async CreateRestApi({ cloneFrom, ...input }, call) {
      if (input.description === '') throw badRequest('Description cannot be an empty string');
      checkCompression(input.minimumCompressionSize);
      const api = newApi(desk, call, { ...input, endpointConfiguration: readEndpoint(input.endpointConfiguration) });
      await desk.change(api.id, (draft) => {
        const source = cloneFrom === undefined ? undefined : desk.api(call, cloneFrom, draft);
        putApi(draft, call, api);
        if (source === undefined) {
          draft.put('resource', within(call, api.id), api.rootId, { id: api.rootId, methods: {} });
          for (const model of defaultModels(desk)) draft.put('model', within(call, api.id), model.name, { ...model });
        } else copyParts(draft, call, source, api);
      });
      return shownApi(api);
    },

    GetRestApi: async ({ restApiId }, call) => withTags(desk.api(call, restApiId)),

    GetRestApis: async (input, call) =>
      paged(desk.records.list('api', scopeOf(call)), input, ({ createdAtMs, id }) => `${createdAtMs}/${id}`, shownApi),

    async UpdateRestApi({ restApiId: id = '', patchOperations }, call) {
      const next = await desk.change(id, (draft) => {
        const before = desk.api(call, id, draft);
        const filled = { ...before, endpointConfiguration: endpointOf(before) };
        const after: ApiRecord = patched<ApiRecord>(filled, patchOperations, updates);
        draft.put('api', scopeOf(call), id, after);
        return after;
      });
      return withTags(next);
    },

    async DeleteRestApi({ restApiId: id = '' }, call) {
      await desk.change(id, (draft) => {
        desk.api(call, id, draft);
        const mapped = draft.list('mapping', scopeOf(call)).find(({ apiId }) => apiId === id);
        if (mapped !== undefined) throw badRequest('Please remove all base path mappings related to the API in your account.');
        dropParts(draft, call, id);
        draft.delete('api', scopeOf(call), id);
      });
      return {};
    },
  };
}

export function newApi(
  desk: RestDesk,
  { account, region }: Place,
  settings: Partial<Omit<ApiRecord, 'id' | 'account' | 'region' | 'rootId' | 'createdAtMs'>>,
): ApiRecord {
  return { ...settings, id: desk.newId(10), account, region, rootId: desk.newId(10), createdAtMs: desk.moment() };
}

export function putApi(draft: Draft, place: Place, api: ApiRecord): void {
  if (draft.count('api', scopeOf(place)) >= mostApis)
    throw tooMany('Maximum number of APIs has been reached. Please contact AWS if you need additional APIs.');
  draft.put('api', scopeOf(place), api.id, api);
}

/** @param kinds  those that go */
export function dropParts(draft: Draft, place: Place, apiId: string, kinds: readonly (typeof parts)[number][] = parts): void {
  for (const kind of kinds)
    for (const { id, ...part } of draft.list(kind, within(place, apiId)))
      draft.delete(kind, within(place, apiId), kind === 'model' ? String((part as { name?: string }).name) : id);
}

/** What an API is, without what was deployed of it. */
function copyParts(draft: Draft, place: Call, source: ApiRecord, api: ApiRecord): void {
  const renamed = (id: string): string => (id === source.rootId ? api.rootId : id);
  for (const resource of draft.list('resource', within(place, source.id))) {
    const { parentId, id, ...rest } = resource;
    const copy = { ...rest, id: renamed(id), ...(parentId === undefined ? {} : { parentId: renamed(parentId) }) };
    draft.put('resource', within(place, api.id), copy.id, copy);
  }
  for (const kind of ['authorizer', 'model', 'validator', 'gatewayResponse', 'documentationPart'] as const)
    for (const part of draft.list(kind, within(place, source.id))) {
      const name = kind === 'model' ? String((part as RestKinds['model']).name) : part.id;
      draft.put(kind, within(place, api.id), name, part);
    }
}

export const endpointOf = ({ endpointConfiguration: given }: Pick<ApiRecord, 'endpointConfiguration'>) => {
  const types = given?.types ?? ['EDGE' as const];
  return {
    ...given,
    types,
    ipAddressType: given?.ipAddressType ?? (types.includes('PRIVATE') ? ('dualstack' as const) : ('ipv4' as const)),
  };
};

export function readEndpoint(given: ApiRecord['endpointConfiguration']): ApiRecord['endpointConfiguration'] {
  if (given?.types?.length === 0) throw badRequest('REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.');
  if ((given?.types?.length ?? 0) > 1) throw badRequest('Cannot create an api with multiple Endpoint Types.');
  if (given?.types?.[0] === 'PRIVATE' && given.ipAddressType === 'ipv4') throw onlyDualstack();
  return given;
}

export const shownApi = ({ account: _account, region: _region, rootId, createdAtMs, ...api }: ApiRecord) => ({
  ...api,
  apiKeySource: api.apiKeySource ?? ('HEADER' as const),
  createdDate: new Date(createdAtMs),
  disableExecuteApiEndpoint: api.disableExecuteApiEndpoint ?? false,
  endpointConfiguration: endpointOf(api),
  rootResourceId: rootId,
});

/** Where one API is looked at, it has tags, be there none. */
export const withTags = (api: ApiRecord) => ({ ...shownApi(api), tags: api.tags ?? {} });

const onlyDualstack = (): Error => badRequest('Only dualstack ipAddressType is supported for Private APIs.');

export function checkCompression(size: number | undefined): void {
  if (size !== undefined && !(Number.isInteger(size) && size >= 0 && size <= mostCompressed))
    throw badRequest(`Invalid minimum compression size, must be between 0 and ${mostCompressed}`);
}

const types: PatchPlace = {
  ops: ['add', 'remove', 'replace'],
  apply(document, _path, { op, value = '' }) {
    if (op !== 'remove' && !endpointTypes.includes(value))
      throw badRequest('Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE');
    if (op === 'remove') return document;
    const next = laid(document, ['endpointConfiguration', 'types'], [value]);
    return value === 'PRIVATE' ? laid(next, ['endpointConfiguration', 'ipAddressType'], 'dualstack') : next;
  },
};

const ipAddressType: PatchPlace = {
  ops: ['replace'],
  apply(document, path, { value }) {
    if (value !== 'ipv4' && value !== 'dualstack') throw badRequest('ipAddressType must be either ipv4 or dualstack.');
    if (value === 'ipv4' && endpointOf(document).types.includes('PRIVATE')) throw onlyDualstack();
    return laid(document, path, value);
  },
};

const notEmpty =
  (message: string) =>
  (value: unknown): void => {
    if (value === undefined || value === '') throw badRequest(message);
  };

const updates: Table = {
  places: {
    '/name': member(text, ['replace'], notEmpty('API name cannot be empty')),
    '/description': member(text, ['replace', 'remove']),
    '/version': member(text, ['replace', 'remove']),
    '/policy': member((value) => (value === '' ? undefined : value), ['replace', 'remove']),
    '/apiKeySource': member((value) => {
      if (value !== 'HEADER' && value !== 'AUTHORIZER')
        throw badRequest("Invalid API key source specified. Valid options are 'HEADER' or 'AUTHORIZER'");
      return value;
    }),
    '/minimumCompressionSize': member(
      (value) => (/^\d+$/.test(value) ? Number(value) : Number.NaN),
      ['replace'],
      (size) => checkCompression(size as number | undefined),
    ),
    '/disableExecuteApiEndpoint': member(truth),
    '/securityPolicy': member(),
    '/endpointAccessMode': member(),
    '/binaryMediaTypes/{type}': item(),
    '/endpointConfiguration/types': types,
    '/endpointConfiguration/types/{type}': types,
    '/endpointConfiguration/ipAddressType': ipAddressType,
    '/endpointConfiguration/vpcEndpointIds': values(),
  },
  words: {
    path: brief.path,
    op: (_patch, _table, { ops }) =>
      badRequest(
        ops.length === 3
          ? "Invalid patch operation specified. Must be 'add'|'remove'|'replace'"
          : `Invalid patch operation specified. Must be one of: [${ops.join(', ')}]`,
      ),
  },
};
