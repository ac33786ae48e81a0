import type { IncomingMessage } from 'node:http';
import { Pieces } from '../../base/index.ts';

export type Body =
  | { readonly kind: 'whole'; readonly bytes: Buffer }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'truncated' };

/**
 * A request's body, at most `limitBytes` of it. What is longer is read to its end and thrown away, so that
 * the client can read the answer. Never rejects.
 */
export function readBody(request: IncomingMessage, limitBytes: number): Promise<Body> {
  return new Promise((resolve) => {
    const pieces = new Pieces();
    let bytes = 0;
    request.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= limitBytes) pieces.add(piece);
      else pieces.clear();
    });
    request.on('end', () => {
      if (bytes > limitBytes) return resolve({ kind: 'tooLarge' });
      resolve({ kind: 'whole', bytes: pieces.take() });
    });
    request.on('error', () => resolve({ kind: 'truncated' }));
    request.on('close', () => resolve({ kind: 'truncated' }));
  });
}
