import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { awsLimits, silentLogger, systemClock, systemRandom, type AccountId } from '../../base/index.ts';
import { openCodeStore } from './index.ts';

const python = `
import sys, zipfile
class Pipe:
    def write(self, data): sys.stdout.buffer.write(data); return len(data)
    def flush(self): pass
with zipfile.ZipFile(Pipe(), 'w', zipfile.ZIP_DEFLATED) as z:
    for name in ['bootstrap', 'lib/a.py', 'large']: z.write(name)
    z.writestr('made.py', 'print(1)')
    with z.open('wide.py', 'w', force_zip64=True) as f: f.write(b'x' * 100)
`;

/** The tool packs the current folder to standard output, or to `../made.zip` where it is named. */
const tools: readonly {
  readonly what: string;
  readonly command: readonly [string, ...string[]];
  readonly also?: readonly string[];
}[] = [
  { what: 'zip with links', command: ['zip', '-qry', '../made.zip', '.'], also: ['lib/b.py'] },
  { what: 'zip with the smallest result', command: ['zip', '-qr9', '-', '.'], also: ['lib/b.py'] },
  { what: 'jar', command: ['jar', 'c', '.'], also: ['META-INF', 'META-INF/MANIFEST.MF', 'lib/b.py'] },
  { what: 'Python, streaming and with 64-bit fields', command: ['python3', '-c', python], also: ['made.py', 'wide.py'] },
];

async function project(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'mayfly-tools-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const source = path.join(folder, 'source');
  await mkdir(path.join(source, 'lib'), { recursive: true });
  await writeFile(path.join(source, 'bootstrap'), '#!/bin/sh\n');
  await chmod(path.join(source, 'bootstrap'), 0o700);
  await writeFile(path.join(source, 'lib/a.py'), 'print(1)');
  await symlink('a.py', path.join(source, 'lib/b.py'));
  // Large enough to stream, and as compressible as anything can be.
  await writeFile(path.join(source, 'large'), new Uint8Array(6_000_000));
  return folder;
}

suite('archives of the tools people use', { timeout: 60_000 }, () => {
  for (const { what, command, also = [] } of tools) {
    test(`are unpacked as they were packed: ${what}`, async (t) => {
      const folder = await project(t);
      const [name, ...args] = command;
      const made = spawnSync(name, args, { cwd: path.join(folder, 'source'), maxBuffer: 1e8 });
      if (made.error !== undefined) return t.skip(`needs ${name}`);
      assert.equal(made.status, 0, made.stderr.toString());
      await using store = await openCodeStore({
        dataDir: path.join(folder, 'data'),
        limits: awsLimits,
        clock: systemClock,
        random: systemRandom,
        log: silentLogger,
      });
      const zip = args.includes('../made.zip') ? await readFile(path.join(folder, 'made.zip')) : made.stdout;
      const { dir } = await store.take('000000000000' as AccountId, zip, { maxUnzippedBytes: awsLimits.unzippedBytes });
      assert.deepEqual(
        (await readdir(dir, { recursive: true })).sort(),
        ['bootstrap', 'large', 'lib', 'lib/a.py', ...also].sort(),
      );
      assert.equal((await stat(path.join(dir, 'large'))).size, 6_000_000);
      assert.equal(await readFile(path.join(dir, 'lib/a.py'), 'utf8'), 'print(1)');
      if (args[0] === '-qry') assert.equal(await readlink(path.join(dir, 'lib/b.py')), 'a.py');
      // jar keeps no permissions.
      assert.equal((await stat(path.join(dir, 'bootstrap'))).mode & 0o777, name === 'jar' ? 0o644 : 0o755);
    });
  }
});
