import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test, type TestContext } from 'node:test';

const script = path.join(import.meta.dirname, '../dotnet/bootstrap.sh');

suite('the start of a .NET function', { skip: existsSync('/bin/bash') ? false : 'there is no bash', timeout: 60_000 }, () => {
  /** The package is these files; `dotnet` only says what it was asked. */
  const start = async (
    t: TestContext,
    handler: string,
    files: Readonly<Record<string, string>>,
    more: Readonly<Record<string, string>> = {},
  ) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-dotnet-'));
    t.after(() => rmSync(folder, { recursive: true }));
    for (const [name, source] of Object.entries({ dotnet: '#!/bin/sh\necho "dotnet $* in $(pwd)"', ...files })) {
      writeFileSync(path.join(folder, name), source, { mode: 0o755 });
    }
    const env = { PATH: '/usr/bin:/bin', _HANDLER: handler, LAMBDA_TASK_ROOT: folder, DOTNET_ROOT: folder, ...more };
    const child = spawn('/bin/bash', [script], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    const [output, errors, [exitCode]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    const told = (said: string): string =>
      said.replaceAll(folder, '/var/task').replaceAll(path.dirname(script), '/var/runtime').trim();
    return { output: told(output), errors: told(errors), exitCode };
  };

  test('runs an executable assembly with dotnet', async (t: TestContext) => {
    for (const handler of ['App', 'App.dll']) {
      const { output, exitCode } = await start(t, handler, { 'App.dll': '' });
      t.assert.deepEqual([output, exitCode], ['dotnet App.dll in /var/task', 0]);
    }
  });

  test('runs a native binary by itself, without our channel', async (t: TestContext) => {
    const files = { App: '#!/bin/sh\necho native $MAYFLY_CHANNEL' };
    t.assert.equal((await start(t, 'App', files, { MAYFLY_CHANNEL: '/channel' })).output, 'native');
  });

  test('runs a class library in our host, with its own files of settings', async (t: TestContext) => {
    const host = (name: string): string =>
      `dotnet exec --depsfile /var/task/${name}.deps.json --runtimeconfig /var/task/${name}.runtimeconfig.json /var/runtime/Mayfly.Runtime.dll OLDPWD _ in /var/task`;
    const settings = (...names: readonly string[]) =>
      Object.fromEntries(
        names.flatMap((name) => [[`${name}.deps.json`, ''] as const, [`${name}.runtimeconfig.json`, ''] as const]),
      );
    for (const [files, more, chosen] of [
      [settings('App', 'Main'), {}, 'App'],
      [settings('App', 'Main'), { LAMBDA_DOTNET_MAIN_ASSEMBLY: 'Main' }, 'Main'],
      [settings('App', 'Main'), { LAMBDA_DOTNET_MAIN_ASSEMBLY: 'Main.dll' }, 'Main'],
      // The only ones there are.
      [settings('Main'), {}, 'Main'],
    ] as const) {
      t.assert.equal((await start(t, 'App::Namespace.Type::Method', files, more)).output, host(chosen));
    }
  });

  test('tells .NET three quarters of the memory as its heap, unless the function tells it itself', async (t: TestContext) => {
    const files = { App: '#!/bin/sh\necho $DOTNET_GCHeapHardLimit $COMPlus_GCHeapHardLimit' };
    const memory = { AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '512' };
    t.assert.equal((await start(t, 'App', files, memory)).output, '0x18000000 0x18000000');
    t.assert.equal((await start(t, 'App', files, { ...memory, DOTNET_GCHeapHardLimit: '0x1' })).output, '0x1');
  });

  test('ends with what is missing', async (t: TestContext) => {
    const installed = (ending: string): string =>
      `Error: .NET binaries for Lambda function are not correctly installed in the /var/task directory of the image when the image was built. The /var/task directory is missing the required .${ending} file.`;
    for (const [handler, files, exitCode, errors] of [
      ['', {}, 103, 'Error: No Lambda Handler function was specified.'],
      ['App', {}, 104, 'Error: executable assembly /var/task/App.dll or binary /var/task/App not found.'],
      ['App::Type::Method', { 'App.runtimeconfig.json': '' }, 105, installed('deps.json')],
      ['App::Type::Method', { 'One.deps.json': '', 'Two.deps.json': '' }, 105, installed('deps.json')],
      ['App::Type::Method', { 'App.deps.json': '' }, 106, installed('runtimeconfig.json')],
    ] as const) {
      const ended = await start(t, handler, files);
      t.assert.deepEqual(ended, { output: '', errors, exitCode });
    }
  });
});
