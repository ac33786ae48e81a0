import { copyFileSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { jailObstacle } from '../../packages/server/src/sandbox/index.ts';
import { deploy, invoke, lambdaClient } from '../kit/functions.ts';
import { mayfly, RunningServer, temporaryFolder } from '../kit/server.ts';
import { Layout, noTools, smallRoot } from './kit.ts';

const obstacle = jailObstacle();
const skip = noTools === false ? (obstacle === undefined ? false : `images need the jail: ${obstacle.detail}`) : noTools;

suite('a managed runtime out of an image', { timeout: 120_000, skip }, () => {
  test('is taken from the registry of the house, and runs functions from zip files on the image’s root', async (t: TestContext) => {
    using folder = temporaryFolder();
    const data = path.join(folder.path, 'data');
    const root = await smallRoot(path.join(folder.path, 'root'));
    mkdirSync(path.join(root, 'var/runtime'), { recursive: true });
    mkdirSync(path.join(root, 'data'));
    copyFileSync(path.join(root, 'usr/local/bin/client'), path.join(root, 'var/runtime/bootstrap'));
    const layout = await Layout.make(path.join(folder.path, 'layout'));
    await layout.create('v1');
    await layout.add('v1', root, '/');
    await layout.configure('v1', { env: ['WORD=of the image'] });
    {
      await using server = await RunningServer.start(data);
      await layout.push('v1', server.origin, 'lambda/ruby:3.3');
      const name = `${new URL(server.origin).host}/lambda/ruby:3.3`;
      const added = await mayfly(['runtimes', 'add', 'ruby3.3', '--from', name, '--data', data]);
      t.assert.deepEqual([added.code, added.out.trim()], [0, 'ruby3.3 is ready.'], added.err);
      await server.stop();
    }
    const listed = await mayfly(['--json', 'runtimes', '--data', data]);
    const ruby = (JSON.parse(listed.out) as { identifier: string; state: string; from: string }[]).find(
      ({ identifier }) => identifier === 'ruby3.3',
    );
    t.assert.equal(ruby?.state, 'ready');
    t.assert.match(ruby?.from ?? '', /\/lambda\/ruby@sha256:[0-9a-f]{64}/);

    await using server = await RunningServer.start(data);
    const client = lambdaClient(server.origin);
    await deploy(client, 'zipped', { 'app.rb': 'def handler; end' }, { Runtime: 'ruby3.3', Handler: 'app.handler' });
    const { answer, error, log } = await invoke(client, 'zipped', { hello: 1 });
    t.assert.equal(error, undefined, log);
    const { event, word, folder: cwd, execution } = answer as Record<string, unknown>;
    t.assert.deepEqual([event, word, cwd, execution], [{ hello: 1 }, 'of the image', '/var/task', 'AWS_Lambda_ruby3.3']);
    client.destroy();

    const again = await mayfly(['runtimes', 'add', 'ruby3.3', '--from', `oci:${layout.folder}:v1`, '--data', data]);
    t.assert.equal(again.code, 0, again.err);
    t.assert.equal(readdirSync(path.join(data, 'runtimes/from-images/ruby3.3/images/roots')).length, 1);
  });

  test('an image that is no base image, or none at all, is refused with the reason', async (t: TestContext) => {
    using folder = temporaryFolder();
    const layout = await Layout.make(path.join(folder.path, 'layout'));
    await layout.create('v1');
    const bare = path.join(folder.path, 'bare');
    mkdirSync(bare);
    await layout.add('v1', bare, '/srv');
    for (const [image, words] of [
      [`oci:${layout.folder}:v1`, /has no \/var\/runtime\/bootstrap/],
      [`oci:${layout.folder}:v2`, /does not exist/],
      ['nonsense', /is not valid/],
    ] as const) {
      const refused = await mayfly(['runtimes', 'add', 'python3.12', '--from', image, '--data', path.join(folder.path, 'data')]);
      t.assert.notEqual(refused.code, 0);
      t.assert.match(refused.err, words);
    }
  });
});
