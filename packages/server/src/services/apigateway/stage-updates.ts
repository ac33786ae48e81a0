import { badRequest } from './faults.ts';
import { laid, number, segments, text, truth, type Patch } from './patch.ts';
import type { StageRecord } from './records.ts';

/** What the service tells about the paths it takes, to the letter. */
const known =
  '/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled';

type Read = (value: string) => unknown;
type Document = Readonly<Record<string, unknown>>;

const scalars: Readonly<Record<string, Read>> = {
  deploymentId: text,
  description: text,
  cacheClusterEnabled: truth,
  cacheClusterSize: text,
  clientCertificateId: text,
  documentationVersion: text,
  tracingEnabled: truth,
};

/** Settings of methods: where they are in a path, and what they are called where they are shown. */
const settings: Readonly<Record<string, readonly [name: string, read: Read]>> = {
  'metrics/enabled': ['metricsEnabled', truth],
  'logging/dataTrace': ['dataTraceEnabled', truth],
  'logging/loglevel': ['loggingLevel', text],
  'throttling/burstLimit': ['throttlingBurstLimit', number],
  'throttling/rateLimit': ['throttlingRateLimit', number],
  'caching/ttlInSeconds': ['cacheTtlInSeconds', number],
  'caching/enabled': ['cachingEnabled', truth],
  'caching/dataEncrypted': ['cacheDataEncrypted', truth],
  'caching/requireAuthorizationForCacheControl': ['requireAuthorizationForCacheControl', truth],
  'caching/unauthorizedCacheControlHeaderStrategy': ['unauthorizedCacheControlHeaderStrategy', text],
};

/** Of a method that has one setting, the others. */
const usualSettings = {
  cacheDataEncrypted: false,
  cacheTtlInSeconds: 300,
  cachingEnabled: false,
  dataTraceEnabled: false,
  metricsEnabled: false,
  requireAuthorizationForCacheControl: true,
  throttlingBurstLimit: 5000,
  throttlingRateLimit: 10_000,
  unauthorizedCacheControlHeaderStrategy: 'SUCCEED_WITH_RESPONSE_HEADER',
};

const canaryScalars: Readonly<Record<string, Read>> = { deploymentId: text, percentTraffic: number, useStageCache: truth };

/**
 * A stage as operations make it. Its paths are of several kinds, and each has its own way to say no, so they
 * are no table.
 *
 * @param checkDeployment  throws when there is no such deployment
 */
export function updatedStage(stage: StageRecord, patches: readonly Patch[], checkDeployment: (id: string) => void): StageRecord {
  let next = stage as unknown as Document;
  for (const patch of patches) {
    const path = segments(patch.path);
    if (patch.op === 'copy') next = copied(next, patch);
    else if (patch.op === 'remove') next = removed(next, path, patch);
    else if (patch.op === 'replace' || patch.op === 'add') {
      if (path.at(-1) === 'deploymentId' && patch.op === 'replace') checkDeployment(patch.value ?? '');
      next = set(next, path, patch);
    } else throw badRequest(`Invalid patch operation specified. Must be 'add'|'remove'|'replace'|'copy'`);
  }
  return next as unknown as StageRecord;
}

function set(stage: Document, path: readonly string[], patch: Patch): Document {
  const [first = '', second = '', ...rest] = path;
  const value = patch.value ?? '';
  if (path.length === 1 && Object.hasOwn(scalars, first)) return { ...stage, [first]: scalars[first]?.(value) };
  if (first === 'accessLogSettings') {
    if (path.length !== 2 || (second !== 'destinationArn' && second !== 'format'))
      throw badRequest(
        'Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]',
      );
    if (value === '') throw badRequest('Access Log value must not be empty');
    return laid(stage, path, value);
  }
  if (first === 'variables' && path.length === 2) return laid(stage, path, value);
  if (first === 'canarySettings' && path.length > 1) return setCanary(stage, path, patch);
  const setting = rest.length === 2 ? settings[rest.join('/')] : undefined;
  if (setting === undefined) throw invalidPath(patch);
  const [name, read] = setting;
  const method = methodOf(first, second);
  const all = (stage['methodSettings'] ?? {}) as Document;
  return {
    ...stage,
    methodSettings: { ...all, [method]: { ...usualSettings, ...(all[method] as object), [name]: read(value) } },
  };
}

function setCanary(stage: Document, path: readonly string[], patch: Patch): Document {
  const [, name = '', variable] = path;
  const isVariable = name === 'stageVariableOverrides' && variable !== undefined && path.length === 3;
  const read = path.length === 2 && Object.hasOwn(canaryScalars, name) ? canaryScalars[name] : undefined;
  if (!isVariable && read === undefined) throw invalidPath(patch);
  if (patch.op === 'add' && !isVariable) throw badRequest(`Invalid add operation with path: ${patch.path ?? ''}`);
  // What is set of a canary that was not there makes one, of what the stage has.
  const canary = stage['canarySettings'] ?? { deploymentId: stage['deploymentId'], percentTraffic: 0, useStageCache: false };
  return laid({ ...stage, canarySettings: canary }, path, isVariable ? (patch.value ?? '') : read?.(patch.value ?? ''));
}

function removed(stage: Document, path: readonly string[], patch: Patch): Document {
  const [first = '', second = '', ...rest] = path;
  const nothing = (): Error =>
    badRequest(`Cannot remove method setting ${(patch.path ?? '').slice(1)} because there is no method setting for this method `);
  if (path.length === 1 && (first === 'accessLogSettings' || first === 'canarySettings' || Object.hasOwn(scalars, first)))
    return laid(stage, path, undefined);
  if (first === 'variables' && path.length === 2) return laid(stage, path, undefined);
  if (first === 'canarySettings') {
    const overrides = (stage['canarySettings'] as { readonly stageVariableOverrides?: Document } | undefined)
      ?.stageVariableOverrides;
    const [name] = rest;
    if (second !== 'stageVariableOverrides' || overrides === undefined) throw nothing();
    if (name !== undefined && !Object.hasOwn(overrides, name)) throw nothing();
    return laid(stage, path, undefined);
  }
  const method = methodOf(first, second);
  const all = (stage['methodSettings'] ?? {}) as Document;
  if (first === 'accessLogSettings' || path.length < 2 || !Object.hasOwn(all, method)) throw nothing();
  const setting = rest.length === 0 ? undefined : settings[rest.join('/')];
  if (rest.length > 0 && setting === undefined) throw invalidPath(patch);
  const { [method]: before, ...others } = all;
  if (setting === undefined) return { ...stage, methodSettings: others };
  const { [setting[0]]: _gone, ...left } = before as Document;
  return { ...stage, methodSettings: { ...others, [method]: { ...usualSettings, ...left } } };
}

/** A canary's takes the place of the stage's own: that is how it is promoted. */
function copied(stage: Document, { path = '', from = '' }: Patch): Document {
  const pairs: Readonly<Record<string, string>> = {
    '/deploymentId': '/canarySettings/deploymentId',
    '/variables': '/canarySettings/stageVariableOverrides',
  };
  if (pairs[path] !== from)
    throw badRequest(
      `Invalid copy operation with path: ${path} and from ${from}. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]`,
    );
  const canary = stage['canarySettings'] as
    | { readonly deploymentId?: string; readonly stageVariableOverrides?: Document }
    | undefined;
  if (canary === undefined) throw badRequest('Promotion not available. Canary does not exist.');
  if (path === '/variables') {
    const variables = { ...(stage['variables'] as Document | undefined), ...canary.stageVariableOverrides };
    return Object.keys(variables).length === 0 ? stage : { ...stage, variables };
  }
  return { ...stage, deploymentId: canary.deploymentId, canarySettings: { ...canary, percentTraffic: 0 } };
}

/** `pets~1{id}` and `GET` are `pets/{id}/GET` among the settings. */
const methodOf = (resource: string, httpMethod: string): string => `${resource.replace(/^\//, '')}/${httpMethod}`;

const invalidPath = ({ path }: Patch): Error =>
  badRequest(`Invalid method setting path: ${path ?? 'null'}. Must be one of: [${known}]`);
