import type { IncomingMessage } from 'node:http';
import type { EcrOperations, Handlers } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records, type MasterKey } from '../kit/index.ts';
import { Blobs } from './blobs.ts';
import { Distribution, type Visitor } from './distribution/door.ts';
import { Uploads } from './distribution/uploads.ts';
import { imageHandlers } from './image-handlers.ts';
import type { RegistryPort } from './port.ts';
import type { EcrKinds } from './records.ts';
import { Registry } from './registry.ts';
import { repositoryHandlers } from './repository-handlers.ts';
import { Tokens } from './tokens.ts';

export type EcrHandlers = Partial<Handlers<EcrOperations>>;

export interface Ecr extends AsyncDisposable {
  readonly handlers: EcrHandlers;
  readonly port: RegistryPort;
}

export interface EcrOptions {
  readonly database: Database;
  /** For the contents of images. */
  readonly dir: string;
  readonly masterKey: MasterKey;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** `strict`: nothing without a password. */
  readonly auth: 'open' | 'strict';
  /** Whose registry is meant by requests that say nothing of it. */
  readonly home: { readonly account: string; readonly region: string };
}

/** Elastic Container Registry: repositories by its API, images by the distribution protocol. */
export async function openEcr(options: EcrOptions): Promise<Ecr> {
  const { database, clock, random, log } = options;
  const records = await Records.open<EcrKinds>(database, 'ecr');
  const blobs = await Blobs.open(options.dir, { random });
  const registry = new Registry({ records, blobs, clock });
  await registry.sweep();
  const tokens = new Tokens(options.masterKey.sealer('registry passwords'), clock);
  const uploads = new Uploads(blobs, clock);
  const door = new Distribution({ registry, uploads, visitor: visitorOf(tokens, options), log });
  return {
    handlers: { ...repositoryHandlers(registry, tokens), ...imageHandlers(registry) },
    port: {
      async manifest(at, reference) {
        if (records.get('repository', `${at.account}/${at.region}`, at.repository) === undefined) return undefined;
        const manifest = registry.manifest(at, at.repository, reference);
        return manifest && { digest: manifest.digest, mediaType: manifest.mediaType, bytes: await blobs.bytes(manifest.digest) };
      },
      blob: (at, digest) => (registry.hasLayer(at, at.repository, digest) === undefined ? undefined : blobs.file(digest)),
      serve: (request, response) => door.serve(request, response),
    },
    async [Symbol.asyncDispose]() {
      await uploads[Symbol.asyncDispose]();
      await records.settled();
    },
  };
}

/** By password; without one where that is allowed, by the name of the host. */
function visitorOf(tokens: Tokens, { auth, home }: EcrOptions): (request: IncomingMessage) => Visitor | undefined {
  return ({ headers }) => {
    const known = tokens.open(headers.authorization);
    if (known !== undefined) return { ...known, signedIn: true };
    if (auth === 'strict') return undefined;
    const [, account, region] = /^(\d{12})\.dkr[.-]ecr\.([a-z0-9-]{1,32})\./.exec(headers.host ?? '') ?? [];
    return { account: account ?? home.account, region: region ?? home.region, signedIn: false };
  };
}
