import type { Call } from '@mayfly/wire';
import { invalidArgument, s3Fault } from './faults.ts';

export interface BucketRecord {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  /** Where it was asked for by an older name: `EU`. */
  readonly location?: string;
  /** Milliseconds since the epoch. */
  readonly createdAtMs: number;
  readonly versioning?: 'Enabled' | 'Suspended';
  readonly objectLock: boolean;
  /** Documents of sub-resources as they were put, by the name in the query; dates as `{ $date }`. */
  readonly documents: Readonly<Record<string, unknown>>;
}

/** @source Amazon S3 User Guide, "General purpose bucket naming rules", read 2026-11 */
/** @source Amazon S3 User Guide, "General purpose bucket naming rules", read 2026-11 */
const reserved = /^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/;

export function checkBucketName(name: string): void {
  const isAddress = /^\d+\.\d+\.\d+\.\d+$/.test(name);
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || name.includes('..') || isAddress || reserved.test(name)) {
    throw s3Fault('InvalidBucketName', 400, 'The specified bucket is not valid.', { BucketName: name });
  }
}

/** Where a bucket is to be. @throws IllegalLocationConstraintException, InvalidLocationConstraint */
export function locationOf(constraint: string | undefined, region: string): string {
  if (constraint === undefined || constraint === '') {
    if (region !== 'us-east-1') {
      throw s3Fault(
        'IllegalLocationConstraintException',
        400,
        'The unspecified location constraint is incompatible for the region specific endpoint this request was sent to.',
      );
    }
    return region;
  }
  if (constraint === 'EU') return 'eu-west-1';
  if (constraint === 'us-east-1' || (region === 'us-east-1' && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(constraint))) {
    throw s3Fault('InvalidLocationConstraint', 400, 'The specified location-constraint is not valid', {
      LocationConstraint: constraint,
    });
  }
  if (region !== 'us-east-1' && constraint !== region) {
    throw s3Fault(
      'IllegalLocationConstraintException',
      400,
      `The ${constraint} location constraint is incompatible for the region specific endpoint this request was sent to.`,
    );
  }
  return constraint;
}

/** Who owns things, as S3 names accounts: a canonical id made of the account's number. */
export const ownerOf = (account: string): { readonly ID: string; readonly DisplayName: string } => ({
  ID: account.padStart(64, '0'),
  DisplayName: `account-${account}`,
});

/** As listings of objects name them: since 2025-11 AWS shows no display names there. */
export const ownerIdOf = (account: string): { readonly ID: string } => ({ ID: ownerOf(account).ID });

/** Dates do not survive JSON by themselves. */
export const toDocument = (value: unknown): unknown => {
  if (value instanceof Date) return { $date: value.getTime() };
  if (Array.isArray(value)) return value.map(toDocument);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, toDocument(each)]));
};
export const fromDocument = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(fromDocument);
  if (typeof value !== 'object' || value === null) return value;
  const { $date } = value as { $date?: unknown };
  if (typeof $date === 'number') return new Date($date);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fromDocument(each)]));
};

/** @source Amazon S3 User Guide, "Categorizing your storage using tags", read 2026-11 */
const tagText = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** @throws InvalidTag, InvalidArgument */
export function tagsOf(
  list: readonly { readonly Key?: string | undefined; readonly Value?: string | undefined }[] | undefined,
  most: number,
  of: 'Object' | 'Bucket' = 'Object',
): Record<string, string> {
  const tags: Record<string, string> = {};
  for (const { Key = '', Value = '' } of list ?? []) {
    if (Key === '' || Key.length > 128 || !tagText.test(Key))
      throw s3Fault('InvalidTag', 400, 'The TagKey you have provided is invalid', { TagKey: Key });
    if (Value.length > 256 || !tagText.test(Value))
      throw s3Fault('InvalidTag', 400, 'The TagValue you have provided is invalid', { TagKey: Key, TagValue: Value });
    if (Object.hasOwn(tags, Key))
      throw s3Fault('InvalidTag', 400, 'Cannot provide multiple Tags with the same key', { TagKey: Key });
    if (Key.startsWith('aws:')) throw s3Fault('InvalidTag', 400, 'System tags cannot be added/updated by requester');
    tags[Key] = Value;
  }
  if (Object.keys(tags).length > most) {
    const told =
      of === 'Bucket' ? `Bucket tag count cannot be greater than ${most}` : `Object tags cannot be greater than ${most}`;
    throw s3Fault('BadRequest', 400, told);
  }
  return tags;
}

/** `a=b&c=d`, as the header of a PUT has it. */
export function tagsFromHeader(text: string | undefined): Record<string, string> {
  if (text === undefined || text === '') return {};
  const pairs = [...new URLSearchParams(text)];
  if (pairs.length > 10) throw s3Fault('BadRequest', 400, 'Object tags cannot be greater than 10');
  const seen = pairs.map(([Key, Value]) => ({ Key, Value }));
  if (new Set(pairs.map(([key]) => key)).size !== pairs.length)
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      'x-amz-tagging',
      text,
    );
  return tagsOf(seen, 10);
}

export const callerId = (call: Call): string => (call.caller.kind === 'signed' ? call.caller.userId : 'Anonymous');
