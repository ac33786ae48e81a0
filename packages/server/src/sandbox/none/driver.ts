import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Clock, Logger } from '../../base/index.ts';
import type { Capabilities, Sandbox, SandboxDriver, SandboxSpec } from '../port.ts';
import { PlainBox } from './box.ts';
import { Starter } from './starter.ts';

export interface NoneOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Plain processes of the server's own user, for hosts without the means, and for macOS. Isolates nothing. */
export class NoneDriver implements SandboxDriver {
  readonly name = 'none';
  readonly #options: NoneOptions;
  readonly #folder: string;
  readonly #boxes = new Set<PlainBox>();
  #starter: Starter | undefined;

  constructor(options: NoneOptions) {
    this.#options = options;
    // A unix socket's name has 104 bytes on macOS, so the folder is not below the data folder but short.
    const name = createHash('sha256').update(path.resolve(options.dataDir)).digest('hex').slice(0, 12);
    this.#folder = path.join(tmpdir(), `mayfly-${process.getuid?.() ?? 0}-${name}`);
  }

  probe(): Promise<Capabilities> {
    return Promise.resolve({
      driver: 'none',
      available: process.platform !== 'win32',
      detail: 'plain processes; functions can do whatever this user can',
      memoryLimit: false,
      cpuLimit: false,
      freezer: true,
      network: false,
      findings: [
        { check: 'isolation', verdict: 'warn', detail: 'functions run without any isolation', remedy: 'sudo npm start' },
      ],
    });
  }

  /** @throws Error for image functions, which need a root of their own */
  async create(spec: SandboxSpec, options: { readonly signal: AbortSignal }): Promise<Sandbox> {
    options.signal.throwIfAborted();
    if (spec.rootfs !== undefined)
      throw new Error('Container images need the jail: plain processes have no root file system of their own.');
    if (!/^[\w.-]{1,64}$/.test(spec.id)) throw new Error(`A sandbox cannot be named ${JSON.stringify(spec.id)}`);
    const { clock } = this.#options;
    this.#ownFolder();
    const folder = path.join(this.#folder, spec.id);
    const box: PlainBox = new PlainBox(spec, {
      folder,
      starter: this.#takeStarter(),
      clock,
      onDisposed: () => this.#boxes.delete(box),
    });
    this.#boxes.add(box);
    try {
      await box.open();
      options.signal.throwIfAborted();
      return box;
    } catch (error) {
      await box[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The name is known to everybody on this host, so whoever was first must have been us. */
  #ownFolder(): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const found = lstatSync(this.#folder);
    if (!found.isDirectory() || found.uid !== process.getuid?.())
      throw new Error(`${this.#folder} belongs to somebody else; remove it`);
  }

  #takeStarter(): Starter {
    if (this.#starter !== undefined) return this.#starter;
    const starter = new Starter({ log: this.#options.log });
    this.#starter = starter;
    void starter.gone.then(() => {
      if (this.#starter === starter) this.#starter = undefined;
    });
    return starter;
  }

  /** Processes of an earlier server ended with its helper; only folders are left. */
  sweep(): Promise<{ readonly processes: number; readonly cgroups: number; readonly mounts: number }> {
    rmSync(this.#folder, { recursive: true, force: true });
    return Promise.resolve({ processes: 0, cgroups: 0, mounts: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#boxes].map((box) => box[Symbol.asyncDispose]()));
    await this.#starter?.[Symbol.asyncDispose]();
    this.#starter = undefined;
    await this.sweep();
  }
}
