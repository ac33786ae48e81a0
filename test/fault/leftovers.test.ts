import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { deploy, invoke, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { until } from './load.ts';

/** What a server's things on this host are named by. @see serverName of the jail */
const nameOf = (dataDir: string): string =>
  createHash('sha256').update(path.resolve(dataDir, 'sandboxes')).digest('hex').slice(0, 8);

const said = (program: string, ...args: readonly string[]): string => {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    // Not on this host: nothing of ours can be in it.
    return '';
  }
};
const numbers = (): string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));
const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Ended in between.
    return '';
  }
};

/** Everything on this host that bears a server's name or its folder's. */
function traces(dataDir: string): Record<'cgroups' | 'processes' | 'mounts' | 'rules' | 'interfaces', string[]> {
  const name = nameOf(dataDir);
  const roots = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((each) => path.join('/sys/fs/cgroup', each))];
  const rules = `${said('iptables', '-S')}${said('iptables', '-t', 'nat', '-S')}${said('nft', 'list', 'tables')}`;
  return {
    cgroups: roots.map((root) => path.join(root, `mayfly-${name}`)).filter((each) => existsSync(each)),
    processes: numbers().filter((pid) => read(`/proc/${pid}/cgroup`).includes(`mayfly-${name}`)),
    mounts: [
      ...new Set(
        numbers().flatMap((pid) =>
          read(`/proc/${pid}/mountinfo`)
            .split('\n')
            .filter((line) => line.includes(dataDir))
            .map((line) => `${pid} ${line.split(' ')[4]}`),
        ),
      ),
    ],
    rules: rules.split('\n').filter((line) => line.includes(name)),
    interfaces: said('ip', '-o', 'link')
      .split('\n')
      .filter((line) => line.includes(`mf${name.slice(0, 6)}`)),
  };
}
const nothing = { cgroups: [], processes: [], mounts: [], rules: [], interfaces: [] };

const who = `const { randomUUID } = require('node:crypto'); const me = randomUUID(); exports.handler = async () => me;`;

suite('what a killed server leaves', { timeout: 120_000 }, () => {
  test('is gone after the next start and stop, and a server of another folder has not noticed', async (t: TestContext) => {
    using one = temporaryFolder();
    using two = temporaryFolder();
    await using neighbour = await RunningServer.start(two.path);
    let server = await RunningServer.start(one.path);
    try {
      const [client, other] = [lambdaClient(server.origin), lambdaClient(neighbour.origin)];
      await Promise.all([deploy(client, 'who', { 'index.js': who }), deploy(other, 'who', { 'index.js': who })]);
      await invoke(client, 'who');
      const { answer: before } = await invoke(other, 'who');
      const alive = traces(one.path);
      t.assert.ok(
        alive.cgroups.length > 0 && alive.processes.length > 0,
        `the test sees what there is: ${JSON.stringify(alive)}`,
      );

      await server.stop('SIGKILL');
      client.destroy();
      await until(
        () => alive.processes.every((pid) => !read(`/proc/${pid}/cgroup`).includes(nameOf(one.path))),
        'what ran in its boxes has ended',
        10_000,
      );
      t.assert.strictEqual((await invoke(other, 'who')).answer, before, 'the neighbour’s environment lives on');

      server = await RunningServer.start(one.path);
      const again = lambdaClient(server.origin);
      t.assert.match(String((await invoke(again, 'who')).answer), /^[0-9a-f-]{36}$/);
      again.destroy();
      t.assert.strictEqual((await invoke(other, 'who')).answer, before, 'not by the sweep of the next start either');
      t.assert.strictEqual(await server.stop(), 0);
      t.assert.deepStrictEqual(traces(one.path), nothing);
      t.assert.strictEqual((await invoke(other, 'who')).answer, before);
      other.destroy();
      t.assert.strictEqual(await neighbour.stop(), 0);
      t.assert.deepStrictEqual(traces(two.path), nothing);
    } finally {
      await server.stop('SIGKILL');
    }
  });
});
