import { encodeEventStream, type EventFormat } from './event-stream.ts';
import { ServiceFault } from './fault.ts';
import { byClass, fromJson, parseJson, toJson } from './json.ts';
import type { Operation, Shape } from './operation.ts';
import { hasDocument, placesOf } from './places.ts';
import { queryOf, type RequestHead, type WireResponse } from './request.ts';
import { fromText, toText } from './text.ts';
import { fromXml, parseXml } from './xml-read.ts';
import { structureToXml, toXml, xmlName } from './xml.ts';

/** How documents in bodies are written; everything else is the same in both REST protocols. */
export interface DocumentFormat {
  readonly contentType: string;
  read(shape: Shape, body: Uint8Array): unknown;
  /** The payload member, under its own name. */
  write(name: string, shape: Shape, value: unknown): string;
  /** The members of an output that travel nowhere else. */
  writeOutput(operation: Operation, output: Readonly<Record<string, unknown>>): string;
}

export const jsonDocuments: DocumentFormat = {
  contentType: 'application/json',
  read: (shape, body) => fromJson(shape, parseJson(body)),
  write: (_name, shape, value) => JSON.stringify(toJson(shape, value)),
  writeOutput: (operation, output) => {
    const document: Record<string, unknown> = {};
    for (const { name, member, kind } of placesOf(operation.output)) {
      // An answer has no query: where a model says so it means nothing.
      if (kind !== 'document' && kind !== 'query') continue;
      const encoded = toJson(member, output[name]);
      if (encoded !== undefined) document[member.getMergedTraits().jsonName ?? name] = encoded;
    }
    return JSON.stringify(document);
  },
};

/** For services that tell a value of the wrong kind by its class in Java. */
export const javaDocuments: DocumentFormat = {
  ...jsonDocuments,
  read: (shape, body) => fromJson(shape, parseJson(body), 0, byClass),
};

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** @param unwrapped  operations whose one member is the document itself */
export const xmlDocuments = (namespace: string, unwrapped: readonly string[]): DocumentFormat => {
  const root = (name: string, content: string): string => `${declaration}<${name} xmlns="${namespace}">${content}</${name}>`;
  return {
    contentType: 'application/xml',
    read: (shape, body) => (body.length === 0 ? undefined : fromXml(shape, parseXml(body))),
    write: (name, shape, value) => root(xmlName(shape) ?? name, structureToXml(shape, value as object)),
    writeOutput: (operation, output) => {
      let content = '';
      for (const { name, member, kind } of placesOf(operation.output)) {
        const value = output[name];
        if (kind !== 'document' || value === undefined || value === null) continue;
        content += unwrapped.includes(operation.name) ? toText(member, value) : toXml(xmlName(member) ?? name, member, value);
      }
      return root(xmlName(operation.output) ?? `${operation.name}Result`, content);
    },
  };
};

/**
 * Labels, query, headers and body of a REST request → the operation's input.
 *
 * @param body  a stream when the operation's payload is one and it was not read before
 */
export function fromRest(
  operation: Operation,
  head: RequestHead,
  labels: Readonly<Record<string, string>>,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  documents: DocumentFormat = jsonDocuments,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  let query: URLSearchParams | undefined;
  for (const { name, member, kind, wireName, lowerName, item } of placesOf(operation.input)) {
    let value: unknown;
    switch (kind) {
      case 'label':
        value = labels[name] === undefined ? undefined : fromText(member, labels[name]);
        break;
      case 'query':
        if (!head.target.includes('?')) break;
        query ??= queryOf(head.target);
        value =
          documents.contentType === jsonDocuments.contentType || !member.isNumericSchema()
            ? fromQuery(member, item, wireName, query)
            : numberFromQuery(wireName, query);
        break;
      case 'queries':
        value = allQueries(head);
        break;
      case 'header':
        value = fromHeader(member, item, head.headers[lowerName]);
        break;
      case 'prefix':
        value = fromPrefix(wireName, head);
        break;
      case 'payload':
        value = fromPayload(member, body, documents);
        break;
      case 'status':
      case 'document':
        break;
    }
    if (value !== undefined) input[name] = value;
  }
  // Bound members are not in the body: a client that repeats them there changes nothing.
  if (body instanceof Uint8Array && hasDocument(operation.input)) {
    const document = (documents.read(operation.input, body) ?? {}) as Record<string, unknown>;
    for (const { name, kind } of placesOf(operation.input)) {
      if (kind === 'document' && document[name] !== undefined) input[name] = document[name];
    }
  }
  return input;
}

function fromPayload(member: Shape, body: Uint8Array | AsyncIterable<Uint8Array>, documents: DocumentFormat): unknown {
  if (!(body instanceof Uint8Array)) return body;
  if (member.isStructSchema()) return documents.read(member, body);
  if (body.length === 0) return undefined;
  return member.isStringSchema() ? Buffer.from(body).toString('utf8') : body;
}

function fromQuery(member: Shape, item: Shape | undefined, name: string, query: URLSearchParams): unknown {
  if (item !== undefined) {
    const values = query.getAll(name);
    return values.length === 0 ? undefined : values.map((each) => fromText(item, each));
  }
  const text = query.get(name);
  return text === null ? undefined : fromText(member, text);
}

/** Every parameter, also those that are members of their own. */
function allQueries(head: RequestHead): Record<string, string> | undefined {
  if (!head.target.includes('?')) return undefined;
  return Object.fromEntries([...queryOf(head.target)].filter(([name]) => name !== '__proto__'));
}

/** As S3 reads a number: nothing where nothing is written. @throws InvalidArgument */
function numberFromQuery(name: string, query: URLSearchParams): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  const number = Number(text);
  if (!/^-?\d+$/.test(text) || Math.abs(number) > 2_147_483_647) {
    throw new ServiceFault('InvalidArgument', `Provided ${name} not an integer or within integer range`, {
      status: 400,
      members: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return number;
}

function fromHeader(member: Shape, item: Shape | undefined, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (item === undefined) return fromText(member, text);
  return text.split(',').map((each) => fromText(item, each.trim()));
}

function fromPrefix(prefix: string, head: RequestHead): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(head.headers)) {
    if (value !== undefined && name.startsWith(prefix) && name !== '__proto__') found[name.slice(prefix.length)] = value;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

const emptyBody = new Uint8Array(0);

/** Where S3 answers otherwise than its model says; recorded in 2026. */
const statuses: Readonly<Record<string, number>> = {
  PutBucketAnalyticsConfiguration: 204,
  PutBucketIntelligentTieringConfiguration: 204,
  PutBucketInventoryConfiguration: 204,
  PutBucketMetricsConfiguration: 204,
  PutBucketPolicy: 204,
  RestoreObject: 202,
};
const contentTypes: Readonly<Record<string, string>> = { HeadBucket: 'application/xml' };

/** The operation's output → status, headers and document (or the payload member's bytes or stream). */
export function toRest(
  operation: Operation,
  output: Record<string, unknown>,
  documents: DocumentFormat = jsonDocuments,
): WireResponse {
  const headers: Record<string, string> = {};
  const contentType = contentTypes[operation.name];
  if (contentType !== undefined) headers['Content-Type'] = contentType;
  let status = statuses[operation.name] ?? operation.status;
  let body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  for (const { name, member, kind, wireName } of placesOf(operation.output)) {
    const value = output[name];
    switch (kind) {
      case 'status':
        if (typeof value === 'number') status = value;
        break;
      case 'header':
        if (value !== undefined && value !== null) headers[wireName] = toHeader(member, value);
        break;
      case 'prefix':
        for (const [key, each] of Object.entries(value ?? {})) headers[`${wireName}${key}`] = writable(String(each));
        break;
      case 'payload':
        body = payload(name, member, value, headers, documents);
        break;
      case 'label':
      case 'query':
      case 'queries':
      case 'document':
        break;
    }
  }
  if (body === undefined && hasDocument(operation.output)) body = Buffer.from(documents.writeOutput(operation, output));
  if (status === 200 && headers['Content-Range'] !== undefined) status = 206;
  const isXml = documents.contentType !== jsonDocuments.contentType;
  if (
    status !== 204 &&
    headers['Content-Type'] === undefined &&
    !(isXml && (body === undefined || body.constructor !== Buffer))
  ) {
    headers['Content-Type'] = documents.contentType;
  }
  return { status, headers, body: body ?? emptyBody };
}

function toHeader(member: Shape, value: unknown): string {
  if (member.isListSchema()) return (value as unknown[]).map((each) => toText(member.getValueSchema(), each)).join(', ');
  return writable(toText(member, value, 'httpDate'));
}

/** Text that a header cannot hold travels as RFC 2047 says; line breaks above all. */
const writable = (text: string): string =>
  // oxlint-disable-next-line no-control-regex -- the control characters are the point
  /^[\t\u0020-\u007E\u0080-\u00FF]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;

function payload(
  name: string,
  member: Shape,
  value: unknown,
  headers: Record<string, string>,
  documents: DocumentFormat,
): Uint8Array | AsyncIterable<Uint8Array> {
  if (value === undefined || value === null) return emptyBody;
  if (member.isStreaming() && member.isStructSchema()) {
    headers['Content-Type'] = 'application/vnd.amazon.eventstream';
    return encodeEventStream(member, value as AsyncIterable<object>, jsonEvents);
  }
  if (member.isStructSchema()) return Buffer.from(documents.write(name, member, value));
  return typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array | AsyncIterable<Uint8Array>);
}

const jsonEvents: EventFormat = {
  contentType: 'application/json',
  encode: (shape, value) => Buffer.from(JSON.stringify(toJson(shape, value) ?? {})),
};
