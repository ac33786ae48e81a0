import { lstat, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { silentLogger, systemClock, systemRandom, type AccountId, type Region } from '../base/index.ts';
import { openImages, passwordsIn } from '../control/index.ts';
import { bootId } from './boot-id.ts';
import { isLoopback, type Config } from './config.ts';

/** What starts a runtime in every base image of Lambda's. @source spec 4.1-36 */
const bootstrap = '/var/runtime/bootstrap';

/**
 * Takes a managed runtime out of a container image, such as Lambda's own base images: functions of this
 * identifier then run on the image's root, with its interpreter and its bootstrap. A server that is running
 * takes it up at its next start.
 *
 * @param image  `public.ecr.aws/lambda/python:3.12`, `127.0.0.1:4566/repository:tag`, `oci:/folder:tag` … Whoever calls this is the
 *   operator: any registry and any folder will do
 * @throws Error that says what was wrong with the image
 */
export async function addRuntimeFromImage(
  { dataDir, region, registryAuth }: Pick<Config, 'dataDir' | 'region' | 'registryAuth'>,
  identifier: string,
  image: string,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  if (!/^[a-z][a-z0-9.-]{1,63}$/.test(identifier)) throw new Error(`${identifier} cannot be the name of a runtime.`);
  const folder = path.join(dataDir, 'runtimes');
  await using images = await openImages({
    dataDir: path.join(folder, 'from-images', identifier),
    registry: { isOwn: () => false, manifest: () => Promise.resolve(undefined), blob: () => undefined },
    registries: (host) => (isLoopback(host.replace(/:\d+$/, '')) ? 'plain' : 'https'),
    folder: '/',
    ...(registryAuth === '' ? {} : { passwords: passwordsIn(registryAuth) }),
    fetch: (url, init) => fetch(url, init),
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    bootId: bootId(systemRandom),
  });
  const caller = {
    account: '000000000000' as AccountId,
    region: region as Region,
    architecture: process.arch === 'arm64' ? 'arm64' : 'x86_64',
  } as const;
  const { resolvedUri, digest, image: defaults } = await images.resolve(image, { ...caller, signal });
  await images.prepare(resolvedUri, { ...caller, digest, signal });
  const root = images.dir(digest);
  await lstat(path.join(root, bootstrap)).catch(() => {
    throw new Error(`${image} has no ${bootstrap}: it is none of Lambda's base images.`);
  });
  await images.settle();
  const file = path.join(folder, `${identifier}.json`);
  const before = await readFile(file, 'utf8')
    .then((text) => JSON.parse(text) as { readonly digest?: string })
    .catch(() => undefined);
  const written = {
    identifier,
    root: path.relative(folder, root),
    from: resolvedUri,
    digest,
    command: [bootstrap],
    channel: 'http',
    bootEnv: defaults.environment,
    remedy: `mayfly runtimes add ${identifier} --from ${image}`,
  };
  await writeFile(`${file}.new`, `${JSON.stringify(written, undefined, 2)}\n`, { flush: true });
  await rename(`${file}.new`, file);
  // A server at work may still stand on the one before.
  await images.sweep(() => new Set([digest, before?.digest ?? '']));
}
