import { RefusedArchive } from '../refusal.ts';

/** As many as Linux follows. */
const followed = 40;
/** Deeper than any name that `names.ts` lets pass. */
const depth = 256;
/** Names looked at for all links together: links through links multiply. */
const patience = 1_000_000;

/**
 * Sees that no link leads out of its tree, however it is combined with others: each target is walked the way
 * the kernel would, through the links of the same archive.
 *
 * @param links  path of the link below the root, and its target as it stands
 * @throws RefusedArchive
 */
export function refuseOutwardLinks(links: ReadonlyMap<string, string>): void {
  let left = patience;
  for (const [path, target] of links) {
    if (target === '' || target.includes('\0') || target.startsWith('/')) {
      throw new RefusedArchive('malformed', `link ${JSON.stringify(path)}: an absolute or empty target`);
    }
    left -= walk(path, links);
    if (left < 0) throw new RefusedArchive('malformed', 'too many links through links');
  }
}

/** @returns how many names it looked at */
function walk(path: string, links: ReadonlyMap<string, string>): number {
  const at: string[] = [];
  const left = path.split('/').reverse();
  let steps = 0;
  let looked = 0;
  while (left.length > 0) {
    looked += 1;
    const part = left.pop();
    if (part === undefined || part === '' || part === '.') continue;
    if (part === '..') {
      if (at.pop() === undefined) throw new RefusedArchive('malformed', `link ${JSON.stringify(path)} leads out`);
      continue;
    }
    const target = links.get([...at, part].join('/'));
    if (target === undefined) {
      if (at.push(part) > depth) throw new RefusedArchive('malformed', `link ${JSON.stringify(path)}: too deep`);
      continue;
    }
    // A circle leads nowhere, and so not out.
    if (++steps > followed) return looked;
    left.push(...target.split('/').reverse());
  }
  return looked;
}
