import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock } from '../../base/index.ts';
import { cgroupRoot } from '../cgroup/index.ts';
import { rootObstacle, suiteLimits } from '../driver.suite.ts';
import { openJail, type Mount, type Sandbox, type SandboxDriver, type SandboxSpec } from '../index.ts';
import { Disks } from './disks.ts';
import { serverName } from './driver.ts';
import { enterProgram } from './enter.ts';

suite('a jail under attack and in accidents', { skip: rootObstacle() ?? false, timeout: 60_000 }, () => {
  let dataDir: string;
  let driver: SandboxDriver;
  let count = 0;
  const { signal } = new AbortController();
  const open = (more: Partial<SandboxSpec> = {}): Promise<Sandbox> =>
    driver.create({ id: `robust${(count += 1)}`, mounts: [], limits: suiteLimits, network: 'loopback', ...more }, { signal });
  const start = (box: Sandbox, script: string) =>
    box.start({ command: ['/bin/bash', '-c', script], env: { PATH: '/usr/bin:/bin' }, cwd: '/' });
  const run = async (box: Sandbox, script: string) => {
    const started = await start(box, script);
    const [output, exit] = await Promise.all([text(started.output), started.exited]);
    return { output, ...exit };
  };
  const heard = (output: NodeJS.ReadableStream): Promise<string> =>
    new Promise((resolve) => output.once('data', (data) => resolve(String(data))));
  const childrenOf = (pid: number): number[] =>
    readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  const launcherPid = (): number =>
    childrenOf(process.pid).find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('launcher.pl')) ?? 0;
  const cgroupsOf = (name: string, folder = dataDir): string[] =>
    readdirSync(cgroupRoot).flatMap((controller) => {
      const place = path.join(cgroupRoot, controller);
      if (!existsSync(path.join(place, 'cgroup.procs'))) return [];
      return readdirSync(place)
        .filter((each) => each === `mayfly-${serverName(folder)}`)
        .map((each) => path.join(place, each, name))
        .filter((each) => existsSync(each));
    });
  /** @returns '' for what is gone, or goes between its opening and its reading */
  const readOrNothing = (file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      if (['ENOENT', 'ENODEV', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
      throw error;
    }
  };
  /** A zombie has no command line. */
  const isAlive = (pid: number): boolean => readOrNothing(`/proc/${pid}/cmdline`) !== '';
  const fds = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

  before(() => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-robust-'));
    driver = openJail({ dataDir, clock: systemClock, log: silentLogger });
  });
  after(async () => {
    await driver[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true });
  });

  test('a fork bomb is bounded, and gone a second after its end is wanted', async (t: TestContext) => {
    await using box = await open();
    const bomb = await start(box, 'echo go; b() { b | b & }; b; while :; do :; done');
    bomb.output.resume();
    await heard(bomb.output);
    await systemClock.sleep(100);
    const at = performance.now();
    await box.killAll();
    t.assert.ok(performance.now() - at < 1000);
    t.assert.equal((await run(box, 'echo alive')).output, 'alive\n');
  });

  test('ten gigabytes are refused by a kill in the box, not on the host', async (t: TestContext) => {
    await using box = await open();
    const { signal: killed } = await run(box, `exec perl -e '$x = "a" x 10_000_000_000; print length $x'`);
    t.assert.equal(killed, 'SIGKILL');
    t.assert.equal((await box.stats()).oomKills, 1);
  });

  test('the limit of memory may be raised and lowered while a process runs', async (t: TestContext) => {
    await using box = await open({ limits: { ...suiteLimits, memoryMiB: 32 } });
    const script = `exec perl -e '$x = "a" x 60_000_000; print "big\\n"'`;
    t.assert.equal((await run(box, script)).signal, 'SIGKILL');
    await box.limit({ ...suiteLimits, memoryMiB: 256 });
    t.assert.equal((await run(box, script)).output, 'big\n');
    await box.limit({ ...suiteLimits, memoryMiB: 32 });
    t.assert.equal((await run(box, script)).signal, 'SIGKILL');
  });

  test('the size of /tmp follows the limits, in bytes and in files', async (t: TestContext) => {
    await using box = await open({ limits: { ...suiteLimits, tmpMiB: 2 } });
    t.assert.match((await run(box, 'head -c 4M /dev/zero >/tmp/a; rm /tmp/a')).output, /No space left/);
    await box.limit({ ...suiteLimits, tmpMiB: 8 });
    t.assert.equal((await run(box, 'head -c 4M /dev/zero >/tmp/a; rm /tmp/a')).output, '');
    t.assert.match(
      (await run(box, 'mkdir /tmp/d; cd /tmp/d; for i in {1..3000}; do : >$i || exit; done 2>&1 | tail -1')).output,
      /No space left/,
    );
  });

  test(
    "a /tmp on disk holds more than the function's memory, and no more than its size",
    { skip: Disks.possible() ? false : 'no loop devices here' },
    async (t: TestContext) => {
      const backed = (): string[] =>
        readdirSync('/sys/block')
          .map((name) => path.join('/sys/block', name, 'loop/backing_file'))
          .filter((file) => existsSync(file) && readFileSync(file, 'utf8').includes(dataDir));
      const box = await open({ tmp: 'disk', limits: { ...suiteLimits, memoryMiB: 48, tmpMiB: 160 } });
      await box.furnished();
      t.assert.equal(backed().length, 1);
      t.assert.equal(
        (await run(box, 'head -c 120M /dev/zero >/tmp/big && stat -c %s /tmp/big; ls -A /tmp')).output,
        '125829120\nbig\n',
      );
      t.assert.match((await run(box, 'head -c 200M /dev/zero >/tmp/more')).output, /No space left/);
      t.assert.equal((await box.stats()).oomKills, 0);
      await box[Symbol.asyncDispose]();
      while (backed().length > 0) await systemClock.sleep(5);
      t.assert.deepEqual(
        readdirSync(path.join(dataDir, 'sandboxes/files')).filter((name) => name.endsWith('.img')),
        [],
      );
    },
  );

  test(
    'what starts early finds its disk when it comes, and no more power in it',
    { skip: Disks.possible() ? false : 'no loop devices here' },
    async (t: TestContext) => {
      await using box = await open({ tmp: 'disk' });
      const script = `grep -c ' /tmp ext4' /proc/mounts; echo up
        until grep -q ' /tmp ext4' /proc/mounts; do sleep 0.01; done
        grep ' /tmp ext4' /proc/mounts; echo kept >/tmp/x; cat /tmp/x; touch /x 2>&1`;
      const started = await box.start({
        command: ['/bin/bash', '-c', script],
        env: { PATH: '/usr/bin:/bin' },
        cwd: '/',
        early: true,
      });
      t.assert.match(await heard(started.output), /^0/);
      const rest = text(started.output);
      await box.furnished();
      t.assert.match(await rest, /\/tmp ext4 rw,nosuid,nodev,.*\nkept\n.*Read-only file system\n$/);
      t.assert.equal((await run(box, 'cat /tmp/x')).output, 'kept\n');
    },
  );

  test('a boot in the background yields to others until the claim', async (t: TestContext) => {
    await using box = await open();
    const started = await box.start({
      command: ['/bin/bash', '-c', 'echo up; sleep 1000'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      background: true,
    });
    await heard(started.output);
    const weight = (): string => {
      const [folder = ''] = cgroupsOf(box.id).filter(
        (each) => existsSync(path.join(each, 'cpu.shares')) || existsSync(path.join(each, 'cpu.weight')),
      );
      const file = ['cpu.shares', 'cpu.weight'].map((name) => path.join(folder, name)).find((each) => existsSync(each)) ?? '';
      return readFileSync(file, 'utf8').trim();
    };
    t.assert.match(weight(), /^[0-3]$/);
    await box.limit(suiteLimits);
    t.assert.match(weight(), /^(1024|100)$/);
  });

  test('an image needs to bring nothing but its program, and may bring its own code', async (t: TestContext) => {
    const rootfs = path.join(dataDir, 'image:1,2');
    mkdirSync(path.join(rootfs, 'var/task'), { recursive: true });
    writeFileSync(path.join(rootfs, 'app'), enterProgram(process.arch === 'arm64' ? 'arm64' : 'x64'), { mode: 0o755 });
    writeFileSync(path.join(rootfs, 'var/task/own.txt'), 'from the image\n');
    await using scratch = await open({ rootfs });
    const app = await scratch.start({ command: ['/app'], env: {}, cwd: '/' });
    t.assert.match(await text(app.output), /wants a user/);
    t.assert.equal((await app.exited).exitCode, 125);
    const mounts: Mount[] = ['/usr', ...['bin', 'lib', 'lib64'].map((name) => `/${name}`)]
      .filter((each) => existsSync(each))
      .map((each) => ({ source: each, target: each }));
    await using full = await open({ rootfs, mounts });
    t.assert.equal((await run(full, 'cat /var/task/own.txt')).output, 'from the image\n');
    const code = path.join(dataDir, 'late');
    mkdirSync(code);
    writeFileSync(path.join(code, 'late.txt'), 'bound\n');
    await full.bind('/var/task', code);
    t.assert.equal(
      (await run(full, 'cat /var/task/late.txt; touch /var/task/x /app 2>&1 | grep -c Read-only')).output,
      'bound\n2\n',
    );
    t.assert.deepEqual(readdirSync(rootfs).sort(), ['app', 'var']);
  });

  test("an image's users are there, Lambda's among them under the box's number; a link in it leads nowhere", async (t: TestContext) => {
    const mounts: Mount[] = ['/usr', ...['bin', 'lib', 'lib64'].map((name) => `/${name}`)]
      .filter((each) => existsSync(each))
      .map((each) => ({ source: each, target: each }));
    const image = (name: string): string => {
      const rootfs = path.join(dataDir, name);
      mkdirSync(path.join(rootfs, 'etc'), { recursive: true });
      return rootfs;
    };
    const based = image('image-based');
    writeFileSync(
      path.join(based, 'etc/passwd'),
      'root:x:0:0:root:/root:/bin/sh\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\napp:x:1000:1000::/app:/bin/sh\n',
    );
    await using box = await open({ rootfs: based, mounts });
    t.assert.equal(
      (await run(box, 'cut -d: -f1 /etc/passwd; id -un; echo ~sbx_user1051')).output,
      'root\napp\nsbx_user1051\nsbx_user1051\n/home/sbx_user1051\n',
    );
    const linked = image('image-linked');
    symlinkSync('/etc/shadow', path.join(linked, 'etc/passwd'));
    await using other = await open({ rootfs: linked, mounts });
    t.assert.equal((await run(other, 'cut -d: -f1 /etc/passwd; id -un')).output, 'sbx_user1051\nsbx_user1051\n');
  });

  test('a mount that cannot be made fails the create and leaves nothing', async (t: TestContext) => {
    await using keep = await open();
    const before = fds(process.pid);
    await t.assert.rejects(open({ mounts: [{ source: path.join(dataDir, 'nowhere'), target: '/var/lang' }] }), /nowhere/);
    t.assert.equal(cgroupsOf(`robust${count}`).length, 0);
    t.assert.equal(fds(process.pid), before);
    t.assert.ok(keep.id !== '');
  });

  test('two hundred boxes later, no descriptor, group, folder or namespace is left', async (t: TestContext) => {
    const cycle = async (): Promise<void> => {
      const box = await open();
      await box.bind('/var/task', '/usr/share');
      await run(box, 'sleep 1000 & exit');
      await box[Symbol.asyncDispose]();
    };
    await cycle();
    const launcher = launcherPid();
    // A mount that others make on the host in this moment is seen here too, as a slave of the host's.
    const own = (mount: string): boolean => !/ master:\d/.test(mount) || mount.includes(dataDir);
    const look = () => ({
      server: fds(process.pid),
      launcher: fds(launcher),
      mounts: readFileSync(`/proc/${launcher}/mountinfo`, 'utf8').split('\n').filter(own),
      children: childrenOf(launcher).length,
      sockets: readdirSync(path.join(dataDir, 'sandboxes/sockets')).length,
    });
    // Sockets close on the next turn of the loop.
    await systemClock.sleep(20);
    const before = look();
    for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 20 }, cycle));
    await systemClock.sleep(20);
    t.assert.deepEqual(look(), before);
    t.assert.deepEqual(
      cgroupsOf('').flatMap((folder) => readdirSync(folder).filter((name) => name.startsWith('robust'))),
      [],
    );
  });

  test('when the launcher dies every box ends, says so, and the next one finds a new launcher', async (t: TestContext) => {
    const box = await open();
    const started = await start(box, 'echo up; sleep 1000');
    await heard(started.output);
    const launcher = launcherPid();
    process.kill(launcher, 'SIGKILL');
    t.assert.deepEqual(await started.exited, { exitCode: null, signal: 'SIGKILL' });
    t.assert.equal(await text(started.output), '');
    await t.assert.rejects(box.bind('/opt', '/usr/share'), /launcher/);
    await box[Symbol.asyncDispose]();
    t.assert.deepEqual(cgroupsOf(box.id), []);
    await using next = await open();
    t.assert.equal((await run(next, 'echo again')).output, 'again\n');
    t.assert.notEqual(launcherPid(), launcher);
  });

  test('when the server is killed nothing of its functions lives on, frozen or not, and the next server sweeps', async (t: TestContext) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-killed-'));
    const script = `
      import { openJail } from ${JSON.stringify(path.join(import.meta.dirname, '../index.ts'))};
      import { silentLogger, systemClock } from ${JSON.stringify(path.join(import.meta.dirname, '../../base/index.ts'))};
      const driver = openJail({ dataDir: ${JSON.stringify(folder)}, clock: systemClock, log: silentLogger });
      const box = await driver.create({ id: 'orphan', mounts: [], limits: ${JSON.stringify(suiteLimits)}, network: 'loopback' }, { signal: new AbortController().signal });
      const started = await box.start({ command: ['/bin/bash', '-c', 'echo up; sleep 1000'], env: { PATH: '/usr/bin:/bin' }, cwd: '/' });
      started.output.once('data', async () => {
        await box.freeze();
        console.log('frozen');
      });`;
    const server = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await heard(server.stdout);
    const [launcher = 0] = childrenOf(server.pid ?? 0);
    const members = (): string =>
      cgroupsOf('orphan', folder)
        .map((each) => readOrNothing(path.join(each, 'cgroup.procs')))
        .join('');
    t.assert.notEqual(members(), '');
    server.kill('SIGKILL');
    await once(server, 'close');
    while (members() !== '' || isAlive(launcher)) await systemClock.sleep(5);
    const next = openJail({ dataDir: folder, clock: systemClock, log: silentLogger });
    // The launcher has taken even the groups away, before it ended.
    t.assert.deepEqual(cgroupsOf('', folder), []);
    t.assert.deepEqual(await next.sweep(), { processes: 0, cgroups: 0, mounts: 0 });
    t.assert.ok(!existsSync(path.join(folder, 'sandboxes')));
    await next[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test('variables stay out of the process table of the host', async (t: TestContext) => {
    await using box = await open();
    const started = await box.start({
      command: ['/bin/bash', '-c', 'echo up; sleep 1000'],
      env: { PATH: '/usr/bin:/bin', SECRET: 'hunter2' },
      cwd: '/',
    });
    await heard(started.output);
    const pids = new Set(
      cgroupsOf(box.id).flatMap((each) => readFileSync(path.join(each, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean)),
    );
    t.assert.ok(pids.size >= 3);
    for (const pid of pids) t.assert.doesNotMatch(readFileSync(`/proc/${pid}/cmdline`, 'utf8'), /hunter2/);
  });
});
