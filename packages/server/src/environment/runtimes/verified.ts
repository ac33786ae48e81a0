import { statSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What an interpreter said of itself when it was tried, as JSON. */
type Answer = Readonly<Record<string, unknown>>;

interface Entry {
  readonly mtimeMs: number;
  readonly size: number;
  readonly answer: Answer | null;
}

/** Bounds the file: hosts have tens of interpreters at most. */
const maximum = 500;

/**
 * Remembers on disk which interpreters were tried and what they said, so that a start runs none of them. An
 * entry counts as long as the file has the same size and time.
 */
export class Verified {
  readonly #file: string;
  readonly #entries: Map<string, Entry>;
  /** The last write asked for: one at a time, since they share a draft. */
  #written: Promise<void> = Promise.resolve();

  private constructor(file: string, entries: Map<string, Entry>) {
    this.#file = file;
    this.#entries = entries;
  }

  static async open(file: string): Promise<Verified> {
    let entries: [string, Entry][] = [];
    try {
      entries = Object.entries(JSON.parse(await readFile(file, 'utf8')) as Record<string, Entry>);
    } catch {
      // Missing or torn: everything is tried again.
    }
    return new Verified(file, new Map(entries.slice(0, maximum)));
  }

  /** `undefined`: not tried yet, or changed since. `null`: tried, and it did not work. */
  get(executable: string): Answer | null | undefined {
    const entry = this.#entries.get(executable);
    const stats = statSync(executable, { throwIfNoEntry: false });
    if (entry === undefined || stats === undefined || entry.mtimeMs !== stats.mtimeMs || entry.size !== stats.size)
      return undefined;
    return entry.answer;
  }

  async set(executable: string, answer: Answer | null): Promise<void> {
    const { mtimeMs, size } = statSync(executable);
    this.#entries.delete(executable);
    this.#entries.set(executable, { mtimeMs, size, answer });
    while (this.#entries.size > maximum) this.#entries.delete(this.#entries.keys().next().value!);
    const write = this.#written.then(() => this.#write());
    this.#written = write.catch(() => undefined);
    await write;
  }

  async #write(): Promise<void> {
    await mkdir(path.dirname(this.#file), { recursive: true, mode: 0o755 });
    const draft = `${this.#file}.${process.pid}`;
    await writeFile(draft, JSON.stringify(Object.fromEntries(this.#entries), undefined, 1));
    await rename(draft, this.#file);
  }
}
