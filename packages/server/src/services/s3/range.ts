import { invalidArgument, s3Fault } from './faults.ts';

export interface ByteRange {
  readonly from: number;
  /** Included. */
  readonly to: number;
}

/**
 * One range of a GET. Several, or none that makes sense, mean the whole, as RFC 9110 says and S3 does.
 *
 * @throws InvalidRange when it begins behind the end
 */
export function rangeOf(header: string | undefined, bytes: number): ByteRange | undefined {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(header?.trim() ?? '') ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const unsatisfiable = (): Error =>
    s3Fault('InvalidRange', 416, 'The requested range is not satisfiable', { RangeRequested: header, ActualObjectSize: bytes });
  if (first === '') {
    const length = Number(last);
    if (length === 0 || bytes === 0) throw unsatisfiable();
    return { from: Math.max(0, bytes - length), to: bytes - 1 };
  }
  const from = Number(first);
  if (last !== '' && Number(last) < from) return undefined;
  if (from >= bytes) throw unsatisfiable();
  return { from, to: last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1) };
}

/** The range of a part copy: both ends, and within the source. @throws InvalidArgument */
export function copyRangeOf(header: string | undefined, bytes: number): ByteRange {
  if (header === undefined) return { from: 0, to: bytes - 1 };
  const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(header.trim()) ?? [];
  if (first === undefined || last === undefined || Number(first) > Number(last)) {
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      header,
    );
  }
  if (Number(last) >= bytes) {
    throw invalidArgument(`Range specified is not valid for source object of size: ${bytes}`, 'x-amz-copy-source-range', header);
  }
  return { from: Number(first), to: Number(last) };
}

/** The bytes of a part by its number. @throws InvalidPartNumber */
export function partRangeOf(part: number, sizes: readonly number[] | undefined, bytes: number): ByteRange | undefined {
  const parts = sizes ?? [bytes];
  const size = parts[part - 1];
  if (size === undefined)
    throw s3Fault('InvalidPartNumber', 416, 'The requested partnumber is not satisfiable', {
      PartNumberRequested: part,
      ActualPartCount: parts.length,
    });
  if (size === 0) return undefined;
  const from = parts.slice(0, part - 1).reduce((sum, each) => sum + each, 0);
  return { from, to: from + size - 1 };
}
