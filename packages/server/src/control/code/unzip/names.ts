import { RefusedArchive } from '../refusal.ts';

/** What the file systems below us take. */
const nameBytes = 255;
/** Leaves room for our own folders in front of it: the kernel takes 4,096. */
const pathBytes = 2048;
const depth = 128;

/**
 * The path of an entry below the root of its archive, without a leading or trailing slash; empty for the root itself.
 *
 * @throws RefusedArchive for a name that is, or could be taken for, a place outside
 */
export function pathOf(name: string): string {
  const refuse = (why: string): never => {
    throw new RefusedArchive('malformed', `entry ${JSON.stringify(name.slice(0, 100))}: ${why}`);
  };
  if (name === '') refuse('no name');
  if (name.includes('\0')) refuse('NUL in its name');
  if (name.includes('\\')) refuse('backslash in its name');
  if (name.startsWith('/')) refuse('absolute');
  if (/^[A-Za-z]:/.test(name)) refuse('drive letter');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) refuse('leads upwards');
  if (parts.length > depth) refuse(`deeper than ${depth}`);
  if (parts.some((part) => Buffer.byteLength(part) > nameBytes)) refuse(`a name longer than ${nameBytes} bytes`);
  const path = parts.join('/');
  if (Buffer.byteLength(path) > pathBytes) refuse(`longer than ${pathBytes} bytes`);
  return path;
}

/** Folders above a path, nearest to the root first. */
export function* foldersAbove(path: string): Iterable<string> {
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) yield path.slice(0, at);
}
