import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock } from '../base/index.ts';
import { jailObstacle, openSandboxes } from './index.ts';

suite('choosing a sandbox', { timeout: 60_000 }, () => {
  const open = async (t: TestContext, isolation: 'auto' | 'jail' | 'none') => {
    const dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-open-'));
    t.after(() => rmSync(dataDir, { recursive: true, force: true }));
    const sandboxes = await openSandboxes({ isolation, dataDir, clock: systemClock, log: silentLogger });
    t.after(() => sandboxes.driver[Symbol.asyncDispose]());
    return sandboxes;
  };

  test('auto takes the jail where one works, and says with what', { skip: jailObstacle()?.detail ?? false }, async (t) => {
    const { driver, reason } = await open(t, 'auto');
    t.assert.equal(driver.name, 'jail');
    t.assert.match(reason, /^jail: bubblewrap [\d.]+, cgroup v[12]/);
  });

  test('none is taken when asked for, and named for what it is', async (t) => {
    const { driver, reason } = await open(t, 'none');
    t.assert.equal(driver.name, 'none');
    t.assert.match(reason, /not isolated/);
  });
});
