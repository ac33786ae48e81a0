import { fromDocument, type BucketRecord } from './bucket.ts';
import type { LifecycleConfiguration, LifecycleRule } from './lifecycle.ts';
import type { StoredObject } from './objects.ts';
import type { Upload } from './uploads.ts';

const dayMs = 86_400_000;

/** The midnight, of Greenwich, after so many days. */
const midnightAfter = (sinceMs: number, days: number): number => Math.ceil(sinceMs / dayMs + days) * dayMs;

/** By the document they were read from, which is another one after each change. */
const known = new WeakMap<object, readonly LifecycleRule[]>();

/** The rules of a bucket that are switched on. */
export function lifecycleOf({ documents }: BucketRecord): readonly LifecycleRule[] {
  const document = documents['lifecycle'] as { readonly LifecycleConfiguration?: unknown } | undefined;
  if (document === undefined) return [];
  let rules = known.get(document);
  if (rules === undefined) {
    const { Rules = [] } = fromDocument(document.LifecycleConfiguration) as LifecycleConfiguration;
    known.set(document, (rules = Rules.filter(({ Status }) => Status === 'Enabled')));
  }
  return rules;
}

interface Conditions {
  readonly prefix: string;
  readonly tags: readonly { readonly Key?: string; readonly Value?: string }[];
  readonly above: number | undefined;
  readonly below: number | undefined;
}

function conditionsOf({ Prefix, Filter = {} }: LifecycleRule): Conditions {
  const { And: all = Filter, Tag } = Filter;
  return {
    prefix: Prefix ?? all.Prefix ?? '',
    tags: Filter.And?.Tags ?? (Tag === undefined ? [] : [Tag]),
    above: all.ObjectSizeGreaterThan,
    below: all.ObjectSizeLessThan,
  };
}

function covers(rule: LifecycleRule, { key, bytes, meta }: Pick<StoredObject, 'key' | 'bytes' | 'meta'>): boolean {
  const { prefix, tags, above = -1, below = Infinity } = conditionsOf(rule);
  return (
    key.startsWith(prefix) &&
    bytes > above &&
    bytes < below &&
    tags.every(({ Key = '', Value = '' }) => Object.hasOwn(meta.tags, Key) && meta.tags[Key] === Value)
  );
}

/** Delete markers and unfinished uploads have neither tags nor a size: a rule that asks for them is not about these. */
function coversBare(rule: LifecycleRule, key: string): boolean {
  const { prefix, tags, above, below } = conditionsOf(rule);
  return key.startsWith(prefix) && tags.length === 0 && above === undefined && below === undefined;
}

/** When a rule's `Expiration` comes for what is so old. */
function expiresAt({ Expiration: { Days, Date: date } = {} }: LifecycleRule, modifiedAtMs: number): number | undefined {
  if (date !== undefined) return date.getTime();
  return Days === undefined ? undefined : midnightAfter(modifiedAtMs, Days);
}

/** When a current version expires, and by which rule: the earliest that covers it. */
function expiryOf(
  rules: readonly LifecycleRule[],
  object: StoredObject,
): { readonly atMs: number; readonly ruleId: string } | undefined {
  let first: { atMs: number; ruleId: string } | undefined;
  for (const rule of rules) {
    const atMs = expiresAt(rule, object.modifiedAtMs);
    if (atMs === undefined || (first !== undefined && first.atMs <= atMs) || !covers(rule, object)) continue;
    first = { atMs, ruleId: rule.ID ?? '' };
  }
  return first;
}

/** `x-amz-expiration`, as PUT, GET and HEAD tell it of a current version. */
export function expirationMember(bucket: BucketRecord, object: StoredObject): { Expiration?: string } {
  const expiry = object.latest && !object.marker ? expiryOf(lifecycleOf(bucket), object) : undefined;
  if (expiry === undefined) return {};
  return { Expiration: `expiry-date="${new Date(expiry.atMs).toUTCString()}", rule-id="${encodeURIComponent(expiry.ruleId)}"` };
}

/** `current`: the object expires, behind a marker where there are versions. `version`: this version is to go for good. */
export interface Due {
  readonly kind: 'current' | 'version';
  readonly object: StoredObject;
}

/**
 * What the rules want gone by now of one key.
 *
 * @param versions  all of it, the newest first
 * @source Amazon S3 User Guide, "Lifecycle configuration elements" and "Expiring objects", read 2026-11
 */
export function dueOf(rules: readonly LifecycleRule[], versions: readonly StoredObject[], nowMs: number): readonly Due[] {
  const due: Due[] = [];
  const [current, ...older] = versions;
  if (current === undefined) return due;
  if (current.marker) {
    if (older.length === 0 && rules.some((rule) => clearsMarker(rule, current, nowMs)))
      due.push({ kind: 'version', object: current });
  } else if ((expiryOf(rules, current)?.atMs ?? Infinity) <= nowMs) due.push({ kind: 'current', object: current });
  for (const [newer, object] of older.entries()) {
    // It has been noncurrent since the one after it came.
    const sinceMs = (versions[newer] as StoredObject).modifiedAtMs;
    const isDue = rules.some(({ NoncurrentVersionExpiration: given, ...rule }) => {
      if (given === undefined || newer < (given.NewerNoncurrentVersions ?? 0)) return false;
      return midnightAfter(sinceMs, given.NoncurrentDays ?? 0) <= nowMs && covers(rule, object);
    });
    if (isDue) due.push({ kind: 'version', object });
  }
  return due;
}

/** A marker behind which nothing is left goes where a rule says so, or when it is itself as old as objects become. */
function clearsMarker(rule: LifecycleRule, marker: StoredObject, nowMs: number): boolean {
  const isDue =
    rule.Expiration?.ExpiredObjectDeleteMarker === true || (expiresAt(rule, marker.modifiedAtMs) ?? Infinity) <= nowMs;
  return isDue && coversBare(rule, marker.key);
}

/** Whether an upload has gone on for too long without an end. */
export const isAbandoned = (rules: readonly LifecycleRule[], { key, initiatedAtMs }: Upload, nowMs: number): boolean =>
  rules.some((rule) => {
    const days = rule.AbortIncompleteMultipartUpload?.DaysAfterInitiation;
    return days !== undefined && midnightAfter(initiatedAtMs, days) <= nowMs && coversBare(rule, key);
  });

/** How long from a moment to the next midnight. */
export const untilMidnightMs = (nowMs: number): number => (Math.floor(nowMs / dayMs) + 1) * dayMs - nowMs;
