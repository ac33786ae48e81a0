import { notModified, preconditionFailed, s3Fault, noSuchKey } from './faults.ts';
import type { StoredObject } from './objects.ts';

interface Conditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
}

const unquoted = (etag: string): string => etag.trim().replace(/^W\//, '').replaceAll('"', '');
const lists = (header: string, etag: string): boolean =>
  header.trim() === '*' || header.split(',').some((each) => unquoted(each) === etag);
const seconds = (ms: number): number => Math.floor(ms / 1000);

/**
 * Conditions of GET and HEAD, in the order of RFC 9110; a moment that is still to come is none.
 *
 * @throws PreconditionFailed, NotModified
 */
export function checkRead(object: StoredObject, conditions: Conditions, nowMs: number): void {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions;
  const modifiedS = seconds(object.modifiedAtMs);
  if (IfMatch !== undefined) {
    if (!lists(IfMatch, object.etag)) throw preconditionFailed('If-Match');
  } else if (IfUnmodifiedSince !== undefined && modifiedS > seconds(IfUnmodifiedSince.getTime())) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  const unchanged =
    IfNoneMatch === undefined
      ? IfModifiedSince !== undefined && IfModifiedSince.getTime() <= nowMs && modifiedS <= seconds(IfModifiedSince.getTime())
      : lists(IfNoneMatch, object.etag);
  if (unchanged) throw notModified({ ETag: `"${object.etag}"`, 'Last-Modified': new Date(object.modifiedAtMs).toUTCString() });
}

/** Conditions of a copy's source; a moment that is still to come is none. @throws PreconditionFailed */
export function checkCopySource(
  object: StoredObject,
  input: {
    readonly CopySourceIfMatch?: string | undefined;
    readonly CopySourceIfNoneMatch?: string | undefined;
    readonly CopySourceIfModifiedSince?: Date | undefined;
    readonly CopySourceIfUnmodifiedSince?: Date | undefined;
  },
  nowMs: number,
): void {
  const modifiedS = seconds(object.modifiedAtMs);
  const {
    CopySourceIfMatch: match,
    CopySourceIfNoneMatch: none,
    CopySourceIfModifiedSince: since,
    CopySourceIfUnmodifiedSince: until,
  } = input;
  if (match !== undefined && !lists(match, object.etag)) throw preconditionFailed('x-amz-copy-source-If-Match');
  if (match === undefined && until !== undefined && modifiedS > seconds(until.getTime()))
    throw preconditionFailed('x-amz-copy-source-If-Unmodified-Since');
  if (none !== undefined && lists(none, object.etag)) throw preconditionFailed('x-amz-copy-source-If-None-Match');
  if (none === undefined && since !== undefined && since.getTime() <= nowMs && modifiedS <= seconds(since.getTime()))
    throw preconditionFailed('x-amz-copy-source-If-Modified-Since');
}

const notImplemented = (header: string, additionalMessage: string): Error =>
  s3Fault('NotImplemented', 501, 'A header you provided implies functionality that is not implemented', {
    Header: header,
    additionalMessage,
  });

/** What may be asked of a write at all: an ETag to replace, or that there is nothing. @throws NotImplemented */
export function checkWriteHeaders({ IfMatch, IfNoneMatch }: Pick<Conditions, 'IfMatch' | 'IfNoneMatch'>): void {
  const unacceptable = (header: string): Error =>
    notImplemented(header, `We don't accept the provided value of ${header} header for this API`);
  if (IfMatch !== undefined && IfNoneMatch !== undefined)
    throw notImplemented('If-Match,If-None-Match', 'Multiple conditional request headers present in the request');
  if (IfNoneMatch !== undefined && IfNoneMatch.trim() !== '*') throw unacceptable('If-None-Match');
  if (IfMatch?.trim() === '*') throw unacceptable('If-Match');
}

/** Conditions of a write, on what is there at the moment of the change. @throws PreconditionFailed, NoSuchKey */
export function checkWrite(
  current: StoredObject | undefined,
  key: string,
  conditions: Pick<Conditions, 'IfMatch' | 'IfNoneMatch'>,
): void {
  const { IfMatch, IfNoneMatch } = conditions;
  const existing = current?.marker === true ? undefined : current;
  if (IfNoneMatch !== undefined && existing !== undefined) throw preconditionFailed('If-None-Match');
  if (IfMatch !== undefined) {
    if (existing === undefined) throw noSuchKey(key);
    if (!lists(IfMatch, existing.etag)) throw preconditionFailed('If-Match');
  }
}
