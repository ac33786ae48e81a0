import { cbor } from '@smithy/core/cbor';
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
  const found = protocols[protocol];
  if (found === undefined) throw new Error(`There is no protocol ${protocol}.`);
  const [send, read] = found;
  const { path = '/', headers, body } = send(call);
  const scope = `${scene.account}/20260101/${scene.region}/${call.service}/aws4_request`;
  const answer = await fetch(scene.stage.origin + path, {
    method: 'POST',
    headers: {
      ...headers,
      ...call.headers,
      Authorization: `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`,
    },
    body,
  });
  const document = Buffer.from(await answer.arrayBuffer());
  return document.length === 0 ? {} : read(document);
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
