import type { InvokeWithResponseStreamResponseEvent } from '@aws-sdk/client-lambda';
import type { Outcome } from '../environment/index.ts';
import type { Started } from './road.ts';
import type { Tail } from './tail.ts';

type Event = InvokeWithResponseStreamResponseEvent;
/** A buffered body is cut into frames of this size; the protocol's own limit is far higher. */
const chunkBytes = 131_072;

const chunk = (bytes: Uint8Array): Event => ({ PayloadChunk: { Payload: bytes } });

/**
 * The frames of InvokeWithResponseStream. A caller who stops reading does not stop the handler.
 * @source spec 2.5-04, 2.5-05, 2.5-06
 */
export async function* responseEvents(started: Started, outcome: Outcome, tail: Tail | undefined): AsyncGenerator<Event> {
  let failure: { readonly body: Uint8Array } | undefined;
  switch (outcome.kind) {
    case 'returned':
      for (let at = 0; at < outcome.body.byteLength; at += chunkBytes) {
        yield chunk(outcome.body.subarray(at, at + chunkBytes));
      }
      break;
    case 'streamed': {
      for await (const piece of outcome.body) yield chunk(piece);
      const end = await outcome.end;
      if (end.kind === 'failed') failure = end;
      break;
    }
    case 'threw':
    case 'failed':
      failure = outcome;
      break;
  }
  // The log is complete only now: REPORT is its last line.
  if (tail !== undefined) await started.released;
  yield {
    InvokeComplete: {
      ...(failure === undefined ? {} : { ErrorCode: 'Unhandled', ErrorDetails: Buffer.from(failure.body).toString('utf8') }),
      ...(tail === undefined ? {} : { LogResult: tail.toString() }),
    },
  };
}
