/** A pattern cannot be read; `message` says what is wrong where. */
export class PatternError extends Error {}

/**
 * A regular expression of a caller, run as a set of states, so that no text can make it take more than the
 * text's length times the expression's size. The subset that CloudWatch Logs takes: literals, `.`, classes, groups, `|`, `* + ? {n,m}`, `^ $`, `\d \s \w` and their
 * opposites, `\xhh`.
 */
export interface Automaton {
  /** Whether some part of the text matches. */
  test(text: string): boolean;
}

type Takes = (unit: number) => boolean;
type State =
  | { readonly kind: 'take'; readonly takes: Takes; next: number }
  | { readonly kind: 'fork'; readonly next: number[] }
  | { readonly kind: 'start' | 'end'; next: number }
  | { readonly kind: 'accept' };

/** Where a fragment begins, and the states whose `next` waits for what follows it. */
interface Fragment {
  readonly entry: number;
  readonly exits: readonly ((target: number) => void)[];
}

const mostStates = 2_000;
const mostRepeats = 100;

/** @throws PatternError */
export function toAutomaton(source: string): Automaton {
  const builder = new Builder(source);
  const { entry, exits } = builder.parse();
  const accept = builder.add({ kind: 'accept' });
  for (const exit of exits) exit(accept);
  return { test: (text) => run(builder.states, entry, text) };
}

function run(states: readonly State[], entry: number, text: string): boolean {
  let current = new Set<number>();
  for (let at = 0; at <= text.length; at += 1) {
    // A match may begin anywhere.
    if (follow(states, entry, current, at, text.length)) return true;
    const next = new Set<number>();
    const unit = text.charCodeAt(at);
    for (const index of current) {
      const state = states[index] as State;
      if (at < text.length && state.kind === 'take' && state.takes(unit) && follow(states, state.next, next, at + 1, text.length))
        return true;
    }
    current = next;
  }
  return false;
}

/** Adds a state and all it reaches without taking anything. @returns whether that is the end of a match */
function follow(states: readonly State[], first: number, into: Set<number>, at: number, length: number): boolean {
  const stack = [first];
  for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
    if (into.has(index)) continue;
    into.add(index);
    const state = states[index] as State;
    if (state.kind === 'accept') return true;
    if (state.kind === 'fork') stack.push(...state.next);
    if ((state.kind === 'start' && at === 0) || (state.kind === 'end' && at === length)) stack.push(state.next);
  }
  return false;
}

class Builder {
  readonly states: State[] = [];
  readonly #source: string;
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  add(state: State): number {
    if (this.states.length >= mostStates) throw new PatternError('The regular expression is too large');
    return this.states.push(state) - 1;
  }

  parse(): Fragment {
    const whole = this.#alternatives();
    if (this.#at < this.#source.length)
      throw new PatternError(`'${this.#source[this.#at]}' is not expected in the regular expression`);
    return whole;
  }

  #alternatives(): Fragment {
    const branches = [this.#sequence()];
    while (this.#source[this.#at] === '|') {
      this.#at += 1;
      branches.push(this.#sequence());
    }
    if (branches.length === 1) return branches[0] as Fragment;
    return {
      entry: this.add({ kind: 'fork', next: branches.map(({ entry }) => entry) }),
      exits: branches.flatMap(({ exits }) => exits),
    };
  }

  #sequence(): Fragment {
    let whole = this.#nothing();
    while (this.#at < this.#source.length && !'|)'.includes(this.#source[this.#at] ?? '')) whole = join(whole, this.#repeated());
    return whole;
  }

  #repeated(): Fragment {
    const from = this.#at;
    let atom = this.#atom();
    const to = this.#at;
    const again = (): Fragment => {
      const back = this.#at;
      this.#at = from;
      const copy = this.#atom();
      this.#at = back;
      return copy;
    };
    const [low, high] = this.#quantifier(to) ?? [1, 1];
    if (low === 1 && high === 1) return atom;
    let whole = this.#nothing();
    for (let count = 0; count < low; count += 1) {
      whole = join(whole, atom);
      atom = again();
    }
    if (high === Infinity) return join(whole, this.#loop(atom));
    for (let count = low; count < high; count += 1) {
      whole = join(whole, this.#optional(atom));
      atom = again();
    }
    return whole;
  }

  #quantifier(at: number): [number, number] | undefined {
    const found = /^(?:[*+?]|\{(\d+)(,(\d*))?\})/.exec(this.#source.slice(at));
    if (found === null) return undefined;
    this.#at = at + found[0].length;
    if (found[0] === '*') return [0, Infinity];
    if (found[0] === '+') return [1, Infinity];
    if (found[0] === '?') return [0, 1];
    const low = Number(found[1]);
    const high = found[2] === undefined ? low : found[3] === '' ? Infinity : Number(found[3]);
    if (low > high || low > mostRepeats || (high > mostRepeats && high !== Infinity))
      throw new PatternError(`${found[0]} is not a quantifier`);
    return [low, high];
  }

  #atom(): Fragment {
    const unit = this.#source[this.#at++];
    switch (unit) {
      case '(': {
        if (this.#source.startsWith('?:', this.#at)) this.#at += 2;
        const inner = this.#alternatives();
        if (this.#source[this.#at++] !== ')') throw new PatternError('A group of the regular expression is not closed');
        return inner;
      }
      case '[':
        return this.#taking(this.#class());
      case '.':
        return this.#taking(() => true);
      case '^':
      case '$': {
        const state = { kind: unit === '^' ? 'start' : 'end', next: -1 } as const satisfies State;
        return this.#through(state);
      }
      case '\\':
        return this.#taking(this.#escape());
      case undefined:
      case '*':
      case '+':
      case '?':
        throw new PatternError(`'${unit ?? ''}' has nothing to repeat in the regular expression`);
      default:
        return this.#taking(only(unit.charCodeAt(0)));
    }
  }

  #escape(): Takes {
    const unit = this.#source[this.#at++];
    if (unit === undefined) throw new PatternError('A regular expression may not end with a backslash');
    if (unit === 'x') {
      const code = /^[0-9a-fA-F]{2}/.exec(this.#source.slice(this.#at))?.[0];
      if (code === undefined) throw new PatternError('\\x needs two hexadecimal digits');
      this.#at += 2;
      return only(Number.parseInt(code, 16));
    }
    const known = escapes[unit];
    if (known !== undefined) return known;
    if (/[a-zA-Z0-9]/.test(unit)) throw new PatternError(`\\${unit} is not known in a regular expression`);
    return only(unit.charCodeAt(0));
  }

  #class(): Takes {
    const negated = this.#source[this.#at] === '^';
    if (negated) this.#at += 1;
    const parts: Takes[] = [];
    for (let first = true; first || this.#source[this.#at] !== ']'; first = false) {
      const unit = this.#source[this.#at];
      if (unit === undefined) throw new PatternError('A class of the regular expression is not closed');
      this.#at += 1;
      if (unit === '\\') {
        parts.push(this.#escape());
        continue;
      }
      const to = this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' ? this.#source[this.#at + 1] : undefined;
      if (to === undefined || to === '\\') {
        parts.push(only(unit.charCodeAt(0)));
        continue;
      }
      this.#at += 2;
      const [low, high] = [unit.charCodeAt(0), to.charCodeAt(0)];
      if (low > high) throw new PatternError(`${unit}-${to} is out of order in a class of the regular expression`);
      parts.push((code) => code >= low && code <= high);
    }
    this.#at += 1;
    return (code) => parts.some((takes) => takes(code)) !== negated;
  }

  #taking(takes: Takes): Fragment {
    return this.#through({ kind: 'take', takes, next: -1 });
  }
  #through(state: Extract<State, { next: number }>): Fragment {
    return { entry: this.add(state), exits: [(target) => void (state.next = target)] };
  }
  #nothing(): Fragment {
    return this.#optionalExit([]);
  }
  #optional(inner: Fragment): Fragment {
    const fork = this.#optionalExit([inner.entry]);
    return { entry: fork.entry, exits: [...inner.exits, ...fork.exits] };
  }
  #loop(inner: Fragment): Fragment {
    const fork = this.#optionalExit([inner.entry]);
    for (const exit of inner.exits) exit(fork.entry);
    return fork;
  }
  #optionalExit(next: number[]): Fragment {
    return { entry: this.add({ kind: 'fork', next }), exits: [(target) => void next.push(target)] };
  }
}

function join(first: Fragment, second: Fragment): Fragment {
  for (const exit of first.exits) exit(second.entry);
  return { entry: first.entry, exits: second.exits };
}

const only =
  (wanted: number): Takes =>
  (unit) =>
    unit === wanted;
const among =
  (pattern: RegExp, yes: boolean): Takes =>
  (unit) =>
    pattern.test(String.fromCharCode(unit)) === yes;

const escapes: Readonly<Record<string, Takes>> = {
  d: among(/[0-9]/, true),
  D: among(/[0-9]/, false),
  s: among(/\s/, true),
  S: among(/\s/, false),
  w: among(/\w/, true),
  W: among(/\w/, false),
  t: only(9),
  n: only(10),
  r: only(13),
};
