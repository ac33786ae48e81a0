import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test, type TestContext } from 'node:test';
import { RuntimeApi } from './runtime-api.ts';

const script = path.join(import.meta.dirname, '../dotnet/bootstrap.sh');

suite('the start of a .NET function', { skip: existsSync('/bin/bash') ? false : 'there is no bash', timeout: 60_000 }, () => {
  /** The package is these files; `dotnet` only says what it was asked. */
  const start = async (t: TestContext, handler: string, files: Readonly<Record<string, string>>) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-dotnet-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const [name, source] of Object.entries({ dotnet: '#!/bin/sh\necho "dotnet $* in $(pwd)"', ...files })) {
      writeFileSync(path.join(folder, name), source, { mode: 0o755 });
    }
    await using api = new RuntimeApi([]);
    const env = {
      PATH: '/usr/bin:/bin',
      AWS_LAMBDA_RUNTIME_API: await api.listen(),
      _HANDLER: handler,
      LAMBDA_TASK_ROOT: folder,
      DOTNET_ROOT: folder,
    };
    const child = spawn('/bin/bash', [script], { env, stdio: ['ignore', 'pipe', 'ignore'] });
    const [output, [exitCode]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    return { output: output.replaceAll(folder, '/var/task'), exitCode, posted: api.posted };
  };

  test('runs an executable assembly with dotnet', async (t: TestContext) => {
    const { output, exitCode } = await start(t, 'App', { 'App.dll': '', 'App.runtimeconfig.json': '{}' });
    t.assert.deepEqual([output, exitCode], ['dotnet App.dll in /var/task\n', 0]);
  });

  test('runs a native binary by itself', async (t: TestContext) => {
    t.assert.equal((await start(t, 'App', { App: '#!/bin/sh\necho native' })).output, 'native\n');
  });

  test('tells the platform what is missing, and that class libraries are not supported', async (t: TestContext) => {
    for (const [handler, files, errorType, exitCode] of [
      ['App', {}, 'Runtime.MissingFile', 101],
      ['App', { 'App.dll': '' }, 'Runtime.MissingFile', 103],
      ['../App', {}, 'Runtime.MalformedHandlerName', 105],
      ['App::Namespace.Type::Method', {}, 'Runtime.UnsupportedHandler', 106],
    ] as const) {
      const told = await start(t, handler, files);
      t.assert.equal(told.exitCode, exitCode);
      t.assert.deepEqual(
        told.posted.map((one) => [one.path, (one.body as { errorType: string }).errorType]),
        [['/init/error', errorType]],
      );
    }
  });
});
