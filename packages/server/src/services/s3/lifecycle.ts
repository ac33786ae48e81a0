import { invalidArgument, invalidRequest, malformedXml } from './faults.ts';

interface Tag {
  readonly Key?: string;
  readonly Value?: string;
}
interface Filter {
  readonly Prefix?: string;
  readonly Tag?: Tag;
  readonly ObjectSizeGreaterThan?: number;
  readonly ObjectSizeLessThan?: number;
  readonly And?: {
    readonly Prefix?: string;
    readonly Tags?: readonly Tag[];
    readonly ObjectSizeGreaterThan?: number;
    readonly ObjectSizeLessThan?: number;
  };
}
export interface LifecycleRule {
  readonly ID?: string;
  readonly Status?: string;
  readonly Prefix?: string;
  readonly Filter?: Filter;
  readonly Expiration?: { readonly Date?: Date; readonly Days?: number; readonly ExpiredObjectDeleteMarker?: boolean };
  readonly NoncurrentVersionExpiration?: { readonly NoncurrentDays?: number; readonly NewerNoncurrentVersions?: number };
  readonly AbortIncompleteMultipartUpload?: { readonly DaysAfterInitiation?: number };
  readonly Transitions?: readonly { readonly Date?: Date; readonly Days?: number }[];
}
export interface LifecycleConfiguration {
  readonly Rules?: readonly LifecycleRule[];
}

const dayMs = 86_400_000;
const mostRules = 1000;
const longestId = 255;

/** What objects a rule leaves alone because they are small. */
const leastSizes: ReadonlySet<string> = new Set(['all_storage_classes_128K', 'varies_by_storage_class']);
export const usualLeastSize = 'all_storage_classes_128K';

/** @throws InvalidRequest */
export function leastSizeOf(given: string | undefined): string {
  if (given !== undefined && !leastSizes.has(given))
    throw invalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${given}`);
  return given ?? usualLeastSize;
}

/**
 * Rules as they may be given. `expiry.ts` says what they want, `sweep.ts` does it; transitions are only kept.
 *
 * @throws MalformedXML, InvalidArgument, InvalidRequest
 * @source Amazon S3 API Reference, PutBucketLifecycleConfiguration, read 2026-11
 */
export function checkLifecycle(given: LifecycleConfiguration | undefined): void {
  const rules = given?.Rules ?? [];
  if (rules.length === 0 || rules.length > mostRules) throw malformedXml();
  for (const rule of rules) checkRule(rule);
  const ids = rules.flatMap(({ ID }) => (ID === undefined ? [] : [ID]));
  if (new Set(ids).size !== ids.length)
    throw invalidArgument('Rule ID must be unique. Found same ID for more than one rule', 'ID');
}

function checkRule(rule: LifecycleRule): void {
  if (rule.Status !== 'Enabled' && rule.Status !== 'Disabled') throw malformedXml();
  if (rule.Filter === undefined && rule.Prefix === undefined) throw malformedXml();
  if (rule.Filter !== undefined && rule.Prefix !== undefined) throw malformedXml();
  if ((rule.ID?.length ?? 0) > longestId)
    throw invalidArgument(`ID length should not exceed allowed limit of ${longestId}`, 'ID');
  // A filter has one condition, or several that are put together.
  if (Object.values(rule.Filter ?? {}).filter((each) => each !== undefined).length > 1) throw malformedXml();
  const tags = (rule.Filter?.And?.Tags ?? []).map(({ Key }) => Key);
  if (new Set(tags).size !== tags.length) throw invalidRequest('Duplicate Tag Keys are not allowed.');
  checkExpiration(rule.Expiration);
  const { NoncurrentVersionExpiration: noncurrent } = rule;
  if (noncurrent !== undefined && noncurrent.NoncurrentDays === undefined && noncurrent.NewerNoncurrentVersions === undefined)
    throw malformedXml();
  for (const { Date: date } of rule.Transitions ?? []) checkMidnight(date);
}

function checkExpiration(expiration: LifecycleRule['Expiration']): void {
  if (expiration === undefined) return;
  if (Object.values(expiration).filter((each) => each !== undefined).length !== 1) throw malformedXml();
  if (expiration.Days !== undefined && expiration.Days <= 0)
    throw invalidArgument("'Days' for Expiration action must be a positive integer", 'Days', String(expiration.Days));
  checkMidnight(expiration.Date);
}

function checkMidnight(date: Date | undefined): void {
  if (date !== undefined && date.getTime() % dayMs !== 0)
    throw invalidArgument("'Date' must be at midnight GMT", 'Date', date.toISOString());
}
