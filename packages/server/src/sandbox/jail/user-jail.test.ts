import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { suite, test, type TestContext } from 'node:test';
import { silentLogger, systemClock } from '../../base/index.ts';
import { driverSuite, rootObstacle, suiteLimits } from '../driver.suite.ts';
import { jailObstacle, openJail } from '../index.ts';
import { probes, probeScript, wrongAnswers } from '../probes.suite.ts';

const unshare = '/usr/bin/unshare';
const checkout = path.join(import.meta.dirname, '../../../../..');

if (process.getuid?.() === 0) {
  suite(
    'a jail without root',
    { skip: rootObstacle() ?? (existsSync(unshare) ? false : 'unshare is missing'), timeout: 60_000 },
    () => {
      test('does what every driver does, for the user nobody', async (t: TestContext) => {
        // The checkout may lie where only root can go (/root itself): nobody sees it elsewhere, for as long as the test runs.
        const place = mkdtempSync('/tmp/mayfly-checkout-');
        t.after(() => rmdirSync(place));
        chmodSync(place, 0o755);
        const there = (file: string): string => {
          const inside = path.relative(checkout, file);
          return inside.startsWith('..') ? file : path.join(place, inside);
        };
        const script = 'mount --rbind "$1" "$2" && shift 2 && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"';
        const words = [there(process.execPath), '--test-reporter', 'tap', there(import.meta.filename)];
        const child = spawn(unshare, ['--mount', '/bin/sh', '-c', script, 'sh', checkout, place, ...words], {
          stdio: ['ignore', 'pipe', 'pipe'],
          cwd: '/',
          env: { PATH: '/usr/bin:/bin' },
        });
        const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
        t.assert.doesNotMatch(output, /^\s*not ok/m, errors);
        t.assert.match(output, /^# pass [1-9]\d/m, errors);
      });
    },
  );
} else {
  const open = (dataDir: string) => openJail({ dataDir, clock: systemClock, log: silentLogger });
  driverSuite('jail without root', { obstacle: jailObstacle()?.detail, open });

  suite('escape probes without root', { skip: jailObstacle()?.detail ?? false, timeout: 60_000 }, () => {
    test('are refused, except what a box may do to its own first process', async (t: TestContext) => {
      const dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-user-'));
      t.after(() => rmSync(dataDir, { recursive: true, force: true }));
      const script = path.join(dataDir, 'probes.pl');
      writeFileSync(script, probeScript(probes));
      await using driver = open(dataDir);
      await using box = await driver.create(
        {
          id: 'probed',
          mounts: [{ source: script, target: '/var/runtime/probes.pl' }],
          limits: suiteLimits,
          network: 'loopback',
        },
        { signal: new AbortController().signal },
      );
      const started = await box.start({
        command: ['/usr/bin/perl', '/var/runtime/probes.pl'],
        env: { PATH: '/usr/bin:/bin', HOST_PORT: '1' },
        cwd: '/',
      });
      const wrong = wrongAnswers(await text(started.output));
      // Its init is of the same user, under the same filter and without power: there is nothing to win.
      t.assert.deepEqual(
        wrong.filter((line) => !/\/proc\/1\/|its first process/.test(line)),
        [],
      );
    });
  });
}
