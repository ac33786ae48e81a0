import { access, constants, lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import type { FunctionVersion } from '../control/index.ts';
import { invalidProgram, invalidWorkingDir, type Failure } from './failures.ts';

const mostHops = 40;

/** What runs of an image, and where. @source spec 1.2-11, 4.2-11 */
export interface ImageCommand {
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
}

/** The box puts these over whatever the image has. */
const always = new Set([
  '/',
  '/tmp',
  '/proc',
  '/dev',
  '/opt',
  '/mnt',
  '/home',
  '/var',
  '/var/task',
  '/var/runtime',
  '/var/lang',
  '/run',
]);

/**
 * Entry point and command of the image, each replaced by what `ImageConfig` says; looked for in the image
 * beforehand, so that a wrong name is told apart from a program that fails.
 */
export async function imageCommand(
  version: FunctionVersion,
  environment: Readonly<Record<string, string>>,
): Promise<ImageCommand | Failure> {
  const { imageConfig, image, codeDir } = version;
  const words = [...(imageConfig?.entryPoint ?? image?.entryPoint ?? []), ...(imageConfig?.command ?? image?.command ?? [])];
  const [program, ...rest] = words;
  const cwd = path.posix.resolve('/', imageConfig?.workingDirectory ?? image?.workingDirectory ?? '/');
  if (!always.has(cwd) && (await insideImage(codeDir, cwd, 'folder')) === undefined) return invalidWorkingDir(cwd);
  if (program === undefined || program === '') return invalidProgram('the image has neither an entry point nor a command');
  if (program.includes('/')) {
    const found = await insideImage(codeDir, path.posix.resolve(cwd, program), 'program');
    return found === undefined
      ? invalidProgram(`fork/exec ${program}: no such file or directory`)
      : { command: [program, ...rest], cwd };
  }
  for (const folder of (environment['PATH'] ?? '').split(':')) {
    const candidate = path.posix.resolve(cwd, folder, program);
    if ((await insideImage(codeDir, candidate, 'program')) !== undefined) return { command: [candidate, ...rest], cwd };
  }
  return invalidProgram(`exec: "${program}": executable file not found in $PATH`);
}

/**
 * The place on the host of a path in an image, followed as a process in it would: links never lead out.
 *
 * @returns undefined when it is not there, or not of this kind
 */
export async function insideImage(root: string, wanted: string, kind: 'folder' | 'program'): Promise<string | undefined> {
  const done: string[] = [];
  const pending = wanted.split('/').toReversed();
  let hops = 0;
  for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const place = path.join(root, ...done, part);
    const found = await lstat(place).catch(() => undefined);
    if (found?.isSymbolicLink() === true) {
      hops += 1;
      if (hops > mostHops) return undefined;
      const target = await readlink(place);
      if (target.startsWith('/')) done.length = 0;
      pending.push(...target.split('/').toReversed());
      continue;
    }
    if (found === undefined || (pending.some((left) => left !== '') && !found.isDirectory())) return undefined;
    done.push(part);
  }
  const place = path.join(root, ...done);
  const found = await lstat(place).catch(() => undefined);
  if (kind === 'folder') return found?.isDirectory() === true ? place : undefined;
  if (found?.isFile() !== true) return undefined;
  return access(place, constants.X_OK).then(
    () => place,
    () => undefined,
  );
}
