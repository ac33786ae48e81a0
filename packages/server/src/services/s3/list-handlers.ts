import type { Handlers, S3Operations } from '@mayfly/wire';
import { readToken, writeToken } from '../kit/pages.ts';
import { ownerIdOf, type BucketRecord } from './bucket.ts';
import { invalidArgument } from './faults.ts';
import { keyBytes, type KeyRange, type StoredObject } from './objects.ts';
import type { S3 } from './s3.ts';

type Names = 'ListObjects' | 'ListObjectsV2' | 'ListObjectVersions';

const mostKeys = 1000;

interface Request {
  readonly prefix: string;
  readonly delimiter: string | undefined;
  /** Keys and prefixes up to and with this one have been listed. */
  readonly after: string;
  readonly max: number;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly prefixes: readonly string[];
  /** Last key or prefix listed, when there is more. */
  readonly last: Item | string | undefined;
}

/** The first bytes behind everything that begins with `prefix`: keys are UTF-8, so 0xFF comes after them all. */
const behind = (prefix: string): KeyRange => ({ from: Buffer.concat([keyBytes(prefix), Buffer.of(0xff)]), inclusive: true });

/**
 * Walks keys in order, folding those that share a prefix up to the delimiter into one; a folded prefix is leapt
 * over rather than read.
 */
async function walk<Item extends Pick<StoredObject, 'key'>>(
  { prefix, delimiter, after, max }: Request,
  start: KeyRange,
  read: (range: KeyRange, limit: number, isFirst: boolean) => Promise<Item[]>,
): Promise<Page<Item>> {
  const items: Item[] = [];
  const prefixes: string[] = [];
  let last: Item | string | undefined;
  let range = start;
  let isFirst = true;
  if (max === 0) return { items, prefixes, last: undefined };
  for (;;) {
    const batch = await read(range, max - items.length - prefixes.length + 1, isFirst);
    isFirst = false;
    let leap: KeyRange | undefined;
    for (const item of batch) {
      if (!item.key.startsWith(prefix)) return { items, prefixes, last: undefined };
      const at = delimiter === undefined ? -1 : item.key.indexOf(delimiter, prefix.length);
      const folded = at === -1 || delimiter === undefined ? undefined : item.key.slice(0, at + delimiter.length);
      // A marker that is a folded prefix, or within one, has listed all of it.
      const isListed = folded !== undefined && after.startsWith(folded);
      if (!isListed) {
        if (items.length + prefixes.length === max) return { items, prefixes, last };
        last = folded ?? item;
        if (folded === undefined) items.push(item);
        else prefixes.push(folded);
      }
      if (folded === undefined) continue;
      leap = behind(folded);
      break;
    }
    if (leap !== undefined) range = leap;
    else return { items, prefixes, last: undefined };
  }
}

/** What may stand in XML, and in the way that the caller asked for. */
function encoder(encodingType: string | undefined): (text: string) => string {
  if (encodingType === undefined) return (text) => text;
  if (encodingType !== 'url')
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType);
  return (text) =>
    encodeURIComponent(text.toWellFormed())
      .replaceAll('%2F', '/')
      .replaceAll(/[!'()]/g, (each) => `%${each.charCodeAt(0).toString(16).toUpperCase()}`);
}

const maxOf = (given: number | undefined, name: string): number => {
  if (given !== undefined && (given < 0 || !Number.isInteger(given)))
    throw invalidArgument(`Argument ${name} must be an integer between 0 and 2147483647`, name, String(given));
  return Math.min(given ?? mostKeys, mostKeys);
};

const checksumOf = ({ meta: { checksum } }: StoredObject) =>
  checksum === undefined
    ? {}
    : { ChecksumAlgorithm: [checksum.algorithm], ChecksumType: (checksum.type ?? 'FULL_OBJECT') as 'FULL_OBJECT' };

const present = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

export function listHandlers(s3: S3): Pick<Handlers<S3Operations>, Names> {
  const current = (bucket: BucketRecord, request: Request): Promise<Page<StoredObject>> => {
    const { after, prefix } = request;
    const start: KeyRange =
      after > prefix
        ? { from: keyBytes(after), inclusive: false }
        : { from: keyBytes(prefix), inclusive: after !== prefix || after === '' };
    return walk(request, start, (range, limit) => s3.table.current(bucket.name, range, limit));
  };
  const shown = (object: StoredObject, encode: (text: string) => string, owner: { readonly ID: string } | undefined) => ({
    Key: encode(object.key),
    LastModified: new Date(object.modifiedAtMs),
    ETag: `"${object.etag}"`,
    ...checksumOf(object),
    Size: object.bytes,
    StorageClass: (object.meta.headers['StorageClass'] ?? 'STANDARD') as 'STANDARD',
    ...(owner === undefined ? {} : { Owner: owner }),
  });
  const nameOf = (last: StoredObject | string): string => (typeof last === 'string' ? last : last.key);
  const folded = (prefixes: readonly string[], encode: (text: string) => string) =>
    prefixes.length === 0 ? {} : { CommonPrefixes: prefixes.map((Prefix) => ({ Prefix: encode(Prefix) })) };

  return {
    async ListObjects(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const encode = encoder(input.EncodingType);
      const max = maxOf(input.MaxKeys, 'maxKeys');
      const page = await current(bucket, {
        prefix: input.Prefix ?? '',
        delimiter: present(input.Delimiter),
        after: input.Marker ?? '',
        max,
      });
      return {
        Name: bucket.name,
        Prefix: encode(input.Prefix ?? ''),
        Marker: encode(input.Marker ?? ''),
        // Without a delimiter the last key is the marker, and AWS does not say it twice.
        ...(page.last === undefined || present(input.Delimiter) === undefined ? {} : { NextMarker: encode(nameOf(page.last)) }),
        MaxKeys: max,
        ...(present(input.Delimiter) === undefined ? {} : { Delimiter: encode(input.Delimiter ?? '') }),
        IsTruncated: page.last !== undefined,
        ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
        ...(page.items.length === 0
          ? {}
          : { Contents: page.items.map((object) => shown(object, encode, ownerIdOf(bucket.account))) }),
        ...folded(page.prefixes, encode),
      };
    },

    async ListObjectsV2(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const encode = encoder(input.EncodingType);
      const max = maxOf(input.MaxKeys, 'max-keys');
      const after =
        input.ContinuationToken === undefined
          ? (input.StartAfter ?? '')
          : readToken(input.ContinuationToken, () =>
              invalidArgument('The continuation token provided is incorrect', 'continuation-token'),
            );
      const page = await current(bucket, { prefix: input.Prefix ?? '', delimiter: present(input.Delimiter), after, max });
      return {
        Name: bucket.name,
        Prefix: encode(input.Prefix ?? ''),
        MaxKeys: max,
        KeyCount: page.items.length + page.prefixes.length,
        IsTruncated: page.last !== undefined,
        ...(present(input.Delimiter) === undefined ? {} : { Delimiter: encode(input.Delimiter ?? '') }),
        ...(input.StartAfter === undefined ? {} : { StartAfter: encode(input.StartAfter) }),
        ...(input.ContinuationToken === undefined ? {} : { ContinuationToken: input.ContinuationToken }),
        ...(page.last === undefined ? {} : { NextContinuationToken: writeToken(nameOf(page.last)) }),
        ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
        ...(page.items.length === 0
          ? {}
          : {
              Contents: page.items.map((object) =>
                shown(object, encode, input.FetchOwner === true ? ownerIdOf(bucket.account) : undefined),
              ),
            }),
        ...folded(page.prefixes, encode),
      };
    },

    async ListObjectVersions(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const encode = encoder(input.EncodingType);
      const max = maxOf(input.MaxKeys, 'max-keys');
      const prefix = input.Prefix ?? '';
      const keyMarker = input.KeyMarker ?? '';
      const versionMarker = present(input.VersionIdMarker);
      if (versionMarker !== undefined && keyMarker === '')
        throw invalidArgument(
          'A version-id marker cannot be specified without a key marker.',
          'version-id-marker',
          versionMarker,
        );
      const marked = versionMarker === undefined ? undefined : await s3.table.find(bucket.name, keyMarker, versionMarker);
      const request: Request = { prefix, delimiter: present(input.Delimiter), after: keyMarker, max };
      const start: KeyRange =
        keyMarker > prefix || marked !== undefined
          ? { from: keyBytes(keyMarker), inclusive: false }
          : { from: keyBytes(prefix), inclusive: true };
      const page = await walk(request, start, (range, limit, isFirst) =>
        s3.table.versions(bucket.name, isFirst && marked !== undefined ? { ...range, belowSeq: marked.seq } : range, limit),
      );
      const owner = ownerIdOf(bucket.account);
      const common = (object: StoredObject) => ({
        Key: encode(object.key),
        VersionId: object.versionId,
        IsLatest: object.latest,
        LastModified: new Date(object.modifiedAtMs),
        Owner: owner,
      });
      const versions = page.items.filter(({ marker }) => !marker);
      const markers = page.items.filter(({ marker }) => marker);
      const { last } = page;
      return {
        Name: bucket.name,
        Prefix: encode(prefix),
        KeyMarker: encode(keyMarker),
        VersionIdMarker: versionMarker ?? '',
        ...(last === undefined
          ? {}
          : {
              NextKeyMarker: encode(nameOf(last)),
              ...(typeof last === 'string' ? {} : { NextVersionIdMarker: last.versionId }),
            }),
        MaxKeys: max,
        ...(present(input.Delimiter) === undefined ? {} : { Delimiter: encode(input.Delimiter ?? '') }),
        IsTruncated: last !== undefined,
        ...(input.EncodingType === undefined ? {} : { EncodingType: input.EncodingType }),
        ...(versions.length === 0
          ? {}
          : {
              Versions: versions.map((object) => ({
                ...common(object),
                ETag: `"${object.etag}"`,
                ...checksumOf(object),
                Size: object.bytes,
                StorageClass: (object.meta.headers['StorageClass'] ?? 'STANDARD') as 'STANDARD',
              })),
            }),
        ...(markers.length === 0 ? {} : { DeleteMarkers: markers.map(common) }),
        ...folded(page.prefixes, encode),
      };
    },
  };
}
