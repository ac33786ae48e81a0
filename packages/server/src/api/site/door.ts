import type { IncomingMessage, ServerResponse } from 'node:http';
import { ServiceFault, type RequestHead, type WireResponse } from '@mayfly/wire';
import type { Logger } from '../../base/index.ts';
import type { AwsDoor } from '../aws.ts';
import { send } from '../send.ts';
import { pageOf, troubleOf, type Trouble } from './page.ts';
import { redirectOf, ruleFor, type SiteConfiguration } from './routing.ts';

export interface SiteDoorOptions {
  /** Reads objects as anybody may. */
  readonly aws: Pick<AwsDoor, 'readObject'>;
  /** @throws ServiceFault NoSuchBucket, NoSuchWebsiteConfiguration */
  readonly site: (bucket: string) => SiteConfiguration;
  readonly log: Logger;
}

interface Visit {
  readonly bucket: string;
  /** As asked for, decoded, without the first slash. */
  readonly key: string;
  readonly host: string;
  readonly headers: RequestHead['headers'];
  readonly requestId: string;
  readonly sourceIp: string | undefined;
}

/** What of a request decides which part of an object is wanted, and whether. */
const passedOn = ['if-match', 'if-none-match', 'if-modified-since', 'if-unmodified-since', 'range', 'user-agent', 'referer'];

/** Buckets as web sites: documents for people. @source Amazon S3 User Guide, "Hosting a static website", read 2026-11 */
export class SiteDoor {
  readonly #options: SiteDoorOptions;

  constructor(options: SiteDoorOptions) {
    this.#options = options;
  }

  /** Answers every request it is given; never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse, bucket: string, requestId: string): Promise<void> {
    request.resume();
    let reply: WireResponse;
    try {
      reply = await this.#answer(request, bucket, requestId);
    } catch (error) {
      if (!(error instanceof ServiceFault)) {
        this.#options.log.error('A page could not be served.', { requestId, bucket, error });
        reply = pageOf(internalError, requestId);
      } else if (error.status === 304) reply = { status: 304, headers: { ...error.headers }, body: new Uint8Array(0) };
      else reply = pageOf(troubleOf(error), requestId);
    }
    const { body } = reply;
    if (request.method === 'HEAD' && !(body instanceof Uint8Array))
      return void response.writeHead(reply.status, reply.headers).end();
    await send(request, response, reply, this.#options.log);
  }

  async #answer(request: IncomingMessage, bucket: string, requestId: string): Promise<WireResponse> {
    const site = this.#options.site(bucket);
    const { method = 'GET', url: target = '/', headers } = request;
    if (method !== 'GET' && method !== 'HEAD') {
      throw new ServiceFault('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
        status: 405,
        members: { Method: method, ResourceType: 'OBJECT' },
      });
    }
    const host = headers.host ?? '';
    const all = site.RedirectAllRequestsTo;
    if (all !== undefined) return moved(301, `${all.Protocol ?? 'http'}://${all.HostName}${target}`);
    const key = decoded((target.split('?')[0] ?? '/').slice(1));
    const visit: Visit = {
      bucket,
      key,
      host,
      headers: headers as RequestHead['headers'],
      requestId,
      sourceIp: request.socket.remoteAddress,
    };
    const rule = ruleFor(site.RoutingRules, key);
    if (rule !== undefined) {
      const { status, location } = redirectOf(rule, key, host);
      return moved(status, location);
    }
    try {
      return await this.#document(site, visit);
    } catch (error) {
      if (!(error instanceof ServiceFault) || error.status === 304) throw error;
      return await this.#instead(site, visit, error);
    }
  }

  /** The object itself; the index of a folder; or the way there. @throws ServiceFault */
  async #document(site: SiteConfiguration, visit: Visit): Promise<WireResponse> {
    const suffix = site.IndexDocument?.Suffix ?? 'index.html';
    const isFolder = visit.key === '' || visit.key.endsWith('/');
    try {
      const reply = await this.#read(visit, isFolder ? `${visit.key}${suffix}` : visit.key);
      const elsewhere = reply.headers['x-amz-website-redirect-location'];
      return elsewhere === undefined ? reply : moved(301, elsewhere);
    } catch (error) {
      const isThere =
        !isFolder && error instanceof ServiceFault && error.status === 404 && (await this.#has(visit, `${visit.key}/${suffix}`));
      if (!isThere) throw error;
      const found = { status: 302, code: 'Found', message: 'Resource Found', members: {} };
      const page = pageOf(found, visit.requestId);
      return { ...page, headers: { ...page.headers, Location: `/${visit.key.split('/').map(encodeURIComponent).join('/')}/` } };
    }
  }

  /** What the site has for an error: another place, or a document. */
  async #instead(site: SiteConfiguration, visit: Visit, fault: ServiceFault): Promise<WireResponse> {
    const rule = ruleFor(site.RoutingRules, visit.key, fault.status);
    if (rule !== undefined) {
      const { status, location } = redirectOf(rule, visit.key, visit.host);
      return moved(status, location);
    }
    const document = site.ErrorDocument?.Key;
    if (document === undefined) throw fault;
    try {
      const reply = await this.#read({ ...visit, headers: {} }, document);
      const elsewhere = reply.headers['x-amz-website-redirect-location'];
      return elsewhere === undefined ? { ...reply, status: fault.status ?? 400 } : moved(301, elsewhere);
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      return pageOf(troubleOf(fault), visit.requestId, troubleOf(error));
    }
  }

  async #has(visit: Visit, key: string): Promise<boolean> {
    try {
      await this.#read({ ...visit, headers: {} }, key);
      return true;
    } catch (error) {
      if (error instanceof ServiceFault) return false;
      throw error;
    }
  }

  #read({ bucket, headers, requestId, sourceIp }: Visit, key: string): Promise<WireResponse> {
    const path = key.split('/').map(encodeURIComponent).join('/');
    const wanted = Object.fromEntries(passedOn.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
    return this.#options.aws.readObject(
      { method: 'GET', target: `/${bucket}/${path}`, headers: wanted },
      { requestId, sourceIp },
    );
  }
}

const internalError: Trouble = {
  status: 500,
  code: 'InternalError',
  message: 'We encountered an internal error. Please try again.',
  members: {},
};

const moved = (status: number, location: string): WireResponse => ({
  status,
  headers: { Location: location, 'Content-Length': '0' },
  body: new Uint8Array(0),
});

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
