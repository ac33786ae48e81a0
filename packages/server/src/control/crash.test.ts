import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../../test/kit/server.ts';
import { openForCrash, scope } from './crash.kit.ts';

const child = path.join(import.meta.dirname, 'crash-child.ts');

suite('functions after a crash', { timeout: 60_000 }, () => {
  test('killed while it deploys, the server has every function it answered for, whole and ready', async (t: TestContext) => {
    using folder = temporaryFolder();
    const deployed: string[] = [];
    for (let cycle = 0; cycle < 3; cycle += 1) {
      const server = spawn(process.execPath, [child, folder.path, String(cycle)], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      server.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.split('\n').length > 4 + cycle * 3) server.kill('SIGKILL');
      });
      await once(server, 'close');
      deployed.push(...said.split('\n').slice(0, -1));
    }
    t.assert.ok(deployed.length > 10);
    await using house = await openForCrash(folder.path);
    await house.control.idle();
    for (const name of deployed)
      for (const qualifier of [undefined, '1']) {
        const { version } = house.control.catalog.resolve(scope.account, scope.region, name, qualifier);
        t.assert.deepStrictEqual(version.environment, { NAME: name });
        t.assert.ok(existsSync(path.join(version.codeDir, 'index.js')));
        t.assert.ok(existsSync(path.join(version.layersDir ?? '', 'lib.js')));
      }
  });
});
