import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import {
  BatchDeleteImageCommand,
  BatchGetImageCommand,
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  ECRClient,
  GetAuthorizationTokenCommand,
  ListImagesCommand,
  PutImageCommand,
} from '@aws-sdk/client-ecr';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const run = promisify(execFile);
const noTools = ['/usr/bin/umoci', '/usr/bin/skopeo'].every(existsSync) ? false : 'umoci and skopeo are not installed';
const sha = (bytes: string | Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
const manifestType = 'application/vnd.oci.image.manifest.v1+json';

const client = (origin: string, account = '000000000000'): ECRClient =>
  new ECRClient({
    endpoint: origin,
    region: 'us-east-1',
    credentials: { accessKeyId: account, secretAccessKey: 'x' },
    maxAttempts: 1,
  });

/** One layer of a single file and the manifest over it, pushed with plain requests. */
async function push(
  origin: string,
  repository: string,
  tag: string,
  content: string,
  headers: Record<string, string> = {},
): Promise<{ digest: string; status: number; error: string }> {
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers', diff_ids: [] }, note: content });
  for (const blob of [config, content])
    await fetch(`${origin}/v2/${repository}/blobs/uploads/?digest=${sha(blob)}`, { method: 'POST', body: blob, headers });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha(config), size: config.length },
    layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: sha(content), size: content.length }],
  });
  const answer = await fetch(`${origin}/v2/${repository}/manifests/${tag}`, {
    method: 'PUT',
    body: manifest,
    headers: { 'Content-Type': manifestType, ...headers },
  });
  return { digest: sha(manifest), status: answer.status, error: await answer.text() };
}

suite('the image registry', { timeout: 120_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let ecr: ECRClient;

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(folder.path);
    ecr = client(server.origin);
  });
  after(async () => {
    ecr.destroy();
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('repositories are created, described, and deleted when they are empty or by force', async (t: TestContext) => {
    const { repository } = await ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/app' }));
    t.assert.equal(repository?.repositoryUri, '000000000000.dkr.ecr.us-east-1.amazonaws.com/team/app');
    t.assert.equal(repository?.repositoryArn, 'arn:aws:ecr:us-east-1:000000000000:repository/team/app');
    await t.assert.rejects(ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/app' })), {
      name: 'RepositoryAlreadyExistsException',
    });
    t.assert.equal((await push(server.origin, 'team/app', 'v1', 'first')).status, 201);
    await t.assert.rejects(ecr.send(new DeleteRepositoryCommand({ repositoryName: 'team/app' })), {
      name: 'RepositoryNotEmptyException',
    });
    await ecr.send(new DeleteRepositoryCommand({ repositoryName: 'team/app', force: true }));
    await t.assert.rejects(ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ['team/app'] })), {
      name: 'RepositoryNotFoundException',
      message: "The repository with name 'team/app' does not exist in the registry with id '000000000000'",
    });
  });

  test('a push without a password makes its repository; with ECR’s it has to be there', async (t: TestContext) => {
    t.assert.equal((await push(server.origin, 'easy', 'v1', 'content')).status, 201);
    const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
    const token = authorizationData?.[0]?.authorizationToken ?? '';
    t.assert.match(Buffer.from(token, 'base64').toString(), /^AWS:.+/);
    const refused = await push(server.origin, 'never-made', 'v1', 'content', { Authorization: `Basic ${token}` });
    t.assert.equal(refused.status, 404);
    t.assert.match(refused.error, /NAME_UNKNOWN/);
  });

  test('the password decides whose registry it is', async (t: TestContext) => {
    const other = client(server.origin, '111111111111');
    await other.send(new CreateRepositoryCommand({ repositoryName: 'private' }));
    const token = (await other.send(new GetAuthorizationTokenCommand({}))).authorizationData?.[0]?.authorizationToken ?? '';
    const { digest } = await push(server.origin, 'private', 'v1', 'for my eyes', { Authorization: `Basic ${token}` });
    const { imageIds } = await other.send(new ListImagesCommand({ repositoryName: 'private' }));
    t.assert.deepEqual(imageIds, [{ imageDigest: digest, imageTag: 'v1' }]);
    t.assert.equal((await fetch(`${server.origin}/v2/private/manifests/v1`)).status, 404);
    // Its content is on the same disk, but not in the repositories of others.
    t.assert.equal((await fetch(`${server.origin}/v2/easy/blobs/${sha('for my eyes')}`, { method: 'HEAD' })).status, 404);
    await t.assert.rejects(ecr.send(new ListImagesCommand({ repositoryName: 'private', registryId: '111111111111' })), {
      name: 'AccessDeniedException',
    });
    other.destroy();
  });

  test('images are tagged again, described and deleted by tag and digest', async (t: TestContext) => {
    const { digest } = await push(server.origin, 'again', 'one', 'again');
    const { images } = await ecr.send(
      new BatchGetImageCommand({ repositoryName: 'again', imageIds: [{ imageTag: 'one' }, { imageTag: 'none' }] }),
    );
    t.assert.equal(images?.length, 1);
    const { imageManifest } = images?.[0] ?? {};
    await ecr.send(new PutImageCommand({ repositoryName: 'again', imageManifest, imageTag: 'two' }));
    await t.assert.rejects(ecr.send(new PutImageCommand({ repositoryName: 'again', imageManifest, imageTag: 'two' })), {
      name: 'ImageAlreadyExistsException',
    });
    const { imageDetails } = await ecr.send(new DescribeImagesCommand({ repositoryName: 'again' }));
    t.assert.deepEqual(
      imageDetails?.map(({ imageDigest, imageTags }) => [imageDigest, imageTags]),
      [[digest, ['one', 'two']]],
    );
    await ecr.send(new BatchDeleteImageCommand({ repositoryName: 'again', imageIds: [{ imageTag: 'one' }] }));
    t.assert.equal((await fetch(`${server.origin}/v2/again/manifests/two`)).status, 200);
    const gone = await ecr.send(
      new BatchDeleteImageCommand({ repositoryName: 'again', imageIds: [{ imageDigest: digest }, { imageTag: 'one' }] }),
    );
    t.assert.deepEqual(
      [gone.imageIds, gone.failures?.map(({ failureCode }) => failureCode)],
      [[{ imageDigest: digest, imageTag: 'two' }], ['ImageNotFound']],
    );
    t.assert.equal((await fetch(`${server.origin}/v2/again/manifests/two`)).status, 404);
  });

  test('an immutable tag stays where it is', async (t: TestContext) => {
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'fixed', imageTagMutability: 'IMMUTABLE' }));
    t.assert.equal((await push(server.origin, 'fixed', 'v1', 'a')).status, 201);
    t.assert.equal((await push(server.origin, 'fixed', 'v1', 'a')).status, 201);
    const refused = await push(server.origin, 'fixed', 'v1', 'b');
    t.assert.deepEqual([refused.status, JSON.parse(refused.error).errors[0].code], [400, 'TAG_INVALID']);
  });

  test('an upload in pieces goes on where it was cut, and only there', async (t: TestContext) => {
    const begun = await fetch(`${server.origin}/v2/pieces/blobs/uploads/`, { method: 'POST' });
    const place = `${server.origin}${begun.headers.get('location')}`;
    const first = await fetch(place, { method: 'PATCH', body: 'hello ', headers: { 'Content-Range': '0-5' } });
    t.assert.deepEqual([first.status, first.headers.get('range')], [202, '0-5']);
    t.assert.equal((await fetch(place, { method: 'PATCH', body: 'again', headers: { 'Content-Range': '0-4' } })).status, 416);
    t.assert.equal((await fetch(place)).headers.get('range'), '0-5');
    await fetch(place, { method: 'PATCH', body: 'world' });
    const wrong = await fetch(`${place}?digest=${sha('something else')}`, { method: 'PUT' });
    t.assert.deepEqual(
      [wrong.status, ((await wrong.json()) as { errors: { code: string }[] }).errors[0]?.code],
      [400, 'DIGEST_INVALID'],
    );
    t.assert.equal((await fetch(place)).status, 404, 'a wrong digest ends the upload');
    const whole = await fetch(`${server.origin}/v2/pieces/blobs/uploads/?digest=${sha('hello world')}`, {
      method: 'POST',
      body: 'hello world',
    });
    t.assert.equal(whole.status, 201);
    const part = await fetch(`${server.origin}/v2/pieces/blobs/${sha('hello world')}`, { headers: { Range: 'bytes=6-' } });
    t.assert.deepEqual([part.status, part.headers.get('content-range'), await part.text()], [206, 'bytes 6-10/11', 'world']);
    t.assert.equal(
      (await fetch(`${server.origin}/v2/pieces/blobs/${sha('hello world')}`, { headers: { Range: 'bytes=11-' } })).status,
      416,
    );
  });

  test('a blob is mounted from another repository that has it, and uploaded otherwise', async (t: TestContext) => {
    await push(server.origin, 'source', 'v1', 'to be shared');
    const digest = sha('to be shared');
    const mounted = await fetch(`${server.origin}/v2/target/blobs/uploads/?mount=${digest}&from=source`, { method: 'POST' });
    t.assert.deepEqual([mounted.status, mounted.headers.get('docker-content-digest')], [201, digest]);
    t.assert.equal((await fetch(`${server.origin}/v2/target/blobs/${digest}`)).status, 200);
    t.assert.equal(
      (await fetch(`${server.origin}/v2/target/blobs/uploads/?mount=${digest}&from=nowhere`, { method: 'POST' })).status,
      202,
    );
  });

  test('a manifest whose layers are missing, or that is none, is refused', async (t: TestContext) => {
    const reference = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: sha('never sent'), size: 10 };
    for (const [manifest, status, code] of [
      [{ schemaVersion: 2, mediaType: manifestType, config: reference, layers: [] }, 404, 'MANIFEST_BLOB_UNKNOWN'],
      [{ schemaVersion: 1, name: 'old' }, 400, 'MANIFEST_INVALID'],
      [
        { schemaVersion: 2, mediaType: manifestType, config: { ...reference, digest: 'sha256:../../x' }, layers: [] },
        400,
        'MANIFEST_INVALID',
      ],
      [
        { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [reference] },
        404,
        'MANIFEST_BLOB_UNKNOWN',
      ],
    ] as const) {
      const answer = await fetch(`${server.origin}/v2/easy/manifests/bad`, { method: 'PUT', body: JSON.stringify(manifest) });
      t.assert.deepEqual(
        [answer.status, ((await answer.json()) as { errors: { code: string }[] }).errors[0]?.code],
        [status, code],
      );
    }
  });

  test('the catalog and the tags come in pages', async (t: TestContext) => {
    for (const tag of ['a', 'b', 'c']) await push(server.origin, 'paged', tag, tag);
    const first = await fetch(`${server.origin}/v2/paged/tags/list?n=2`);
    t.assert.deepEqual(
      [await first.json(), first.headers.get('link')],
      [{ name: 'paged', tags: ['a', 'b'] }, '</v2/paged/tags/list?n=2&last=b>; rel="next"'],
    );
    t.assert.deepEqual(await (await fetch(`${server.origin}/v2/paged/tags/list?n=2&last=b`)).json(), {
      name: 'paged',
      tags: ['c'],
    });
    const { repositories } = (await (await fetch(`${server.origin}/v2/_catalog`)).json()) as { repositories: string[] };
    t.assert.ok(repositories.includes('paged'));
  });

  test('skopeo pushes and pulls a real image, also after the server was killed', { skip: noTools }, async (t: TestContext) => {
    const layout = path.join(folder.path, 'layout');
    const tree = path.join(folder.path, 'tree');
    mkdirSync(tree);
    writeFileSync(path.join(tree, 'hello.txt'), 'hello\n');
    await run('umoci', ['init', '--layout', layout]);
    await run('umoci', ['new', '--image', `${layout}:v1`]);
    await run('umoci', ['insert', '--image', `${layout}:v1`, tree, '/data']);
    const name = `docker://${new URL(server.origin).host}/real/image:v1`;
    await run('skopeo', ['--insecure-policy', 'copy', '--dest-tls-verify=false', `oci:${layout}:v1`, name]);
    const { imageDetails } = await ecr.send(new DescribeImagesCommand({ repositoryName: 'real/image' }));
    await server.stop('SIGKILL');
    server = await RunningServer.start(folder.path);
    const again = `docker://${new URL(server.origin).host}/real/image@${imageDetails?.[0]?.imageDigest}`;
    const { stdout } = await run('skopeo', ['inspect', '--tls-verify=false', again]);
    t.assert.equal(JSON.parse(stdout).Digest, imageDetails?.[0]?.imageDigest);
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '--src-tls-verify=false',
      again,
      `oci:${path.join(folder.path, 'back')}:v1`,
    ]);
    t.assert.ok(existsSync(path.join(folder.path, 'back', 'index.json')));
  });
});

suite('the image registry with a real client', { timeout: 60_000, skip: noTools }, () => {
  test('answers skopeo’s login to a strict server', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(path.join(folder.path, 'data'), ['--auth', 'strict']);
    const { accessKeyId = '', secretAccessKey = '' } = server.started.firstKey ?? {};
    const ecr = new ECRClient({ endpoint: server.origin, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey } });
    const token = (await ecr.send(new GetAuthorizationTokenCommand({}))).authorizationData?.[0]?.authorizationToken ?? '';
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }));
    const layout = path.join(folder.path, 'layout');
    await run('umoci', ['init', '--layout', layout]);
    await run('umoci', ['new', '--image', `${layout}:v1`]);
    const target = `docker://${new URL(server.origin).host}/app:v1`;
    const push = ['--insecure-policy', 'copy', '--dest-tls-verify=false', `oci:${layout}:v1`, target];
    await t.assert.rejects(run('skopeo', push));
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      '--dest-tls-verify=false',
      '--dest-creds',
      Buffer.from(token, 'base64').toString(),
      `oci:${layout}:v1`,
      target,
    ]);
    t.assert.equal((await ecr.send(new ListImagesCommand({ repositoryName: 'app' }))).imageIds?.[0]?.imageTag, 'v1');
    ecr.destroy();
  });
});

suite('the image registry of a strict server', { timeout: 60_000 }, () => {
  test('asks for the password, and opens to nobody else', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(folder.path, ['--auth', 'strict']);
    const closed = await fetch(`${server.origin}/v2/`);
    t.assert.deepEqual([closed.status, closed.headers.get('www-authenticate')?.startsWith('Basic realm=')], [401, true]);
    const forged = `Basic ${Buffer.from('AWS:forged').toString('base64')}`;
    t.assert.equal((await fetch(`${server.origin}/v2/`, { headers: { Authorization: forged } })).status, 401);
    const { accessKeyId = '', secretAccessKey = '' } = server.started.firstKey ?? {};
    const ecr = new ECRClient({ endpoint: server.origin, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey } });
    const token = (await ecr.send(new GetAuthorizationTokenCommand({}))).authorizationData?.[0]?.authorizationToken;
    t.assert.equal((await fetch(`${server.origin}/v2/`, { headers: { Authorization: `Basic ${token}` } })).status, 200);
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'app' }));
    const basic = { Authorization: `Basic ${token}` };
    t.assert.equal((await push(server.origin, 'app', 'v1', 'content', basic)).status, 201);
    t.assert.equal((await push(server.origin, 'never-made', 'v1', 'content', basic)).status, 404);
    t.assert.equal((await fetch(`${server.origin}/v2/app/manifests/v1`)).status, 401);
    t.assert.equal((await fetch(`${server.origin}/v2/app/manifests/v1`, { headers: basic })).status, 200);
    ecr.destroy();
  });
});
