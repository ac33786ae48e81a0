import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';

/** A page with a status, headers and cookies of its own, piece by piece. */
export const page = awslambda.streamifyResponse(async (event, stream, context) => {
  const out = awslambda.HttpResponseStream.from(stream, { statusCode: 203, headers: { 'content-type': 'text/plain', 'x-id': context.awsRequestId }, cookies: ['a=1', 'b=2'] });
  await pipeline(Readable.from(['one ', 'two ', event.rawPath]), out);
});

export const plain = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/csv');
  stream.write('a;b\n');
  stream.end(`${event.a};${event.b}\n`);
});
