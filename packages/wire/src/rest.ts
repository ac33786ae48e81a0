import { encodeEventStream } from './event-stream.ts';
import { fromJson, parseJson, toJson } from './json.ts';
import { members, type Operation, type Shape } from './operation.ts';
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
    for (const [name, member] of members(operation.output)) {
      if (!isUnbound(member)) continue;
      const encoded = toJson(member, output[name]);
      if (encoded !== undefined) document[(member.getMergedTraits().jsonName as string | undefined) ?? name] = encoded;
    }
    return JSON.stringify(document);
  },
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
      for (const [name, member] of members(operation.output)) {
        const value = output[name];
        if (!isUnbound(member) || value === undefined || value === null) continue;
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
  let inBody = false;
  for (const [name, member] of members(operation.input)) {
    const traits = member.getMergedTraits();
    const wireName = traits as { httpQuery?: string; httpHeader?: string; httpPrefixHeaders?: string };
    let value: unknown;
    if (traits.httpLabel !== undefined) value = labels[name] === undefined ? undefined : fromText(member, labels[name]);
    else if (wireName.httpQuery !== undefined) value = fromQuery(member, wireName.httpQuery, (query ??= queryOf(head.target)));
    else if (wireName.httpHeader !== undefined) value = fromHeader(member, head.headers[wireName.httpHeader.toLowerCase()]);
    else if (wireName.httpPrefixHeaders !== undefined) value = fromPrefix(wireName.httpPrefixHeaders, head);
    else if (traits.httpPayload !== undefined) value = fromPayload(member, body, documents);
    else inBody = true;
    if (value !== undefined) input[name] = value;
  }
  // Bound members are not in the body: a client that repeats them there changes nothing.
  if (inBody && body instanceof Uint8Array) {
    const document = (documents.read(operation.input, body) ?? {}) as Record<string, unknown>;
    for (const [name, value] of Object.entries(document)) {
      if (isUnbound(operation.input.getMemberSchema(name) as Shape)) input[name] = value;
    }
  }
  return input;
}

const isUnbound = (member: Shape): boolean => {
  const traits = member.getMergedTraits() as Record<string, unknown>;
  return (
    traits['httpLabel'] === undefined &&
    traits['httpQuery'] === undefined &&
    traits['httpHeader'] === undefined &&
    traits['httpPrefixHeaders'] === undefined &&
    traits['httpPayload'] === undefined &&
    traits['httpResponseCode'] === undefined
  );
};

function fromPayload(member: Shape, body: Uint8Array | AsyncIterable<Uint8Array>, documents: DocumentFormat): unknown {
  if (!(body instanceof Uint8Array)) return body;
  if (member.isStructSchema()) return documents.read(member, body);
  if (body.length === 0) return undefined;
  return member.isStringSchema() ? Buffer.from(body).toString('utf8') : body;
}

function fromQuery(member: Shape, name: string, query: URLSearchParams): unknown {
  if (member.isListSchema()) {
    const values = query.getAll(name);
    return values.length === 0 ? undefined : values.map((each) => fromText(member.getValueSchema() as Shape, each));
  }
  const text = query.get(name);
  return text === null ? undefined : fromText(member, text);
}

function fromHeader(member: Shape, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (!member.isListSchema()) return fromText(member, text);
  return text.split(',').map((each) => fromText(member.getValueSchema() as Shape, each.trim()));
}

function fromPrefix(prefix: string, head: RequestHead): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(head.headers)) {
    if (value !== undefined && name.startsWith(prefix) && name !== '__proto__') found[name.slice(prefix.length)] = value;
  }
  return Object.keys(found).length === 0 ? undefined : found;
}

const emptyBody = new Uint8Array(0);

/** The operation's output → status, headers and document (or the payload member's bytes or stream). */
export function toRest(
  operation: Operation,
  output: Record<string, unknown>,
  documents: DocumentFormat = jsonDocuments,
): WireResponse {
  const headers: Record<string, string> = {};
  let status = operation.status;
  let body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  let hasDocument = false;
  for (const [name, member] of members(operation.output)) {
    const value = output[name];
    const traits = member.getMergedTraits() as Record<string, unknown>;
    if (traits['httpResponseCode'] !== undefined) {
      if (typeof value === 'number') status = value;
    } else if (traits['httpHeader'] !== undefined) {
      if (value !== undefined && value !== null) headers[String(traits['httpHeader'])] = toHeader(member, value);
    } else if (traits['httpPrefixHeaders'] !== undefined) {
      for (const [key, each] of Object.entries(value ?? {})) headers[`${String(traits['httpPrefixHeaders'])}${key}`] = writable(String(each));
    } else if (traits['httpPayload'] !== undefined) body = payload(name, member, value, headers, documents);
    else hasDocument = true;
  }
  if (body === undefined && hasDocument) body = Buffer.from(documents.writeOutput(operation, output));
  if (status === 200 && headers['Content-Range'] !== undefined) status = 206;
  const isXml = documents !== jsonDocuments;
  if (status !== 204 && headers['Content-Type'] === undefined && !(isXml && (body === undefined || body.constructor !== Buffer))) {
    headers['Content-Type'] = documents.contentType;
  }
  return { status, headers, body: body ?? emptyBody };
}

function toHeader(member: Shape, value: unknown): string {
  if (member.isListSchema()) return (value as unknown[]).map((each) => toText(member.getValueSchema() as Shape, each)).join(', ');
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
    return encodeEventStream(member, value as AsyncIterable<object>);
  }
  if (member.isStructSchema()) return Buffer.from(documents.write(name, member, value));
  return typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array | AsyncIterable<Uint8Array>);
}
