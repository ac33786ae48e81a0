import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { systemClock } from '../base/index.ts';
import { jailObstacle } from './jail/obstacle.ts';
import type { Capabilities, Mount, ProcessSpec, ResourceLimits, Sandbox, SandboxDriver } from './port.ts';

export const suiteLimits: ResourceLimits = { memoryMiB: 128, cpuCores: 1, processes: 64, openFiles: 1024, tmpMiB: 16 };

/** Why tests of the whole jail, limits and users included, cannot run here. */
export const rootObstacle = (): string | undefined =>
  jailObstacle()?.detail ?? (process.getuid?.() === 0 ? undefined : 'needs root');

/** What every driver must do alike; a driver that says it cannot do something is let off, aloud. */
export function driverSuite(
  name: string,
  options: { readonly obstacle?: string | undefined; readonly open: (dataDir: string) => SandboxDriver },
): void {
  suite(`the ${name} driver, as every driver`, { skip: options.obstacle ?? false, timeout: 60_000 }, () => {
    let dataDir: string;
    let driver: SandboxDriver;
    let can: Capabilities;
    let count = 0;
    const signal = new AbortController().signal;
    const mounts: Mount[] = [{ source: process.execPath, target: '/var/lang/bin/node' }];
    const open = (more: readonly Mount[] = []): Promise<Sandbox> =>
      driver.create(
        { id: `suite${(count += 1)}`, mounts: [...mounts, ...more], limits: suiteLimits, network: 'loopback' },
        { signal },
      );
    const run = async (box: Sandbox, script: string, more: Partial<ProcessSpec> = {}) => {
      const started = await box.start({ command: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: '/', ...more });
      const [output, exit] = await Promise.all([text(started.output), started.exited]);
      return { output, ...exit };
    };
    const firstOutput = (output: NodeJS.ReadableStream): Promise<string> =>
      new Promise((resolve) => output.once('data', (data) => resolve(String(data))));

    before(async () => {
      dataDir = mkdtempSync(path.join(tmpdir(), `mayfly-${name}-`));
      driver = options.open(dataDir);
      can = await driver.probe({ signal });
    });
    after(async () => {
      await driver[Symbol.asyncDispose]();
      rmSync(dataDir, { recursive: true });
    });

    test('tells output in order, exit code and signal', async (t: TestContext) => {
      await using box = await open();
      t.assert.deepEqual(await run(box, 'echo out; echo err >&2; exit 3'), { output: 'out\nerr\n', exitCode: 3, signal: null });
      t.assert.deepEqual(await run(box, 'kill -9 $$'), { output: '', exitCode: null, signal: 'SIGKILL' });
    });

    test('gives a second pipe to a process that asks for one, apart from its output', async (t: TestContext) => {
      await using box = await open();
      if (box.framedLogFd === undefined) return t.skip('no second pipe');
      const script = `echo out; echo log >&${box.framedLogFd}; echo again > /proc/self/fd/${box.framedLogFd}; exit 3`;
      const command: [string, ...string[]] = ['/bin/bash', '-c', script];
      const started = await box.start({ command, env: {}, cwd: '/', framedLog: true });
      const [output, log, exit] = await Promise.all([
        text(started.output),
        started.framedLog === undefined ? 'none' : text(started.framedLog),
        started.exited,
      ]);
      t.assert.deepEqual([output, log, exit.exitCode], ['out\n', 'log\nagain\n', 3]);
      const without = await box.start({ command, env: {}, cwd: '/' });
      t.assert.match(await text(without.output), /Bad file descriptor/);
      t.assert.equal(without.framedLog, undefined);
    });

    test('gives a connection to the channel to a process that asks for one', async (t: TestContext) => {
      await using box = await open();
      if (box.channelFd === undefined) return t.skip('no connection');
      const accepted = once(box.channel, 'connection') as Promise<[Socket]>;
      // What has not come in a moment is not waited for.
      const script = `head -c 5 <&3; head -c 1 <&3 2>&1 | grep -o unavailable; echo said >&3`;
      const started = await box.start({ command: ['/bin/bash', '-c', script], env: {}, cwd: '/', connected: true });
      const [connection] = await accepted;
      connection.write('hello');
      t.assert.deepEqual(await Promise.all([text(started.output), text(connection)]), ['hellounavailable\n', 'said\n']);
      const without = await box.start({ command: ['/bin/bash', '-c', 'true >&3'], env: {}, cwd: '/' });
      t.assert.match(await text(without.output), /Bad file descriptor/);
    });

    test('gives the variables asked for and none of the host', async (t: TestContext) => {
      await using box = await open();
      const { output } = await run(box, '', { command: ['/usr/bin/env'], env: { B: 'two words', EMPTY: '', UNICODE: 'ä=;%20' } });
      t.assert.deepEqual(output.trim().split('\n').sort(), ['B=two words', 'EMPTY=', 'UNICODE=ä=;%20']);
      const standing = await run(box, '', { command: ['/usr/bin/env'], env: { PWD: '/tmp', OLDPWD: '/' } });
      t.assert.match(standing.output, /^(?=[^]*^PWD=\/)(?=[^]*^OLDPWD=\/$)/m);
    });

    test('finds a program by PATH, and says when there is none', async (t: TestContext) => {
      await using box = await open();
      t.assert.equal((await run(box, '', { command: ['echo', 'found'] })).output, 'found\n');
      try {
        const missing = await run(box, '', { command: ['/var/task/nothing'] });
        t.assert.equal(missing.exitCode, 127);
        t.assert.match(missing.output, /no such file/);
      } catch (error) {
        t.assert.match(String(error), /ENOENT/);
      }
    });

    test('shows code bound while a process runs', async (t: TestContext) => {
      const code = path.join(dataDir, 'code');
      mkdirSync(code);
      writeFileSync(path.join(code, 'a.txt'), 'late\n');
      await using box = await open();
      const script = `until [ -e ${box.taskRoot}/a.txt ]; do sleep 0.01; done; cat ${box.taskRoot}/a.txt`;
      const started = await box.start({ command: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: '/' });
      await box.bind('/var/task', code);
      await box.bind('/opt', code);
      t.assert.equal(await text(started.output), 'late\n');
      t.assert.equal(
        (await run(box, 'cat "$OPT/a.txt"; pwd', { env: { PATH: '/usr/bin:/bin', OPT: '/opt' }, cwd: '/opt' })).exitCode,
        0,
      );
    });

    test('serves the Runtime API, the endpoint and the channel to processes inside', async (t: TestContext) => {
      await using box = await open();
      const http = createServer((incoming, answer) => answer.end(`answer to ${incoming.url}`));
      for (const server of [box.runtimeApi, box.endpoint]) server.on('connection', (socket) => http.emit('connection', socket));
      box.channel.once('connection', (socket) => socket.end('channel'));
      const script = `
        fetch('http://' + process.env.API + '/next').then((r) => r.text()).then(console.log)
          .then(() => fetch(process.env.ENDPOINT + '/aws')).then((r) => r.text()).then(console.log)
          .then(() => require('net').connect(process.env.CHANNEL).pipe(process.stdout));`;
      const env = { API: box.runtimeApiAddress, ENDPOINT: box.endpointUrl, CHANNEL: box.channelPath };
      const { output } = await run(box, '', { command: ['/var/lang/bin/node', '-e', script], env });
      t.assert.equal(output, 'answer to /next\nanswer to /aws\nchannel');
    });

    test('lets a process hear SIGTERM and end in its own way', async (t: TestContext) => {
      await using box = await open();
      const script = 'trap "echo bye; exit 7" TERM; echo ready; while :; do sleep 0.01; done';
      const started = await box.start({ command: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: '/' });
      t.assert.equal(await firstOutput(started.output), 'ready\n');
      await started.signal('SIGTERM');
      t.assert.equal(await text(started.output), 'bye\n');
      t.assert.deepEqual(await started.exited, { exitCode: 7, signal: null });
    });

    test('freezes and thaws', async (t: TestContext) => {
      if (!can.freezer) return t.skip('the driver says it has no freezer');
      await using box = await open();
      const script = 'let n = 0; setInterval(() => console.log(n++), 5)';
      const ticking = await box.start({ command: ['/var/lang/bin/node', '-e', script], env: {}, cwd: '/' });
      let ticks = 0;
      ticking.output.on('data', () => (ticks += 1));
      await firstOutput(ticking.output);
      await box.freeze();
      await box.freeze();
      // What was written before may still be in the pipe.
      await systemClock.sleep(30);
      const frozen = ticks;
      await systemClock.sleep(100);
      t.assert.equal(ticks, frozen);
      await box.thaw();
      await firstOutput(ticking.output);
    });

    test('ends everything inside, frozen or not, and can start again', async (t: TestContext) => {
      await using box = await open();
      const started = await box.start({
        command: ['/bin/sh', '-c', 'sleep 1000 & sleep 1000'],
        env: { PATH: '/usr/bin:/bin' },
        cwd: '/',
      });
      await box.freeze();
      await box.killAll();
      t.assert.equal((await started.exited).signal, 'SIGKILL');
      t.assert.equal(await text(started.output), '');
      t.assert.equal((await run(box, 'echo again')).output, 'again\n');
    });

    test('measures processor time and memory', async (t: TestContext) => {
      await using box = await open();
      const script =
        'const a = Buffer.alloc(30e6, 1); const end = performance.now() + 50; while (performance.now() < end); console.log("done"); setInterval(() => a, 1e6)';
      const started = await box.start({ command: ['/var/lang/bin/node', '-e', script], env: {}, cwd: '/' });
      await firstOutput(started.output);
      const { cpuMs, maxMemoryMiB } = await box.stats();
      t.assert.ok(cpuMs >= 30, `${cpuMs} ms`);
      t.assert.ok(maxMemoryMiB >= 40, `${maxMemoryMiB} MiB`);
    });

    test('forgets the peak of memory once it was told', async (t: TestContext) => {
      await using box = await open();
      const script = 'dd if=/dev/zero of=/dev/null bs=60M count=1 2>/dev/null; echo done; exec sleep 1000';
      const started = await box.start({ command: ['/bin/sh', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: '/' });
      await firstOutput(started.output);
      if (can.memoryLimit) t.assert.ok((await box.stats()).maxMemoryMiB >= 60);
      else await box.stats();
      t.assert.ok((await box.stats()).maxMemoryMiB < 30);
    });

    test('a mount is read-only unless it says otherwise', async (t: TestContext) => {
      const shared = path.join(dataDir, 'shared');
      const fixed = path.join(dataDir, 'fixed');
      for (const folder of [shared, fixed]) mkdirSync(folder, { mode: 0o777 });
      await using box = await open([
        { source: shared, target: '/mnt/shared', writable: true },
        { source: fixed, target: '/mnt/fixed' },
      ]);
      const script = 'echo 1 >"$SHARED/file"; echo 2 >"$FIXED/file"';
      // A user other than ours must be let in.
      chmodSync(shared, 0o777);
      await run(box, script, { env: { SHARED: '/mnt/shared', FIXED: '/mnt/fixed' } });
      t.assert.deepEqual(readdirSync(shared), ['file']);
      if (can.driver === 'jail') t.assert.deepEqual(readdirSync(fixed), []);
    });

    test('disposing twice, and while a start is under way, leaves nothing', async (t: TestContext) => {
      const box = await open();
      const starting = box.start({ command: ['/bin/sleep', '1000'], env: {}, cwd: '/' });
      const disposed = [box[Symbol.asyncDispose](), box[Symbol.asyncDispose]()];
      const started = await starting;
      await Promise.all(disposed);
      t.assert.equal((await started.exited).signal, 'SIGKILL');
      await t.assert.rejects(box.start({ command: ['/bin/true'], env: {}, cwd: '/' }), /disposed/);
    });

    test('an aborted create leaves nothing and says why', async (t: TestContext) => {
      await t.assert.rejects(
        driver.create(
          { id: 'aborted', mounts, limits: suiteLimits, network: 'loopback' },
          { signal: AbortSignal.abort(new Error('changed my mind')) },
        ),
        /changed my mind/,
      );
    });

    test('many boxes at a time do not disturb each other', async (t: TestContext) => {
      const boxes = await Promise.all(Array.from({ length: 12 }, () => open()));
      const said = await Promise.all(boxes.map((box, index) => run(box, `echo ${index}`)));
      t.assert.deepEqual(
        said.map(({ output }) => output),
        boxes.map((_, index) => `${index}\n`),
      );
      await Promise.all(boxes.map((box) => box[Symbol.asyncDispose]()));
    });
  });
}
