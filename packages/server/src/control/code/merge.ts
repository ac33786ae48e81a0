import {
  constants,
  copyFileSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readlinkSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';

interface Source {
  readonly kind: 'file' | 'folder' | 'link';
  readonly at: string;
}

/**
 * Lays trees over each other, the later one winning, into `root`, which exists and is empty. Files are hard links
 * where the file system has them. What will be where is decided before anything is made, so that nothing is
 * made through a link of an earlier tree.
 *
 * @source spec 3.7-02
 */
export function merge(trees: readonly string[], root: string): void {
  const sources = new Map<string, Source>();
  for (const tree of trees) lay(tree, '', sources);
  const paths = [...sources.keys()].sort();
  for (const [kind, make] of makers) {
    for (const name of paths) {
      const source = sources.get(name);
      if (source?.kind === kind) make(source.at, path.join(root, name));
    }
  }
  for (const name of ['', ...paths]) {
    if (name !== '' && sources.get(name)?.kind !== 'folder') continue;
    const fd = openSync(path.join(root, name), 'r');
    fsyncSync(fd);
    closeSync(fd);
  }
}

function lay(tree: string, below: string, sources: Map<string, Source>): void {
  for (const entry of readdirSync(path.join(tree, below), { withFileTypes: true })) {
    const name = path.posix.join(below, entry.name);
    const kind = entry.isDirectory() ? 'folder' : entry.isSymbolicLink() ? 'link' : 'file';
    // A folder that gives way takes what is in it along.
    if (kind !== 'folder' && sources.get(name)?.kind === 'folder') {
      for (const inside of sources.keys()) if (inside.startsWith(`${name}/`)) sources.delete(inside);
    }
    sources.set(name, { kind, at: path.join(tree, name) });
    if (kind === 'folder') lay(tree, name, sources);
  }
}

/** In this order; a sorted list has parents before children. */
const makers: readonly (readonly [Source['kind'], (from: string, to: string) => void])[] = [
  ['folder', (_from, to) => mkdirSync(to, { mode: 0o755 })],
  ['file', linkOrCopy],
  ['link', (from, to) => symlinkSync(readlinkSync(from), to)],
];

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (!['EMLINK', 'EXDEV', 'EPERM', 'ENOTSUP'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    copyFileSync(from, to, constants.COPYFILE_EXCL);
    const fd = openSync(to, 'r');
    fsyncSync(fd);
    closeSync(fd);
  }
}
