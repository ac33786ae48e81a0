import type { Model, Quirks } from './constraints.ts';

type Accepts = (value: unknown) => boolean;
const anything: Accepts = () => true;

/**
 * The model's checks as one function a shape, made when first asked for: whether a value breaks nothing.
 *
 * `Constraints` words what is broken and stays the judge: it is asked whenever the answer here is no. A
 * property test compares the two on every operation.
 */
export class Acceptance {
  readonly #model: Model;
  readonly #quirks: Quirks;
  readonly #pattern: (source: string) => RegExp;
  readonly #made = new Map<string, Accepts>();

  constructor(model: Model, quirks: Quirks, pattern: (source: string) => RegExp) {
    this.#model = model;
    this.#quirks = quirks;
    this.#pattern = pattern;
  }

  /** @param shape  of the operation's input */
  accepts(shape: string, input: Readonly<Record<string, unknown>>): boolean {
    return this.#of(shape)(input);
  }

  #of(shape: string): Accepts {
    const known = this.#made.get(shape);
    if (known !== undefined) return known;
    // A shape that holds itself finds this while its own is being made.
    this.#made.set(shape, (value) => (this.#made.get(shape) as Accepts)(value));
    const check = this.#make(shape);
    // A gap in a list breaks nothing by itself.
    const made: Accepts = (value) => value === undefined || value === null || check(value);
    this.#made.set(shape, made);
    return made;
  }

  #make(shape: string): Accepts {
    const { structures, lists, maps, simple } = this.#model;
    if (structures[shape] !== undefined) return this.#structure(shape);
    const list = lists[shape];
    if (list !== undefined) {
      const item = this.#of(list.of);
      // What is no list at all is looked at by the judge.
      return (value) => Array.isArray(value) && fits(list, value.length) && value.every((each) => item(each));
    }
    const map = maps[shape];
    if (map !== undefined) {
      const [key, each] = [this.#of(map.key), this.#of(map.value)];
      return (value) => {
        const entries = Object.entries(value as object);
        return fits(map, entries.length) && entries.every(([name, held]) => key(name) && each(held));
      };
    }
    return simple[shape] === undefined ? anything : this.#simple(shape);
  }

  #structure(shape: string): Accepts {
    const structure = this.#model.structures[shape];
    const { unchecked, memberEnums } = this.#quirks;
    const required = new Set(structure?.required);
    const checks = Object.entries(structure?.members ?? {})
      .filter(([name]) => unchecked?.includes(`${shape}.${name}`) !== true)
      .map(([name, member]) => {
        const allowed = memberEnums?.[`${shape}.${name}`];
        const words = allowed === undefined ? undefined : new Set([...allowed, ...(this.#model.simple[member]?.enum ?? [])]);
        return { name, required: required.has(name), words, accepts: this.#of(member) };
      });
    return (value) => {
      const members = value as Readonly<Record<string, unknown>>;
      for (const { name, required: needed, words, accepts } of checks) {
        const member = members[name];
        if (member === undefined || member === null) {
          if (needed) return false;
        } else if (words !== undefined && typeof member === 'string') {
          if (!words.has(member)) return false;
        } else if (!accepts(member)) return false;
      }
      return true;
    };
  }

  #simple(shape: string): Accepts {
    const simple = this.#model.simple[shape];
    if (simple === undefined) return anything;
    const patterns = [this.#quirks.patterns?.[shape], simple.pattern]
      .filter((each) => each !== undefined)
      .map((each) => this.#pattern(each));
    const allowed = this.#quirks.enums?.[shape] ?? simple.enum;
    const words = allowed === undefined ? undefined : new Set([...allowed, ...(simple.enum ?? [])]);
    return (value) => {
      if (typeof value === 'number') return fits(simple, value);
      if (value instanceof Uint8Array) return fits(simple, value.length);
      if (typeof value !== 'string') return true;
      if (!fits(simple, value.length)) return false;
      if (patterns.length > 0 && !patterns.some((pattern) => pattern.test(value))) return false;
      return words === undefined || words.has(value);
    };
  }
}

const fits = ({ min, max }: { readonly min?: number; readonly max?: number }, size: number): boolean =>
  (max === undefined || size <= max) && (min === undefined || size >= min);
