import type { IncomingMessage, ServerResponse } from 'node:http';
import { Pieces } from '../../../base/index.ts';
import { mostBlobBytes } from '../registry.ts';
import { DistributionFault } from './answers.ts';

export async function take(
  upload: { readonly append: (body: AsyncIterable<Uint8Array>, most: number) => Promise<void> },
  body: IncomingMessage,
): Promise<void> {
  try {
    await upload.append(kept(body), mostBlobBytes);
  } catch (error) {
    if (error instanceof RangeError) throw new DistributionFault(413, 'SIZE_INVALID', error.message);
    throw error;
  }
}

/** Reading that stops early leaves the connection open for the answer. */
const kept = (request: IncomingMessage): AsyncIterable<Uint8Array> =>
  request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>;

export const created = (response: ServerResponse, repository: string, digest: string): void =>
  void response
    .writeHead(201, { Location: `/v2/${repository}/blobs/${digest}`, 'Docker-Content-Digest': digest, 'Content-Length': 0 })
    .end();

export function accepted(
  response: ServerResponse,
  status: number,
  repository: string,
  upload: { readonly id: string; readonly bytes: number },
): void {
  response.writeHead(status, {
    Location: `/v2/${repository}/blobs/uploads/${upload.id}`,
    'Docker-Upload-UUID': upload.id,
    Range: `0-${Math.max(0, upload.bytes - 1)}`,
    ...(status === 204 ? {} : { 'Content-Length': 0 }),
  });
  response.end();
}

export async function whole(request: IncomingMessage, most: number): Promise<Uint8Array> {
  const pieces = new Pieces();
  for await (const chunk of kept(request)) {
    pieces.add(chunk);
    if (pieces.bytes > most) throw new DistributionFault(413, 'SIZE_INVALID', `A manifest may have ${most} bytes.`);
  }
  return pieces.take();
}

/** One range; several at once, and what is no range, are answered with everything. */
export function rangeOf(
  header: string | undefined,
  bytes: number,
): { readonly from: number; readonly to: number } | 'outside' | undefined {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const from = first === '' ? Math.max(0, bytes - Number(last)) : Number(first);
  const to = first === '' || last === '' ? bytes - 1 : Math.min(Number(last), bytes - 1);
  return from >= bytes || from > to ? 'outside' : { from, to };
}

const mostPage = 1_000;

/** @param names in order */
export function paged(
  names: readonly string[],
  query: URLSearchParams,
  path: string,
): { readonly page: readonly string[]; readonly headers: Readonly<Record<string, string>> } {
  const last = query.get('last');
  const wanted = query.get('n');
  const size = wanted !== null && /^\d{1,6}$/.test(wanted) ? Math.min(Number(wanted), mostPage) : mostPage;
  const rest = last === null ? names : names.filter((name) => name > last);
  const page = rest.slice(0, size);
  const end = page.at(-1);
  const more = rest.length > page.length && end !== undefined;
  return { page, headers: more ? { Link: `<${path}?n=${size}&last=${encodeURIComponent(end)}>; rel="next"` } : {} };
}
