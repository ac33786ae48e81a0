import { spawnSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { mayfly, RunningServer, temporaryFolder } from '../kit/server.ts';

const examples = path.join(import.meta.dirname, '../../examples');
const missing = (program: string): string | false =>
  spawnSync('/bin/sh', ['-c', `command -v ${program}`]).status === 0 ? false : `${program} is not on this machine`;

suite('the examples', { timeout: 280_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let env: Record<string, string>;

  /** Copied first: builds leave files. */
  const deploy = async (t: TestContext, name: string): Promise<{ readonly url?: string }> => {
    const copy = path.join(folder.path, 'examples', name);
    cpSync(path.join(examples, name), copy, {
      recursive: true,
      filter: (file) => !/node_modules|\/build$/.test(file.slice(examples.length)),
    });
    const { code, out, err } = await mayfly(['--json', 'deploy', copy], env);
    t.assert.equal(code, 0, err);
    return JSON.parse(out) as { url?: string };
  };
  const call = async (t: TestContext, name: string, event: object): Promise<Record<string, unknown>> => {
    const { code, out, err } = await mayfly(['--json', 'invoke', name, JSON.stringify(event)], env);
    t.assert.equal(code, 0, out + err);
    return (JSON.parse(out) as { Payload: Record<string, unknown> }).Payload;
  };

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(path.join(folder.path, 'data'));
    env = { AWS_ENDPOINT_URL: server.origin };
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  test('hello-c, a custom runtime in C', { skip: missing('cc') }, async (t: TestContext) => {
    await deploy(t, 'hello-c');
    t.assert.deepEqual(await call(t, 'hello-c', { a: 1 }), { hello: 'from C', eventBytes: 7 });
  });

  test('thumbnail, with a native npm package', async (t: TestContext) => {
    await deploy(t, 'thumbnail');
    const { width, height } = await call(t, 'thumbnail', { width: 60 });
    t.assert.deepEqual([width, height], [60, 40]);
  });

  test('report, with a wheel', { skip: missing('python3.11') || missing('pip') }, async (t: TestContext) => {
    await deploy(t, 'report');
    const { count, mean } = await call(t, 'report', { numbers: [1, 2, 3, 10] });
    t.assert.deepEqual([count, mean], [4, 4]);
  });

  test('guestbook, a page behind a URL', async (t: TestContext) => {
    const { url = '' } = await deploy(t, 'guestbook');
    const signed = await fetch(`${url}sign`, {
      method: 'POST',
      body: new URLSearchParams({ name: 'Ada <3' }),
      redirect: 'follow',
    });
    t.assert.equal(signed.status, 200);
    t.assert.match(await signed.text(), /<li>Ada &#60;3/);
  });
});
