/** One place where an answer is not what AWS answered. */
export interface Difference {
  readonly at: string;
  readonly recorded: unknown;
  readonly ours: unknown;
}

const placeholder = /<([a-zA-Z][^<>]*)>|(?<=^|\t)date(?=[\t ])/g;

/** Words that stand for a value of their own kind. */
const anything = new Set([
  'maximum-batching-window-in-seconds',
  'date',
  'datetime',
  'timestamp',
  'lambda-url',
  'code-sha256',
  'sent-timestamp',
  'sender-id',
]);

/** Members that AWS shows since that day; older recordings cannot have them. */
const shownSince: Readonly<Record<string, string>> = {
  SnapStart: '2023-01-15',
  RuntimeVersionConfig: '2023-01-15',
  LoggingConfig: '2024-01-01',
  InvokeMode: '2023-05-01',
  WarmThroughput: '2025-01-01',
  EventSourceMappingArn: '2024-11-01',
  ipAddressType: '2025-03-01',
  ConfigSha256: '2026-06-01',
};

/**
 * Compares answers of ours with recorded ones.
 *
 * The recordings have placeholders where a value differs from run to run. A numbered one, `<uuid:2>`,
 * must stand for the same value wherever it appears in a scenario; others take any text. Members that the
 * recording has not must be absent here too, unless AWS shows them only since after that day.
 */
export class Matcher {
  /** Members whose values are not compared. */
  readonly apart = new Set<string>(['HTTPHeaders']);
  readonly #bound = new Map<string, string>();
  readonly #recordedOn: string;

  /** @param recordedOn  `2025-11-25` */
  constructor(recordedOn: string) {
    this.#recordedOn = recordedOn;
  }

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
      if (this.apart.has(name) && Object.hasOwn(theirs, name) && Object.hasOwn(mine, name)) return [];
      if (Object.hasOwn(theirs, name)) return this.differences(theirs[name], mine[name], where);
      const isNewer = (shownSince[name] ?? '') > this.#recordedOn;
      return isNewer || mine[name] === undefined ? [] : [{ at: where, recorded: undefined, ours: mine[name] }];
    });
  }

  #text(written: string, ours: unknown): boolean {
    // A few recordings have a placeholder within one.
    const recorded = written.replaceAll(/<<([^<>]+)>([^<>]*)>/g, '<$1$2>');
    if (anything.has(recorded)) return typeof ours === 'string' || typeof ours === 'number';
    const whole = /^<[^<>]*>$/.exec(recorded) !== null;
    if (whole && typeof ours !== 'string') return ours !== undefined && ours !== null;
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
      const before = isOne(name) ? names.indexOf(name) : -1;
      if (repeated !== null) pattern += escaped((repeated[1] ?? '').repeat(Number(repeated[2])));
      else if (value !== undefined) pattern += escaped(value);
      else if (before >= 0) pattern += `\\${before + 1}`;
      else {
        names.push(name);
        pattern += '([^]*?)';
      }
    }
    const match = new RegExp(`^${pattern}${escaped(recorded.slice(last))}$`).exec(ours);
    if (match === null) return false;
    names.forEach((name, index) => {
      if (isOne(name)) this.#bound.set(name, match[index + 1] ?? '');
    });
    return true;
  }
}

/** Stands for one value in the whole scenario. */
const isOne = (name: string): boolean => /:\d+$/.test(name) || ['partition', 'region'].includes(name);

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
