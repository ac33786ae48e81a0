import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { compareVersions } from './definition.ts';
import type { Host } from './places.ts';
import type { Verified } from './verified.ts';

/** What a probe script prints. */
export interface Interpreter {
  readonly version: string;
  readonly implementation: string;
  /** Real path of the installation; everything the interpreter needs lies below it. */
  readonly prefix: string;
  /** Real path. */
  readonly executable: string;
}

export interface HostInterpretersOptions {
  /** `python`: names the search. */
  readonly what: string;
  readonly host: Host;
  readonly verified: Verified;
  readonly search: (host: Host) => string[];
  /** `3.12`: the version or what stands in front of its last number. */
  readonly language: string;
  readonly implementation: string;
  /** Arguments that make it say what it is. */
  readonly probe: readonly string[];
}

/** Interpreters of one language version on this host. Each is tried once, when someone needs it. */
export class HostInterpreters {
  readonly #options: HostInterpretersOptions;

  constructor(options: HostInterpretersOptions) {
    this.#options = options;
  }

  /** Those that were tried and are of this version, the best first. */
  good(): Interpreter[] {
    return this.#candidates()
      .map((file) => this.#answer(file))
      .filter((answer): answer is Interpreter => answer !== undefined && answer !== null && this.#matches(answer.version));
  }

  untried(): string | undefined {
    return this.#candidates().find((file) => this.#answer(file) === undefined);
  }

  /** Tries them in turn until one is good. */
  async find(signal: AbortSignal): Promise<Interpreter | undefined> {
    for (const file of this.#candidates()) {
      if (this.#answer(file) === undefined) await this.#options.verified.set(file, await this.#try(file, signal));
      const answer = this.#answer(file);
      if (answer && this.#matches(answer.version)) return answer;
    }
    return undefined;
  }

  /** Those that by their names may be it; the newest patch first. */
  #candidates(): string[] {
    const { host, what, search, language } = this.#options;
    const named = versionIn(language.split('.')[0]!);
    return host
      .remember(what, search)
      .filter((file) => this.#matches(named(file) ?? language))
      .sort((left, right) => compareVersions(named(right) ?? '0', named(left) ?? '0'));
  }

  #answer(file: string): Interpreter | null | undefined {
    return this.#options.verified.get(file) as Interpreter | null | undefined;
  }

  #matches(version: string): boolean {
    return version === this.#options.language || version.startsWith(`${this.#options.language}.`);
  }

  async #try(file: string, signal: AbortSignal): Promise<Record<string, unknown> | null> {
    try {
      const { stdout } = await promisify(execFile)(file, this.#options.probe, {
        signal,
        env: {},
        timeout: 20_000,
        maxBuffer: 65_536,
      });
      const answer = JSON.parse(stdout) as Interpreter;
      return answer.implementation === this.#options.implementation ? { ...answer } : null;
    } catch {
      signal.throwIfAborted();
      return null;
    }
  }
}

/** `python3.12`, `cpython-3.12.4-linux`, `versions/3.12.1`: the most exact version of this major in a path, if any. */
function versionIn(major: string): (file: string) => string | undefined {
  const pattern = new RegExp(String.raw`(?<![\d.])${major}\.\d{1,2}(?:\.\d+)?(?!\d)`, 'g');
  return (file) => file.match(pattern)?.reduce((best, next) => (next.length > best.length ? next : best));
}
