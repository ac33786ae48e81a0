import { readdirSync, realpathSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { Clock } from '../../base/index.ts';

/** A search costs milliseconds, and one is made for each function that is created or started. */
const memoryMs = 5_000;

/** Where interpreters of this host may be. */
export class Host {
  /** As in PATH. */
  readonly path: readonly string[];
  readonly home: string;
  /** In front of all other places: empty but in tests. */
  readonly root: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly #clock: Clock;
  readonly #remembered = new Map<string, { readonly untilMs: number; readonly files: string[] }>();

  constructor(options: { readonly env: Host['env']; readonly clock: Clock; readonly root?: string }) {
    this.root = options.root ?? '';
    this.env = options.env;
    this.path = (options.env.PATH ?? '').split(path.delimiter).filter((place) => path.isAbsolute(place));
    this.home = options.env.HOME ?? homedir();
    this.#clock = options.clock;
  }

  /** What a search found, for a few seconds; `what` names it, one for each definition. */
  remember(what: string, search: (host: Host) => string[]): string[] {
    const known = this.#remembered.get(what);
    const nowMs = this.#clock.monotonic();
    if (known !== undefined && nowMs < known.untilMs) return known.files;
    const files = search(this);
    this.#remembered.set(what, { untilMs: nowMs + memoryMs, files });
    return files;
  }
}

/** Executable files of these patterns, real paths, each once, in order. `*` stands for one folder or a part of its name. */
export function executables(patterns: readonly string[]): string[] {
  const found = new Set<string>();
  for (const pattern of patterns) {
    for (const file of expand(pattern)) {
      try {
        const real = realpathSync(file);
        const stats = statSync(real);
        if (stats.isFile() && (stats.mode & 0o111) !== 0) found.add(real);
      } catch {
        // A dangling link is no interpreter.
      }
    }
  }
  return [...found];
}

/** Folders of these patterns, real paths, each once. */
export function folders(patterns: readonly string[]): string[] {
  const found = new Set<string>();
  for (const folder of patterns.flatMap(expand)) {
    try {
      const real = realpathSync(folder);
      if (statSync(real).isDirectory()) found.add(real);
    } catch {
      // Gone meanwhile.
    }
  }
  return [...found];
}

function expand(pattern: string): string[] {
  const parts = pattern.split('/');
  const at = parts.findIndex((part) => part.includes('*'));
  if (at === -1) return statSync(pattern, { throwIfNoEntry: false }) === undefined ? [] : [pattern];
  const folder = parts.slice(0, at).join('/') || '/';
  const wanted = new RegExp(`^${parts[at]!.split('*').map(escape).join('.*')}$`);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => wanted.test(name))
    .sort()
    .flatMap((name) => expand([path.join(folder, name), ...parts.slice(at + 1)].join('/')));
}

const escape = (text: string): string => text.replaceAll(/[.+^${}()|[\]\\?]/g, '\\$&');
