import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import path from 'node:path';

// Every *.test.ts runs under Node's own test runner; end-to-end files last and one at a time, because
// each of them starts whole servers.
const root = path.join(import.meta.dirname, '..');
const wanted = process.argv.slice(2);
const all = globSync('{packages,runtimes,test,tools,bench}/**/*.test.ts', {
  cwd: root,
  exclude: (name) => name.includes('node_modules'),
}).sort();
const chosen = wanted.length === 0 ? all : all.filter((file) => wanted.some((part) => file.includes(part)));
const endToEnd = chosen.filter((file) => file.startsWith('test/e2e'));
const rest = chosen.filter((file) => !file.startsWith('test/e2e'));

let failed = false;
for (const [files, concurrency] of [
  [rest, 2],
  [endToEnd, 1],
] as const) {
  if (files.length === 0) continue;
  const run = spawnSync(
    process.execPath,
    ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=300000', '--test-reporter=spec', ...files],
    { cwd: root, stdio: 'inherit' },
  );
  failed ||= run.status !== 0;
}
process.exitCode = failed ? 1 : 0;
