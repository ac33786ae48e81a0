import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock } from '../../base/index.ts';
import { jailObstacle, openJail, type SandboxDriver } from '../../sandbox/index.ts';
import { openRuntimes } from './index.ts';
import type { Runtimes } from './port.ts';

const obstacle = jailObstacle();
const signal = AbortSignal.timeout(60_000);

/** What is needed of the channel here; its manners are tested where the bootstraps lie. */
function frame(type: string, header: object, body = ''): Buffer {
  const head = Buffer.from(JSON.stringify(header));
  const front = Buffer.alloc(9);
  front.writeUInt32BE(5 + head.length + Buffer.byteLength(body), 0);
  front.write(type, 4);
  front.writeUInt32BE(head.length, 5);
  return Buffer.concat([front, head, Buffer.from(body)]);
}

const missing = (seen: string): never => {
  throw new Error(`No answer in: ${seen}`);
};

suite('bootstraps inside the jail', { skip: obstacle?.detail ?? false, timeout: 60_000 }, () => {
  let dataDir: string;
  let driver: SandboxDriver;
  let runtimes: Runtimes;

  before(async () => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-jailed-'));
    driver = openJail({ dataDir, clock: systemClock, log: silentLogger });
    runtimes = await openRuntimes({ dataDir, clock: systemClock, log: silentLogger });
  });
  after(async () => {
    await driver[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true });
  });

  for (const [identifier, handler, files] of [
    [
      'nodejs24.x',
      'index.handler',
      {
        'index.mjs':
          'import { SQSClient } from "@aws-sdk/client-sqs"; export const handler = async (event) => ({ ...event, sdk: SQSClient.name, uid: process.getuid(), path: process.execPath });',
      },
    ],
    [
      'python3.11',
      'app.handler',
      {
        'app.py':
          'import os, sys, ssl, sqlite3\ndef handler(event, context):\n  return dict(event, uid=os.getuid(), path=sys.executable)',
      },
    ],
    [
      'python3.12',
      'app.handler',
      {
        'app.py':
          'import os, sys, ssl, ctypes\ndef handler(event, context):\n  return dict(event, uid=os.getuid(), path=sys.executable)',
      },
    ],
    [
      'java17',
      'App::go',
      {
        'App.java': `public class App { public java.util.Map<String, Object> go(java.util.Map<String, Object> event) throws Exception {
      event.put("uid", java.nio.file.Files.getAttribute(java.nio.file.Path.of("/proc/self"), "unix:uid"));
      event.put("path", System.getProperty("java.home")); java.security.MessageDigest.getInstance("SHA-256");
      event.put("random", new java.security.SecureRandom().nextInt() == 0); return event; } }`,
      },
    ],
    [
      'ruby3.3',
      'app.handler',
      { 'app.rb': 'def handler(event:, context:) = event.merge(uid: Process.uid, path: RbConfig.ruby)' },
    ],
  ] as const) {
    test(`${identifier} boots, becomes a function and answers`, async (t: TestContext) => {
      const check = runtimes.check(identifier);
      if (check.kind === 'unavailable') return t.skip(check.remedy);
      await runtimes.prepare(identifier, { signal });
      const resolved = await runtimes.resolve(identifier);
      const limits = { memoryMiB: 256, cpuCores: 1, processes: 128, openFiles: 1024, tmpMiB: 16 };
      await using box = await driver.create(
        { id: identifier.replaceAll('.', '-'), mounts: resolved.mounts, limits, network: 'loopback' },
        { signal },
      );
      const connected = once(box.channel, 'connection') as Promise<[Socket]>;
      const process = await box.start({
        command: resolved.command!,
        env: { ...resolved.bootEnv, MAYFLY_CHANNEL: box.channelPath },
        cwd: '/',
      });
      const output = text(process.output);
      const ended = process.exited.then(async () => missing(await output));
      ended.catch(() => {});
      const [socket] = (await Promise.race([connected, ended])) as [Socket];

      const code = path.join(dataDir, `code-${identifier}`);
      mkdirSync(code);
      for (const [name, source] of Object.entries(files)) writeFileSync(path.join(code, name), source);
      if ('App.java' in files)
        execFileSync(path.join(path.dirname(resolved.command![0]), 'javac'), ['-d', code, path.join(code, 'App.java')], {
          stdio: 'pipe',
        });
      chmodSync(code, 0o755);
      await box.bind('/var/task', code);
      socket.write(frame('I', { env: { LAMBDA_TASK_ROOT: '/var/task' }, cwd: '/var/task', handler, logFormat: 'Text' }));
      const seen = async (wanted: RegExp): Promise<string> => {
        let bytes = '';
        for await (const piece of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
          bytes += piece.toString('latin1');
          if (wanted.test(bytes) || bytes.includes('errorType')) return bytes;
        }
        return missing(bytes + (await output));
      };
      const ready = await seen(/\0[^\0]R\0{3}/);
      if (ready.includes('errorType')) missing(ready);
      socket.write(frame('E', { requestId: 'r', deadlineMs: Date.now() + 3000, invokedArn: 'arn', traceId: '' }, '{"a":1}'));
      const told = await seen(/"a": ?1/);
      socket.destroy();
      const answer = JSON.parse(/\{"a":.*?\}/.exec(told)?.[0] ?? missing(told)) as Record<string, unknown>;
      t.assert.equal(answer.a, 1);
      t.assert.ok(Number(answer.uid) >= 2_000_000);
      t.assert.match(String(answer.path), /^\/(var\/lang|usr)\//);
    });
  }
});
