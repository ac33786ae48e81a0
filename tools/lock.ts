/**
 * Completes package-lock.json with the optional packages of other platforms.
 *
 * npm leaves an optional package out of the lock when the registry at hand cannot serve it, and `npm ci`
 * then refuses the whole lock. Which platform such a package is for stands in its name; with `os`, `cpu`
 * and `libc` written down, npm skips it where it does not fit.
 *
 * To add a dependency: `node tools/lock.ts install -w packages/NAME --save-exact PACKAGE@VERSION`. It
 * takes the added entries out (npm would ask the registry for them), runs `npm install`, and puts them back.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

interface LockEntry {
  version?: string;
  link?: boolean;
  resolved?: string;
  optional?: boolean;
  integrity?: string;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const file = path.join(import.meta.dirname, '..', 'package-lock.json');
interface Lock {
  packages: Record<string, LockEntry>;
}
const read = (): Lock => JSON.parse(readFileSync(file, 'utf8')) as Lock;
const write = (lock: Lock): void => {
  const packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(file, JSON.stringify({ ...lock, packages }, null, 2) + '\n');
};

const npmArguments = process.argv.slice(2);
if (npmArguments[0] === 'install') {
  const lock = read();
  const served = Object.entries(lock.packages).filter(
    ([, entry]) => !(entry.optional && entry.integrity === undefined && !entry.link),
  );
  write({ ...lock, packages: Object.fromEntries(served) });
  const run = spawnSync('npm', npmArguments, { stdio: 'inherit' });
  if (run.status !== 0) process.exitCode = 1;
}
const lock = read();

const systems = ['android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'aix', 'win32'];
const processors = ['arm64', 'arm', 'x64', 'ia32', 'ppc64', 'riscv64', 's390x', 'loong64', 'mips64el'];

const platformOf = (name: string): Pick<LockEntry, 'os' | 'cpu' | 'libc'> => {
  const words = name.split('/').at(-1)?.split(/[-.]/) ?? [];
  const os = systems.filter((system) => words.includes(system));
  const cpu = processors.filter((processor) => words.includes(processor));
  const libc = words.includes('musl') ? ['musl'] : words.includes('gnu') ? ['glibc'] : [];
  return { ...(os.length > 0 && { os }), ...(cpu.length > 0 && { cpu }), ...(libc.length > 0 && { libc }) };
};

let added = 0;
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const top = `node_modules/${name}`;
    if (lock.packages[top] !== undefined || lock.packages[`${place}/${top}`] !== undefined) continue;
    const platform = platformOf(name);
    if (platform.os === undefined && platform.cpu === undefined) continue;
    lock.packages[top] = { version, optional: true, ...platform };
    added += 1;
  }
}

write(lock);
process.stdout.write(`package-lock.json: ${added} optional packages of other platforms added\n`);
