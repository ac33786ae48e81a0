import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { ConfigError, readConfig } from './config.ts';
import { DataFolderInUse, lockDataFolder } from './lock.ts';

const folder = (t: TestContext): string => {
  const dir = mkdtempSync(path.join(tmpdir(), 'mayfly-main-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};

suite('configuration', () => {
  test('a flag beats the environment, which beats the file, which beats the default', (t: TestContext) => {
    const file = path.join(folder(t), 'mayfly.json');
    writeFileSync(file, JSON.stringify({ port: 1, region: 'eu-west-1', poolSize: 7 }));
    const config = readConfig({ flags: { port: '3' }, env: { MAYFLY_PORT: '2', MAYFLY_REGION: 'eu-west-2' }, file });
    t.assert.deepStrictEqual([config.port, config.region, config.poolSize, config.host], [3, 'eu-west-2', 7, '127.0.0.1']);
  });

  test('the data folder is where the desktop keeps data', (t: TestContext) => {
    t.assert.strictEqual(readConfig({ flags: {}, env: { XDG_DATA_HOME: '/x' } }).dataDir, '/x/mayfly');
  });

  for (const [what, flags, said] of [
    ['a port that is none', { port: '70000' }, /^--port: "70000" .* from 0 to 65535/],
    ['unknown walls', { isolation: 'paper' }, /^--isolation: "paper" .* auto, jail, none/],
    ['a limit nobody has', { limits: 'speed=1' }, /^--limit: "speed" .*accountConcurrency/],
    ['an open server on a public address', { host: '0.0.0.0' }, /--auth strict/],
    ['an open server on a name that only looks like loopback', { host: '127.example.org' }, /--auth strict/],
  ] as const)
    test(`${what} is refused with what to write instead`, (t: TestContext) => {
      t.assert.throws(
        () => readConfig({ flags, env: {} }),
        (error) => error instanceof ConfigError && said.test(error.message),
      );
    });

  test('a misspelt setting in a file is refused', (t: TestContext) => {
    const file = path.join(folder(t), 'mayfly.json');
    writeFileSync(file, '{"prot":1}');
    t.assert.throws(() => readConfig({ flags: {}, env: {}, file }), /there is no setting prot/);
  });

  test('limits are lifted one by one', (t: TestContext) => {
    const { limits } = readConfig({ flags: { limits: 'accountConcurrency=5000' }, env: {} });
    t.assert.deepStrictEqual([limits.accountConcurrency, limits.initMs], [5000, 10_000]);
  });
});

suite('the lock of a data folder', () => {
  test('a second one is refused until the first is given back', (t: TestContext) => {
    const dir = folder(t);
    const first = lockDataFolder(dir);
    t.assert.throws(() => lockDataFolder(dir), DataFolderInUse);
    first[Symbol.dispose]();
    lockDataFolder(dir)[Symbol.dispose]();
    t.assert.deepStrictEqual(readdirSync(dir), []);
  });

  test('a lock of a killed process is taken over', async (t: TestContext) => {
    const dir = folder(t);
    const lock = path.join(import.meta.dirname, 'lock.ts');
    const script = `import { lockDataFolder } from ${JSON.stringify(lock)}; lockDataFolder(${JSON.stringify(dir)}); console.log('held'); setInterval(() => {}, 1000)`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    t.assert.throws(
      () => lockDataFolder(dir),
      (error) => error instanceof DataFolderInUse && error.message.includes(`process id ${child.pid}`),
    );
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    lockDataFolder(dir)[Symbol.dispose]();
  });

  test('a number that belongs to another process by now does not hold it', (t: TestContext) => {
    const dir = folder(t);
    writeFileSync(path.join(dir, 'server.lock'), JSON.stringify({ pid: process.pid, started: 'another boot/1' }));
    if (process.platform !== 'linux') return t.skip('start times of processes are read from /proc');
    lockDataFolder(dir)[Symbol.dispose]();
  });
});
