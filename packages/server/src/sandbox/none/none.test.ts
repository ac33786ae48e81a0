import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock } from '../../base/index.ts';
import { driverSuite, suiteLimits } from '../driver.suite.ts';
import { openNone } from '../index.ts';
import { PathMap } from './paths.ts';

driverSuite('none', { open: (dataDir) => openNone({ dataDir, clock: systemClock, log: silentLogger }) });

suite('without mounts', { timeout: 60_000 }, () => {
  test('the places of a sandbox are found where they really are', (t: TestContext) => {
    const map = new PathMap([
      { source: '/host/node', target: '/var/lang/bin/node' },
      { source: '/box/task', target: '/var/task' },
      { source: '/host/lib', target: '/var/task/lib' },
    ]);
    t.assert.equal(map.path('/var/lang/bin/node'), '/host/node');
    t.assert.equal(map.path('/var/task/lib/a'), '/host/lib/a');
    t.assert.equal(map.path('/var/tasks'), '/var/tasks');
    t.assert.equal(map.list('/var/task/bin:/usr/bin:/var/task'), '/box/task/bin:/usr/bin:/box/task');
    t.assert.equal(map.list('http://127.0.0.1/var/task'), 'http://127.0.0.1/var/task');
  });

  test('container images are refused, and a closed driver leaves no folder', async (t: TestContext) => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-none-'));
    const driver = openNone({ dataDir, clock: systemClock, log: silentLogger });
    const { signal } = new AbortController();
    await t.assert.rejects(
      driver.create({ id: 'image', mounts: [], rootfs: '/', limits: suiteLimits, network: 'loopback' }, { signal }),
      /need the jail/,
    );
    const box = await driver.create({ id: 'plain', mounts: [], limits: suiteLimits, network: 'loopback' }, { signal });
    const folder = path.dirname(box.taskRoot);
    t.assert.ok(existsSync(folder));
    await driver[Symbol.asyncDispose]();
    t.assert.ok(!existsSync(path.dirname(folder)));
    rmSync(dataDir, { recursive: true });
  });

  test('a server that is killed leaves neither process nor folder', async (t: TestContext) => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-none-'));
    const program = `
      const { openNone } = await import(${JSON.stringify(path.join(import.meta.dirname, '../index.ts'))});
      const { silentLogger, systemClock } = await import(${JSON.stringify(path.join(import.meta.dirname, '../../base/index.ts'))});
      const driver = openNone({ dataDir: ${JSON.stringify(dataDir)}, clock: systemClock, log: silentLogger });
      const box = await driver.create({ id: 'box', mounts: [], limits: ${JSON.stringify(suiteLimits)}, network: 'loopback' }, { signal: new AbortController().signal });
      const { output } = await box.start({ command: ['/bin/sh', '-c', 'echo $$; exec sleep 100'], env: {}, cwd: '/' });
      const [pid] = await (await import('node:events')).once(output, 'data');
      console.log(JSON.stringify([box.taskRoot, Number(pid)]));
    `;
    const server = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => server.kill('SIGKILL'));
    const [line] = (await once(server.stdout, 'data')) as [Buffer];
    const [taskRoot, pid] = JSON.parse(line.toString()) as [string, number];
    const box = path.dirname(taskRoot);
    t.assert.deepEqual([existsSync(box), isRunning(pid)], [true, true]);
    server.kill('SIGKILL');
    while (existsSync(path.dirname(box)) || isRunning(pid)) await pause(10, undefined, { signal: t.signal });
    rmSync(dataDir, { recursive: true });
  });
});

/** A process that ended may wait for an init that does not reap. */
function isRunning(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
