import { Constraints, type Model } from './constraints.ts';
import { encodeRpcEventStream, eventStreamOf } from './event-stream.ts';
import { ServiceFault } from './fault.ts';
import { rpcTargetOf } from './identify.ts';
import { readErrors, readOperations, type ErrorShape, type Operation } from './operation.ts';
import { fitted } from './fitted.ts';
import { fromForm, parseForm } from './query.ts';
import { quirks } from './quirks.ts';
import { queryOf, type RequestHead, type WireResponse } from './request.ts';
import { fromRest, javaDocuments, jsonDocuments, toRest, xmlDocuments, type DocumentFormat } from './rest.ts';
import { Router, type Match } from './router.ts';
import { rpcFormats, type RpcFormats } from './rpc.ts';
import { S3Router } from './s3-router.ts';
import { serviceInfo, type Protocol, type ServiceInfo, type ServiceName } from './services.ts';
import { escapeXml, structureToXml } from './xml.ts';

interface Meta {
  readonly requestId: string;
}

const loaded = new Map<ServiceName, Promise<Api>>();

/** The API of a service. Its SDK package and model are read on the first call. */
export function loadApi(service: ServiceName): Promise<Api> {
  let api = loaded.get(service);
  if (api === undefined) {
    const info = serviceInfo(service);
    api = Promise.all([info.sdk(), info.model()]).then(([sdk, model]) => new Api(service, sdk, model as Model));
    loaded.set(service, api);
  }
  return api;
}

/** One service's protocol, both ways: bytes to inputs, outputs and faults to bytes. Pure. */
export class Api {
  readonly service: ServiceName;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly #info: ServiceInfo;
  readonly #errors: ReadonlyMap<string, ErrorShape>;
  readonly #router: { match(head: RequestHead): Match | undefined };
  readonly #documents: DocumentFormat;
  readonly #rpc: RpcFormats;
  readonly #constraints: Constraints;

  constructor(service: ServiceName, sdk: object, model: Model) {
    this.service = service;
    this.operations = readOperations(sdk);
    this.#info = serviceInfo(service);
    this.#rpc = rpcFormats(this.#info);
    this.#errors = readErrors(sdk);
    this.#router = service === 's3' ? new S3Router(this.operations.values(), model) : new Router(this.operations.values());
    this.#documents =
      this.#info.xml === undefined
        ? this.#info.javaKinds === true
          ? javaDocuments
          : jsonDocuments
        : xmlDocuments(this.#info.xml.namespace, this.#info.xml.unwrapped);
    this.#constraints = new Constraints(model, quirks[service] ?? {});
  }

  /** The operation a request names; undefined when there is none. */
  route(head: RequestHead, protocol: Protocol, body: Uint8Array): Operation | undefined {
    switch (protocol) {
      case 'restJson1':
      case 'restXml':
        return this.#router.match(head)?.operation;
      case 'awsJson1_0':
      case 'awsJson1_1':
      case 'awsCbor1_1':
        return this.operations.get(head.headers['x-amz-target']?.split('.').at(-1) ?? '');
      case 'rpcV2Cbor':
        return this.operations.get(rpcTargetOf(head)?.operation ?? '');
      case 'query':
        return this.operations.get(form(head, body).get('Action') ?? '');
    }
  }

  /** @throws SerializationException when the request cannot be read as this operation's input */
  decode(operation: Operation, head: RequestHead, protocol: Protocol, body: Uint8Array | AsyncIterable<Uint8Array>): object {
    switch (protocol) {
      case 'restJson1':
      case 'restXml':
        return fromRest(operation, head, this.#router.match(head)?.labels ?? {}, body, this.#documents);
      case 'awsJson1_0':
      case 'awsJson1_1':
      case 'awsCbor1_1':
      case 'rpcV2Cbor':
        return this.#rpc[protocol].decode(operation.input, whole(body));
      case 'query':
        return operation.input.isStructSchema() ? (fromForm(operation.input, parseForm(form(head, whole(body)))) as object) : {};
    }
  }

  /** An input as a template has it, as the operation's schema wants it. */
  fit(operation: Operation, input: object): object {
    return fitted(operation.input, input) as object;
  }

  /** @throws ValidationException naming every member that breaks the model. @source spec 9.1 */
  validate(operation: Operation, input: object): void {
    this.#constraints.check(operation.name, input);
  }

  encode(operation: Operation, protocol: Protocol, output: object, meta: Meta): WireResponse {
    const id = { 'x-amzn-RequestId': meta.requestId };
    switch (protocol) {
      case 'restJson1':
      case 'restXml': {
        const response = toRest(operation, output as Record<string, unknown>, this.#documents);
        return { ...response, headers: { ...(protocol === 'restXml' ? s3Ids(meta) : id), ...response.headers } };
      }
      case 'awsJson1_0':
      case 'awsJson1_1':
      case 'awsCbor1_1':
      case 'rpcV2Cbor': {
        const format = this.#rpc[protocol];
        const events = eventStreamOf(operation.output);
        if (events !== undefined) {
          return {
            status: 200,
            headers: { ...id, 'Content-Type': 'application/vnd.amazon.eventstream' },
            body: encodeRpcEventStream(operation.output, events, output, format.events),
          };
        }
        return {
          status: 200,
          headers: { ...id, ...format.headers, 'Content-Type': format.contentType },
          body: operation.output.isStructSchema() ? format.encode(operation.output, output) : new Uint8Array(0),
        };
      }
      case 'query':
        return {
          status: 200,
          headers: { ...id, 'Content-Type': 'text/xml' },
          body: this.#queryDocument(operation, output, meta),
        };
    }
  }

  /** Writes a fault in the caller's protocol. @source spec 0.1-09, 0.1-10 */
  encodeFault(fault: ServiceFault, protocol: Protocol, meta: Meta): WireResponse {
    const known = this.#errors.get(fault.code);
    const status = fault.status ?? known?.status ?? 400;
    const isServer = (known?.fault ?? (status >= 500 ? 'server' : 'client')) === 'server';
    const headers = { 'x-amzn-RequestId': meta.requestId, ...fault.headers };
    switch (protocol) {
      case 'restXml':
        return {
          status,
          headers: { ...s3Ids(meta), ...fault.headers, 'Content-Type': 'application/xml' },
          body: s3ErrorDocument(fault, meta),
        };
      case 'restJson1':
        return {
          status,
          headers: {
            ...headers,
            ...boundHeaders(known, fault),
            'Content-Type': 'application/json',
            'x-amzn-ErrorType': fault.code,
          },
          body: json(restDocument(known, fault, isServer)),
        };
      case 'awsJson1_0':
      case 'awsJson1_1':
      case 'awsCbor1_1':
      case 'rpcV2Cbor': {
        const format = this.#rpc[protocol];
        const name = known?.name ?? this.#info.query?.jsonNames?.[fault.code] ?? fault.code;
        return {
          status,
          headers: {
            ...headers,
            ...format.headers,
            ...(this.#info.query === undefined
              ? {}
              : { 'x-amzn-query-error': `${known?.queryCode ?? fault.code};${isServer ? 'Receiver' : 'Sender'}` }),
            'Content-Type': format.contentType,
            'x-amzn-ErrorType': name,
          },
          body: format.plain({
            __type: qualified(name, this.#info.errorNamespace),
            ...(fault.message === '' ? {} : { [messageKey(known, fault)]: fault.message }),
            ...fault.members,
          }),
        };
      }
      case 'query':
        return {
          status,
          headers: { ...headers, 'Content-Type': 'text/xml' },
          body: Buffer.from(
            `<ErrorResponse xmlns="${this.#info.query?.xmlNamespace ?? ''}">\n  <Error>\n    <Type>${isServer ? 'Receiver' : 'Sender'}</Type>\n    <Code>${escapeXml(known?.queryCode ?? (fault.code === 'ValidationException' ? 'ValidationError' : fault.code))}</Code>\n    <Message>${escapeXml(fault.message)}</Message>\n  </Error>\n  <RequestId>${meta.requestId}</RequestId>\n</ErrorResponse>\n`,
          ),
        };
    }
  }

  #queryDocument(operation: Operation, output: object, meta: Meta): Uint8Array {
    const { name } = operation;
    const result = operation.output.isStructSchema()
      ? `<${name}Result>${structureToXml(operation.output, output)}</${name}Result>`
      : '';
    return Buffer.from(
      `<${name}Response xmlns="${this.#info.query?.xmlNamespace ?? ''}">${result}<ResponseMetadata><RequestId>${meta.requestId}</RequestId></ResponseMetadata></${name}Response>`,
    );
  }
}

/** Only operations with a streamed payload are given a stream, and they read no document. */
const whole = (body: Uint8Array | AsyncIterable<Uint8Array>): Uint8Array =>
  body instanceof Uint8Array ? body : new Uint8Array(0);

const s3Ids = (meta: Meta): Record<string, string> => ({
  Server: 'AmazonS3',
  'x-amz-request-id': meta.requestId,
  'x-amz-id-2': Buffer.from(meta.requestId).toString('base64'),
});

/** What other services call these, S3 calls otherwise. */
const s3Codes: Readonly<Record<string, string>> = {
  ServiceException: 'InternalError',
  SerializationException: 'MalformedXML',
  UnknownOperationException: 'MethodNotAllowed',
  NotImplementedException: 'NotImplemented',
  RequestEntityTooLargeException: 'MaxMessageLengthExceeded',
};

function s3ErrorDocument(fault: ServiceFault, meta: Meta): Uint8Array {
  const element = (name: string, text: string): string => `<${name}>${escapeXml(text)}</${name}>`;
  const members = Object.entries(fault.members).map(([name, value]) => element(name, String(value)));
  return Buffer.from(
    `<?xml version="1.0" encoding="UTF-8"?>\n<Error>${element('Code', s3Codes[fault.code] ?? fault.code)}${element('Message', fault.message)}${members.join('')}${element('RequestId', meta.requestId)}${element('HostId', s3Ids(meta)['x-amz-id-2'] ?? '')}</Error>`,
  );
}

const json = (document: object): Uint8Array => Buffer.from(JSON.stringify(document));

const form = (head: RequestHead, body: Uint8Array): URLSearchParams =>
  head.method === 'GET' || body.length === 0
    ? queryOf(head.target)
    : new URLSearchParams(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));

/** An exception's name as the service prints it. What the model alone finds wrong is the framework's to say. */
const qualified = (name: string, namespace: string | undefined): string =>
  namespace === undefined ? name : `${name === 'ValidationException' ? 'com.amazon.coral.validate' : namespace}#${name}`;

/** `message` or `Message`, as the exception's shape has it, or as the fault itself says. */
const messageKey = (known: ErrorShape | undefined, fault?: ServiceFault): string => {
  if (fault?.members['Message'] !== undefined) return 'Message';
  return known?.shape.isStructSchema() === true && Object.hasOwn(known.shape.getMemberSchemas(), 'Message')
    ? 'Message'
    : 'message';
};

function restDocument(known: ErrorShape | undefined, fault: ServiceFault, isServer: boolean): object {
  const document: Record<string, unknown> = { ...fault.members };
  const shape = known?.shape.getMemberSchemas() ?? {};
  for (const name of Object.keys(boundMembers(known))) delete document[name];
  // A fault may leave it out by giving it as undefined.
  if (Object.hasOwn(shape, 'Type') && !Object.hasOwn(fault.members, 'Type')) document['Type'] = isServer ? 'Server' : 'User';
  document[messageKey(known)] = fault.message;
  return document;
}

/** Members of the exception that travel as headers, for example `retryAfterSeconds` as `Retry-After`. */
function boundMembers(known: ErrorShape | undefined): Record<string, string> {
  const bound: Record<string, string> = {};
  for (const [name, member] of Object.entries(known?.shape.getMemberSchemas() ?? {})) {
    const header = member.getMergedTraits().httpHeader;
    if (header !== undefined) bound[name] = header;
  }
  return bound;
}

function boundHeaders(known: ErrorShape | undefined, fault: ServiceFault): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, header] of Object.entries(boundMembers(known))) {
    if (fault.members[name] !== undefined) headers[header] = String(fault.members[name]);
  }
  return headers;
}
