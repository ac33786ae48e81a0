import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Launcher } from './launcher.ts';
import { mountFlags, step, type Step } from './steps.ts';

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
  readonly #users = new Map<string, { users: number; ready: Promise<unknown> }>();

  constructor(folder: string, launcher: Launcher) {
    this.#folder = folder;
    this.#launcher = launcher;
  }

  #place(source: string): string {
    return path.join(this.#folder, createHash('sha256').update(source).digest('hex').slice(0, 32));
  }

  /** Binds `source` read-only at `target`, where it appears in every box that shares it. */
  async bind(source: string, target: string): Promise<void> {
    const place = this.#place(source);
    const known = this.#users.get(source);
    const mount = step.mount(place, target, '-', mountFlags.bind);
    if (known !== undefined) {
      known.users += 1;
      await known.ready;
      await this.#launcher.do([mount]);
      return;
    }
    const ready = this.#launcher.do([
      step.makeFolder(place),
      step.mount(source, place, '-', mountFlags.bind),
      step.mount('-', place, '-', mountFlags.bind | mountFlags.remount | readOnly),
      mount,
    ]);
    this.#users.set(source, { users: 1, ready });
    try {
      await ready;
    } catch (error) {
      this.#users.delete(source);
      throw error;
    }
  }

  /** Steps for a box that shows `source` no longer. The last one lets go of the folder, which may then be another. */
  release(source: string): Step[] {
    const known = this.#users.get(source);
    if (known === undefined) return [];
    known.users -= 1;
    if (known.users > 0) return [];
    this.#users.delete(source);
    const place = this.#place(source);
    return [step.maybe(step.unmount(place)), step.maybe(step.removeFolder(place))];
  }
}
