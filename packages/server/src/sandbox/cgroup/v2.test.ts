import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { systemClock } from '../../base/index.ts';
import { openGroups } from './index.ts';

/** The unified tree, also where a hybrid host keeps its controllers elsewhere. */
const root = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((place) => existsSync(path.join(place, 'cgroup.controllers')));
const skip = root === undefined ? 'no cgroup v2 is mounted' : process.getuid?.() === 0 ? false : 'needs root';

suite('cgroup v2', { skip, timeout: 30_000 }, () => {
  test('freezes, kills what is frozen, and is swept away', async (t: TestContext) => {
    const groups = openGroups({ version: 'v2', parent: `mayfly-test-${process.pid}`, clock: systemClock, root: root ?? '' });
    const group = groups.group('one');
    for (const folder of [...groups.folders, path.dirname(group.joinFiles[0] ?? '')]) mkdirSync(folder, { recursive: true });
    const child = spawn('/bin/sh', ['-c', `echo 0 > ${group.joinFiles[0]} && echo in && exec sleep 1000`]);
    await once(child.stdout, 'data');
    group.limit({ memoryMiB: 64, cpuCores: 1, processes: 8, openFiles: 64, tmpMiB: 1 });
    await group.freeze();
    t.assert.match(readFileSync(path.join(path.dirname(group.joinFiles[0] ?? ''), 'cgroup.events'), 'utf8'), /frozen 1/);
    const exited = once(child, 'exit');
    await group.kill();
    t.assert.deepEqual(await exited, [null, 'SIGKILL']);
    t.assert.ok(group.stats().cpuMs >= 0);
    t.assert.deepEqual(await groups.sweep(), { cgroups: 1, processes: 0 });
    t.assert.ok(groups.folders.every((folder) => !existsSync(folder)));
  });
});
