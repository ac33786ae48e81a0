import { STATUS_CODES } from 'node:http';
import type { WireResponse } from '@mayfly/wire';

/** A body of at most this many bytes is copied behind its head, and both leave in one write. */
const copyBytes = 65_536;

/** Lines that every answer on a connection ends its head with. */
export interface Tail {
  readonly date: string;
  readonly close: boolean;
  readonly keepAliveS: number;
}

/**
 * An answer as bytes: one piece, or two for a large body.
 *
 * @throws TypeError when a header could not be sent as one
 */
export function replyBytes(
  { status, headers, body }: WireResponse & { readonly body: Uint8Array },
  tail: Tail,
): readonly Uint8Array[] {
  const empty = status === 204 || status === 304;
  let head = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n`;
  for (const name in headers) {
    const value = headers[name] as string;
    if (!sendable.test(value) || !token.test(name)) throw new TypeError(`The header ${name} cannot be sent.`);
    head += `${name}: ${value}\r\n`;
  }
  if (!empty) head += `Content-Length: ${body.length}\r\n`;
  head += `Date: ${tail.date}\r\n`;
  head += tail.close ? 'Connection: close\r\n\r\n' : `Connection: keep-alive\r\nKeep-Alive: timeout=${tail.keepAliveS}\r\n\r\n`;
  const bodyBytes = empty ? 0 : body.length;
  const together = bodyBytes <= copyBytes;
  const bytes = Buffer.allocUnsafe(head.length + (together ? bodyBytes : 0));
  bytes.write(head, 0, 'latin1');
  if (bodyBytes === 0) return [bytes];
  if (!together) return [bytes, body];
  bytes.set(body, head.length);
  return [bytes];
}

/** What Node lets through: no line break, no other control character. */
const sendable = /^[\t\x20-\x7e\x80-\xff]*$/;
const token = /^[\w-]+$/;
