import { crc32 } from 'node:zlib';
import { members, type Shape } from './operation.ts';

/** What events carry, besides bytes: documents of a protocol. */
export interface EventFormat {
  readonly contentType: string;
  encode(shape: Shape, value: unknown): Uint8Array;
}

const stringHeader = 7;

/** One frame: lengths, their CRC, string headers, payload, CRC of all. @source spec 2.5-03 */
export function encodeFrame(headers: Readonly<Record<string, string>>, payload: Uint8Array): Uint8Array {
  const encoded = Object.entries(headers).map(([name, value]) => {
    const nameBytes = Buffer.from(name);
    const valueBytes = Buffer.from(value);
    const head = Buffer.alloc(1 + nameBytes.length + 3);
    head.writeUInt8(nameBytes.length, 0);
    nameBytes.copy(head, 1);
    head.writeUInt8(stringHeader, 1 + nameBytes.length);
    head.writeUInt16BE(valueBytes.length, 2 + nameBytes.length);
    return Buffer.concat([head, valueBytes]);
  });
  const headerBytes = Buffer.concat(encoded);
  const total = 12 + headerBytes.length + payload.length + 4;
  const frame = Buffer.allocUnsafe(total);
  frame.writeUInt32BE(total, 0);
  frame.writeUInt32BE(headerBytes.length, 4);
  frame.writeUInt32BE(crc32(frame.subarray(0, 8)), 8);
  headerBytes.copy(frame, 12);
  frame.set(payload, 12 + headerBytes.length);
  frame.writeUInt32BE(crc32(frame.subarray(0, total - 4)), total - 4);
  return frame;
}

/** Members of an event union → frames, one each. @source spec 2.5-04 */
export async function* encodeEventStream(
  union: Shape,
  events: AsyncIterable<object>,
  format: EventFormat,
): AsyncIterable<Uint8Array> {
  for await (const event of events) {
    const [name, value] = Object.entries(event)[0] ?? [];
    if (name === undefined) continue;
    const shape = union.getMemberSchema(name);
    const blob = members(shape).find(([, member]) => member.getMergedTraits().eventPayload !== undefined);
    yield encodeFrame(
      {
        ':message-type': 'event',
        ':event-type': name,
        ':content-type': blob === undefined ? format.contentType : 'application/octet-stream',
      },
      blob === undefined ? format.encode(shape, value) : ((value as Record<string, Uint8Array>)[blob[0]] ?? new Uint8Array(0)),
    );
  }
}

/** The member that is a stream of events; undefined for ordinary outputs. */
export const eventStreamOf = (output: Shape): readonly [string, Shape] | undefined =>
  members(output).find(([, member]) => member.isStreaming() && member.isStructSchema());

/** For protocols without REST, whose other members travel in a first frame of their own. */
export async function* encodeRpcEventStream(
  output: Shape,
  union: readonly [string, Shape],
  value: object,
  format: EventFormat,
): AsyncIterable<Uint8Array> {
  const { [union[0]]: events, ...rest } = value as Record<string, unknown>;
  yield encodeFrame(
    { ':message-type': 'event', ':event-type': 'initial-response', ':content-type': format.contentType },
    format.encode(output, rest),
  );
  yield* encodeEventStream(union[1], events as AsyncIterable<object>, format);
}
