import { cbor, tag } from '@smithy/core/cbor';
import { parseXml } from '../../../../packages/wire/src/xml-read.ts';
import type { Scene } from './stage.ts';

/** A call without a client between: the document that is sent, and the one that comes back. */
export interface RawCall {
  readonly service: 'monitoring' | 'kinesis';
  /** First part of the target: the service's name in its protocols. */
  readonly target: string;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

type Sent = (call: RawCall) => {
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer>;
};
type Read = (body: Buffer) => unknown;

const target = ({ target: prefix, operation }: RawCall): Record<string, string> => ({ 'X-Amz-Target': `${prefix}.${operation}` });
const bytesOf = (document: unknown): Uint8Array<ArrayBuffer> => Uint8Array.from(cbor.serialize(document));
/** A moment as the older protocol has it, in milliseconds. */
export const cborMoment = (atMs: number): unknown => tag({ tag: 1, value: atMs });

const fromCbor: Read = (body) => cbor.deserialize(body);

const protocols: Readonly<Record<string, readonly [Sent, Read]>> = {
  json: [
    (call) => ({ headers: { ...target(call), 'Content-Type': 'application/x-amz-json-1.0' }, body: JSON.stringify(call.input) }),
    (body) => JSON.parse(body.toString()),
  ],
  query: [
    ({ operation, input }) => ({
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ Action: operation, Version: '2010-08-01', ...formOf('', input) }).toString(),
    }),
    (body) => {
      const root = parseXml(body);
      return { [root.name]: { '@xmlns': root.attributes.get('xmlns'), ...(plainOf(root) as object) } };
    },
  ],
  'smithy-rpc-v2-cbor': [
    (call) => ({
      path: `/service/${call.target}/operation/${call.operation}`,
      headers: { 'Smithy-Protocol': 'rpc-v2-cbor', 'Content-Type': 'application/cbor' },
      body: bytesOf(call.input),
    }),
    fromCbor,
  ],
  'amz-cbor-1.1': [
    (call) => ({ headers: { ...target(call), 'Content-Type': 'application/x-amz-cbor-1.1' }, body: bytesOf(call.input) }),
    fromCbor,
  ],
};

/** The answer as a document: what JSON or CBOR holds, or XML as nested names. */
export async function rawAnswer(scene: Scene, protocol: string, call: RawCall): Promise<unknown> {
  const [send, read] = protocolOf(protocol);
  const answer = await sent(scene, call, send);
  const document = Buffer.from(await answer.arrayBuffer());
  return document.length === 0 ? {} : read(document);
}

/** The documents of an answer that is a stream of events, as they come. Whoever has enough leaves. */
export async function* rawEvents(scene: Scene, protocol: string, call: RawCall): AsyncGenerator {
  const [send, read] = protocolOf(protocol);
  const answer = await sent(scene, call, send);
  let held = Buffer.alloc(0);
  for await (const chunk of answer.body ?? []) {
    held = Buffer.concat([held, chunk as Uint8Array]);
    while (held.length >= 4 && held.length >= held.readUInt32BE(0)) {
      const [whole, headers] = [held.readUInt32BE(0), held.readUInt32BE(4)];
      yield read(held.subarray(12 + headers, whole - 4));
      held = held.subarray(whole);
    }
  }
}

function protocolOf(name: string): readonly [Sent, Read] {
  const found = protocols[name];
  if (found === undefined) throw new Error(`There is no protocol ${name}.`);
  return found;
}

function sent(scene: Scene, call: RawCall, send: Sent): Promise<Response> {
  const { path = '/', headers, body } = send(call);
  const scope = `${scene.account}/20260101/${scene.region}/${call.service}/aws4_request`;
  return fetch(scene.stage.origin + path, {
    method: 'POST',
    headers: {
      ...headers,
      ...call.headers,
      Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body,
  });
}

/** `MetricData.member.1.Value=5` */
function formOf(path: string, value: unknown): Record<string, string> {
  if (value instanceof Date) return { [path]: value.toISOString() };
  if (typeof value !== 'object' || value === null) return { [path]: String(value) };
  const entries = Array.isArray(value)
    ? value.map((each, index): [string, unknown] => [`member.${index + 1}`, each])
    : Object.entries(value);
  return Object.assign({}, ...entries.map(([name, each]) => formOf(path === '' ? name : `${path}.${name}`, each))) as Record<
    string,
    string
  >;
}

interface Element {
  readonly name: string;
  readonly children: readonly Element[];
  readonly text: string;
}

/** An element without anything in it is null; one name several times is a list. */
function plainOf({ children, text }: Element): unknown {
  if (children.length === 0) return text.trim() === '' ? null : text;
  const result: Record<string, unknown> = {};
  for (const child of children) {
    const known = result[child.name];
    const value = plainOf(child);
    result[child.name] = known === undefined ? value : [...(Array.isArray(known) ? (known as unknown[]) : [known]), value];
  }
  return result;
}
