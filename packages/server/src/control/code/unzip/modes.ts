import type { Entry } from 'yauzl';
import { RefusedArchive } from '../refusal.ts';

export type Kind = 'file' | 'folder' | 'link';

const typeBits = 0o170000;
const types: Readonly<Record<number, Kind>> = { 0o100000: 'file', 0o040000: 'folder', 0o120000: 'link' };
/** "Version made by", upper byte: only there are the upper 16 bits of the attributes a mode. */
const unixHosts: ReadonlySet<number> = new Set([3, 19]);

/** @throws RefusedArchive for devices, pipes and sockets */
export function kindOf(entry: Entry): Kind {
  const isFolder = entry.fileName.endsWith('/');
  const type = unixModeOf(entry) & typeBits;
  if (type === 0) return isFolder ? 'folder' : 'file';
  const kind = types[type];
  if (kind === undefined)
    throw new RefusedArchive('malformed', `entry ${JSON.stringify(entry.fileName)}: a device, pipe or socket`);
  if (isFolder && kind === 'link')
    throw new RefusedArchive('malformed', `entry ${JSON.stringify(entry.fileName)}: a link and a folder`);
  return isFolder ? 'folder' : kind;
}

/**
 * Permissions an entry gets on disk: those of the archive, without setuid, setgid, sticky and writing for
 * others; what its owner may read or execute, everybody may, because the function has a uid of its own.
 *
 * @source spec 3.7-01
 */
export function modeOf(entry: Entry, kind: Kind): number {
  const mode = unixModeOf(entry) & 0o777;
  if (kind === 'folder') return 0o755;
  if (mode === 0) return 0o644;
  const owner = (mode & 0o100) | 0o400;
  return (mode & 0o755) | owner | (owner >> 3) | (owner >> 6);
}

const unixModeOf = (entry: Entry): number => (unixHosts.has(entry.versionMadeBy >> 8) ? entry.externalFileAttributes >>> 16 : 0);
