import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

// Every *.test.ts runs under Node's own test runner; what starts whole servers comes last and one file at a
// time: two of them would measure each other.
const root = path.join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const all = globSync('{packages,runtimes,test,tools,bench}/**/*.test.ts', {
  cwd: root,
  exclude: (name) => name.includes('node_modules'),
}).sort();
const chosen = wanted.length === 0 ? all : all.filter((file) => wanted.some((part) => file.includes(part)));
const isWhole = (file: string): boolean => file.startsWith('test/');
const endToEnd = chosen.filter(isWhole);
const rest = chosen.filter((file) => !isWhole(file));

let failed = false;
const notes = mkdtempSync(path.join(tmpdir(), 'mayfly-tests-'));
const reports: string[] = [];
for (const [files, concurrency] of [
  [rest, 2],
  [endToEnd, 1],
] as const) {
  if (files.length === 0) continue;
  const report = path.join(notes, String(reports.length));
  reports.push(report);
  const run = spawnSync(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${concurrency}`,
      '--test-timeout=300000',
      ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
      ...[`--test-reporter=${path.join(import.meta.dirname, 'failures.ts')}`, `--test-reporter-destination=${report}`],
      ...files,
    ],
    { cwd: root, stdio: 'inherit' },
  );
  failed ||= run.status !== 0;
}
// Said again at the end, where it is looked for: the second row of files follows the first one's failures.
if (failed) process.stdout.write(`\nFailed:\n\n${reports.map((report) => readFileSync(report, 'utf8')).join('')}`);
rmSync(notes, { recursive: true });
process.exitCode = failed ? 1 : 0;
