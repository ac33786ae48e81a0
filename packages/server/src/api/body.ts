import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ComingBodies } from './coming.ts';

export interface Body {
  readonly bytes: Uint8Array;
  /** Hex; only when asked for. */
  readonly sha256?: string;
}

/** A refused body is still read up to here, so that the client is listening when the answer comes. */
const courtesyBytes = 134_217_728;
/** A body of which nothing more comes for so long is not waited for. */
const silenceMs = 60_000;

/** Cuts a request of which nothing more comes, until it is complete or disposed: what its handler takes then is another's clock. */
export function untilSilent(request: IncomingMessage): Disposable {
  const enough = (): void => void (request.destroyed || request.setTimeout(0));
  if (!request.complete) {
    request.setTimeout(silenceMs, () => void request.destroy());
    request.once('end', enough);
  }
  return { [Symbol.dispose]: enough };
}

/** Of all bodies that are still coming. */
const comingBytes = 268_435_456;

const coming = new ComingBodies(comingBytes);

/**
 * Reads a request's body, counting while it comes.
 *
 * @param limitBytes  what is kept at most
 * @returns 'tooLarge' once more than that has come; the caller answers and closes the connection
 * @throws Error code `BODY_CUT` when the client goes away in the middle, falls silent, or is too slow while others need the room
 */
export async function readBody(
  request: IncomingMessage,
  options: { readonly limitBytes: number; readonly hash: boolean; readonly room?: ComingBodies },
): Promise<Body | 'tooLarge'> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > courtesyBytes) return 'tooLarge';
  const hash = options.hash ? createHash('sha256') : undefined;
  const room = options.room ?? coming;
  const body = room.begin(() => void request.destroy());
  let seen = 0;
  using _silence = untilSilent(request);
  try {
    await new Promise<void>((resolve, reject) => {
      const cut = (): void => {
        if (!request.complete || request.destroyed)
          reject(Object.assign(new Error('The client went away while sending.'), { code: 'BODY_CUT' }));
      };
      request.on('data', (chunk: Uint8Array) => {
        seen += chunk.length;
        if (seen <= options.limitBytes) {
          if (room.add(body, chunk)) hash?.update(chunk);
        } else {
          room.end(body);
          body.pieces.clear();
          if (seen > courtesyBytes) resolve();
        }
      });
      request.once('close', cut);
      request.once('error', reject);
      request.once('end', () => {
        // A request closes after its end, too; what was cut is an error, which is dear to make.
        request.off('close', cut);
        resolve();
      });
    });
  } finally {
    room.end(body);
  }
  if (seen > options.limitBytes) return 'tooLarge';
  const bytes = body.pieces.take();
  return hash === undefined ? { bytes } : { bytes, sha256: hash.digest('hex') };
}
