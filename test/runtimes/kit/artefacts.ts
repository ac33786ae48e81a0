import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { ZipFile } from 'yazl';

const run = promisify(execFile);

/** Builds are kept between runs, under the digest of what they were made from. */
const cache = path.join(tmpdir(), 'mayfly-artefacts');
const sources = path.join(import.meta.dirname, '../functions');

/** For `{ skip }`: why it cannot run here, or false. */
export const missing = (...programs: readonly string[]): string | false => {
  const absent = programs.filter((program) => spawnSync('/bin/sh', ['-c', `command -v ${program}`]).status !== 0);
  return absent.length === 0 ? false : `${absent.join(', ')}: not on this machine`;
};

/** Builds that take minutes on two cores run only when they are asked for. */
export const slow: string | false = process.env['MAYFLY_SLOW'] === '1' ? false : 'set MAYFLY_SLOW=1 to build and run it';

export interface Workshop {
  /** A copy of `functions/<name>`, to build in and to leave the result in. */
  readonly folder: string;
  /** Runs a program in `folder` and waits for its end. @throws Error with what it said */
  run(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
}

/**
 * A folder built from `functions/<name>`, once per content of it.
 *
 * @param variant  tells two builds of the same sources apart, for example by their interpreter
 */
export async function built(name: string, make: (workshop: Workshop) => Promise<void>, variant = ''): Promise<string> {
  const from = path.join(sources, name);
  const target = path.join(cache, `${name}-${digest(from, variant + String(make))}`);
  if (existsSync(target)) return target;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(path.join(cache, '.building-'));
  try {
    cpSync(from, folder, { recursive: true });
    await make({ folder, run: (program, args, env) => execute(folder, program, args, env) });
    renameSync(folder, target);
  } catch (error) {
    // Another run may have been quicker; whole is whole.
    if (!existsSync(target)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return target;
}

/** An archive of folders, each under its prefix: `{ '': classes, 'lib/': jars }`. Files keep their modes; byte code caches stay out. */
export async function zipFolders(
  folders: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Buffer> {
  const zip = new ZipFile();
  const mtime = new Date(1980, 0, 1);
  for (const [prefix, folder] of Object.entries(folders)) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
      const file = path.join(folder, name);
      const stats = statSync(file);
      if (!stats.isFile() || name.includes('__pycache__')) continue;
      zip.addBuffer(readFileSync(file), prefix + name, { mode: stats.mode, mtime, compressionLevel: 1 });
    }
  }
  for (const [name, content] of Object.entries(more)) zip.addBuffer(Buffer.from(content), name, { mode: 0o100755, mtime });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Of the interpreter's own tools, in the places the server looks, too. */
export const pythonOf = (minor: string): string | undefined =>
  [
    `python${minor}`,
    ...versionsOf(path.join(homedir(), '.pyenv/versions'), minor).map((version) =>
      path.join(homedir(), '.pyenv/versions', version, 'bin/python'),
    ),
  ].find(
    (python) => spawnSync(python, ['-c', `import sys, pip; assert '%d.%d' % sys.version_info[:2] == '${minor}'`]).status === 0,
  );

const versionsOf = (folder: string, minor: string): string[] =>
  existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith(`${minor}.`)) : [];

async function execute(
  cwd: string,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  try {
    const { stdout } = await run(program, args, {
      cwd,
      env: { ...process.env, ...env },
      timeout: 600_000,
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${program} ${args.join(' ')}: ${(stdout + stderr).slice(-4000) || String(error)}`, { cause: error });
  }
}

function digest(folder: string, more: string): string {
  const hash = createHash('sha256').update(more);
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(folder, name);
    if (statSync(file).isFile()) hash.update(name).update('\0').update(readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}
