import { chmodSync, copyFileSync, linkSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { Inside } from './inside.ts';
import { hostile } from './refusal.ts';
import type { LayerAbout } from './unpack.ts';

export interface LayerTreeRef {
  readonly tree: string;
  readonly about: LayerAbout;
}

/**
 * Lays the trees of the layers over each other, lowest first. Files are hard links: however many images
 * share a layer, its contents are on the disk once. (Everything is read-only in a box.)
 *
 * @throws RefusedImage when a layer does not fit on those below
 */
export function assemble(layers: readonly LayerTreeRef[], into: string): void {
  const root = new Inside(into);
  for (const layer of layers) {
    // What a layer takes away are things of the layers below, never its own.
    for (const folder of layer.about.opaque) empty(root, folder);
    for (const name of layer.about.whiteouts) remove(root, name);
    lay(root, { tree: layer.tree, implicit: new Set(layer.about.implicit) }, '', '');
    for (const [name, target] of layer.about.links) linkBelow(root, name, target);
  }
}

interface Laid {
  readonly tree: string;
  readonly implicit: ReadonlySet<string>;
}

function lay(root: Inside, layer: Laid, from: string, to: string): void {
  for (const entry of readdirSync(path.join(layer.tree, from), { withFileTypes: true })) {
    const source = from === '' ? entry.name : `${from}/${entry.name}`;
    const target = to === '' ? entry.name : `${to}/${entry.name}`;
    const there = root.stat(target);
    if (entry.isDirectory()) {
      const implicit = layer.implicit.has(source);
      // `lib/x` on top of `lib -> usr/lib` lies in `usr/lib`; a folder `lib` that is named takes the link's place.
      if (implicit && there?.isSymbolicLink() === true) {
        lay(root, layer, source, root.folder(target));
        continue;
      }
      if (there !== undefined && !there.isDirectory()) remove(root, target);
      if (there?.isDirectory() !== true) mkdirSync(root.host(target));
      if (!implicit || there?.isDirectory() !== true)
        chmodSync(root.host(target), statSync(path.join(layer.tree, source)).mode & 0o777);
      lay(root, layer, source, target);
      continue;
    }
    if (there !== undefined) remove(root, target);
    if (entry.isSymbolicLink()) symlinkSync(readlinkSync(path.join(layer.tree, source)), root.host(target));
    else share(path.join(layer.tree, source), root.host(target));
  }
}

function share(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch (error) {
    // A file system counts its links: the empty file is in every package.
    if ((error as NodeJS.ErrnoException).code !== 'EMLINK') throw error;
    copyFileSync(source, target);
    chmodSync(target, statSync(source).mode & 0o777);
  }
}

function empty(root: Inside, folder: string): void {
  const inside = root.folder(folder);
  for (const name of readdirSync(root.host(inside))) remove(root, inside === '' ? name : `${inside}/${name}`);
}

/** @param name  followed up to its last part, which is taken away as it is */
function remove(root: Inside, name: string): void {
  const place = root.place(name);
  if (root.stat(place) === undefined) return;
  rmSync(root.host(place), { recursive: true, force: true });
  root.forget();
}

function linkBelow(root: Inside, name: string, target: string): void {
  const existing = target === '' ? '' : root.place(target);
  const found = existing === '' ? undefined : root.stat(existing);
  if (found === undefined || found.isDirectory()) throw hostile(`${JSON.stringify(name)} is a hard link to nothing.`);
  const place = root.place(name);
  if (place === existing) return;
  remove(root, place);
  share(root.host(existing), root.host(place));
}
