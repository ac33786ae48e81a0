import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { systemClock } from '../../base/index.ts';
import { killIn } from './group.ts';

test(
  'a group that a freeze under way closes again behind its end is opened again',
  { timeout: 10_000 },
  async (t: TestContext) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-group-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const procs = path.join(folder, 'cgroup.procs');
    const child = spawn('/bin/sleep', ['1000']);
    const exited = once(child, 'exit');
    writeFileSync(procs, `${child.pid}\n`);
    let thaws = 0;
    const thaw = (): void => {
      // The first one comes too early.
      if ((thaws += 1) === 2) writeFileSync(procs, '');
    };
    t.assert.equal(await killIn(folder, { clock: systemClock, thaw, forbid: () => {} }), 1);
    t.assert.equal(thaws, 3);
    t.assert.deepEqual(await exited, [null, 'SIGKILL']);
  },
);
