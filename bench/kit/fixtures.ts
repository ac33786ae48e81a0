import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** A folder of `bench/fixtures` with its packages: fetched once, without running any of their scripts. */
export function installed(name: string): string {
  const folder = path.join(import.meta.dirname, '../fixtures', name);
  if (!existsSync(path.join(folder, 'node_modules'))) {
    const flags = ['--ignore-scripts', '--no-package-lock', '--no-audit', '--no-fund', '--workspaces=false'];
    execFileSync('npm', ['install', ...flags], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return folder;
}

/** Everything in a folder, by relative path. */
export function filesOf(folder: string): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) files[path.relative(folder, file)] = readFileSync(file);
  }
  return files;
}
