import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { suite, test, type TestContext } from 'node:test';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { mayfly, RunningServer, temporaryFolder } from '../kit/server.ts';

suite('a server', () => {
  test('answers health soon after its start and ends with 0 on SIGTERM', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(folder.path);
    t.assert.strictEqual((await fetch(`${server.origin}/_mayfly/health`)).status, 200);
    t.assert.strictEqual(await server.stop('SIGTERM'), 0);
  });

  // npm hands the signal to its shell alone: a server that is the shell's child would outlive both (hence `exec` in the script).
  test('ends when the npm that started it is ended', { timeout: 30_000 }, async (t: TestContext) => {
    using folder = temporaryFolder();
    const npm = spawn('npm', ['start', '--', '--port', '0', '--data', folder.path], {
      cwd: path.join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    let outlived = false;
    const giveUp = setTimeout(() => {
      outlived = true;
      process.kill(-(npm.pid ?? 0), 'SIGTERM');
    }, 15_000);
    const lines: string[] = [];
    for await (const line of createInterface(npm.stdout)) {
      lines.push(line);
      // The output ends, and with it the loop, only when the server itself has ended.
      if (line === 'Ready.') npm.kill('SIGTERM');
    }
    clearTimeout(giveUp);
    if (npm.exitCode === null && npm.signalCode === null) await once(npm, 'exit');
    t.assert.ok(!outlived, 'the server outlived its npm');
    const endpoint = /http:\S+/.exec(lines.find((line) => line.includes('endpoint')) ?? '')?.[0] ?? '';
    await t.assert.rejects(fetch(`${endpoint}/_mayfly/health`), (error: Error) => /ECONNREFUSED/.test(String(error.cause)));
  });

  test('refuses a folder that another server uses, and says which', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(folder.path);
    const second = await mayfly(['start', '--port', '0', '--data', folder.path]);
    t.assert.strictEqual(second.code, 2);
    t.assert.match(second.err, new RegExp(`process id ${server.pid}\\b.*--data`));
    t.assert.doesNotMatch(second.err, /\bat .*\.ts:/);
  });

  test('takes the folder of a killed one', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using first = await RunningServer.start(folder.path);
    t.assert.strictEqual(await first.stop('SIGKILL'), 'SIGKILL');
    await using second = await RunningServer.start(folder.path);
    t.assert.strictEqual((await fetch(`${second.origin}/_mayfly/health`)).status, 200);
  });

  test('lives beside another with its own folder and port', async (t: TestContext) => {
    using one = temporaryFolder();
    using two = temporaryFolder();
    await using first = await RunningServer.start(one.path);
    await using second = await RunningServer.start(two.path);
    t.assert.notStrictEqual(first.origin, second.origin);
    for (const { origin } of [first, second]) t.assert.strictEqual((await fetch(`${origin}/_mayfly/health`)).status, 200);
  });

  test('refuses a port that is taken, with the next step', async (t: TestContext) => {
    using one = temporaryFolder();
    using two = temporaryFolder();
    await using first = await RunningServer.start(one.path);
    const second = await mayfly(['start', '--port', new URL(first.origin).port, '--data', two.path]);
    t.assert.strictEqual(second.code, 2);
    t.assert.match(second.err, /is taken.*--port/);
  });
});

suite('a server with --auth strict', { timeout: 60_000 }, () => {
  test('shows its first key once, and answers only to signatures made with a key', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(folder.path, ['--auth', 'strict']);
    const { firstKey } = server.started;
    t.assert.match(firstKey?.accessKeyId ?? '', /^AKIA/);
    const as = (accessKeyId: string, secretAccessKey: string): Promise<unknown> => {
      using client = disposable(
        new LambdaClient({
          endpoint: server.origin,
          region: 'us-east-1',
          credentials: { accessKeyId, secretAccessKey },
          maxAttempts: 1,
        }),
      );
      return client.send(new ListFunctionsCommand({}));
    };
    await as(firstKey?.accessKeyId ?? '', firstKey?.secretAccessKey ?? '');
    await t.assert.rejects(as(firstKey?.accessKeyId ?? '', 'guessed'), { name: 'InvalidSignatureException' });
    await t.assert.rejects(as('000000000000', 'mayfly'), { name: 'UnrecognizedClientException' });
    t.assert.strictEqual((await fetch(`${server.origin}/2015-03-31/functions`)).status, 403);
    const env = {
      AWS_ENDPOINT_URL: server.origin,
      AWS_ACCESS_KEY_ID: firstKey?.accessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: firstKey?.secretAccessKey ?? '',
    };
    const made = JSON.parse((await mayfly(['--json', 'keys', 'create'], env)).out) as {
      AccessKeyId: string;
      SecretAccessKey: string;
    };
    await as(made.AccessKeyId, made.SecretAccessKey);
    t.assert.match((await mayfly(['keys'], env)).out, new RegExp(made.AccessKeyId));
    t.assert.strictEqual((await mayfly(['keys', 'rm', made.AccessKeyId], env)).code, 0);
    await t.assert.rejects(as(made.AccessKeyId, made.SecretAccessKey), { name: 'UnrecognizedClientException' });
    await server.stop();
    await using again = await RunningServer.start(folder.path, ['--auth', 'strict']);
    t.assert.strictEqual(again.started.firstKey, undefined);
  });
});

const disposable = (client: LambdaClient): LambdaClient & Disposable =>
  Object.assign(client, { [Symbol.dispose]: () => client.destroy() });

suite('the command line', () => {
  test('env prints what a shell can evaluate', async (t: TestContext) => {
    const { code, out } = await mayfly(['env', '--endpoint-url', 'http://127.0.0.1:9', '--account', '123456789012']);
    t.assert.strictEqual(code, 0);
    t.assert.match(out, /^export AWS_ENDPOINT_URL=http:\/\/127\.0\.0\.1:9\nexport AWS_ACCESS_KEY_ID=123456789012\n/);
  });

  test('says how to start a server when none answers, with an exit code of its own', async (t: TestContext) => {
    for (const command of [['ls'], ['status'], ['invoke', 'f']]) {
      const { code, err } = await mayfly([...command, '--endpoint-url', 'http://127.0.0.1:1']);
      t.assert.deepStrictEqual([code, /mayfly start/.test(err)], [3, true], `${command.join(' ')}: ${err}`);
    }
  });

  test('a mistyped command is a usage error, and help is none', async (t: TestContext) => {
    t.assert.strictEqual((await mayfly(['strat'])).code, 2);
    t.assert.strictEqual((await mayfly(['--help'])).code, 0);
  });
});
