import { spawnSync } from 'node:child_process';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const steps: readonly (readonly [string, readonly string[]])[] = [
  ['tsc', ['-p', '.']],
  ['oxlint', ['--type-aware', 'packages', 'tools', 'test', 'bench']],
  ['oxfmt', ['--check', 'packages', 'tools', 'test', 'bench', 'runtimes/test']],
  ['knip', []],
];

let failed = false;
for (const [command, args] of steps) {
  process.stdout.write(`\n# ${command} ${args.join(' ')}\n`);
  const run = spawnSync(path.join(root, 'node_modules/.bin', command), [...args], { cwd: root, stdio: 'inherit' });
  failed ||= run.status !== 0;
}
process.exitCode = failed ? 1 : 0;
