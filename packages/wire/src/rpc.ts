import { fromCbor } from './cbor-read.ts';
import { plainToCbor, toCbor } from './cbor-write.ts';
import type { EventFormat } from './event-stream.ts';
import { fromJson, parseJson, toJson } from './json.ts';
import type { Shape } from './operation.ts';
import type { Protocol, ServiceInfo } from './services.ts';

/** The protocols in which a request is one document and its operation stands elsewhere. */
type RpcProtocol = Extract<Protocol, `aws${string}` | `rpc${string}`>;

/** Documents of such a protocol. */
interface RpcFormat extends EventFormat {
  readonly contentType: string;
  /** Of answers, besides what all have. */
  readonly headers: Readonly<Record<string, string>>;
  readonly events: EventFormat;
  decode(shape: Shape, body: Uint8Array): object;
  encode(shape: Shape, value: unknown): Uint8Array;
  /** What no schema describes: a fault. */
  plain(document: Readonly<Record<string, unknown>>): Uint8Array;
}

export type RpcFormats = Readonly<Record<RpcProtocol, RpcFormat>>;

export const rpcFormats = (info: ServiceInfo): RpcFormats => ({
  awsJson1_0: json('application/x-amz-json-1.0'),
  awsJson1_1: json('application/x-amz-json-1.1'),
  rpcV2Cbor: cbor('application/cbor', info, { unitMs: 1_000, headers: { 'smithy-protocol': 'rpc-v2-cbor' } }),
  awsCbor1_1: cbor('application/x-amz-cbor-1.1', info, { unitMs: 1, headers: {} }),
});

function json(contentType: string): RpcFormat {
  const encode = (shape: Shape, value: unknown): Uint8Array => Buffer.from(JSON.stringify(toJson(shape, value) ?? {}));
  return {
    contentType,
    headers: {},
    events: { contentType: 'application/json', encode },
    decode: (shape, body) => fromJson(shape, parseJson(body)) ?? {},
    encode,
    plain: (document) => Buffer.from(JSON.stringify(document)),
  };
}

function cbor(
  contentType: string,
  { doubles }: ServiceInfo,
  { unitMs, headers }: { readonly unitMs: number; readonly headers: Readonly<Record<string, string>> },
): RpcFormat {
  const style = { unitMs, doubles: new Set(doubles) };
  const encode = (shape: Shape, value: unknown): Uint8Array => toCbor(shape, value, style);
  return {
    contentType,
    headers,
    events: { contentType, encode },
    decode: (shape, body) => fromCbor(shape, body, unitMs) ?? {},
    encode,
    plain: plainToCbor,
  };
}
