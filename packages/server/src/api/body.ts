import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export interface Body {
  readonly bytes: Uint8Array;
  /** Hex; only when asked for. */
  readonly sha256?: string;
}

/** A refused body is still read up to here, so that the client is listening when the answer comes. */
const courtesyBytes = 134_217_728;

/**
 * Reads a request's body, counting while it comes.
 *
 * @param limitBytes  what is kept at most
 * @returns 'tooLarge' once more than that has come; the caller answers and closes the connection
 * @throws Error code `BODY_CUT` when the client goes away in the middle
 */
export async function readBody(
  request: IncomingMessage,
  options: { readonly limitBytes: number; readonly hash: boolean },
): Promise<Body | 'tooLarge'> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > courtesyBytes) return 'tooLarge';
  const hash = options.hash ? createHash('sha256') : undefined;
  const chunks: Uint8Array[] = [];
  let seen = 0;
  await new Promise<void>((resolve, reject) => {
    const cut = (): void => {
      if (!request.complete) reject(Object.assign(new Error('The client went away while sending.'), { code: 'BODY_CUT' }));
    };
    request.on('data', (chunk: Uint8Array) => {
      seen += chunk.length;
      if (seen <= options.limitBytes) {
        chunks.push(chunk);
        hash?.update(chunk);
      } else {
        chunks.length = 0;
        if (seen > courtesyBytes) resolve();
      }
    });
    request.once('end', resolve);
    request.once('error', reject);
    request.once('close', cut);
  });
  if (seen > options.limitBytes) return 'tooLarge';
  const bytes = chunks.length === 1 ? (chunks[0] as Uint8Array) : Buffer.concat(chunks, seen);
  return hash === undefined ? { bytes } : { bytes, sha256: hash.digest('hex') };
}
