import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { within, type Draft, type Place, type RestDesk } from './desk.ts';
import { badRequest, conflict, notFound } from './faults.ts';
import { newestFirst, noKey } from './key-handlers.ts';
import { paged } from './pages.ts';
import { brief, laid, member, number, patched, text, type Place as PatchPlace, type Table } from './patch.ts';
import type { KeyRecord, PlanRecord } from './records.ts';

type PlanHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  | 'CreateUsagePlan'
  | 'GetUsagePlan'
  | 'GetUsagePlans'
  | 'UpdateUsagePlan'
  | 'DeleteUsagePlan'
  | 'CreateUsagePlanKey'
  | 'GetUsagePlanKey'
  | 'GetUsagePlanKeys'
  | 'DeleteUsagePlanKey'
>;
type Stages = NonNullable<PlanRecord['apiStages']>;

/** Which keys open which stages. */
export function planHandlers(desk: RestDesk): PlanHandlers {
  const planOf = (place: Place, id = '', from: Pick<Draft, 'get'> = desk.records): PlanRecord => {
    const plan = from.get('plan', scopeOf(place), id);
    if (plan === undefined) throw notFound('Invalid Usage Plan ID specified');
    return plan;
  };
  const checkStages = (draft: Draft, place: Place, { id, apiStages = [] }: PlanRecord): void => {
    for (const { apiId = '', stage = '' } of apiStages)
      if (draft.get('stage', within(place, apiId), stage) === undefined)
        throw notFound(`Invalid API Stage {api: ${apiId}, stage: ${stage}} specified for usageplan ${id}`);
  };
  const keysOf = (place: Place, { keys }: PlanRecord): readonly KeyRecord[] =>
    keys.flatMap((id) => desk.records.get('key', scopeOf(place), id) ?? []);
  return {
    async CreateUsagePlan(input, call) {
      const plan: PlanRecord = { ...input, apiStages: input.apiStages ?? [], id: desk.newId(), keys: [] };
      await desk.change(undefined, (draft) => {
        if ((input.name ?? '') === '') throw badRequest('Usage Plan name cannot be empty');
        checkQuota(plan);
        checkStages(draft, call, plan);
        draft.put('plan', scopeOf(call), plan.id, plan);
      });
      return shown(plan);
    },

    GetUsagePlan: async ({ usagePlanId }, call) => withTags(planOf(call, usagePlanId)),

    async GetUsagePlans({ keyId, ...page }, call) {
      const plans = desk.records.list('plan', scopeOf(call)).filter(({ keys }) => keyId === undefined || keys.includes(keyId));
      return paged(plans, page, ({ id }) => id, withTags);
    },

    async UpdateUsagePlan({ usagePlanId = '', patchOperations }, call) {
      const next = await desk.change(undefined, (draft) => {
        const after = patched<PlanRecord>(planOf(call, usagePlanId, draft), patchOperations, updates);
        checkQuota(after);
        checkStages(draft, call, after);
        draft.put('plan', scopeOf(call), usagePlanId, after);
        return after;
      });
      return withTags(next);
    },

    async DeleteUsagePlan({ usagePlanId = '' }, call) {
      await desk.change(undefined, (draft) => {
        const { apiStages = [] } = planOf(call, usagePlanId, draft);
        const open = apiStages.filter(
          ({ apiId = '', stage = '' }) => draft.get('stage', within(call, apiId), stage) !== undefined,
        );
        if (open.length > 0)
          throw badRequest(
            `Cannot delete usage plan ${usagePlanId}, because it is associated with the following API Stages: [${open.map(stageName).join(', ')}]`,
          );
        draft.delete('plan', scopeOf(call), usagePlanId);
      });
      return {};
    },

    async CreateUsagePlanKey({ usagePlanId = '', keyId = '' }, call) {
      const key = await desk.change(undefined, (draft) => {
        const plan = planOf(call, usagePlanId, draft);
        const found = draft.get('key', scopeOf(call), keyId);
        if (found === undefined) throw noKey();
        if (plan.keys.includes(keyId)) throw conflict('Usage Plan Key already exists');
        draft.put('plan', scopeOf(call), usagePlanId, { ...plan, keys: [...plan.keys, keyId] });
        return found;
      });
      return shownKey(key);
    },

    async GetUsagePlanKey({ usagePlanId, keyId }, call) {
      const key = keysOf(call, planOf(call, usagePlanId)).find(({ id }) => id === keyId);
      if (key === undefined) throw noPlanKey();
      return shownKey(key);
    },

    async GetUsagePlanKeys({ usagePlanId = '', nameQuery, ...page }, call) {
      // Of a plan that is not there there are none, as recorded.
      const plan = desk.records.get('plan', scopeOf(call), usagePlanId);
      const keys = plan === undefined ? [] : keysOf(call, plan);
      const named = keys.filter(({ name = '' }) => nameQuery === undefined || name.startsWith(nameQuery));
      return paged(named, page, newestFirst, shownKey);
    },

    async DeleteUsagePlanKey({ usagePlanId = '', keyId = '' }, call) {
      await desk.change(undefined, (draft) => {
        const plan = planOf(call, usagePlanId, draft);
        if (!plan.keys.includes(keyId)) throw noPlanKey();
        draft.put('plan', scopeOf(call), usagePlanId, { ...plan, keys: plan.keys.filter((id) => id !== keyId) });
      });
      return {};
    },
  };
}

const noPlanKey = (): Error => notFound('Invalid Usage Plan Key identifier specified');

const shown = ({ keys: _keys, ...plan }: PlanRecord) => plan;

/** Where one that was made before is looked at, it has tags, be there none. */
const withTags = (plan: PlanRecord) => ({ ...shown(plan), tags: plan.tags ?? {} });

const shownKey = ({ id, name, value }: KeyRecord) => ({ id, value, type: 'API_KEY', ...(name === undefined ? {} : { name }) });

const stageName = ({ apiId, stage }: Stages[number]): string => `${apiId ?? ''}:${stage ?? ''}`;

function checkQuota({ quota }: PlanRecord): void {
  if (quota === undefined) return;
  if (quota.period === undefined) throw badRequest('Usage Plan quota period must be specified: DAY, WEEK or MONTH');
  if ((quota.limit ?? 0) < 1) throw badRequest('Usage Plan quota limit must be greater than 0');
}

const whole = (read: (value: string) => unknown = text): PatchPlace => member(read, ['add', 'replace', 'remove']);
const gone: PatchPlace = { ops: ['remove'], apply: (document, path) => laid(document, path, undefined) };

/** `a1b2c3:prod`, as a value. */
const stages: PatchPlace = {
  ops: ['add', 'remove'],
  apply(document, _path, { op, value = '' }) {
    const others = ((document['apiStages'] ?? []) as Stages).filter((each) => stageName(each) !== value);
    const [apiId = '', stage = ''] = value.split(':');
    return { ...document, apiStages: op === 'add' ? [...others, { apiId, stage }] : others };
  },
};

/** `/apiStages/a1b2c3:prod/throttle/~1pets/GET/rateLimit` */
const throttle: PatchPlace = {
  ops: ['add', 'replace', 'remove'],
  apply(document, [, name, , ...path], { op, value = '' }) {
    const [resource = '', httpMethod = '', ...limit] = path;
    const all = (document['apiStages'] ?? []) as Stages;
    if (!all.some((each) => stageName(each) === name)) throw notFound(`API Stage not found: ${name ?? ''}`);
    const at = ['throttle', `${resource}/${httpMethod}`, ...limit];
    const next = all.map((each) =>
      stageName(each) === name ? laid({ ...each }, at, op === 'remove' ? undefined : number(value)) : each,
    );
    return { ...document, apiStages: next };
  },
};

const updates: Table = {
  places: {
    '/name': member(),
    '/description': whole(),
    '/productCode': whole(),
    '/throttle': gone,
    '/throttle/rateLimit': whole(number),
    '/throttle/burstLimit': whole(number),
    '/quota': gone,
    '/quota/limit': whole(number),
    '/quota/offset': whole(number),
    '/quota/period': whole(),
    '/apiStages': stages,
    '/apiStages/{stage}/throttle/{resource}/{method}': { ...throttle, ops: ['remove'] },
    '/apiStages/{stage}/throttle/{resource}/{method}/rateLimit': throttle,
    '/apiStages/{stage}/throttle/{resource}/{method}/burstLimit': throttle,
  },
  words: brief,
};
