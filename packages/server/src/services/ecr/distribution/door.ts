import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { Logger } from '../../../base/index.ts';
import { isDigest } from '../blobs.ts';
import { mostManifestBytes } from '../manifest.ts';
import { scopeOfHome, scopeOfRepository, type Home } from '../records.ts';
import { repositoryName, type Registry } from '../registry.ts';
import { badDigest, DistributionFault, faultOf, sendFault, sendJson, unknownBlob, unsupported } from './answers.ts';
import { accepted, created, paged, rangeOf, take, whole } from './http.ts';
import type { Uploads } from './uploads.ts';

/** Whose registry a request is for. */
export interface Visitor extends Home {
  /** With a password of ECR's; then a repository has to be made before it is pushed to, as on ECR. */
  readonly signedIn: boolean;
}

export interface DistributionOptions {
  readonly registry: Registry;
  readonly uploads: Uploads;
  /** Undefined when nobody may look without a password. */
  readonly visitor: (request: IncomingMessage) => Visitor | undefined;
  readonly log: Logger;
}

interface Request {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly visitor: Visitor;
  readonly repository: string;
  /** Tag, digest or number of an upload. */
  readonly reference: string;
}

/**
 * The protocol that `docker`, `skopeo` and `buildah` push and pull with.
 *
 * @source OCI Distribution Specification 1.1, read 2026-11
 */
export class Distribution {
  readonly #options: DistributionOptions;

  constructor(options: DistributionOptions) {
    this.#options = options;
  }

  /** Answers every request below `/v2/`. Never rejects. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    try {
      await this.#answer(request, response);
    } catch (error) {
      // Who goes away in the middle needs no answer.
      if (response.headersSent || response.destroyed) return void response.destroy();
      const fault = faultOf(error);
      if (fault === undefined) this.#options.log.error('A request to the image registry failed.', { error });
      // The rest of the body is not read, so the connection cannot be used again.
      if (!request.complete) response.setHeader('Connection', 'close');
      request.resume();
      sendFault(
        response,
        fault ?? new DistributionFault(500, 'UNKNOWN', 'Internal error. The log of the server has the details.'),
      );
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const visitor = this.#options.visitor(request);
    if (visitor === undefined) {
      const challenge = `Basic realm="http://${request.headers.host ?? '127.0.0.1'}/",service="ecr"`;
      throw new DistributionFault(401, 'UNAUTHORIZED', 'Sign in with the password that `aws ecr get-login-password` gives.', {
        'WWW-Authenticate': challenge,
      });
    }
    const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://registry');
    const method = request.method ?? 'GET';
    if (pathname === '/v2/' || pathname === '/v2') return sendJson(response, 200, {});
    if (pathname === '/v2/_catalog') return this.#catalog(response, visitor, query);
    const [, repository = '', what = '', reference = ''] =
      /^\/v2\/(.+?)\/(tags\/list|manifests\/|blobs\/uploads(?:\/|$)|blobs\/)([^/]*)$/.exec(pathname) ?? [];
    if (repository === '') throw new DistributionFault(404, 'UNSUPPORTED', 'Nothing is at this path.');
    if (!repositoryName.test(repository) || repository.length > 256)
      throw new DistributionFault(400, 'NAME_INVALID', 'This is no name of a repository.');
    const at: Request = { request, response, method, query, visitor, repository, reference: decodeURIComponent(reference) };
    switch (what) {
      case 'tags/list':
        return this.#tags(at);
      case 'manifests/':
        return this.#manifest(at);
      case 'blobs/':
        return this.#blob(at);
      default:
        return reference === '' ? this.#begin(at) : this.#upload(at);
    }
  }

  #catalog(response: ServerResponse, visitor: Visitor, query: URLSearchParams): void {
    const names = this.#options.registry.records.list('repository', scopeOfHome(visitor)).map(({ name }) => name);
    const { page, headers } = paged(names, query, '/v2/_catalog');
    sendJson(response, 200, { repositories: page }, headers);
  }

  #tags({ response, visitor, repository, query }: Request): void {
    const { registry } = this.#options;
    registry.repository(visitor, repository);
    const tags = registry.records.list('tag', scopeOfRepository(visitor, repository)).map(({ tag }) => tag);
    const { page, headers } = paged(tags, query, `/v2/${repository}/tags/list`);
    sendJson(response, 200, { name: repository, tags: page }, headers);
  }

  async #manifest(at: Request): Promise<void> {
    const { request, response, method, visitor, repository, reference } = at;
    const { registry } = this.#options;
    const id = isDigest(reference) ? { digest: reference } : { tag: reference };
    switch (method) {
      case 'GET':
      case 'HEAD': {
        const manifest = registry.manifest(visitor, repository, reference);
        if (manifest === undefined) throw new DistributionFault(404, 'MANIFEST_UNKNOWN', 'Requested image not found');
        response.writeHead(200, {
          'Content-Type': manifest.mediaType,
          'Content-Length': manifest.bytes,
          'Docker-Content-Digest': manifest.digest,
        });
        return void response.end(method === 'HEAD' ? undefined : await registry.blobs.bytes(manifest.digest));
      }
      case 'PUT': {
        await this.#repository(at);
        const bytes = await whole(request, mostManifestBytes);
        const { digest } = await registry.putManifest(visitor, repository, bytes, {
          ...id,
          mediaType: request.headers['content-type'],
        });
        return void response
          .writeHead(201, {
            Location: `/v2/${repository}/manifests/${digest}`,
            'Docker-Content-Digest': digest,
            'Content-Length': 0,
          })
          .end();
      }
      case 'DELETE':
        await registry.deleteImage(visitor, repository, id);
        return void response.writeHead(202, { 'Content-Length': 0 }).end();
      default:
        throw unsupported();
    }
  }

  async #blob({ request, response, method, visitor, repository, reference: digest }: Request): Promise<void> {
    const { registry } = this.#options;
    if (!isDigest(digest)) throw badDigest();
    registry.repository(visitor, repository);
    const bytes = registry.hasLayer(visitor, repository, digest);
    if (bytes === undefined) throw unknownBlob();
    if (method === 'DELETE') {
      if (!(await registry.deleteLayer(visitor, repository, digest)))
        throw new DistributionFault(405, 'UNSUPPORTED', 'An image needs this blob.');
      return void response.writeHead(202, { 'Content-Length': 0 }).end();
    }
    if (method !== 'GET' && method !== 'HEAD') throw unsupported();
    const range = rangeOf(request.headers.range, bytes);
    const headers = {
      'Content-Type': 'application/octet-stream',
      'Docker-Content-Digest': digest,
      'Accept-Ranges': 'bytes',
      ETag: `"${digest}"`,
    };
    if (range === 'outside')
      throw new DistributionFault(416, 'SIZE_INVALID', 'The range is outside the blob.', { 'Content-Range': `bytes */${bytes}` });
    const length = range === undefined ? bytes : range.to - range.from + 1;
    const partial = range === undefined ? {} : { 'Content-Range': `bytes ${range.from}-${range.to}/${bytes}` };
    response.writeHead(range === undefined ? 200 : 206, { ...headers, ...partial, 'Content-Length': length });
    if (method === 'HEAD' || length === 0) return void response.end();
    await pipeline(registry.blobs.read(digest, range), response).catch(() => response.destroy());
  }

  /** `POST …/blobs/uploads/`: all at once, by mounting, or the start of an upload. */
  async #begin(at: Request): Promise<void> {
    const { request, response, method, query, visitor, repository } = at;
    const { registry, uploads } = this.#options;
    if (method !== 'POST') throw unsupported();
    await this.#repository(at);
    const [mount, from, digest] = [query.get('mount'), query.get('from'), query.get('digest')];
    if (mount !== null && from !== null && isDigest(mount) && (await registry.mountLayer(visitor, repository, from, mount)))
      return created(response, repository, mount);
    if (digest !== null && !isDigest(digest)) throw badDigest();
    const upload = await uploads.begin(visitor, repository);
    if (digest === null) return accepted(response, 202, repository, upload);
    try {
      await this.#finish(at, upload.id, digest, request);
    } catch (error) {
      // Nobody knows its name, so nobody can come back for it.
      uploads.forget(upload.id);
      await upload.cancel();
      throw error;
    }
  }

  async #upload(at: Request): Promise<void> {
    const { request, response, method, query, visitor, repository, reference: id } = at;
    const { uploads } = this.#options;
    switch (method) {
      case 'GET':
        return accepted(response, 204, repository, uploads.find(visitor, repository, id));
      case 'PATCH':
        return uploads.during(visitor, repository, id, async (upload) => {
          const from = /^(?:bytes )?(\d+)-\d+/.exec(request.headers['content-range'] ?? '')?.[1];
          // In order, or not at all: the client asks where we are and goes on from there.
          if (from !== undefined && Number(from) !== upload.bytes)
            throw new DistributionFault(416, 'BLOB_UPLOAD_INVALID', `The next byte of this upload is ${upload.bytes}.`, {
              Range: `0-${Math.max(0, upload.bytes - 1)}`,
            });
          await take(upload, request);
          accepted(response, 202, repository, upload);
        });
      case 'PUT': {
        const digest = query.get('digest') ?? '';
        if (!isDigest(digest)) throw badDigest();
        return this.#finish(at, id, digest, request);
      }
      case 'DELETE': {
        const upload = uploads.find(visitor, repository, id);
        uploads.forget(id);
        await upload.cancel();
        return void response.writeHead(204).end();
      }
      default:
        throw unsupported();
    }
  }

  async #finish({ response, visitor, repository }: Request, id: string, digest: string, body: IncomingMessage): Promise<void> {
    const { registry, uploads } = this.#options;
    await uploads.during(visitor, repository, id, async (upload) => {
      await take(upload, body);
      uploads.forget(id);
      await registry.addLayer(visitor, repository, upload, digest);
    });
    created(response, repository, digest);
  }

  /** Who came without ECR's password finds an ordinary registry: a push makes its repository. */
  async #repository({ visitor, repository }: Request): Promise<void> {
    const { registry } = this.#options;
    const known = registry.records.get('repository', scopeOfHome(visitor), repository);
    if (known === undefined && visitor.signedIn) registry.repository(visitor, repository);
    if (known === undefined)
      await registry.createRepository(visitor, repository).catch((error: Error) => {
        // Layers are pushed side by side, and another one was first.
        if (error.name !== 'RepositoryAlreadyExistsException') throw error;
      });
  }
}
