import { encodeEventStream } from './event-stream.ts';
import { fromJson, parseJson, toJson } from './json.ts';
import { members, type Operation, type Shape } from './operation.ts';
import { queryOf, type RequestHead, type WireResponse } from './request.ts';
import { fromText, toText } from './text.ts';

/** Labels, query, headers and body of a REST request → the operation's input. */
export function fromRest(
  operation: Operation,
  head: RequestHead,
  labels: Readonly<Record<string, string>>,
  body: Uint8Array,
): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  let query: URLSearchParams | undefined;
  let inBody = false;
  for (const [name, member] of members(operation.input)) {
    const traits = member.getMergedTraits();
    const wireName = traits as { httpQuery?: string; httpHeader?: string };
    let value: unknown;
    if (traits.httpLabel !== undefined) value = labels[name] === undefined ? undefined : fromText(member, labels[name]);
    else if (wireName.httpQuery !== undefined) value = fromQuery(member, wireName.httpQuery, (query ??= queryOf(head.target)));
    else if (wireName.httpHeader !== undefined) {
      const text = head.headers[wireName.httpHeader.toLowerCase()];
      value = text === undefined ? undefined : fromText(member, text);
    } else if (traits.httpPayload !== undefined) {
      value = member.isStructSchema() ? fromJson(member, parseJson(body)) : body.length === 0 ? undefined : body;
    } else inBody = true;
    if (value !== undefined) input[name] = value;
  }
  // Bound members are not in the body: a client that repeats them there changes nothing.
  if (inBody) {
    const document = fromJson(operation.input, parseJson(body)) as Record<string, unknown>;
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
    traits['httpPayload'] === undefined &&
    traits['httpResponseCode'] === undefined
  );
};

function fromQuery(member: Shape, name: string, query: URLSearchParams): unknown {
  if (member.isListSchema()) {
    const values = query.getAll(name);
    return values.length === 0 ? undefined : values.map((each) => fromText(member.getValueSchema() as Shape, each));
  }
  const text = query.get(name);
  return text === null ? undefined : fromText(member, text);
}

const emptyBody = new Uint8Array(0);

/** The operation's output → status, headers and JSON body (or the payload member's bytes or stream). */
export function toRest(operation: Operation, output: Record<string, unknown>): WireResponse {
  const headers: Record<string, string> = {};
  let status = operation.status;
  let body: Uint8Array | AsyncIterable<Uint8Array> | undefined;
  let document: Record<string, unknown> | undefined;
  for (const [name, member] of members(operation.output)) {
    const value = output[name];
    const traits = member.getMergedTraits() as Record<string, unknown>;
    if (traits['httpResponseCode'] !== undefined) {
      if (typeof value === 'number') status = value;
    } else if (traits['httpHeader'] !== undefined) {
      if (value !== undefined && value !== null) headers[String(traits['httpHeader'])] = toText(member, value, 'httpDate');
    } else if (traits['httpPayload'] !== undefined) body = payload(member, value, headers);
    else {
      document ??= {};
      const encoded = toJson(member, value);
      if (encoded !== undefined) document[(traits['jsonName'] as string | undefined) ?? name] = encoded;
    }
  }
  if (body === undefined && document !== undefined) body = Buffer.from(JSON.stringify(document));
  if (status !== 204 && headers['Content-Type'] === undefined) headers['Content-Type'] = 'application/json';
  return { status, headers, body: body ?? emptyBody };
}

function payload(
  member: Shape,
  value: unknown,
  headers: Record<string, string>,
): Uint8Array | AsyncIterable<Uint8Array> {
  if (value === undefined || value === null) return emptyBody;
  if (member.isStreaming() && member.isStructSchema()) {
    headers['Content-Type'] = 'application/vnd.amazon.eventstream';
    return encodeEventStream(member, value as AsyncIterable<object>);
  }
  if (member.isStructSchema()) return Buffer.from(JSON.stringify(toJson(member, value)));
  return typeof value === 'string' ? Buffer.from(value) : (value as Uint8Array | AsyncIterable<Uint8Array>);
}
