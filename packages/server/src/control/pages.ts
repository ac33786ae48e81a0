import { invalid } from './faults.ts';

/** Most rows of a page where the operation does not say otherwise. @source spec 0.3-02 */
export const pageRows = 50;

export interface PageRequest {
  readonly Marker?: string | undefined;
  readonly MaxItems?: number | undefined;
}

/**
 * One page of what is sorted by `key`. The marker holds the last key that was shown, so that rows that
 * come and go between two pages are neither repeated nor skipped.
 *
 * @throws InvalidParameterValueException  a marker that was not made here
 */
export function page<T>(
  sorted: readonly T[],
  key: (row: T) => string,
  request: PageRequest,
  cap = pageRows,
): { readonly rows: readonly T[]; readonly NextMarker?: string } {
  const from = request.Marker === undefined || request.Marker === '' ? 0 : after(sorted, key, readMarker(request.Marker));
  const to = from + Math.min(request.MaxItems ?? pageRows, cap);
  const rows = sorted.slice(from, to);
  const last = rows.at(-1);
  return last === undefined || to >= sorted.length ? { rows } : { rows, NextMarker: writeMarker(key(last)) };
}

export const byKey = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function after<T>(sorted: readonly T[], key: (row: T) => string, last: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (key(sorted[middle] as T) <= last) low = middle + 1;
    else high = middle;
  }
  return low;
}

const sign = 'm1.';
const writeMarker = (key: string): string => Buffer.from(sign + key).toString('base64url');

function readMarker(marker: string): string {
  const text = Buffer.from(marker, 'base64url').toString('utf8');
  if (!text.startsWith(sign)) throw invalid('The marker is invalid.');
  return text.slice(sign.length);
}
