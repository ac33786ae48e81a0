import { Pieces } from '../base/index.ts';
import type { Outcome, StreamEnd } from '../environment/index.ts';

/** A finished invocation as a buffered caller sees it. */
export interface Buffered {
  readonly body: Uint8Array;
  /** @source spec 2.2-03 */
  readonly functionError?: 'Unhandled';
  /** Of a failure: who caused it. */
  readonly errorType?: string;
}

/** @source spec 2.3-03 */
const tooLarge = (limitBytes: number): Buffered => ({
  body: Buffer.from(
    JSON.stringify({
      errorMessage: `Response payload size exceeded maximum allowed payload size (${limitBytes} bytes).`,
      errorType: 'Function.ResponseSizeTooLarge',
    }),
  ),
  functionError: 'Unhandled',
  errorType: 'Function.ResponseSizeTooLarge',
});

/** The whole of an outcome; at once, unless it is streamed. Never rejects. */
export function buffered(outcome: Outcome, limitBytes: number): Buffered | Promise<Buffered> {
  switch (outcome.kind) {
    case 'returned':
      return outcome.body.byteLength > limitBytes ? tooLarge(limitBytes) : { body: outcome.body };
    case 'threw':
    case 'failed':
      return { body: outcome.body, functionError: 'Unhandled', errorType: outcome.errorType };
    case 'streamed':
      return collected(outcome, limitBytes);
  }
}

/** A body that grows too large is not read any further, and its handler ends as it would have. */
async function collected(outcome: Extract<Outcome, { readonly kind: 'streamed' }>, limitBytes: number): Promise<Buffered> {
  const pieces = new Pieces();
  let bytes = 0;
  try {
    for await (const chunk of outcome.body) {
      bytes += chunk.byteLength;
      if (bytes > limitBytes) {
        pieces.clear();
        break;
      }
      pieces.add(chunk);
    }
  } catch {
    // How it ended is told by `end`; a broken body says nothing more.
  }
  const end: StreamEnd = await outcome.end;
  if (end.kind === 'failed') return { body: end.body, functionError: 'Unhandled', errorType: end.errorType };
  return bytes > limitBytes ? tooLarge(limitBytes) : { body: pieces.take() };
}
