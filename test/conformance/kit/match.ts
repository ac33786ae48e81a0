/** One place where an answer is not what AWS answered. */
export interface Difference {
  readonly at: string;
  readonly recorded: unknown;
  readonly ours: unknown;
}

const placeholder = /<([a-zA-Z][^<>]*)>/g;

/**
 * Compares answers of ours with recorded ones.
 *
 * The recordings have placeholders where a value differs from run to run. A numbered one, `<uuid:2>`,
 * must stand for the same value wherever it appears in a scenario; others take any text. Members that the
 * recording has not must be absent here too.
 */
export class Matcher {
  readonly #bound = new Map<string, string>();

  differences(recorded: unknown, ours: unknown, at = ''): readonly Difference[] {
    if (typeof recorded === 'string') return this.#text(recorded, ours) ? [] : [{ at, recorded, ours }];
    if (recorded === null || typeof recorded !== 'object') {
      return Object.is(recorded, ours ?? null) ? [] : [{ at, recorded, ours }];
    }
    if (Array.isArray(recorded)) {
      if (!Array.isArray(ours) || ours.length !== recorded.length) return [{ at, recorded, ours }];
      return recorded.flatMap((each, index) => this.differences(each, ours[index], `${at}[${index}]`));
    }
    if (typeof ours !== 'object' || ours === null || Array.isArray(ours)) return [{ at, recorded, ours }];
    const theirs = recorded as Readonly<Record<string, unknown>>;
    const mine = ours as Readonly<Record<string, unknown>>;
    const names = new Set([...Object.keys(theirs), ...Object.keys(mine)]);
    return [...names].flatMap((name) => {
      const where = at === '' ? name : `${at}.${name}`;
      if (name === 'HTTPHeaders') return [];
      if (!Object.hasOwn(theirs, name)) return mine[name] === undefined ? [] : [{ at: where, recorded: undefined, ours: mine[name] }];
      return this.differences(theirs[name], mine[name], where);
    });
  }

  #text(recorded: string, ours: unknown): boolean {
    if (recorded === 'date' || recorded === 'datetime') return typeof ours === 'string';
    const whole = /^<[^<>]*>$/.exec(recorded) !== null;
    if (whole && typeof ours !== 'string') return typeof ours === 'number' && !recorded.includes(':');
    if (typeof ours !== 'string') return false;
    const names: string[] = [];
    let pattern = '';
    let last = 0;
    for (const found of recorded.matchAll(placeholder)) {
      pattern += escaped(recorded.slice(last, found.index));
      last = found.index + found[0].length;
      const name = found[1] ?? '';
      const repeated = /^(.):len\((\d+)\)$/.exec(name);
      const value = this.#bound.get(name);
      if (repeated !== null) pattern += escaped((repeated[1] ?? '').repeat(Number(repeated[2])));
      else if (value !== undefined) pattern += escaped(value);
      else {
        names.push(name);
        pattern += '([^]*?)';
      }
    }
    const match = new RegExp(`^${pattern}${escaped(recorded.slice(last))}$`).exec(ours);
    if (match === null) return false;
    names.forEach((name, index) => {
      if (/:\d+$/.test(name) || ['partition', 'region'].includes(name)) this.#bound.set(name, match[index + 1] ?? '');
    });
    return true;
  }
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
