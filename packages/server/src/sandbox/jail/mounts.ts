import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { mountFlags, type Launcher } from './launcher.ts';

const readOnly = mountFlags.readOnly | mountFlags.noSuid | mountFlags.noDev;

/**
 * Host folders as read-only mounts, made once and shared by every box that shows them.
 *
 * Binding a folder read-only straight into a box does not work: only the bind travels into the box, not
 * the second remount that takes the right to write away. So the folder is first made a read-only mount
 * here, and that mount is bound.
 */
export class ReadOnlyMounts {
  readonly #folder: string;
  readonly #launcher: Launcher;
  readonly #made = new Map<string, Promise<string>>();

  constructor(folder: string, launcher: Launcher) {
    this.#folder = folder;
    this.#launcher = launcher;
  }

  /** A mount point that shows `source` read-only. */
  of(source: string): Promise<string> {
    let made = this.#made.get(source);
    if (made === undefined) {
      made = this.#make(source);
      this.#made.set(source, made);
      made.catch(() => this.#made.delete(source));
    }
    return made;
  }

  async #make(source: string): Promise<string> {
    const target = path.join(this.#folder, createHash('sha256').update(source).digest('hex').slice(0, 32));
    await mkdir(target, { recursive: true });
    await this.#launcher.mount(source, target, '-', mountFlags.bind);
    await this.#launcher.mount('-', target, '-', mountFlags.bind | mountFlags.remount | readOnly);
    return target;
  }

  /** Lets go of a folder that no box needs any more. */
  async release(source: string): Promise<void> {
    const made = this.#made.get(source);
    if (made === undefined) return;
    this.#made.delete(source);
    const target = await made;
    await this.#launcher.unmount(target);
    await rmdir(target);
  }
}

/** Mount points at or below a folder, deepest first. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const table = existsSync('/proc/self/mounts') ? await readFile('/proc/self/mounts', 'utf8') : '';
  return table
    .split('\n')
    .map((line) => (line.split(' ')[1] ?? '').replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((target) => target === folder || target.startsWith(folder + path.sep))
    .reverse();
}
