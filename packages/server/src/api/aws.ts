import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  claimedBodyHash,
  identify,
  isFormUpload,
  isUnhashed,
  loadApi,
  readFormUpload,
  s3AddressOf,
  ServiceFault,
  streamedBody,
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
import { readBody } from './body.ts';
import { boundOf } from './bounds.ts';
import { openCaller, strictCaller, type CallerSource, type Identified, type SignatureCheck } from './caller.ts';
import { answerPreflight, bucketCors, isPreflight, type BucketPort } from './cross-origin.ts';
import { inflated } from './inflate.ts';
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

/** Steps 1 to 3 of an AWS request: which service, who, which operation, is it well-formed; then its handler. */
export class AwsDoor {
  readonly #options: AwsDoorOptions;
  readonly #tables = new Map<ServiceName, Promise<HandlerTable>>();

  constructor(options: AwsDoorOptions) {
    this.#options = options;
  }

  /** Answers every request it is given; never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse, head: RequestHead, requestId: string): Promise<void> {
    const identity = this.#identify(head);
    if (identity === undefined) return this.#serveForm(request, response, head, requestId);
    const cors = identity.service === 's3' ? bucketCors(head, this.#options.buckets) : undefined;
    for (const [name, value] of Object.entries(cors ?? {})) response.setHeader(name, value);
    return this.#serveAs(identity, request, response, head, requestId);
  }

  /** Whether a page of another origin may call unsigned: the bucket has a rule for it. */
  welcomes(head: RequestHead): boolean {
    if (this.#identify(head)?.service !== 's3') return false;
    return isPreflight(head) ? this.#isBucket(head) : bucketCors(head, this.#options.buckets) !== undefined;
  }

  /** Undefined for a form, which names its service in its body. */
  #identify(head: RequestHead): Identity | undefined {
    return identify(head) ?? (isForm(head) ? undefined : this.#isBucket(head) ? s3 : fallback);
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
      const claimed = identity.service === 's3' ? claimedBodyHash(head) : undefined;
      const who = await this.#who(head, isUnhashed(claimed) ? claimed : body.sha256);
      const bytes = await inflated(head, identity.protocol, body.bytes);
      const named = operation ?? api.route(head, identity.protocol, bytes);
      if (named === undefined) throw unknownOperation(head);
      reply = await this.#run(api, identity, named, who, { request, response, head, requestId, body: bytes });
    } catch (error) {
      if (isCut(error)) return void response.destroy();
      reply = api.encodeFault(this.#faultOf(error, head, requestId), identity.protocol, { requestId });
    }
    if (close) response.setHeader('Connection', 'close');
    await send(request, response, reply, this.#options.log);
  }

  /** S3's way: the head is verified with the hash that it claims, and the body is checked while the handler reads it. */
  async #runStreaming(
    api: Api,
    identity: Identity,
    operation: Operation,
    at: { request: IncomingMessage; response: ServerResponse; head: RequestHead; requestId: string },
  ): Promise<WireResponse> {
    const { request, head } = at;
    try {
      const who = await this.#who(head, claimedBodyHash(head));
      const body = streamedBody(head, request, { hash: this.#options.signatures !== undefined, signer: who.chunks });
      return await this.#run(api, identity, operation, who, { ...at, body });
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
        throw new ServiceFault('NotImplemented', 'Mayfly does not take upload forms where signatures are verified.', { status: 400 });
      }
      const form = await readFormUpload(head, request);
      const posted = postedObject(head, form, (this.#options.clock ?? systemClock).now());
      const operation = api.route(posted.head, identity.protocol, nothing);
      if (operation === undefined) throw unknownOperation(head);
      const who = openCaller(head, this.#options.region, this.#options.callers);
      const reply = await this.#run(api, identity, operation, who, { ...at, head: posted.head, body: posted.body, name: 'PostObject' });
      return postAnswer(reply, form, posted, head);
    } catch (error) {
      if (isCut(error)) throw error;
      request.resume();
      return api.encodeFault(this.#faultOf(error, head, at.requestId), identity.protocol, { requestId: at.requestId });
    }
  }

  #who(head: RequestHead, sha256: string | undefined): Promise<Identified> | Identified {
    const { signatures, region, callers } = this.#options;
    return signatures === undefined ? openCaller(head, region, callers) : strictCaller(head, sha256 ?? '', region, signatures);
  }

  async #run(
    api: Api,
    identity: Identity,
    operation: Operation,
    who: Identified,
    at: { request: IncomingMessage; response: ServerResponse; head: RequestHead; requestId: string; body: Uint8Array | StreamedBody; name?: string },
  ): Promise<WireResponse> {
    const input = api.decode(operation, at.head, identity.protocol, at.body);
    api.validate(operation, input);
    const table = await this.#table(identity.service);
    const handler = Object.hasOwn(table, operation.name) ? table[operation.name] : undefined;
    if (handler === undefined) throw unknownOperation(at.head);
    const call: Call = {
      requestId: at.requestId,
      service: identity.service,
      operation: at.name ?? operation.name,
      account: who.account,
      region: who.region,
      caller: who.caller,
      signal: hangUp(at.response),
      origin: `http://${at.head.headers['host'] ?? '127.0.0.1'}`,
      headers: at.head.headers,
    };
    const output = (await handler(input, this.#options.authoriser?.check(call, input as object) ?? call)) as object | undefined;
    return api.encode(operation, identity.protocol, output ?? {}, { requestId: at.requestId });
  }

  #table(service: ServiceName): Promise<HandlerTable> {
    let table = this.#tables.get(service);
    if (table === undefined) {
      table = this.#options.handlers[service]();
      this.#tables.set(service, table);
      // A failed load is tried again by the next request.
      table.catch(() => this.#tables.delete(service));
    }
    return table;
  }

  #faultOf(error: unknown, head: RequestHead, requestId: string): ServiceFault {
    if (error instanceof ServiceFault) return error;
    this.#options.log.error('A request failed for a reason of ours.', { requestId, method: head.method, error });
    return new ServiceFault('ServiceException', `An internal error occurred (request ${requestId}). The server's log has the details.`, {
      status: 500,
    });
  }
}

const nothing = new Uint8Array(0);

/** REST is what is left when nothing else names a service; its faults are what most tools can read. */
const s3: Identity = { service: 's3', protocol: 'restXml' };
const fallback: Identity = { service: 'lambda', protocol: 'restJson1' };

const isForm = (head: RequestHead): boolean =>
  head.method === 'POST' && (head.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');

const isCut = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'BODY_CUT' || error.code === 'ECONNRESET');

/** @source spec 0.1-12 */
const unknownOperation = (head: RequestHead): ServiceFault =>
  new ServiceFault('UnknownOperationException', `No operation of this service answers ${head.method} ${pathForText(head)}`, { status: 404 });

const pathForText = (head: RequestHead): string => (head.target.split('?')[0] ?? '').slice(0, 200);

/** Aborted when the connection ends before the answer. */
function hangUp(response: ServerResponse): AbortSignal {
  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('The client hung up.'));
  });
  return controller.signal;
}
