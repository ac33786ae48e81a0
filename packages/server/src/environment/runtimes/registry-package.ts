import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { RuntimeError } from './definition.ts';

/** Bounds of one package: the largest interpreter so far has 127 MB unpacked, 50 MB packed. */
const packedBytes = 256 * 1_048_576;
const unpackedBytes = 512 * 1_048_576;
const manifestBytes = 1_048_576;

export interface RegistryPackage {
  readonly name: string;
  readonly version: string;
  /** The files to keep, below `package/` in the archive, with their modes. */
  readonly files: Readonly<Record<string, number>>;
}

/** The registry that the user's npm is set to. */
export async function configuredRegistry(signal: AbortSignal): Promise<string> {
  const set = process.env.npm_config_registry ?? process.env.NPM_CONFIG_REGISTRY;
  if (set) return set;
  try {
    const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { signal, timeout: 20_000 });
    if (/^https?:\/\//.test(stdout)) return stdout.trim();
  } catch {
    // Without npm there is no configuration either.
  }
  signal.throwIfAborted();
  throw new RuntimeError(
    'RUNTIME_UNAVAILABLE',
    'Interpreters come from npm, and npm is not there to say which registry. Install npm, or set npm_config_registry.',
  );
}

/**
 * Puts one version of an npm package into a folder, which appears at once and whole or not at all.
 *
 * @throws RuntimeError `RUNTIME_FETCH_FAILED`
 */
export async function fetchPackage(
  wanted: RegistryPackage,
  target: string,
  options: { readonly registry: string; readonly signal: AbortSignal },
): Promise<void> {
  const parent = path.dirname(target);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  const staging = await mkdtemp(path.join(parent, '.fetch-'));
  try {
    const dist = await manifest(wanted, options);
    await unpack(wanted, dist, staging, options.signal);
    await chmod(staging, 0o755);
    await rename(staging, target);
  } catch (error) {
    options.signal.throwIfAborted();
    // Another server on the same folder may have been quicker; whole is whole.
    if (await stat(target).catch(() => undefined)) return;
    if (error instanceof RuntimeError) throw error;
    throw failed(wanted, options.registry, error);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

const failed = ({ name, version }: RegistryPackage, registry: string, cause: unknown): RuntimeError =>
  new RuntimeError(
    'RUNTIME_FETCH_FAILED',
    `${name}@${version} could not be fetched from ${registry}: ${cause instanceof Error ? cause.message : String(cause)}. ` +
      'Check `npm config get registry` and try again.',
    { cause },
  );

interface Dist {
  readonly tarball: URL;
  readonly integrity: { readonly algorithm: string; readonly digest: string };
}

async function manifest(wanted: RegistryPackage, options: { registry: string; signal: AbortSignal }): Promise<Dist> {
  const base = options.registry.endsWith('/') ? options.registry : `${options.registry}/`;
  const response = await fetch(new URL(`${wanted.name}/${wanted.version}`, base), { signal: options.signal });
  if (!response.ok) throw new Error(`the registry answered ${response.status}`);
  const bytes = Buffer.from(await new Response(response.body?.pipeThrough(limit(manifestBytes)) ?? null).arrayBuffer());
  const { dist } = JSON.parse(bytes.toString()) as { dist?: { tarball?: unknown; integrity?: unknown; shasum?: unknown } };
  if (typeof dist?.tarball !== 'string') throw new Error('the registry names no archive');
  const tarball = new URL(dist.tarball);
  if (tarball.protocol !== 'https:' && tarball.protocol !== 'http:')
    throw new Error('the registry names an archive that is not HTTP');
  const strong = typeof dist.integrity === 'string' ? /\b(sha512|sha384|sha256)-([A-Za-z0-9+/=]+)/.exec(dist.integrity) : null;
  if (strong !== null) return { tarball, integrity: { algorithm: strong[1]!, digest: strong[2]! } };
  if (typeof dist.shasum !== 'string') throw new Error('the registry gives no checksum');
  return { tarball, integrity: { algorithm: 'sha1', digest: Buffer.from(dist.shasum, 'hex').toString('base64') } };
}

function limit(bytes: number): TransformStream<Uint8Array, Uint8Array> {
  let seen = 0;
  return new TransformStream({
    transform(chunk, controller) {
      seen += chunk.byteLength;
      if (seen > bytes) controller.error(new Error(`the answer is larger than ${bytes} bytes`));
      else controller.enqueue(chunk);
    },
  });
}

async function unpack(wanted: RegistryPackage, dist: Dist, staging: string, signal: AbortSignal): Promise<void> {
  const response = await fetch(dist.tarball, { signal });
  if (!response.ok || response.body === null) throw new Error(`the archive's address answered ${response.status}`);
  const hash = createHash(dist.integrity.algorithm);
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const archive = extract();
  const missing = new Set(Object.keys(wanted.files));
  const kept = (async () => {
    let left = unpackedBytes;
    for await (const entry of archive) {
      const name = entry.header.name.replace(/^package\//, '');
      left -= entry.header.size ?? 0;
      if (left < 0) throw new Error(`the archive is larger than ${unpackedBytes} bytes`);
      const mode = Object.hasOwn(wanted.files, name) ? wanted.files[name] : undefined;
      if (mode === undefined || entry.header.type !== 'file') {
        entry.resume();
        continue;
      }
      const file = path.join(staging, name);
      await mkdir(path.dirname(file), { recursive: true, mode: 0o755 });
      await pipeline(entry, createWriteStream(file, { mode }));
      await using handle = await open(file);
      await handle.chmod(mode);
      await handle.sync();
      missing.delete(name);
    }
  })();
  const body = Readable.fromWeb(response.body.pipeThrough(limit(packedBytes)) as never);
  await Promise.all([pipeline(body, hashed, createGunzip(), archive, { signal }), kept]);
  if (hash.digest('base64') !== dist.integrity.digest) throw new Error('the archive does not match the checksum of the registry');
  if (missing.size > 0) throw new Error(`the archive lacks ${[...missing].join(', ')}`);
}
