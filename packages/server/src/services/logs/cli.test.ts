import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { after, before, suite, test, type TestContext } from 'node:test';
import { openDoor } from '../../../../../test/kit/door.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import type { Listener } from '../../api/index.ts';
import { silentLogger, systemClock, type AccountId, type Region } from '../../base/index.ts';
import { openLogs, type Logs } from './index.ts';

/** Version 2 of the AWS CLI; version 1 has no `logs tail`. */
const cli = [...(process.env['PATH'] ?? '').split(':'), '/usr/bin', '/usr/local/bin']
  .map((folder) => `${folder}/aws`)
  .find((file) => {
    if (!existsSync(file)) return false;
    try {
      return execFileSync(file, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).startsWith('aws-cli/2');
    } catch {
      return false;
    }
  });

suite('aws logs tail', { timeout: 120_000, skip: cli === undefined ? 'the AWS CLI, version 2, is not installed' : false }, () => {
  let database: PlainDatabase;
  let logs: Logs;
  let door: Listener;
  before(async () => {
    database = new PlainDatabase();
    logs = await openLogs({ database, clock: systemClock, log: silentLogger });
    door = await openDoor({ logs: logs.handlers });
  });
  after(async () => {
    await door[Symbol.asyncDispose]();
    await logs[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const say = (message: string): void =>
    logs.sink.append(
      { account: '123456789012' as AccountId, region: 'eu-west-1' as Region, logGroup: '/aws/lambda/f', logStream: 's' },
      { atMs: Date.now(), origin: 'function', message },
    );

  test('--follow shows what was logged and, while it waits, what is logged next', async (t: TestContext) => {
    say('before');
    const child = spawn(
      cli ?? 'aws',
      ['logs', 'tail', '/aws/lambda/f', '--follow', '--format', 'short', '--endpoint-url', door.origin],
      {
        env: {
          ...process.env,
          AWS_ACCESS_KEY_ID: '123456789012',
          AWS_SECRET_ACCESS_KEY: 'x',
          AWS_DEFAULT_REGION: 'eu-west-1',
          PYTHONUNBUFFERED: '1',
          AWS_PAGER: '',
        },
        stdio: ['ignore', 'pipe', 'inherit'],
        signal: t.signal,
      },
    );
    child.once('error', () => {});
    try {
      const seen: string[] = [];
      for await (const line of createInterface({ input: child.stdout })) {
        seen.push(line.replace(/^\S+ /, ''));
        if (seen.length === 1) say('after');
        if (seen.length === 2) break;
      }
      t.assert.deepStrictEqual(seen, ['before', 'after']);
    } finally {
      child.kill('SIGKILL');
    }
  });
});
