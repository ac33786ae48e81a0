import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock } from '../base/index.ts';
import { rootObstacle, suiteLimits } from './driver.suite.ts';
import { openJail, openNone, type Sandbox, type SandboxDriver } from './index.ts';
import { enterProgram } from './jail/enter.ts';
import { answersOf, probes, probeScript, wrongAnswers } from './probes.suite.ts';

suite('escape probes', { skip: rootObstacle() ?? false, timeout: 60_000 }, () => {
  let dataDir: string;
  let driver: SandboxDriver;
  const hostServer = createServer();
  const { signal } = new AbortController();
  const script = (): string => path.join(dataDir, 'probes.pl');

  const answers = async (box: Sandbox): Promise<string> => {
    const started = await box.start({
      command: ['/usr/bin/perl', '/var/runtime/probes.pl'],
      env: { PATH: '/usr/bin:/bin', HOST_PORT: String((hostServer.address() as AddressInfo).port) },
      cwd: '/',
    });
    return text(started.output);
  };
  const open = (from: SandboxDriver, id: string): Promise<Sandbox> =>
    from.create(
      { id, mounts: [{ source: script(), target: '/var/runtime/probes.pl' }], limits: suiteLimits, network: 'loopback' },
      { signal },
    );

  before(async () => {
    dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-probes-'));
    driver = openJail({ dataDir, clock: systemClock, log: silentLogger });
    writeFileSync(script(), probeScript(probes));
    hostServer.listen(0, '127.0.0.1');
    await once(hostServer, 'listening');
  });
  after(async () => {
    hostServer.close();
    await driver[Symbol.asyncDispose]();
    rmSync(dataDir, { recursive: true });
  });

  test('every probe is refused in a jail', async (t: TestContext) => {
    await using box = await open(driver, 'probed');
    const wrong = wrongAnswers(await answers(box));
    t.assert.deepEqual(wrong, []);
  });

  test('the probes bite: without a jail many of them succeed', async (t: TestContext) => {
    // Only those that cannot harm this host, which root would be allowed to.
    const harmless = new Set([
      'E7',
      'E12',
      'E15',
      'E22',
      'E24',
      'E29',
      'E30',
      'E31',
      'E35',
      'E42',
      'E44',
      'E45',
      'E57',
      'E60',
      'E63',
    ]);
    const list = probes.map((probe) => (harmless.has(probe.id) ? probe : { ...probe, perl: `'left out'` }));
    writeFileSync(script(), probeScript(list));
    const none = openNone({ dataDir: path.join(dataDir, 'none'), clock: systemClock, log: silentLogger });
    await using box = await open(none, 'unprobed');
    const said = answersOf(await answers(box));
    const bitten = list.filter(({ id, expect }, index) => harmless.has(id) && !expect.test(said.get(index) ?? ''));
    await none[Symbol.asyncDispose]();
    t.assert.ok(bitten.length >= 20, `${bitten.length}`);
  });

  test(
    '32-bit system calls end the program (E26)',
    { skip: process.arch !== 'x64' || !existsSync('/usr/bin/gcc') ? 'needs x64 and gcc' : false },
    async (t: TestContext) => {
      const source = path.join(dataDir, 'old.c');
      const program = path.join(dataDir, 'old');
      // 20 is getpid for i386.
      writeFileSync(source, 'int main(void) { int r; __asm__ volatile("int $0x80" : "=a"(r) : "a"(20)); return r > 0; }');
      execFileSync('/usr/bin/gcc', ['-static', '-o', program, source]);
      await using box = await driver.create(
        { id: 'old', mounts: [{ source: program, target: '/var/runtime/old' }], limits: suiteLimits, network: 'loopback' },
        { signal },
      );
      const started = await box.start({ command: ['/var/runtime/old'], env: {}, cwd: '/' });
      t.assert.equal((await started.exited).signal, 'SIGSYS');
    },
  );

  test("64 threads get no more processor than one core's share (E54)", async (t: TestContext) => {
    await using box = await driver.create(
      { id: 'spin', mounts: [], limits: { ...suiteLimits, cpuCores: 0.25 }, network: 'loopback' },
      { signal },
    );
    const started = await box.start({
      command: ['/bin/bash', '-c', 'for i in {1..16}; do while :; do :; done & done; echo go; wait'],
      env: {},
      cwd: '/',
    });
    await new Promise((resolve) => started.output.once('data', resolve));
    const from = { cpu: (await box.stats()).cpuMs, at: performance.now() };
    await systemClock.sleep(1000);
    const share = ((await box.stats()).cpuMs - from.cpu) / (performance.now() - from.at);
    t.assert.ok(share < 0.35, `${share}`);
  });

  test('a daemon that left its parent is frozen and ended with the box (E58)', async (t: TestContext) => {
    const box = await driver.create({ id: 'daemon', mounts: [], limits: suiteLimits, network: 'loopback' }, { signal });
    const started = await box.start({
      command: ['/bin/bash', '-c', '(setsid bash -c "while :; do :; done" &); echo gone; sleep 1000'],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
    await new Promise((resolve) => started.output.once('data', resolve));
    await box.freeze();
    const frozen = (await box.stats()).cpuMs;
    await systemClock.sleep(100);
    t.assert.ok((await box.stats()).cpuMs - frozen < 5);
    await box[Symbol.asyncDispose]();
    t.assert.equal((await started.exited).signal, 'SIGKILL');
  });

  test("boxes see neither each other's files, processes, ports nor users (E63, E71, E72)", async (t: TestContext) => {
    const box = (id: string) => driver.create({ id, mounts: [], limits: suiteLimits, network: 'loopback' }, { signal });
    await using one = await box('one');
    await using two = await box('two');
    const marks = await one.start({
      command: [
        '/usr/bin/perl',
        '-MSocket',
        '-e',
        '$| = 1; open F, ">/tmp/mark"; close F; socket(S, PF_INET, SOCK_STREAM, 0); bind(S, sockaddr_in(7777, INADDR_LOOPBACK)); listen(S, 1); print "$>\n"; sleep 1000',
      ],
      env: {},
      cwd: '/',
    });
    const user = String(await new Promise((resolve) => marks.output.once('data', resolve))).trim();
    const look = await two.start({
      command: [
        '/bin/bash',
        '-c',
        'id -u; ls /tmp; pgrep -c perl; (echo >/dev/tcp/127.0.0.1/7777) 2>&1 | grep -q refused && echo refused',
      ],
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
    });
    const [other, ...rest] = (await text(look.output)).trim().split('\n');
    t.assert.notEqual(other, user);
    t.assert.deepEqual(rest, ['0', 'refused']);
  });

  test(
    'the program in the repository is what its source compiles to',
    { skip: !existsSync('/usr/bin/gcc') ? 'needs gcc' : false },
    (t: TestContext) => {
      if (!/\b12\.\d+\.\d+\b/.test(execFileSync('/usr/bin/gcc', ['--version'], { encoding: 'utf8' })) || process.arch !== 'x64')
        return t.skip('made with GCC 12 for x64');
      const program = path.join(dataDir, 'enter');
      const flags =
        '-Os -static -nostdlib -ffreestanding -fno-builtin -fno-pie -no-pie -fno-stack-protector -fno-asynchronous-unwind-tables';
      const more = '-fno-tree-loop-distribute-patterns -Wl,--build-id=none,-z,norelro,-z,noseparate-code,-z,noexecstack -s';
      execFileSync('/usr/bin/gcc', [
        ...flags.split(' '),
        ...more.split(' '),
        '-o',
        program,
        path.join(import.meta.dirname, 'jail/enter.c'),
      ]);
      execFileSync('/usr/bin/objcopy', ['--remove-section', '.comment', '--remove-section', '.note.gnu.property', program]);
      t.assert.ok(Buffer.from(enterProgram('x64')).equals(execFileSync('/bin/cat', [program])));
    },
  );
});
