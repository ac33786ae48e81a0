import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { jsonLogger, silentLogger, systemClock, type Logger } from '../../base/index.ts';
import type { FunctionVersion } from '../../control/index.ts';
import { blockedMessage, openRuntimes, supportPhase } from './index.ts';
import type { Runtimes } from './port.ts';

const signal = AbortSignal.timeout(60_000);

suite('the runtimes of a host', { timeout: 60_000 }, () => {
  let root: string;
  before(() => {
    root = mkdtempSync(path.join(tmpdir(), 'mayfly-runtimes-'));
  });
  after(() => rmSync(root, { recursive: true }));

  let count = 0;
  /** A host with nothing but these programs, shell scripts on its PATH. */
  const host = async (
    programs: Readonly<Record<string, string>> = {},
    options: { dataDir?: string; log?: Logger; registry?: string } = {},
  ): Promise<Runtimes & { bin: string; dataDir: string }> => {
    const home = path.join(root, `host${(count += 1)}`);
    const bin = path.join(home, 'bin');
    const dataDir = options.dataDir ?? path.join(home, 'data');
    for (const folder of [bin, dataDir]) mkdirSync(folder, { recursive: true });
    for (const [name, script] of Object.entries(programs)) {
      writeFileSync(path.join(bin, name), `#!/bin/sh\n${script}\n`);
      chmodSync(path.join(bin, name), 0o755);
    }
    const runtimes = await openRuntimes({
      dataDir,
      clock: systemClock,
      log: options.log ?? silentLogger,
      env: { PATH: bin, HOME: home },
      root: home,
      ...(options.registry === undefined ? {} : { registry: options.registry }),
    });
    return { ...runtimes, bin, dataDir };
  };

  test('the interpreter this program runs on is ready, others come from npm', async (t) => {
    const runtimes = await host();
    const own = `nodejs${process.versions.node.split('.')[0]}.x`;
    t.assert.deepEqual(runtimes.check(own), { kind: 'ready' });
    const resolved = await runtimes.resolve(own);
    t.assert.equal(resolved.interpreterVersion, process.versions.node);
    t.assert.deepEqual(resolved.command, ['/var/lang/bin/node', '--disable-sigusr1', '/var/runtime/bootstrap.cjs']);
    t.assert.deepEqual(
      resolved.mounts.map((mount) => mount.target),
      ['/var/lang/bin', '/var/runtime', '/var/lang/sdk/node_modules'],
    );
    const other = runtimes.check('nodejs20.x');
    t.assert.equal(other.kind, 'preparable');
    t.assert.match((other as { from: string }).from, /^npm node-\w+-\w+@20\.\d+\.\d+$/);
    await t.assert.rejects(runtimes.resolve('nodejs20.x'), { code: 'RUNTIME_UNAVAILABLE' });
  });

  test('without the registry, a Node.js of the host will do', async (t) => {
    const answer = JSON.stringify({ version: '20.9.0', implementation: 'node', prefix: '', executable: '/bin/sh' });
    // Nobody listens there.
    const runtimes = await host({ node: `echo '${answer}'` }, { registry: 'http://127.0.0.1:1/' });
    t.assert.match((runtimes.check('nodejs20.x') as { from: string }).from, /^npm /);
    await t.assert.rejects(runtimes.prepare('nodejs18.x', { signal }), { code: 'RUNTIME_FETCH_FAILED' });
    await runtimes.prepare('nodejs20.x', { signal });
    t.assert.deepEqual(runtimes.check('nodejs20.x'), { kind: 'ready' });
    t.assert.equal((await runtimes.resolve('nodejs20.x')).interpreterVersion, '20.9.0');
  });

  test('what AWS runs on its own and we do not know is unavailable, with the line that would add it', async (t) => {
    const runtimes = await host();
    t.assert.deepEqual(runtimes.check('cobol85'), {
      kind: 'unavailable',
      remedy: `add a definition to ${path.join(runtimes.dataDir, 'runtimes')}`,
    });
    await t.assert.rejects(runtimes.resolve('cobol85'), {
      code: 'RUNTIME_UNAVAILABLE',
      message: /^cobol85 cannot run on this host yet: add a definition/,
    });
    await t.assert.rejects(runtimes.prepare('cobol85', { signal }), { code: 'RUNTIME_UNAVAILABLE' });
  });

  test('functions that bring their own bootstrap need nothing', async (t) => {
    const runtimes = await host();
    t.assert.deepEqual(runtimes.check('provided.al2023'), { kind: 'ready' });
    const { command, channel, family } = await runtimes.resolve('provided.al2023');
    t.assert.deepEqual([command, channel, family], [undefined, 'http', 'provided']);
  });

  test('an interpreter counts only after it was tried, once', async (t) => {
    const log = path.join(root, 'tries');
    // Answers for any version: which one it is decides what it says, not what it is called.
    const answer = JSON.stringify({
      version: '3.14.2',
      implementation: 'CPython',
      prefix: '/somewhere/python',
      executable: '/somewhere/python/bin/python3.14',
    });
    const broken = `echo broken >>${log}; exit 1`;
    const runtimes = await host({ 'python3.13': broken, 'python3.14': `echo tried >>${log}; echo '${answer}'` });
    t.assert.deepEqual(runtimes.check('python3.13'), { kind: 'preparable', from: path.join(runtimes.bin, 'python3.13') });
    await t.assert.rejects(runtimes.prepare('python3.13', { signal }), {
      code: 'RUNTIME_UNAVAILABLE',
      message: /^No Python 3\.13 on this host works/,
    });
    t.assert.equal(runtimes.check('python3.13').kind, 'unavailable');
    await t.assert.rejects(runtimes.prepare('python3.13', { signal }), { code: 'RUNTIME_UNAVAILABLE' });
    t.assert.equal(readFileSync(log, 'utf8'), 'broken\n');

    // Of another server on the same data folder the answer is known.
    const again = await openRuntimes({
      dataDir: runtimes.dataDir,
      clock: systemClock,
      log: silentLogger,
      env: { PATH: runtimes.bin, HOME: root },
      root,
    });
    t.assert.equal(again.check('python3.13').kind, 'unavailable');
    utimesSync(path.join(runtimes.bin, 'python3.13'), 1, 1);
    t.assert.equal(again.check('python3.13').kind, 'preparable');
  });

  test('another implementation than CPython is none', async (t) => {
    const answer = JSON.stringify({ version: '3.14.2', implementation: 'PyPy', prefix: '/p', executable: '/p/bin/python3.14' });
    const runtimes = await host({ 'python3.14': `echo '${answer}'` });
    await t.assert.rejects(runtimes.prepare('python3.14', { signal }), { code: 'RUNTIME_UNAVAILABLE' });
  });

  test('links are followed and one interpreter counts once', async (t) => {
    const runtimes = await host({ 'python3.14': 'exit 1' });
    symlinkSync('python3.14', path.join(runtimes.bin, 'python3'));
    symlinkSync('nowhere', path.join(runtimes.bin, 'python3.6'));
    t.assert.equal((runtimes.check('python3.14') as { from: string }).from, path.join(runtimes.bin, 'python3.14'));
    t.assert.equal(runtimes.check('python3.6').kind, 'unavailable');
  });

  test('a Java is known by its release file, newest of equals first, and needs a compiler, its own or a newer one', async (t) => {
    const runtimes = await host();
    const jdk = (name: string, version: string, programs: readonly string[]): string => {
      const home = path.join(path.dirname(runtimes.bin), 'usr/lib/jvm', name);
      mkdirSync(path.join(home, 'bin'), { recursive: true });
      writeFileSync(path.join(home, 'release'), `IMPLEMENTOR="X"\nJAVA_VERSION="${version}"\n`);
      for (const program of programs)
        writeFileSync(path.join(home, 'bin', program), '#!/bin/sh\necho broken >&2; exit 1\n', { mode: 0o755 });
      return home;
    };
    jdk('old', '21.0.1', ['java', 'javac']);
    const newer = jdk('newer', '21.0.10', ['java', 'javac']);
    const runtime = jdk('jre', '11.0.2', ['java']);
    jdk('newest', '25.0.1', ['java']);
    jdk('eight', '1.8.0_432', ['java', 'javac']);
    t.assert.deepEqual(runtimes.check('java21'), { kind: 'preparable', from: newer });
    t.assert.deepEqual(runtimes.check('java11'), { kind: 'preparable', from: runtime });
    t.assert.deepEqual(runtimes.check('java25'), { kind: 'unavailable', remedy: 'apt-get install -y openjdk-25-jdk-headless' });
    t.assert.equal(runtimes.check('java8.al2').kind, 'preparable');
    await t.assert.rejects(runtimes.prepare('java21', { signal }), {
      code: 'RUNTIME_BROKEN',
      message: /could not be compiled: broken/,
    });
  });

  test('.NET is known by its shared framework', async (t) => {
    const runtimes = await host();
    const root = path.join(path.dirname(runtimes.bin), '.dotnet');
    mkdirSync(path.join(root, 'shared/Microsoft.NETCore.App/10.0.3'), { recursive: true });
    writeFileSync(path.join(root, 'dotnet'), '', { mode: 0o755 });
    t.assert.deepEqual(runtimes.check('dotnet10'), { kind: 'ready' });
    t.assert.equal(runtimes.check('dotnet8').kind, 'unavailable');
    const resolved = await runtimes.resolve('dotnet10');
    t.assert.deepEqual(
      [resolved.channel, resolved.interpreterVersion, resolved.mounts[0]],
      ['frames', '10.0.3', { source: root, target: '/var/lang/bin' }],
    );
    t.assert.deepEqual(resolved.functionEnv({} as FunctionVersion), {
      DOTNET_ROOT: '/var/lang/bin',
      LAMBDA_RUNTIME_NAME: 'dotnet10',
    });
  });

  test('a Ruby stays where it is', async (t) => {
    const runtimes = await host({ 'ruby3.4': 'exit 1' });
    const prefix = path.join(path.dirname(runtimes.bin), '.rbenv/versions/3.3.7');
    mkdirSync(path.join(prefix, 'bin'), { recursive: true });
    const answer = JSON.stringify({
      version: '3.3.7',
      implementation: 'ruby',
      prefix,
      executable: path.join(prefix, 'bin/ruby'),
    });
    writeFileSync(path.join(prefix, 'bin/ruby'), `#!/bin/sh\necho '${answer}'\n`, { mode: 0o755 });
    await runtimes.prepare('ruby3.3', { signal });
    t.assert.deepEqual(runtimes.check('ruby3.3'), { kind: 'ready' });
    t.assert.deepEqual((await runtimes.resolve('ruby3.3')).mounts[0], { source: prefix, target: prefix });
    await t.assert.rejects(runtimes.prepare('ruby3.4', { signal }), { code: 'RUNTIME_UNAVAILABLE' });
  });

  test('lists every identifier; those that may no longer be created are deprecated', async (t) => {
    const listing = new Map((await (await host()).list()).map((one) => [one.identifier, one]));
    t.assert.equal(listing.get('nodejs12.x')!.state, 'deprecated');
    t.assert.deepEqual(listing.get('python2.7'), {
      identifier: 'python2.7',
      state: 'deprecated',
      from: 'not on this host',
      remedy: 'choose a newer runtime, python3.13 for example',
    });
    t.assert.equal(listing.get('provided.al2023')!.state, 'ready');
    t.assert.match(listing.get('provided.al2')!.from, /deprecated at AWS/);
    t.assert.equal(listing.get('python3.14')!.remedy, 'apt-get install -y python3.14');
  });

  test('takes definitions of the operator, and says which file is wrong', async (t) => {
    const lines: string[] = [];
    const log = jsonLogger({ clock: systemClock, level: 'warn', write: (line) => lines.push(line) });
    const dataDir = path.join(root, 'custom');
    mkdirSync(path.join(dataDir, 'runtimes'), { recursive: true });
    const define = (name: string, text: unknown): void =>
      writeFileSync(path.join(dataDir, 'runtimes', name), typeof text === 'string' ? text : JSON.stringify(text));
    const good = {
      identifier: 'bun1.x',
      interpreter: ['bun'],
      version: '1.4.0',
      bootstrap: 'bun',
      command: ['{interpreter}', '/var/runtime/bootstrap.ts'],
      functionEnv: { BUN_X: '1' },
      remedy: 'npm install -g bun',
    };
    define('bun.json', good);
    define('torn.json', '{');
    define('evil.json', { ...good, identifier: 'evil1.x', mounts: [{ source: '/', target: '/etc' }] });
    define('path.json', { ...good, identifier: '../x' });
    const runtimes = await host({ bun: 'exit 0' }, { dataDir, log });
    t.assert.deepEqual(runtimes.check('bun1.x'), { kind: 'ready' });
    const resolved = await runtimes.resolve('bun1.x');
    t.assert.deepEqual(resolved.command, ['/var/lang/bin/bun', '/var/runtime/bootstrap.ts']);
    t.assert.deepEqual(resolved.mounts, [
      { source: runtimes.bin, target: '/var/lang/bin' },
      { source: path.join(dataDir, 'runtimes/bun'), target: '/var/runtime' },
    ]);
    t.assert.deepEqual([resolved.family, resolved.channel, resolved.interpreterVersion], ['bun', 'http', '1.4.0']);
    t.assert.deepEqual(
      lines.map((line) => path.basename(JSON.parse(line).file)),
      ['evil.json', 'path.json', 'torn.json'],
    );
    const without = await host({}, { dataDir });
    t.assert.deepEqual(without.check('bun1.x'), { kind: 'unavailable', remedy: 'npm install -g bun' });
  });
});

suite('the days of an identifier', () => {
  const at = (day: string): number => Date.parse(`${day}T12:00:00Z`);

  test('go from supported to deprecated, then creating and updating are refused', (t) => {
    const phases = ['2026-04-29', '2026-04-30', '2027-02-01', '2027-03-03'].map((day) => supportPhase('nodejs20.x', at(day)));
    t.assert.deepEqual(phases, ['supported', 'deprecated', 'createBlocked', 'updateBlocked']);
    t.assert.equal(supportPhase('nodejs24.x', at('2026-11-23')), 'supported');
    t.assert.equal(supportPhase('python3.7', at('2026-11-23')), 'createBlocked');
    t.assert.equal(supportPhase('go1.x', at('2026-11-23')), 'createBlocked');
    t.assert.equal(supportPhase('nodejs12.x', at('2026-11-23')), 'updateBlocked');
    t.assert.equal(supportPhase('cobol85', at('2026-11-23')), undefined);
  });

  test('a refusal says what AWS says', (t) => {
    t.assert.match(
      blockedMessage('nodejs12.x'),
      /^The runtime parameter of nodejs12\.x is no longer supported for creating or updating/,
    );
  });
});
