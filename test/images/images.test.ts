import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  PublishVersionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
  type CreateFunctionCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { jailObstacle } from '../../packages/server/src/sandbox/index.ts';
import { invoke, lambdaClient, role } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { Layout, noTools, run, smallRoot } from './kit.ts';

const obstacle = jailObstacle();
const skip = noTools === false ? (obstacle === undefined ? false : `images need the jail: ${obstacle.detail}`) : noTools;
const architectures: CreateFunctionCommandInput['Architectures'] = [process.arch === 'arm64' ? 'arm64' : 'x86_64'];

suite('functions from container images', { timeout: 180_000, skip }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let lambda: LambdaClient;
  let layout: Layout;
  const host = (): string => new URL(server.origin).host;
  const images = (): string => path.join(folder.path, 'data', 'images');

  const deploy = async (name: string, uri: string, options: Partial<CreateFunctionCommandInput> = {}): Promise<void> => {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Role: role,
        PackageType: 'Image',
        Architectures: architectures,
        Code: { ImageUri: uri },
        Timeout: 10,
        ...options,
      }),
    );
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: name });
  };

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(path.join(folder.path, 'data'), ['--image-folder', folder.path]);
    lambda = lambdaClient(server.origin);
    layout = await Layout.make(path.join(folder.path, 'layout'));
    await layout.create('v1');
    await layout.add('v1', await smallRoot(path.join(folder.path, 'root')), '/');
    const data = path.join(folder.path, 'data-files');
    mkdirSync(data);
    for (const name of ['one', 'two']) writeFileSync(path.join(data, name), name);
    await layout.add('v1', data, '/data');
    await layout.configure('v1', {
      entryPoint: ['client'],
      command: ['the', 'handler'],
      workingDirectory: '/data',
      env: ['PATH=/usr/local/bin:/bin', 'WORD=of the image'],
    });
    await layout.push('v1', server.origin, 'app:v1');
  });
  after(async () => {
    lambda.destroy();
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('an image that was pushed is created, becomes active and answers', async (t: TestContext) => {
    const created = await lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'app',
        Role: role,
        PackageType: 'Image',
        Architectures: architectures,
        Code: { ImageUri: `${host()}/app:v1` },
        Timeout: 10,
      }),
    );
    t.assert.deepEqual(
      [created.State, created.PackageType, created.Runtime, created.Handler],
      ['Pending', 'Image', undefined, undefined],
    );
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'app' });
    const { answer, log, error } = await invoke(lambda, 'app', { hello: 'you' });
    t.assert.equal(error, undefined, log);
    const { uid, ...rest } = answer as { uid: number };
    t.assert.deepEqual(rest, {
      event: { hello: 'you' },
      arguments: 'the handler',
      folder: '/data',
      word: 'of the image',
      files: 'one two',
      execution: 'AWS_Lambda_Image',
    });
    t.assert.notEqual(uid, 0);
  });

  test('GetFunction shows the image as given and as resolved', async (t: TestContext) => {
    const { Code, Configuration } = await lambda.send(new GetFunctionCommand({ FunctionName: 'app' }));
    t.assert.deepEqual([Code?.RepositoryType, Code?.ImageUri], ['ECR', `${host()}/app:v1`]);
    t.assert.match(Code?.ResolvedImageUri ?? '', new RegExp(`^${host()}/app@sha256:[0-9a-f]{64}$`));
    t.assert.equal(Configuration?.CodeSha256, Code?.ResolvedImageUri?.split(':').at(-1));
    t.assert.equal(Configuration?.CodeSize, 0);
  });

  test('AWS’s name for the registry means the same, by tag and by digest', async (t: TestContext) => {
    const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: 'app' }));
    const digest = Code?.ResolvedImageUri?.split('@')[1];
    for (const [name, uri] of [
      ['by-tag', 'app:v1'],
      ['by-digest', `app@${digest}`],
    ] as const) {
      await deploy(name, `000000000000.dkr.ecr.us-east-1.amazonaws.com/${uri}`);
      t.assert.equal((await invoke(lambda, name, 1)).error, undefined);
    }
    t.assert.equal(readdirSync(path.join(images(), 'roots')).length, 1, 'three functions share one root');
  });

  test('ImageConfig replaces entry point, command and working directory, and is shown', async (t: TestContext) => {
    const ImageConfig = {
      EntryPoint: ['/usr/local/bin/shell', '/usr/local/bin/client'],
      Command: ['other'],
      WorkingDirectory: '/usr',
    };
    await deploy('overridden', `${host()}/app:v1`, { ImageConfig, Environment: { Variables: { WORD: 'of the function' } } });
    const { answer, error, log } = await invoke(lambda, 'overridden', 1);
    t.assert.equal(error, undefined, log);
    const { arguments: words, folder: cwd, word } = answer as Record<string, string>;
    t.assert.deepEqual([words, cwd, word], ['other', '/usr', 'of the function']);
    const shown = (await lambda.send(new GetFunctionCommand({ FunctionName: 'overridden' }))).Configuration?.ImageConfigResponse
      ?.ImageConfig;
    t.assert.deepEqual(shown, ImageConfig);
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: 'overridden', ImageConfig: {} }));
    await waitUntilFunctionUpdatedV2(
      { client: lambda, maxWaitTime: 30, minDelay: 0.05, maxDelay: 0.2 },
      { FunctionName: 'overridden' },
    );
    t.assert.equal(((await invoke(lambda, 'overridden', 1)).answer as Record<string, string>)['arguments'], 'the handler');
  });

  test('a program or a folder that the image lacks is named in the error', async (t: TestContext) => {
    for (const [name, ImageConfig, errorType, text] of [
      [
        'no-path',
        { EntryPoint: ['/nowhere/program'] },
        'Runtime.InvalidEntrypoint',
        'fork/exec /nowhere/program: no such file or directory',
      ],
      [
        'no-program',
        { EntryPoint: ['nothing'] },
        'Runtime.InvalidEntrypoint',
        'exec: "nothing": executable file not found in $PATH',
      ],
      ['no-folder', { WorkingDirectory: '/nowhere' }, 'Runtime.InvalidWorkingDir', 'chdir /nowhere: no such file or directory'],
    ] as const) {
      await deploy(name, `${host()}/app:v1`, {
        ImageConfig: ImageConfig as unknown as NonNullable<CreateFunctionCommandInput['ImageConfig']>,
      });
      const { answer, error } = await invoke(lambda, name, 1);
      t.assert.equal(error, 'Unhandled');
      t.assert.equal((answer as { errorType: string }).errorType, errorType);
      t.assert.ok((answer as { errorMessage: string }).errorMessage.endsWith(`Error: ${text}`), JSON.stringify(answer));
    }
  });

  test('a later push to the tag changes nothing until the function is updated', async (t: TestContext) => {
    await layout.copy('v1', 'v2');
    await layout.whiteout('v2', '/data/one');
    const more = path.join(folder.path, 'more');
    mkdirSync(more);
    writeFileSync(path.join(more, 'three'), 'three');
    await layout.add('v2', more, '/data');
    await layout.push('v2', server.origin, 'app:v1');
    t.assert.equal(((await invoke(lambda, 'app', 1)).answer as Record<string, string>)['files'], 'one two');
    await lambda.send(new PublishVersionCommand({ FunctionName: 'app' }));
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'app', ImageUri: `${host()}/app:v1` }));
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'app' });
    t.assert.equal(((await invoke(lambda, 'app', 1)).answer as Record<string, string>)['files'], 'three two');
    t.assert.equal(((await invoke(lambda, 'app', 1, { Qualifier: '1' })).answer as Record<string, string>)['files'], 'one two');
  });

  test('an opaque folder hides what lies below it', async (t: TestContext) => {
    await layout.copy('v1', 'v3');
    await layout.opaque('v3', path.join(folder.path, 'more'), '/data');
    await layout.push('v3', server.origin, 'app:v3');
    await deploy('opaque', `${host()}/app:v3`);
    t.assert.equal(((await invoke(lambda, 'opaque', 1)).answer as Record<string, string>)['files'], 'three');
  });

  test('layouts and archives are read from the operator’s folder, and from nowhere else', async (t: TestContext) => {
    await run('skopeo', ['--insecure-policy', 'copy', `oci:${layout.folder}:v1`, `oci-archive:${folder.path}/oci.tar:v1`]);
    await run('skopeo', [
      '--insecure-policy',
      'copy',
      `oci:${layout.folder}:v1`,
      `docker-archive:${folder.path}/docker.tar:app:v1`,
    ]);
    for (const [name, uri] of [
      ['layout', `oci:${layout.folder}:v1`],
      ['oci-archive', `oci-archive:${folder.path}/oci.tar`],
      ['docker-archive', `docker-archive:${folder.path}/docker.tar`],
    ] as const) {
      await deploy(name, uri);
      const { answer, error, log } = await invoke(lambda, name, 1);
      t.assert.equal(error, undefined, log);
      t.assert.equal((answer as Record<string, string>)['files'], 'one two');
    }
    for (const uri of ['oci:/etc', `oci:${folder.path}/../../etc`, 'docker-archive:/etc/passwd', `oci-archive:/nowhere`])
      await t.assert.rejects(deploy('never', uri), { name: 'AccessDeniedException' });
  });

  test('images that are not there, not for this machine or not images are refused in Lambda’s words', async (t: TestContext) => {
    await layout.copy('v1', 'other');
    await layout.configure('other', { architecture: 's390x' });
    await layout.push('other', server.origin, 'app:other');
    for (const [uri, name, text] of [
      [
        `${host()}/app:none`,
        'InvalidParameterValueException',
        /^Source image \S+\/app:none does not exist\. Provide a valid source image\.$/,
      ],
      [`${host()}/none:v1`, 'InvalidParameterValueException', /does not exist/],
      [`${host()}/app:other`, 'InvalidParameterValueException', /is not valid\. Provide a valid source image\. .*made for s390x/],
      ['no name at all', 'InvalidParameterValueException', /is not valid/],
      ['registry.invalid/app:v1', 'AccessDeniedException', /image-registries/],
    ] as const)
      await t.assert.rejects(deploy('never', uri), (error: Error) => {
        t.assert.equal(error.name, name, uri);
        t.assert.match(error.message, text);
        return true;
      });
  });

  test('of an image for several machines, the function’s is taken', async (t: TestContext) => {
    const index = path.join(folder.path, 'index');
    await run('skopeo', ['--insecure-policy', 'copy', `oci:${layout.folder}:v1`, `oci:${index}:v1`]);
    await run('skopeo', ['--insecure-policy', 'copy', `oci:${layout.folder}:other`, `oci:${index}:other`]);
    const raw = async (tag: string): Promise<{ digest: string; size: number }> => {
      const { stdout } = await run('skopeo', ['inspect', '--tls-verify=false', '--raw', `docker://${host()}/app:${tag}`]);
      const answer = await fetch(`${server.origin}/v2/app/manifests/${tag}`, { method: 'HEAD' });
      return { digest: answer.headers.get('docker-content-digest') ?? '', size: Buffer.byteLength(stdout) };
    };
    await layout.push('v1', server.origin, 'app:mine');
    const mediaType = 'application/vnd.oci.image.manifest.v1+json';
    const mine = {
      mediaType,
      ...(await raw('mine')),
      platform: { os: 'linux', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' },
    };
    const theirs = { mediaType, ...(await raw('other')), platform: { os: 'linux', architecture: 's390x' } };
    const document = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [theirs, mine] };
    const put = await fetch(`${server.origin}/v2/app/manifests/many`, {
      method: 'PUT',
      body: JSON.stringify(document),
      headers: { 'Content-Type': document.mediaType },
    });
    t.assert.equal(put.status, 201);
    await deploy('many', `${host()}/app:many`);
    const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: 'many' }));
    t.assert.equal(Code?.ResolvedImageUri, `${host()}/app@${mine.digest}`);
    t.assert.equal((await invoke(lambda, 'many', 1)).error, undefined);
  });

  test('a function goes on with an image that was deleted, and cannot be given it again', async (t: TestContext) => {
    await layout.copy('v1', 'short-lived');
    await layout.configure('short-lived', { env: ['WORD=soon gone'] });
    await layout.push('short-lived', server.origin, 'short:lived');
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'gone',
        Role: role,
        PackageType: 'Image',
        Architectures: architectures,
        Code: { ImageUri: `${host()}/short:lived` },
      }),
    );
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'gone' });
    const { Code } = await lambda.send(new GetFunctionCommand({ FunctionName: 'gone' }));
    t.assert.equal(
      (await fetch(`${server.origin}/v2/short/manifests/${Code?.ResolvedImageUri?.split('@')[1]}`, { method: 'DELETE' })).status,
      202,
    );
    // What was unpacked goes on; what is not there any more cannot be taken again.
    t.assert.equal((await invoke(lambda, 'gone', 1)).error, undefined);
    await t.assert.rejects(
      lambda.send(new UpdateFunctionCodeCommand({ FunctionName: 'gone', ImageUri: `${host()}/short:lived` })),
      /does not exist/,
    );
    t.assert.equal((await invoke(lambda, 'gone', 1)).error, undefined);
  });

  test('an image without a runtime client ends, and the caller is told how', async (t: TestContext) => {
    await deploy('no-client', `${host()}/app:v1`, {
      ImageConfig: { EntryPoint: ['/bin/bash', '-c', 'echo nobody asked; exit 3'] },
    });
    const { answer, error, log } = await invoke(lambda, 'no-client', 1);
    t.assert.equal(error, 'Unhandled');
    t.assert.deepEqual(
      [(answer as { errorType: string }).errorType, (answer as { errorMessage: string }).errorMessage.endsWith('exit status 3')],
      ['Runtime.ExitError', true],
    );
    t.assert.match(log, /nobody asked/);
  });

  test('an image is no way out: its root is read-only, its user nobody, and links in it lead nowhere else', async (t: TestContext) => {
    await layout.copy('v1', 'sly');
    const sly = path.join(folder.path, 'sly');
    mkdirSync(path.join(sly, 'var'), { recursive: true });
    symlinkSync('/etc', path.join(sly, 'var/task'));
    writeFileSync(path.join(folder.path, 'secret'), 'of the host');
    symlinkSync(`/../../../..${folder.path}/secret`, path.join(sly, 'secret'));
    writeFileSync(
      path.join(sly, 'probe'),
      `#!/bin/bash\n(echo x > /written) 2>/dev/null && echo wrote\n[ -e /etc/shadow ] && echo shadow\n[ -e /secret ] && echo secret\n(cd /var/task && echo task *)\necho uid $UID\nexit 1\n`,
      { mode: 0o4755 },
    );
    await layout.add('sly', sly, '/');
    await layout.push('sly', server.origin, 'app:sly');
    await deploy('sly', `${host()}/app:sly`, { ImageConfig: { EntryPoint: ['/probe'] } });
    const { log } = await invoke(lambda, 'sly', 1);
    t.assert.match(log, /^task \*$/m);
    t.assert.match(log, /^uid [1-9]\d*$/m);
    t.assert.doesNotMatch(log, /^(wrote|shadow|secret)$/m);
  });

  test(
    'buildah builds from scratch and pushes',
    { skip: existsSync('/usr/bin/buildah') ? false : 'buildah is not installed' },
    async (t: TestContext) => {
      const storage = [
        '--root',
        path.join(folder.path, 'buildah'),
        '--runroot',
        path.join(folder.path, 'buildah-run'),
        '--storage-driver',
        'vfs',
      ];
      const buildah = async (...words: readonly string[]): Promise<string> =>
        (await run('buildah', [...storage, ...words])).stdout.trim();
      const container = await buildah('from', 'scratch');
      await buildah('copy', '--quiet', container, path.join(folder.path, 'root'), '/');
      await buildah(
        'config',
        '--entrypoint',
        '["/usr/local/bin/client"]',
        '--cmd',
        'built by buildah',
        '--env',
        'WORD=hello',
        container,
      );
      await buildah('commit', '--quiet', container, 'built');
      await buildah('push', '--quiet', '--tls-verify=false', 'built', `docker://${host()}/built:latest`);
      await deploy('built', `${host()}/built`);
      const { answer, error, log } = await invoke(lambda, 'built', 1);
      t.assert.equal(error, undefined, log);
      const { arguments: words, word, folder: cwd } = answer as Record<string, string>;
      t.assert.deepEqual([words, word, cwd], ['built by buildah', 'hello', '/']);
    },
  );

  test('after a kill the functions answer again, and what nothing needs is gone', async (t: TestContext) => {
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'opaque' }));
    mkdirSync(path.join(images(), '.incoming', 'half-made', 'tree'), { recursive: true });
    const before = readdirSync(path.join(images(), 'roots')).length;
    await server.stop('SIGKILL');
    lambda.destroy();
    server = await RunningServer.start(path.join(folder.path, 'data'), ['--image-folder', folder.path]);
    lambda = lambdaClient(server.origin);
    t.assert.equal((await invoke(lambda, 'app', 1)).error, undefined);
    t.assert.deepEqual(readdirSync(path.join(images(), '.incoming')), []);
    t.assert.equal(readdirSync(path.join(images(), 'roots')).length, before - 1);
    t.assert.ok(existsSync(path.join(images(), 'layers')));
  });
});
