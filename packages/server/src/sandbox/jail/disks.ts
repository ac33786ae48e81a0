import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Launcher } from './launcher.ts';
import { isExecutable } from './obstacle.ts';
import { step, type Step } from './steps.ts';

const mkfs = ['/usr/sbin/mkfs.ext4', '/sbin/mkfs.ext4'].find((file) => isExecutable(file));

/**
 * File systems on disk for `/tmp`, each of a size of its own.
 *
 * In memory, what a function writes to `/tmp` counts as its memory; on disk it does not, which is how
 * Lambda has it. It costs 4 ms more at the create. No journal: nobody reads a `/tmp` after a crash.
 */
export class Disks {
  readonly #folder: string;
  readonly #launcher: Launcher;
  readonly #templates = new Map<number, Promise<unknown>>();

  constructor(folder: string, launcher: Launcher) {
    this.#folder = folder;
    this.#launcher = launcher;
  }

  static possible(): boolean {
    return mkfs !== undefined && existsSync('/dev/loop-control');
  }

  /** Steps that mount a new file system at `target`. @param id  unique; names the image for a moment */
  async mount(id: string, sizeMiB: number, target: string): Promise<Step[]> {
    const template = path.join(this.#folder, `tmp-${sizeMiB}.ext4`);
    let ready = this.#templates.get(sizeMiB);
    if (ready === undefined) {
      ready = this.#launcher.ask([
        mkfs ?? '',
        ...formatWords,
        '-N',
        String(Math.max(1024, sizeMiB * inodesPerMiB)),
        template,
        `${sizeMiB}M`,
      ]);
      this.#templates.set(sizeMiB, ready);
      ready.catch(() => this.#templates.delete(sizeMiB));
    }
    await ready;
    return [step.disk(template, path.join(this.#folder, `${id}.img`), target)];
  }
}

const inodesPerMiB = 128;
const formatWords = [
  '-q',
  '-F',
  '-b',
  '4096',
  '-O',
  '^has_journal,^resize_inode',
  '-E',
  'lazy_itable_init=1,nodiscard',
  '-m',
  '0',
];
