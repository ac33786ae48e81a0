import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { given, type RestDesk } from './desk.ts';
import { badRequest, conflict, notFound } from './faults.ts';
import { paged } from './pages.ts';
import { listing, member, patched, text, truth, type Table } from './patch.ts';
import type { KeyRecord } from './records.ts';

type KeyHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'CreateApiKey' | 'GetApiKey' | 'GetApiKeys' | 'UpdateApiKey' | 'DeleteApiKey'
>;

/** @source API Gateway API Reference, CreateApiKey, and as recorded */
const [shortest, longest, longestName] = [20, 128, 1024];

/** What callers show to be let in, where a method asks for it. */
export function keyHandlers(desk: RestDesk): KeyHandlers {
  return {
    async CreateApiKey({ name, value, stageKeys, generateDistinctId: _always, ...input }, call) {
      if ((name?.length ?? 0) > longestName) throw badRequest(`Invalid API Key name, can be at most ${longestName} characters.`);
      if (value !== undefined && value !== '') {
        if (value.length < shortest) throw badRequest(`API Key value should be at least ${shortest} characters`);
        if (value.length > longest) throw badRequest(`API Key value exceeds maximum size of ${longest} characters`);
      }
      const atMs = desk.moment();
      const key: KeyRecord = {
        enabled: false,
        ...given(input),
        ...(name === undefined || name === '' ? {} : { name }),
        id: desk.newId(10),
        value: value === undefined || value === '' ? desk.newId(40) : value,
        stageKeys: (stageKeys ?? []).map(({ restApiId = '', stageName = '' }) => `${restApiId}/${stageName}`),
        createdAtMs: atMs,
        changedAtMs: atMs,
      };
      await desk.change(undefined, (draft) => {
        if (draft.list('key', scopeOf(call)).some((each) => each.value === key.value)) throw conflict('API Key already exists');
        draft.put('key', scopeOf(call), key.id, key);
      });
      return shown(key, true);
    },

    async GetApiKey({ apiKey, includeValue }, call) {
      const key = keyOf(desk, call, apiKey);
      return { ...shown(key, includeValue === true), tags: key.tags ?? {} };
    },

    async GetApiKeys({ nameQuery, customerId, includeValues, limit, position }, call) {
      const keys = desk.records
        .list('key', scopeOf(call))
        .filter(({ name = '' }) => nameQuery === undefined || name.startsWith(nameQuery))
        .filter((key) => customerId === undefined || key.customerId === customerId);
      return paged(keys, { limit, position }, newestFirst, (key) => shown(key, includeValues === true));
    },

    async UpdateApiKey({ apiKey = '', patchOperations }, call) {
      const next = await desk.change(undefined, (draft) => {
        const before = draft.get('key', scopeOf(call), apiKey) ?? keyOf(desk, call, apiKey);
        const after: KeyRecord = { ...patched<KeyRecord>(before, patchOperations, updates), changedAtMs: desk.clock.now() };
        draft.put('key', scopeOf(call), apiKey, after);
        return after;
      });
      return { ...shown(next, false), tags: next.tags ?? {} };
    },

    async DeleteApiKey({ apiKey = '' }, call) {
      await desk.change(undefined, (draft) => {
        if (!draft.delete('key', scopeOf(call), apiKey)) throw noKey();
        for (const plan of draft.list('plan', scopeOf(call)))
          if (plan.keys.includes(apiKey))
            draft.put('plan', scopeOf(call), plan.id, { ...plan, keys: plan.keys.filter((id) => id !== apiKey) });
      });
      return {};
    },
  };
}

/** @returns what sorts before what is older */
export const newestFirst = ({ createdAtMs }: KeyRecord): string => String(Number.MAX_SAFE_INTEGER - createdAtMs);

export const noKey = (): Error => notFound('Invalid API Key identifier specified');

export function keyOf(desk: RestDesk, place: { readonly account: string; readonly region: string }, id = ''): KeyRecord {
  const key = desk.records.get('key', scopeOf(place), id);
  if (key === undefined) throw noKey();
  return key;
}

const shown = ({ value, createdAtMs, changedAtMs, ...key }: KeyRecord, whole: boolean) => ({
  ...key,
  createdDate: new Date(createdAtMs),
  lastUpdatedDate: new Date(changedAtMs),
  ...(whole ? { value } : {}),
});

const updates: Table = {
  places: { '/description': member(), '/enabled': member(truth), '/name': member(text), '/customerId': member() },
  words: listing,
};
