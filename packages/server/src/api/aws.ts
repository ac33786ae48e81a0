import { hash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  checkLink,
  claimedBodyHash,
  identify,
  isFormUpload,
  isUnhashed,
  loadApi,
  readFormUpload,
  s3AddressOf,
  ServiceFault,
  streamedBody,
  withLinkHeaders,
  type Api,
  type Call,
  type Handler,
  type Identity,
  type Operation,
  type RequestHead,
  type ServiceName,
  type StreamedBody,
  type WireResponse,
} from '@mayfly/wire';
import { systemClock, type Clock, type Limits, type Logger } from '../base/index.ts';
import type { Authoriser } from './authoriser.ts';
import { readBody, untilSilent, type Body } from './body.ts';
import { boundOf } from './bounds.ts';
import { openCaller, strictCaller, type CallerSource, type Identified, type SignatureCheck } from './caller.ts';
import { answerPreflight, bucketCors, isPreflight, type BucketPort } from './cross-origin.ts';
import { inflated, mayBePacked } from './inflate.ts';
import { postAnswer, postedObject } from './post-object.ts';
import { send } from './send.ts';

/** Operations of one service by name. */
// oxlint-disable-next-line typescript/no-explicit-any -- each handler has its own input and output; the schema ties them
export type HandlerTable = Readonly<Record<string, Handler<any, any>>>;
/** Made on a service's first request. */
export type HandlerTables = Readonly<Record<ServiceName, () => Promise<HandlerTable>>>;

export interface AwsDoorOptions {
  readonly handlers: HandlerTables;
  readonly limits: Limits;
  readonly log: Logger;
  /** For requests whose signature names none. */
  readonly region: string;
  /** Absent = signatures are not checked. */
  readonly signatures?: SignatureCheck;
  readonly callers?: CallerSource;
  /** For policies that expire. */
  readonly clock?: Pick<Clock, 'now'>;
  /** Absent = everybody may do everything. */
  readonly authoriser?: Authoriser;
  /** For requests that only the name of a bucket tells apart, and for pages that a bucket lets in. */
  readonly buckets?: BucketPort;
}

/** What an exchange brings besides its request. */
export interface Exchange {
  readonly requestId: string;
  /** Aborted when the client goes away before the answer. */
  hangUp(): AbortSignal;
  /** Address of the client; absent for one in a sandbox. */
  readonly sourceIp?: string | undefined;
  /** Name of what is asked for, where it is another than that of its handler. */
  readonly operation?: string;
}

/** A request that can be answered from its bytes alone, by one whole answer. */
export interface WholeRequest {
  readonly api: Api;
  readonly operation: Operation;
  /** What its body may have. */
  readonly limitBytes: number;
}

/** Steps 1 to 3 of an AWS request: which service, who, which operation, is it well-formed; then its handler. */
export class AwsDoor {
  readonly #options: AwsDoorOptions;
  readonly #tables = new Map<ServiceName, Promise<HandlerTable>>();
  #lambda: Api | undefined;
  readonly #loaded = new Map<ServiceName, HandlerTable>();

  constructor(options: AwsDoorOptions) {
    this.#options = options;
  }

  /** Answers every request it is given; never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse, head: RequestHead, requestId: string): Promise<void> {
    const identity = this.#identify(head);
    if (identity === undefined) return this.#serveForm(request, response, head, requestId);
    if (identity.service === 's3') response.removeHeader('x-amzn-RequestId');
    const cors = identity.service === 's3' ? bucketCors(head, this.#options.buckets) : undefined;
    for (const [name, value] of Object.entries(cors ?? {})) response.setHeader(name, value);
    return this.#serveAs(identity, request, response, head, requestId);
  }

  /** What a request for Lambda's own API asks for, when neither its body nor its answer is a stream; undefined otherwise. */
  whole(head: RequestHead): WholeRequest | undefined | Promise<WholeRequest | undefined> {
    if (this.#identify(head)?.service !== 'lambda') return undefined;
    if (this.#lambda !== undefined) return this.#wholeOf(this.#lambda, head);
    return loadApi('lambda').then((api) => this.#wholeOf((this.#lambda = api), head));
  }

  #wholeOf(api: Api, head: RequestHead): WholeRequest | undefined {
    const operation = api.route(head, fallback.protocol, nothing);
    if (operation === undefined || operation.streamingInput || operation.streamingOutput) return undefined;
    return { api, operation, limitBytes: boundOf('lambda', operation.name, this.#options.limits).bytes };
  }

  /** The answer to it. @throws Error code `BODY_CUT` or `ECONNRESET` when nobody is there to be answered */
  answer({ api, operation }: WholeRequest, head: RequestHead, bytes: Uint8Array, exchange: Exchange): Promise<WireResponse> {
    const sha256 = this.#options.signatures === undefined ? undefined : hash('sha256', bytes, 'hex');
    return this.#answer(api, fallback, operation, head, sha256 === undefined ? { bytes } : { bytes, sha256 }, exchange);
  }

  /** An object, as anybody may read it: what web sites of buckets are made of. @throws ServiceFault */
  async readObject(head: RequestHead, by: Pick<Exchange, 'requestId' | 'sourceIp'>): Promise<WireResponse> {
    const api = await loadApi('s3');
    const operation = api.route(head, s3.protocol, nothing);
    if (operation?.name !== 'GetObject') throw unknownOperation(head);
    const who = openCaller(head, this.#options.region, undefined);
    return this.#run(api, s3, operation, who, head, nothing, { ...by, hangUp: () => new AbortController().signal });
  }

  /** Whether a page of another origin may call unsigned: the bucket has a rule for it. */
  welcomes(head: RequestHead): boolean {
    if (this.#identify(head)?.service !== 's3') return false;
    return isPreflight(head) ? this.#isBucket(head) : bucketCors(head, this.#options.buckets) !== undefined;
  }

  /** Undefined for a form, which names its service in its body. */
  #identify(head: RequestHead): Identity | undefined {
    return identify(head) ?? (this.#isBucket(head) ? s3 : isForm(head) ? undefined : fallback);
  }

  /** An unsigned request for a bucket that exists looks like nothing else. */
  #isBucket(head: RequestHead): boolean {
    const { bucket } = s3AddressOf(head);
    return bucket !== undefined && this.#options.buckets?.isBucket(bucket) === true;
  }

  /** An unsigned form names its service only in its body. */
  async #serveForm(request: IncomingMessage, response: ServerResponse, head: RequestHead, requestId: string): Promise<void> {
    const body = await readBody(request, { limitBytes: boundOf('sts', undefined, this.#options.limits).bytes, hash: true });
    const bytes = body === 'tooLarge' ? undefined : body.bytes;
    const identity = identify(head, bytes) ?? ({ service: 'sts', protocol: 'query' } as const);
    return this.#serveAs(identity, request, response, head, requestId, body);
  }

  async #serveAs(
    identity: Identity,
    request: IncomingMessage,
    response: ServerResponse,
    head: RequestHead,
    requestId: string,
    early?: Awaited<ReturnType<typeof readBody>>,
  ): Promise<void> {
    const api = await loadApi(identity.service);
    let close = false;
    let reply: WireResponse;
    try {
      const { limits, signatures } = this.#options;
      if (identity.service === 's3' && isPreflight(head)) {
        request.resume();
        return answerPreflight(head, response, bucketCors(head, this.#options.buckets));
      }
      if (identity.service === 's3' && isFormUpload(head)) {
        reply = await this.#runForm(api, identity, { request, response, head, requestId });
        if (!request.complete) response.setHeader('Connection', 'close');
        return await send(request, response, reply, this.#options.log);
      }
      const operation = identity.protocol === 'query' ? undefined : api.route(head, identity.protocol, nothing);
      if (identity.service === 's3' && isOtherForm(head, operation)) throw wrongForm();
      const bound = boundOf(identity.service, operation?.name, limits);
      if (operation?.streamingInput === true) {
        reply = await this.#runStreaming(api, identity, operation, { request, response, head, requestId });
        if (!request.complete) close = true;
        if (close) response.setHeader('Connection', 'close');
        return await send(request, response, reply, this.#options.log);
      }
      const body = early ?? (await readBody(request, { limitBytes: bound.bytes, hash: signatures !== undefined }));
      if (body === 'tooLarge') {
        close = true;
        throw bound.fault();
      }
      const exchange: Exchange = { requestId, hangUp: () => hangUp(response), sourceIp: request.socket.remoteAddress };
      reply = await this.#answer(api, identity, operation, head, body, exchange);
    } catch (error) {
      if (isCut(error)) return void response.destroy();
      reply = api.encodeFault(this.#faultOf(error, head, requestId), identity.protocol, { requestId });
    }
    if (close) response.setHeader('Connection', 'close');
    await send(request, response, reply, this.#options.log);
  }

  async #answer(
    api: Api,
    identity: Identity,
    operation: Operation | undefined,
    head: RequestHead,
    body: Body,
    exchange: Exchange,
  ): Promise<WireResponse> {
    try {
      const isS3 = identity.service === 's3';
      const claimed = isS3 ? claimedBodyHash(head) : undefined;
      if (isS3) checkLink(head, this.#now());
      const identified = this.#who(head, isUnhashed(claimed) ? claimed : body.sha256);
      const who = identified instanceof Promise ? await identified : identified;
      const bytes = mayBePacked(head, identity.protocol) ? await inflated(head, identity.protocol, body.bytes) : body.bytes;
      const named = operation ?? api.route(head, identity.protocol, bytes);
      if (named === undefined) throw unknownOperation(head);
      return await this.#run(api, identity, named, who, isS3 ? withLinkHeaders(head) : head, bytes, exchange);
    } catch (error) {
      if (isCut(error)) throw error;
      return api.encodeFault(this.#faultOf(error, head, exchange.requestId), identity.protocol, {
        requestId: exchange.requestId,
      });
    }
  }

  /** S3's way: the head is verified with the hash that it claims, and the body is checked while the handler reads it. */
  async #runStreaming(
    api: Api,
    identity: Identity,
    operation: Operation,
    at: { request: IncomingMessage; response: ServerResponse; head: RequestHead; requestId: string },
  ): Promise<WireResponse> {
    const { request, head } = at;
    using _silence = untilSilent(request);
    try {
      checkLink(head, this.#now());
      const who = await this.#who(head, claimedBodyHash(head));
      const body = streamedBody(head, request, { hash: this.#options.signatures !== undefined, signer: who.chunks });
      const exchange: Exchange = {
        requestId: at.requestId,
        hangUp: () => hangUp(at.response),
        sourceIp: request.socket.remoteAddress,
      };
      return await this.#run(api, identity, operation, who, withLinkHeaders(head), body, exchange);
    } catch (error) {
      if (isCut(error)) throw error;
      // The rest is read in passing, so that the client is listening when the answer comes; then the connection ends.
      request.resume();
      return api.encodeFault(this.#faultOf(error, head, at.requestId), identity.protocol, { requestId: at.requestId });
    }
  }

  /** A web page's form, as the PUT that it stands for. */
  async #runForm(
    api: Api,
    identity: Identity,
    at: { request: IncomingMessage; response: ServerResponse; head: RequestHead; requestId: string },
  ): Promise<WireResponse> {
    const { request, head } = at;
    try {
      if (this.#options.signatures !== undefined) {
        throw new ServiceFault('NotImplemented', 'Mayfly does not take upload forms where signatures are verified.', {
          status: 400,
        });
      }
      const form = await readFormUpload(head, request);
      const posted = postedObject(head, form, this.#now());
      const operation = api.route(posted.head, identity.protocol, nothing);
      if (operation === undefined) throw unknownOperation(head);
      const who = openCaller(head, this.#options.region, this.#options.callers);
      const exchange: Exchange = { requestId: at.requestId, hangUp: () => hangUp(at.response), operation: 'PostObject' };
      const reply = await this.#run(api, identity, operation, who, posted.head, posted.body, exchange);
      return postAnswer(reply, form, posted, head);
    } catch (error) {
      if (isCut(error)) throw error;
      request.resume();
      return api.encodeFault(this.#faultOf(error, head, at.requestId), identity.protocol, { requestId: at.requestId });
    }
  }

  #now(): number {
    return (this.#options.clock ?? systemClock).now();
  }

  #who(head: RequestHead, sha256: string | undefined): Promise<Identified> | Identified {
    const { signatures, region, callers } = this.#options;
    return signatures === undefined
      ? openCaller(head, region, callers)
      : strictCaller(head, sha256 ?? '', region, signatures, { unsigned: this.#options.authoriser !== undefined });
  }

  async #run(
    api: Api,
    identity: Identity,
    operation: Operation,
    who: Identified,
    head: RequestHead,
    body: Uint8Array | StreamedBody,
    exchange: Exchange,
  ): Promise<WireResponse> {
    const input = api.decode(operation, head, identity.protocol, body);
    api.validate(operation, input);
    const table = this.#loaded.get(identity.service) ?? (await this.#table(identity.service));
    const handler = Object.hasOwn(table, operation.name) ? table[operation.name] : undefined;
    if (handler === undefined) throw unknownOperation(head);
    const call = new OneCall(identity.service, exchange.operation ?? operation.name, who, head, exchange);
    const output = (await handler(input, this.#options.authoriser?.check(call, input) ?? call)) as object | undefined;
    return api.encode(operation, identity.protocol, output ?? {}, { requestId: exchange.requestId });
  }

  #table(service: ServiceName): Promise<HandlerTable> {
    let table = this.#tables.get(service);
    if (table === undefined) {
      table = this.#options.handlers[service]();
      this.#tables.set(service, table);
      // A failed load is tried again by the next request.
      table.then(
        (loaded) => this.#loaded.set(service, loaded),
        () => this.#tables.delete(service),
      );
    }
    return table;
  }

  #faultOf(error: unknown, head: RequestHead, requestId: string): ServiceFault {
    if (error instanceof ServiceFault) return error;
    this.#options.log.error('A request failed for a reason of ours.', { requestId, method: head.method, error });
    return new ServiceFault(
      'ServiceException',
      `An internal error occurred (request ${requestId}). The server's log has the details.`,
      {
        status: 500,
      },
    );
  }
}

/** A call as handlers see it. A class, because what most of them never look at is then made by nobody. */
class OneCall implements Call {
  readonly requestId: string;
  readonly service: string;
  readonly operation: string;
  readonly account: string;
  readonly region: string;
  readonly caller: Call['caller'];
  readonly headers: RequestHead['headers'];
  readonly sourceIp: string | undefined;
  readonly #exchange: Exchange;

  constructor(service: ServiceName, operation: string, who: Identified, head: RequestHead, exchange: Exchange) {
    this.requestId = exchange.requestId;
    this.service = service;
    this.operation = operation;
    this.account = who.account;
    this.region = who.region;
    this.caller = who.caller;
    this.headers = head.headers;
    this.sourceIp = exchange.sourceIp;
    this.#exchange = exchange;
  }

  get signal(): AbortSignal {
    return this.#exchange.hangUp();
  }

  get origin(): string {
    return `http://${this.headers['host'] ?? '127.0.0.1'}`;
  }
}

const nothing = new Uint8Array(0);

/** REST is what is left when nothing else names a service; its faults are what most tools can read. */
const s3: Identity = { service: 's3', protocol: 'restXml' };
const fallback: Identity = { service: 'lambda', protocol: 'restJson1' };

const isForm = (head: RequestHead): boolean =>
  head.method === 'POST' && (head.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');

/** A POST to a bucket that is no operation can only have been meant as a form. */
const isOtherForm = (head: RequestHead, operation: Operation | undefined): boolean => {
  const { bucket, key } = s3AddressOf(head);
  return head.method === 'POST' && operation === undefined && bucket !== undefined && key === undefined;
};
const wrongForm = (): ServiceFault =>
  new ServiceFault('PreconditionFailed', 'At least one of the pre-conditions you specified did not hold', {
    status: 412,
    members: { Condition: 'Bucket POST must be of the enclosure-type multipart/form-data' },
  });

const isCut = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'BODY_CUT' || error.code === 'ECONNRESET');

/** @source spec 0.1-12 */
const unknownOperation = (head: RequestHead): ServiceFault =>
  new ServiceFault('UnknownOperationException', `No operation of this service answers ${head.method} ${pathForText(head)}`, {
    status: 404,
  });

const pathForText = (head: RequestHead): string => (head.target.split('?')[0] ?? '').slice(0, 200);

/** Aborted when the connection ends before the answer. */
function hangUp(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  if (response.destroyed) controller.abort(new Error('The client hung up.'));
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('The client hung up.'));
  });
  return controller.signal;
}
