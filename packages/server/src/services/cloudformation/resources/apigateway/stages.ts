import { isSame, listOf } from '../pick.ts';
import { behaviours, type Making, type Properties, type ResourceType } from '../type.ts';
import { allTags, retag } from './api.ts';
import { call, gone, members, structure } from './operations.ts';
import { entries, escaped, scalars, type Patch } from './patches.ts';

const scalarPaths = {
  CacheClusterEnabled: '/cacheClusterEnabled',
  CacheClusterSize: '/cacheClusterSize',
  ClientCertificateId: '/clientCertificateId',
  DeploymentId: '/deploymentId',
  Description: '/description',
  DocumentationVersion: '/documentationVersion',
  TracingEnabled: '/tracingEnabled',
};

const settingPaths: Readonly<Record<string, string>> = {
  CacheDataEncrypted: 'caching/dataEncrypted',
  CacheTtlInSeconds: 'caching/ttlInSeconds',
  CachingEnabled: 'caching/enabled',
  DataTraceEnabled: 'logging/dataTrace',
  LoggingLevel: 'logging/loglevel',
  MetricsEnabled: 'metrics/enabled',
  ThrottlingBurstLimit: 'throttling/burstLimit',
  ThrottlingRateLimit: 'throttling/rateLimit',
};

/** `/pets/{id}` and `GET` as a path of an update; `/*` and `*` for all. */
const methodPath = ({ ResourcePath: resource = '/*', HttpMethod: verb = '*' }: Properties): string =>
  `/${resource === '/*' ? '*' : escaped(String(resource))}/${String(verb)}`;

function settings(now: unknown, before: unknown): readonly Patch[] {
  if (isSame(now, before)) return [];
  const set = listOf<Properties>(now as Properties[]).flatMap((each) =>
    Object.entries(settingPaths)
      .filter(([name]) => each[name] !== undefined)
      .map(([name, path]): Patch => ({ op: 'replace', path: `${methodPath(each)}/${path}`, value: String(each[name]) })),
  );
  return [...listOf<Properties>(before as Properties[]).map((each): Patch => ({ op: 'remove', path: methodPath(each) })), ...set];
}

function accessLog(now: Properties | undefined, before: Properties | undefined): readonly Patch[] {
  if (isSame(now, before)) return [];
  if (now === undefined) return [{ op: 'remove', path: '/accessLogSettings' }];
  return Object.entries({ DestinationArn: 'destinationArn', Format: 'format' })
    .filter(([name]) => now[name] !== undefined)
    .map(([name, path]): Patch => ({ op: 'replace', path: `/accessLogSettings/${path}`, value: String(now[name]) }));
}

function canary(now: Properties | undefined, before: Properties | undefined): readonly Patch[] {
  if (isSame(now, before)) return [];
  const removed: readonly Patch[] = before === undefined ? [] : [{ op: 'remove', path: '/canarySettings' }];
  if (now === undefined) return removed;
  const { StageVariableOverrides: overrides } = now;
  const paths = {
    DeploymentId: '/canarySettings/deploymentId',
    PercentTraffic: '/canarySettings/percentTraffic',
    UseStageCache: '/canarySettings/useStageCache',
  };
  return [...removed, ...scalars(paths, now, {}), ...entries('/canarySettings/stageVariableOverrides', overrides as Properties)];
}

const changes = (now: Properties, before: Properties): readonly Patch[] => [
  ...scalars(scalarPaths, now, before),
  ...entries('/variables', now['Variables'] as Properties, before['Variables'] as Properties),
  ...settings(now['MethodSettings'], before['MethodSettings']),
  ...accessLog(now['AccessLogSetting'] as Properties, before['AccessLogSetting'] as Properties),
  ...canary(now['CanarySetting'] as Properties, before['CanarySetting'] as Properties),
];

async function change(at: Properties, patchOperations: readonly Patch[], making: Making): Promise<void> {
  if (patchOperations.length > 0) await call(making, 'UpdateStage', { ...at, patchOperations });
}

/** @source CloudFormation Template Reference, AWS::ApiGateway::Stage, read 2026-11 */
export const stage: ResourceType = {
  properties: behaviours({
    replaces: 'RestApiId StageName',
    updates: `AccessLogSetting CanarySetting MethodSettings Tags Variables ${Object.keys(scalarPaths).join(' ')}`,
  }),
  required: ['RestApiId'],
  name: { property: 'StageName', most: 128 },
  async create(properties, making) {
    const at = { restApiId: properties['RestApiId'] as unknown, stageName: making.name };
    await call(making, 'CreateStage', {
      ...at,
      ...members(
        properties,
        `Variables ${Object.keys(scalarPaths)
          .filter((name) => name !== 'ClientCertificateId')
          .join(' ')}`,
      ),
      canarySettings: structure(properties['CanarySetting'] as Properties | undefined),
      tags: allTags(properties, making),
    });
    await change(
      at,
      [
        ...settings(properties['MethodSettings'], undefined),
        ...accessLog(properties['AccessLogSetting'] as Properties, undefined),
      ],
      making,
    );
    return { id: making.name };
  },
  async update(id, properties, before, making) {
    await change({ restApiId: properties['RestApiId'] as unknown, stageName: id }, changes(properties, before), making);
    await retag(`/restapis/${properties['RestApiId']}/stages/${id}`, properties, before, making);
    return { id };
  },
  delete: (id, { RestApiId: restApiId }, making) => gone(call(making, 'DeleteStage', { restApiId, stageName: id })),
};

/** @source CloudFormation Template Reference, AWS::ApiGateway::Deployment, read 2026-11 */
export const deployment: ResourceType = {
  properties: behaviours({
    replaces: 'DeploymentCanarySettings RestApiId',
    updates: 'Description StageDescription StageName',
  }),
  required: ['RestApiId'],
  attributes: ['DeploymentId'],
  async create(properties, making) {
    const { StageDescription: described = {}, DeploymentCanarySettings: canarySettings } = properties;
    const at = { restApiId: properties['RestApiId'] as unknown, stageName: properties['StageName'] as unknown };
    const made = await call(making, 'CreateDeployment', {
      ...members(properties, 'Description RestApiId StageName'),
      ...members(described as Properties, 'CacheClusterEnabled CacheClusterSize TracingEnabled Variables'),
      stageDescription: described.Description,
      canarySettings: structure(canarySettings as Properties | undefined),
    });
    const id = String(made['id']);
    if (at.stageName !== undefined)
      await change(
        at,
        [...settings(described.MethodSettings, undefined), ...accessLog(described.AccessLogSetting as Properties, undefined)],
        making,
      );
    return { id, attributes: { DeploymentId: id } };
  },
  async update(id, properties, before, making) {
    const restApiId: unknown = properties['RestApiId'];
    const patchOperations = scalars({ Description: '/description' }, properties, before);
    if (patchOperations.length > 0) await call(making, 'UpdateDeployment', { restApiId, deploymentId: id, patchOperations });
    const stageName: unknown = properties['StageName'];
    if (stageName !== undefined) {
      if (isSame(stageName, before['StageName'])) {
        const [now, then] = [properties['StageDescription'] ?? {}, before['StageDescription'] ?? {}];
        await change({ restApiId, stageName }, changes(now as Properties, then as Properties), making);
      } else await call(making, 'CreateStage', { restApiId, stageName, deploymentId: id });
    }
    return { id };
  },
  async delete(id, { RestApiId: restApiId, StageName: stageName }, making) {
    // The stage that came with it goes with it, unless it has moved on.
    const { item = [] } = await call(making, 'GetStages', { restApiId, deploymentId: id });
    if ((item as Properties[]).some((each) => each['stageName'] === stageName))
      await gone(call(making, 'DeleteStage', { restApiId, stageName }));
    await call(making, 'DeleteDeployment', { restApiId, deploymentId: id });
  },
};
