import { listOf } from '../pick.ts';
import { behaviours, type Making, type Properties, type ResourceType } from '../type.ts';
import { allTags, retag } from './api.ts';
import { call, gone, members, structure } from './operations.ts';
import { scalars, type Patch } from './patches.ts';

/** @source CloudFormation Template Reference, AWS::ApiGateway::ApiKey, read 2026-11 */
export const apiKey: ResourceType = {
  properties: behaviours({
    replaces: 'GenerateDistinctId Name Value',
    updates: 'CustomerId Description Enabled StageKeys Tags',
  }),
  attributes: ['APIKeyId'],
  name: { property: 'Name', most: 1024 },
  async create(properties, making) {
    const { id } = await call(making, 'CreateApiKey', {
      ...members(properties, 'CustomerId Description Enabled GenerateDistinctId Value'),
      name: making.name,
      stageKeys: listOf<Properties>(properties['StageKeys'] as Properties[]).map((each) => structure(each)),
      tags: allTags(properties, making),
    });
    return { id: String(id), attributes: { APIKeyId: id } };
  },
  async update(id, properties, before, making) {
    const paths = { CustomerId: '/customerId', Description: '/description', Enabled: '/enabled' };
    const patchOperations = scalars(paths, properties, before);
    if (patchOperations.length > 0) await call(making, 'UpdateApiKey', { apiKey: id, patchOperations });
    await retag(`/apikeys/${id}`, properties, before, making);
    return { id };
  },
  delete: (id, _properties, making) => call(making, 'DeleteApiKey', { apiKey: id }),
};

const stages = (properties: Properties): readonly Properties[] =>
  listOf<Properties>(properties['ApiStages'] as Properties[]).map(({ ApiId: apiId, Stage: stage, Throttle: throttle }) => ({
    apiId,
    stage,
    ...(throttle === undefined
      ? {}
      : {
          throttle: Object.fromEntries(
            Object.entries(throttle as Properties).map(([at, each]) => [at, structure(each as Properties)]),
          ),
        }),
  }));
const stageName = ({ apiId, stage }: Properties): string => `${apiId}:${stage}`;

function planChanges(now: Properties, before: Properties): readonly Patch[] {
  const [wanted, known] = [stages(now).map(stageName), stages(before).map(stageName)];
  const limits = (name: string, paths: Readonly<Record<string, string>>): readonly Patch[] =>
    now[name] === undefined && before[name] !== undefined
      ? [{ op: 'remove', path: `/${name.toLowerCase()}` }]
      : scalars(paths, (now[name] ?? {}) as Properties, (before[name] ?? {}) as Properties);
  return [
    ...scalars({ Description: '/description', UsagePlanName: '/name' }, now, before),
    ...limits('Throttle', { BurstLimit: '/throttle/burstLimit', RateLimit: '/throttle/rateLimit' }),
    ...limits('Quota', { Period: '/quota/period', Limit: '/quota/limit', Offset: '/quota/offset' }),
    ...known.filter((each) => !wanted.includes(each)).map((value): Patch => ({ op: 'remove', path: '/apiStages', value })),
    ...wanted.filter((each) => !known.includes(each)).map((value): Patch => ({ op: 'add', path: '/apiStages', value })),
  ];
}

/** @source CloudFormation Template Reference, AWS::ApiGateway::UsagePlan, read 2026-11 */
export const usagePlan: ResourceType = {
  properties: behaviours({ updates: 'ApiStages Description Quota Tags Throttle UsagePlanName' }),
  attributes: ['Id'],
  name: { property: 'UsagePlanName', most: 128 },
  async create(properties, making) {
    const { id } = await call(making, 'CreateUsagePlan', {
      ...members(properties, 'Description'),
      name: making.name,
      apiStages: stages(properties),
      quota: structure(properties['Quota'] as Properties | undefined),
      throttle: structure(properties['Throttle'] as Properties | undefined),
      tags: allTags(properties, making),
    });
    return { id: String(id), attributes: { Id: id } };
  },
  async update(id, properties, before, making) {
    const patchOperations = planChanges(properties, before);
    if (patchOperations.length > 0) await call(making, 'UpdateUsagePlan', { usagePlanId: id, patchOperations });
    await retag(`/usageplans/${id}`, properties, before, making);
    return { id };
  },
  async delete(id, properties, making) {
    const patchOperations = stages(properties).map((each): Patch => ({
      op: 'remove',
      path: '/apiStages',
      value: stageName(each),
    }));
    if (patchOperations.length > 0) await call(making, 'UpdateUsagePlan', { usagePlanId: id, patchOperations });
    await call(making, 'DeleteUsagePlan', { usagePlanId: id });
  },
};

/** @source CloudFormation Template Reference, AWS::ApiGateway::UsagePlanKey, read 2026-11 */
export const usagePlanKey: ResourceType = {
  properties: behaviours({ replaces: 'KeyId KeyType UsagePlanId' }),
  required: ['KeyId', 'KeyType', 'UsagePlanId'],
  attributes: ['Id'],
  async create(properties, making) {
    await call(making, 'CreateUsagePlanKey', members(properties, 'KeyId KeyType UsagePlanId'));
    const id = `${properties['KeyId']}:${properties['UsagePlanId']}`;
    return { id, attributes: { Id: id } };
  },
  delete: (_id, properties, making) => gone(call(making, 'DeleteUsagePlanKey', members(properties, 'KeyId UsagePlanId'))),
};

/** @source CloudFormation Template Reference, AWS::ApiGateway::Account, read 2026-11 */
export const account: ResourceType = {
  properties: behaviours({ updates: 'CloudWatchRoleArn' }),
  attributes: ['Id'],
  async create(properties, making) {
    await setRole(properties, making);
    return { id: making.name, attributes: { Id: making.name } };
  },
  async update(id, properties, _before, making) {
    await setRole(properties, making);
    return { id };
  },
  // The account stays.
  delete: async () => undefined,
};

const setRole = ({ CloudWatchRoleArn: role }: Properties, making: Making): Promise<unknown> =>
  call(making, 'UpdateAccount', {
    patchOperations: [{ op: 'replace', path: '/cloudwatchRoleArn', value: role === undefined ? '' : String(role) }],
  });
