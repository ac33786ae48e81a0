import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from './body.ts';

type Answer = Readonly<Record<string, unknown>>;

/** AWS takes 4 KiB of an answer. */
const mostBytes = 65_536;

/**
 * `PUT /_mayfly/cloudformation/WORD`: the answer of a custom resource or the signal of a wait condition. Whoever knows the
 * word may, as with a presigned URL.
 *
 * @param put  false when nobody waits for it
 */
export async function takeSignal(
  request: IncomingMessage,
  response: ServerResponse,
  put: (answer: Answer) => Promise<boolean>,
): Promise<void> {
  const json = (status: number, document: object): void => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(document));
  };
  if (request.method !== 'PUT') return json(405, { message: 'Only PUT.' });
  const body = await readBody(request, { limitBytes: mostBytes, hash: false });
  if (body === 'tooLarge') {
    response.setHeader('Connection', 'close');
    return json(413, { message: `An answer has at most ${mostBytes} bytes.` });
  }
  let answer: unknown;
  try {
    answer = JSON.parse(Buffer.from(body.bytes).toString('utf8'));
  } catch {
    answer = undefined;
  }
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    return json(400, { message: 'An answer is a JSON object.' });
  if (await put(answer as Answer)) return json(200, {});
  return json(403, { message: 'Nobody waits for this answer, or not any more.' });
}
