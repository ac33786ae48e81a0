import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { CreateRepositoryCommand, ECRClient, GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import { CreateFunctionCommand, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { jailObstacle } from '../../packages/server/src/sandbox/index.ts';
import { invoke, lambdaClient, role } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { Layout, noTools, run, smallRoot } from './kit.ts';

const openssl = ['/usr/bin/openssl', '/usr/local/bin/openssl'].find((file) => existsSync(file));
const skip = noTools || (openssl === undefined ? 'openssl is not installed' : (jailObstacle()?.detail ?? false));

/** A strict server's registry behind HTTPS is the other one, which gives nothing without its password. */
suite('a registry that wants a password', { timeout: 120_000, skip }, () => {
  const folder = temporaryFolder();
  const place = (name: string): string => path.join(folder.path, name);
  let other: RunningServer;
  let front: Server;
  let host: string;
  let password: string;
  let server: RunningServer;

  before(async () => {
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    const files = ['-keyout', place('key.pem'), '-out', place('cert.pem')];
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    execFileSync(openssl ?? '', ['req', ...kind, ...subject, ...files], { stdio: 'ignore' });
    other = await RunningServer.start(place('other'), ['--auth', 'strict']);
    front = createServer({ key: readFileSync(place('key.pem')), cert: readFileSync(place('cert.pem')) }, (incoming, answer) => {
      const { host: _host, ...headers } = incoming.headers;
      const asked = request(`${other.origin}${incoming.url}`, { method: incoming.method, headers }, (from) => {
        answer.writeHead(from.statusCode ?? 502, from.headers);
        from.pipe(answer);
      });
      asked.on('error', () => answer.destroy());
      incoming.pipe(asked);
    });
    front.listen(0, 'localhost');
    await once(front, 'listening');
    host = `localhost:${(front.address() as AddressInfo).port}`;

    const { accessKeyId = '', secretAccessKey = '' } = other.started.firstKey ?? {};
    const ecr = new ECRClient({ endpoint: other.origin, region: 'us-east-1', credentials: { accessKeyId, secretAccessKey } });
    const { authorizationData } = await ecr.send(new GetAuthorizationTokenCommand({}));
    password = authorizationData?.[0]?.authorizationToken ?? '';
    await ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/app' }));
    ecr.destroy();
    const layout = await Layout.make(place('layout'));
    await layout.create('v1');
    await layout.add('v1', await smallRoot(place('root')), '/');
    await layout.configure('v1', { entryPoint: ['client'], command: ['c'], env: ['PATH=/usr/local/bin:/bin'] });
    await run('skopeo', [
      ...['--insecure-policy', 'copy', '--dest-tls-verify=false', '--dest-creds', Buffer.from(password, 'base64').toString()],
      ...[`oci:${layout.folder}:v1`, `docker://${new URL(other.origin).host}/team/app:v1`],
    ]);

    // Inherited by the server, which is to trust the certificate.
    process.env['NODE_EXTRA_CA_CERTS'] = place('cert.pem');
    writeFileSync(place('auth.json'), JSON.stringify({ auths: {} }));
    server = await RunningServer.start(place('data'), ['--image-registries', host, '--registry-auth', place('auth.json')]);
  });
  after(async () => {
    await server?.stop();
    front?.close();
    front?.closeAllConnections();
    await other?.stop();
    folder[Symbol.dispose]();
  });

  test('gives its images with the password of the file, from the moment it is there', async (t: TestContext) => {
    using client = disposable(lambdaClient(server.origin));
    const create = () =>
      client.send(
        new CreateFunctionCommand({
          FunctionName: 'app',
          Role: role,
          PackageType: 'Image',
          Architectures: [process.arch === 'arm64' ? 'arm64' : 'x86_64'],
          Code: { ImageUri: `${host}/team/app:v1` },
          Timeout: 10,
        }),
      );
    await t.assert.rejects(create(), { name: 'AccessDeniedException', message: /wants a password/ });
    const login = (auth: string): void => writeFileSync(place('auth.json'), JSON.stringify({ auths: { [host]: { auth } } }));
    login(Buffer.from('AWS:wrong').toString('base64'));
    await t.assert.rejects(create(), { name: 'AccessDeniedException', message: /does not give the image to us/ });
    login(password);
    await create();
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 60, minDelay: 0.05, maxDelay: 0.2 }, { FunctionName: 'app' });
    t.assert.deepEqual(((await invoke(client, 'app', { hello: 'you' })).answer as { event: unknown }).event, { hello: 'you' });
    t.assert.ok(!server.said.includes(password) && !server.said.includes(Buffer.from(password, 'base64').toString()));
  });
});

const disposable = <T extends { destroy(): void }>(client: T): T & Disposable =>
  Object.assign(client, { [Symbol.dispose]: () => client.destroy() });
