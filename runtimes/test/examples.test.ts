import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { requestId } from './bootstrap.ts';
import { RuntimeApi } from './runtime-api.ts';

const examples = path.join(import.meta.dirname, '../examples');
const onPath = (name: string): string | undefined =>
  (process.env.PATH ?? '')
    .split(':')
    .map((folder) => path.join(folder, name))
    .find((file) => existsSync(file));

for (const [name, file, source] of [
  [
    'bun',
    'app.ts',
    'export const handler = async (event: { bad?: boolean }) => { if (event.bad) throw new TypeError("bad"); return { got: event }; };',
  ],
  [
    'deno',
    'app.ts',
    'export const handler = async (event: { bad?: boolean }) => { if (event.bad) throw new TypeError("bad"); return { got: event }; };',
  ],
  [
    'php',
    'app.php',
    '<?php function handler($event, $context) { if ($event["bad"] ?? false) throw new TypeError("bad"); return ["got" => $event]; }',
  ],
] as const) {
  const interpreter = onPath(name);
  suite(
    `the example for ${name}`,
    { skip: interpreter === undefined ? `${name} is not on PATH` : false, timeout: 60_000 },
    () => {
      test('answers, reports what a handler throws, and what cannot be loaded', async (t: TestContext) => {
        const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-example-'));
        t.after(() => rmSync(folder, { recursive: true }));
        writeFileSync(path.join(folder, file), source);
        const { command, bootEnv } = JSON.parse(readFileSync(path.join(examples, `${name}.json`), 'utf8')) as {
          command: string[];
          bootEnv?: Record<string, string>;
        };
        const words = command.map((word) =>
          word.replace('{interpreter}', interpreter!).replace('/var/runtime', path.join(examples, name)),
        );
        const start = async (api: RuntimeApi, handler: string) => {
          const env = {
            PATH: '/usr/bin:/bin',
            HOME: folder,
            ...bootEnv,
            DENO_DIR: folder,
            LD_LIBRARY_PATH: process.env.LD_LIBRARY_PATH ?? '',
          };
          const child = spawn(words[0]!, words.slice(1), {
            env: { ...env, AWS_LAMBDA_RUNTIME_API: await api.listen(), _HANDLER: handler, LAMBDA_TASK_ROOT: folder },
            stdio: ['ignore', 'inherit', 'ignore'],
          });
          return { child, exited: once(child, 'exit') };
        };

        await using api = new RuntimeApi([{ a: 'ü' }, { bad: true }, { b: 2 }]);
        const { child, exited } = await start(api, 'app.handler');
        await Promise.race([api.until(3), exited]);
        child.kill();
        await exited;
        t.assert.deepEqual(
          api.posted.map((one) => one.path),
          ['response', 'error', 'response'].map((end) => `/invocation/${requestId}/${end}`),
        );
        t.assert.deepEqual([api.posted[0]!.body, api.posted[2]!.body], [{ got: { a: 'ü' } }, { got: { b: 2 } }]);
        const { errorType, errorMessage } = api.posted[1]!.body as Record<string, unknown>;
        t.assert.deepEqual([errorType, errorMessage], ['TypeError', 'bad']);

        await using second = new RuntimeApi([]);
        const failing = await start(second, 'nowhere.handler');
        const [exitCode] = await failing.exited;
        t.assert.notEqual(exitCode, 0);
        t.assert.deepEqual(
          second.posted.map((one) => one.path),
          ['/init/error'],
        );
      });
    },
  );
}
