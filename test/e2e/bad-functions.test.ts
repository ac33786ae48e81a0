import { readFileSync, existsSync, readdirSync } from 'node:fs';
import { after, before, suite, test, type TestContext } from 'node:test';
import type { CreateFunctionCommandInput, LambdaClient } from '@aws-sdk/client-lambda';
import { deploy, invoke, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

/** What a hostile or clumsy handler does, and what its caller is told. */
const cases: readonly {
  readonly name: string;
  readonly body: string;
  /** `either`: how far it gets depends on the moment; that it is answered does not. */
  readonly error?: 'Unhandled' | 'either';
  readonly says: RegExp;
  readonly options?: Partial<CreateFunctionCommandInput>;
}[] = [
  { name: 'throws a string', body: `throw 'oops'`, error: 'Unhandled', says: /"errorType":"string","errorMessage":"oops"/ },
  { name: 'throws nothing', body: 'throw undefined', error: 'Unhandled', says: /errorType/ },
  {
    name: 'throws something circular',
    body: 'const e = new Error("round"); e.self = e; throw e',
    error: 'Unhandled',
    says: /round/,
  },
  { name: 'returns something circular', body: 'const e = {}; e.self = e; return e', error: 'Unhandled', says: /errorType/ },
  { name: 'returns nothing', body: 'return undefined', says: /^null$/ },
  {
    name: 'returns seven megabytes',
    body: 'return "x".repeat(7 * 1048576)',
    error: 'Unhandled',
    says: /Function\.ResponseSizeTooLarge/,
  },
  {
    name: 'never returns',
    body: 'await new Promise(() => setInterval(() => {}, 1000))',
    error: 'Unhandled',
    says: /Task timed out after 1\.00 seconds/,
  },
  { name: 'spins', body: 'for (;;);', error: 'Unhandled', says: /Task timed out after 1\.00 seconds/ },
  {
    name: 'exits',
    body: 'process.exit(3)',
    error: 'Unhandled',
    says: /Runtime\.ExitError.*exit status 3|exit status 3.*Runtime\.ExitError/,
  },
  {
    name: 'kills its parent',
    body: 'process.kill(process.ppid, "SIGKILL"); process.kill(1, "SIGKILL"); await new Promise((r) => setTimeout(r, 50)); return 1',
    error: 'either',
    says: /./,
  },
  {
    name: 'forks without end',
    body: `const { spawn } = require('node:child_process'); for (let i = 0; i < 3000; i += 1) { try { spawn('/bin/sh', ['-c', 'sleep 100']).on('error', () => {}); } catch {} } return 1`,
    error: 'either',
    says: /./,
    options: { Timeout: 5 },
  },
  {
    name: 'fills /tmp',
    body: `const fs = require('node:fs'); const f = fs.openSync('/tmp/x', 'w'); const b = Buffer.alloc(1 << 20); try { for (;;) fs.writeSync(f, b); } catch (e) { return e.code; }`,
    says: /ENOSPC/,
    options: { Timeout: 20, MemorySize: 1024 },
  },
  {
    name: 'allocates ten gigabytes',
    body: 'const all = []; for (let i = 0; i < 10240; i += 1) all.push(Buffer.alloc(1 << 20, i)); return all.length',
    error: 'Unhandled',
    says: /signal: killed|Runtime\.OutOfMemory/,
    options: { Timeout: 20 },
  },
  {
    name: 'prints a hundred megabytes',
    body: `for (let i = 0; i < 100; i += 1) console.log('x'.repeat(1 << 20)); return 'printed'`,
    says: /printed/,
    options: { Timeout: 30, MemorySize: 512 },
  },
];

suite('functions that behave badly', { timeout: 280_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let client: LambdaClient;

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(folder.path);
    client = lambdaClient(server.origin);
    await deploy(client, 'good', { 'index.js': 'exports.handler = async () => "fine"' });
  });
  after(async () => {
    client.destroy();
    await server.stop();
    folder[Symbol.dispose]();
  });

  for (const [index, { name, body, error, says, options }] of cases.entries()) {
    test(`one that ${name} is answered, and the next call of another works`, async (t: TestContext) => {
      const code = `let calls = 0; exports.handler = async (event) => { if (event.calm) return 'calm'; ${body} };`;
      await deploy(client, `bad${index}`, { 'index.js': code }, { Timeout: 1, ...options });
      const { status, error: functionError, answer } = await invoke(client, `bad${index}`, {});
      t.assert.equal(status, 200);
      if (error !== 'either') t.assert.equal(functionError, error);
      t.assert.match(JSON.stringify(answer), says);
      t.assert.equal((await invoke(client, `bad${index}`, { calm: true }, {})).answer, 'calm');
      t.assert.equal((await invoke(client, 'good')).answer, 'fine');
    });
  }

  test('a missing handler is named, with the exports that were found', async (t: TestContext) => {
    await deploy(
      client,
      'nohandler',
      { 'index.js': 'exports.main = 1; exports.other = async () => 1;' },
      { Handler: 'index.handler' },
    );
    const { error, answer } = await invoke(client, 'nohandler');
    t.assert.equal(error, 'Unhandled');
    t.assert.match(JSON.stringify(answer), /index\.handler.*undefined or not exported/);
  });

  test('nothing of the boxes is left when the server has stopped', async (t: TestContext) => {
    const pid = String(server.pid);
    t.assert.equal(await server.stop(), 0);
    t.assert.ok(!existsSync(`/proc/${pid}`));
    t.assert.deepEqual(
      readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes(folder.path)),
      [],
    );
    const left = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => {
        try {
          return (
            readFileSync(`/proc/${name}/cgroup`, 'utf8').includes('mayfly-') &&
            readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(folder.path)
          );
        } catch {
          return false;
        }
      });
    t.assert.deepEqual(left, []);
  });
});
