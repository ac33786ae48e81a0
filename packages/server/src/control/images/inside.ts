import { lstatSync, mkdirSync, readlinkSync, type Stats } from 'node:fs';
import path from 'node:path';
import { hostile } from './refusal.ts';

const mostHops = 40;
const mostNameBytes = 255;
const mostPathBytes = 4095;

/**
 * A tree that is being filled from what strangers wrote. Names are followed as a process would whose root
 * this is: a link, wherever it points, never leads out.
 */
export class Inside {
  readonly root: string;
  /** Folders that nobody named, made because something lies in them. */
  readonly implicit: Set<string>;
  /** Folders already followed: name → name without links. Forgotten whenever something is taken away. */
  readonly #known = new Map<string, string>();

  constructor(root: string, implicit: Set<string> = new Set()) {
    this.root = root;
    this.implicit = implicit;
  }

  /** Of a name inside, which must have been made by `folder` or be in the folder it gave. */
  host(inside: string): string {
    return path.join(this.root, inside);
  }

  /** @returns undefined when nothing is there; a link is a link */
  stat(inside: string): Stats | undefined {
    return lstatSync(this.host(inside), { throwIfNoEntry: false });
  }

  forget(): void {
    this.#known.clear();
  }

  /**
   * The folder of this name, made where it is missing. @returns its name without links, `''` for the root
   * @throws RefusedImage when something on the way is no folder
   */
  folder(name: string): string {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const done: string[] = [];
    const pending = name.split('/').toReversed();
    let hops = 0;
    for (let part = pending.pop(); part !== undefined; part = pending.pop()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        done.pop();
        continue;
      }
      const inside = [...done, part].join('/');
      const found = this.stat(inside);
      if (found === undefined) {
        mkdirSync(this.host(inside), { mode: 0o755 });
        this.implicit.add(inside);
        done.push(part);
      } else if (found.isSymbolicLink()) {
        hops += 1;
        if (hops > mostHops) throw hostile(`${JSON.stringify(name)} goes in circles.`);
        const target = readlinkSync(this.host(inside));
        if (target.startsWith('/')) done.length = 0;
        pending.push(...target.split('/').toReversed());
      } else if (found.isDirectory()) done.push(part);
      else throw hostile(`${JSON.stringify(name)} leads through a file.`);
    }
    const real = done.join('/');
    if (this.#known.size < 100_000) this.#known.set(name, real);
    return real;
  }

  /** Where an entry of this name lies: its folder is followed, itself is not. */
  place(name: string): string {
    const folder = this.folder(path.posix.dirname(name) === '.' ? '' : path.posix.dirname(name));
    const base = path.posix.basename(name);
    return folder === '' ? base : `${folder}/${base}`;
  }
}

/**
 * A name as an archive has it, relative to the root and without dots; `''` is the root.
 *
 * @throws RefusedImage for one that climbs, or that no file system would take
 */
export function cleanName(name: string): string {
  if (name.includes('\0')) throw hostile('A name in a layer holds a zero byte.');
  if (Buffer.byteLength(name) > mostPathBytes) throw hostile('A name in a layer is too long.');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw hostile(`The name ${JSON.stringify(name.slice(0, 200))} climbs out of its layer.`);
  if (parts.some((part) => Buffer.byteLength(part) > mostNameBytes)) throw hostile('A name in a layer is too long.');
  return parts.join('/');
}
