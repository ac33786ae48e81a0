import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import type { Stage } from './stage.ts';

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** Pushes an image that holds nothing. @returns its name in the registry, as AWS writes it */
export async function pushed(stage: Stage, repository: string): Promise<string> {
  const ecr = stage.neighbour(new ECRClient(stage.settings));
  await ecr.send(new CreateRepositoryCommand({ repositoryName: repository }));
  const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
  const host = `${stage.account}.dkr.ecr.${stage.region}.amazonaws.com`;
  const headers = { host, authorization: `Basic ${authorizationData?.[0]?.authorizationToken}` };
  const blob = async (bytes: Buffer): Promise<object> => {
    const { location } = await sent(stage, 'POST', `/v2/${repository}/blobs/uploads/`, headers);
    const target = new URL(location, stage.origin);
    target.searchParams.set('digest', digestOf(bytes));
    await sent(stage, 'PUT', `${target.pathname}${target.search}`, headers, bytes);
    return { digest: digestOf(bytes), size: bytes.length };
  };
  const archive = Buffer.alloc(1024);
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...(await blob(gzipSync(archive))) };
  const about = {
    architecture: 'amd64',
    os: 'linux',
    config: { Env: [`REPOSITORY=${repository}`] },
    rootfs: { type: 'layers', diff_ids: [digestOf(archive)] },
  };
  const config = { mediaType: 'application/vnd.oci.image.config.v1+json', ...(await blob(Buffer.from(JSON.stringify(about)))) };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }));
  await sent(stage, 'PUT', `/v2/${repository}/manifests/latest`, { ...headers, 'content-type': mediaType }, manifest);
  return `${host}/${repository}`;
}

/** With a `Host` of its own, which `fetch` does not allow. */
function sent(
  stage: Stage,
  method: string,
  target: string,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
): Promise<{ location: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ location: string }>();
  const { hostname, port } = new URL(stage.origin);
  const call = request(
    { hostname, port, method, path: target, headers: { ...headers, 'content-length': String(body?.length ?? 0) } },
    (response) => {
      response.resume();
      if ((response.statusCode ?? 500) < 300) resolve({ location: response.headers.location ?? '' });
      else reject(new Error(`The registry answered ${response.statusCode} to ${method} ${target}.`));
    },
  );
  call.once('error', reject);
  call.end(body);
  return promise;
}
