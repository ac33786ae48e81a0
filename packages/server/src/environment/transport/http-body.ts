import type { IncomingMessage } from 'node:http';

export type Body = { readonly kind: 'whole'; readonly bytes: Buffer } | { readonly kind: 'tooLarge' } | { readonly kind: 'truncated' };

/**
 * A request's body, at most `limitBytes` of it. What is longer is read to its end and thrown away, so that
 * the client can read the answer. Never rejects.
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Body> {
  return new Promise((resolve) => {
    let pieces: Buffer[] = [];
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= limitBytes) pieces.push(piece);
      else pieces = [];
    });
    request.on('end', () => {
      if (bytes > limitBytes) return resolve({ kind: 'tooLarge' });
      resolve({ kind: 'whole', bytes: pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces, bytes) });
    });
    request.on('error', () => resolve({ kind: 'truncated' }));
    request.on('close', () => resolve({ kind: 'truncated' }));
  });
}
