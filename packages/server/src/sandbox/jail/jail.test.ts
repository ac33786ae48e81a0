import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { text } from 'node:stream/consumers';
import { silentLogger, systemClock } from '../../base/index.ts';
import { driverSuite, rootObstacle } from '../driver.suite.ts';
import { jailObstacle, openJail, type ResourceLimits, type Sandbox, type SandboxDriver, type SandboxSpec } from '../index.ts';

const obstacle = jailObstacle();
const limits: ResourceLimits = { memoryMiB: 128, cpuCores: 1, processes: 64, openFiles: 1024, tmpMiB: 16 };

suite('the jail', { skip: rootObstacle() ?? false, timeout: 60_000 }, () => {
  let dataDir: string;
  let driver: SandboxDriver;
  let box: Sandbox;
  let count = 0;

  const signal = new AbortController().signal;
  const open = (more: Partial<SandboxSpec> = {}): Promise<Sandbox> =>
    driver.create(
      {
        id: `box${(count += 1)}`,
        mounts: [{ source: process.execPath, target: '/var/lang/bin/node' }],
        limits,
        network: 'loopback',
        ...more,
      },
      { signal },
    );
  const run = async (inside: Sandbox, script: string, env: Record<string, string> = {}) => {
    const started = await inside.start({ command: ['/bin/bash', '-c', script], env, cwd: '/' });
    const [output, exit] = await Promise.all([text(started.output), started.exited]);
    return { output, ...exit };
  };

  before(async () => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-jail-'));
    driver = openJail({ dataDir, clock: systemClock, log: silentLogger });
    box = await open();
  });
  after(async () => {
    await driver[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true });
  });

  test('tells output, exit code and signal', async (t) => {
    t.assert.deepEqual(await run(box, 'echo out; echo err >>/dev/stderr; exit 3'), {
      output: 'out\nerr\n',
      exitCode: 3,
      signal: null,
    });
    t.assert.equal((await run(box, 'kill -9 $$')).signal, 'SIGKILL');
  });

  test('a folder that may be written to belongs to its owner, whichever box writes', async (t: TestContext) => {
    const shared = path.join(dataDir, 'shared');
    mkdirSync(shared, { mode: 0o700 });
    chownSync(shared, 12_345, 12_346);
    const mounts = [{ source: shared, target: '/mnt/shared', writable: true }];
    for (const word of ['one', 'two']) {
      await using inside = await open({ mounts });
      t.assert.deepEqual(await run(inside, `echo ${word} >>/mnt/shared/file && stat -c %U /mnt/shared /mnt/shared/file`), {
        output: 'sbx_user1051\nsbx_user1051\n',
        exitCode: 0,
        signal: null,
      });
    }
    const { uid, gid } = statSync(path.join(shared, 'file'));
    t.assert.deepEqual([uid, gid, readFileSync(path.join(shared, 'file'), 'utf8')], [12_345, 12_346, 'one\ntwo\n']);
  });

  test('a folder of root stays his: a box writes there what everybody may', async (t: TestContext) => {
    const shared = path.join(dataDir, 'of-root');
    mkdirSync(shared, { mode: 0o755 });
    await using inside = await open({ mounts: [{ source: shared, target: '/mnt/shared', writable: true }] });
    t.assert.match((await run(inside, 'echo no >>/mnt/shared/file')).output, /Permission denied/);
    chmodSync(shared, 0o777);
    t.assert.equal((await run(inside, 'echo yes >>/mnt/shared/file')).exitCode, 0);
    t.assert.notEqual(statSync(path.join(shared, 'file')).uid, 0);
  });

  test('gives exactly the environment asked for', async (t) => {
    const { output } = await run(box, 'cat /proc/self/environ', { LD_PRELOAD_X: '1', B: 'two words' });
    t.assert.deepEqual(
      output
        .split('\0')
        .filter((line) => !/^(PWD|SHLVL|_)=/.test(line))
        .sort(),
      ['', 'B=two words', 'LD_PRELOAD_X=1'],
    );
  });

  test('holds no power: no capability, no new privileges, a filter, its own user', async (t) => {
    const { output } = await run(
      box,
      'cat /proc/self/status; unshare -U true; echo "unshare $?"; cat /proc/kallsyms | head -1 | wc -c',
    );
    t.assert.match(output, /CapPrm:\s0+\n/);
    t.assert.match(output, /CapBnd:\s0+\n/);
    t.assert.match(output, /NoNewPrivs:\s1\n/);
    t.assert.match(output, /Seccomp:\s2\n/);
    t.assert.match(output, /Uid:\s2\d{6}/);
    t.assert.match(output, /unshare 1\n/);
  });

  test('has a name and a home folder, as on Lambda, whatever its number; and may not change them', async (t: TestContext) => {
    const { output } = await run(
      box,
      'id -un; echo ~sbx_user1051; getent passwd "$(id -u)" | cut -d: -f1,6; echo x >>/etc/passwd',
    );
    t.assert.match(output, /^sbx_user1051\n\/home\/sbx_user1051\nsbx_user1051:\/home\/sbx_user1051\n.*denied/);
  });

  test('sees no process and no secret of the host', async (t: TestContext) => {
    const { output } = await run(box, 'ls -d /proc/[0-9]* | wc -l; cat /etc/shadow; ls /root /home /work 2>&1; touch /x /usr/x');
    t.assert.ok(Number(output.split('\n')[0]) < 8, output);
    t.assert.match(output, /touch: cannot touch '\/x': Read-only file system/);
    t.assert.doesNotMatch(output, /root:\$/);
  });

  test('shows code bound after the start, and lets nobody write there', async (t) => {
    const code = path.join(dataDir, 'code');
    mkdirSync(code);
    writeFileSync(path.join(code, 'a.txt'), 'late\n');
    const late = await open();
    const started = await late.start({
      command: [
        '/bin/bash',
        '-c',
        'until [ -e /var/task/a.txt ]; do sleep 0.01; done; cat /var/task/a.txt; echo x >/var/task/b; grep " /var/task " /proc/self/mounts | tail -1',
      ],
      env: {},
      cwd: '/',
    });
    await late.bind('/var/task', code);
    const output = await text(started.output);
    t.assert.match(output, /^late\n/);
    t.assert.match(output, /Read-only file system/);
    t.assert.match(output, /ro,nosuid,nodev/);
    t.assert.deepEqual(readdirSync(code), ['a.txt']);
    await late[Symbol.asyncDispose]();
  });

  test('serves its Runtime API port and its channel inside', async (t) => {
    box.runtimeApi.once('connection', (socket) => socket.end('runtime api'));
    box.channel.once('connection', (socket) => socket.end('channel'));
    t.assert.equal((await run(box, 'cat </dev/tcp/127.0.0.1/9001')).output, 'runtime api');
    const script = `require('net').connect('${box.channelPath}').pipe(process.stdout)`;
    t.assert.equal((await run(box, `/var/lang/bin/node -e "${script}"`)).output, 'channel');
  });

  test('bounds /tmp, which outlives its processes', async (t) => {
    const { output } = await run(box, 'echo kept >/tmp/kept; dd if=/dev/zero of=/tmp/big bs=1M count=64 2>&1; rm /tmp/big');
    t.assert.match(output, /No space left on device/);
    await box.killAll();
    t.assert.equal((await run(box, 'cat /tmp/kept')).output, 'kept\n');
  });

  test('bounds memory, and the kernel counts the kill', async (t) => {
    const before = (await box.stats()).oomKills;
    const { signal: killed } = await run(box, 'exec /var/lang/bin/node -e "a=[];for(;;)a.push(Buffer.alloc(1e6,1))"');
    t.assert.equal(killed, 'SIGKILL');
    t.assert.equal((await box.stats()).oomKills, before + 1);
  });

  test('bounds processes', async (t) => {
    const { output } = await run(box, 'exec sh -c "for i in \\$(seq 200); do sleep 30 & done"');
    t.assert.match(output, /Cannot fork/);
    await box.killAll();
    t.assert.equal((await run(box, 'echo again')).output, 'again\n');
  });

  test('freezes and thaws', async (t) => {
    const ticking = await box.start({ command: ['/bin/bash', '-c', 'while :; do echo .; sleep 0.02; done'], env: {}, cwd: '/' });
    let ticks = 0;
    ticking.output.on('data', (data: Buffer) => (ticks += data.length));
    await new Promise((resolve) => ticking.output.once('data', resolve));
    await box.freeze();
    await systemClock.sleep(50);
    const frozen = ticks;
    await systemClock.sleep(150);
    t.assert.equal(ticks, frozen);
    await box.thaw();
    await new Promise((resolve) => ticking.output.once('data', resolve));
    await box.killAll();
  });

  test('leaves nothing behind', async (t) => {
    const look = () => ({
      mounts: readFileSync('/proc/self/mounts', 'utf8')
        .split('\n')
        .filter((line) => line.includes(dataDir)).length,
      folders: readdirSync(path.join(dataDir, 'sandboxes')),
    });
    const before = look();
    const short = await open();
    await short.start({ command: ['/bin/sleep', '1000'], env: {}, cwd: '/' });
    await short[Symbol.asyncDispose]();
    t.assert.deepEqual(look(), before);
  });
});

driverSuite('jail', {
  obstacle: obstacle?.detail,
  open: (dataDir) => openJail({ dataDir, clock: systemClock, log: silentLogger }),
});
