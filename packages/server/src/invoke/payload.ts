import { isUtf8 } from 'node:buffer';
import { ServiceFault } from '@mayfly/wire';
import { jsonComplaint } from './json-check.ts';

const emptyEvent = Buffer.from('{}');

/** An absent event reaches the handler as an empty object. @source spec 2.1-01 */
export const orEmpty = (payload: Uint8Array | undefined): Uint8Array =>
  payload === undefined || payload.byteLength === 0 ? emptyEvent : payload;

/** @throws ServiceFault RequestEntityTooLargeException @source spec 2.3-01, 2.3-02 */
export function checkSize(
  payload: Uint8Array,
  limitBytes: number,
  invocationType: 'RequestResponse' | 'Event' | 'InvokeAsync',
): void {
  if (payload.byteLength <= limitBytes) return;
  throw new ServiceFault(
    'RequestEntityTooLargeException',
    `${payload.byteLength} byte payload is too large for the ${invocationType} invocation type (limit ${limitBytes} bytes)`,
    { status: 413, members: { Type: 'User' } },
  );
}

/**
 * Refuses what is not JSON and leaves the rest as it is: it travels to the handler untouched.
 *
 * @throws ServiceFault InvalidRequestContentException @source spec 2.1-09
 */
export function checkJson(payload: Uint8Array): void {
  const complaint = isUtf8(payload) ? jsonComplaint(payload) : 'Invalid UTF-8';
  if (complaint === undefined) return;
  throw new ServiceFault(
    'InvalidRequestContentException',
    `Could not parse request body into json: Could not parse payload into json: ${complaint}`,
    { status: 400, members: { Type: 'User' } },
  );
}

/** @source spec 2.1-04 */
const clientContextBytes = 3583;

/** `X-Amz-Client-Context`, decoded. @throws ServiceFault InvalidRequestContentException */
export function clientContext(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  const text = Buffer.from(header, 'base64');
  const fine = header.length <= clientContextBytes && isUtf8(text) && text.length > 0 && jsonComplaint(text) === undefined;
  if (fine) return text.toString('utf8');
  throw new ServiceFault('InvalidRequestContentException', 'Client context must be a valid Base64-encoded JSON object.', {
    status: 400,
    members: { Type: 'User' },
  });
}
