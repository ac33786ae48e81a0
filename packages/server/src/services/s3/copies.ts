import type { Segment } from './blobs.ts';
import { summed, type Algorithm, type Checksum } from './checksums.ts';
import type { CustomerKey } from './customer-key.ts';
import type { StoredObject } from './objects.ts';
import type { S3 } from './s3.ts';

/** Content of an object for another row, which has to name it or discard it. */
interface Copied {
  readonly segments: readonly Segment[];
  readonly etag: string;
  readonly checksum?: Checksum;
}

interface CopyOptions {
  readonly from: number;
  readonly to: number;
  /** Absent = the sums are those of the source, which then is copied whole. */
  readonly algorithm?: Algorithm | undefined;
  readonly key?: CustomerKey | undefined;
  readonly sourceKey?: CustomerKey | undefined;
}

/** Links to the source's content, which is read only for sums that nobody knows; under a customer's key it is sealed anew. */
export async function copied(s3: S3, source: StoredObject, options: CopyOptions): Promise<Copied> {
  const { from, to, algorithm, key, sourceKey } = options;
  if (key !== undefined || sourceKey !== undefined) {
    const { segment, bytes, etag, checksum } = await s3.blobs.receive(s3.blobs.read(source.segments, from, to, sourceKey), {
      key,
      ...(algorithm === undefined ? {} : { checksum: { algorithm } }),
    });
    if (bytes === 0) s3.blobs.discard([segment]);
    return { segments: bytes === 0 ? [] : [segment], etag, ...(checksum === undefined ? {} : { checksum }) };
  }
  const segments = await s3.blobs.share(cut(source.segments, from, to));
  if (algorithm === undefined) {
    const { checksum } = source.meta;
    return { segments, etag: source.etag, ...(checksum === undefined ? {} : { checksum }) };
  }
  const { md5, checksum } = await summed(s3.blobs.read(segments, 0, to - from), algorithm);
  return { segments, etag: md5, checksum };
}

/** The segments that hold bytes `from` to `to`. */
function cut(segments: readonly Segment[], from: number, to: number): Segment[] {
  const kept: Segment[] = [];
  let begin = 0;
  for (const segment of segments) {
    const first = Math.max(0, from - begin);
    const last = Math.min(segment.bytes - 1, to - begin);
    if (first <= last) kept.push({ ...segment, offset: segment.offset + first, bytes: last - first + 1 });
    begin += segment.bytes;
  }
  return kept;
}
