import { ServiceFault } from '@mayfly/wire';
import { invalid } from '../faults.ts';
import { readValue, type Value } from '../value.ts';

/** What stands behind `#name` and `:value` in the expressions of one request, and which of them were used. */
export class Placeholders {
  readonly #names: ReadonlyMap<string, string> | undefined;
  readonly #values: ReadonlyMap<string, Value> | undefined;
  readonly #usedNames = new Set<string>();
  readonly #usedValues = new Set<string>();

  /** @throws ValidationException for malformed ones */
  constructor(names: Readonly<Record<string, string>> | undefined, values: object | undefined) {
    this.#names = names === undefined ? undefined : readNames(names);
    this.#values = values === undefined ? undefined : readValues(values);
  }

  get given(): { readonly names: boolean; readonly values: boolean } {
    return { names: this.#names !== undefined, values: this.#values !== undefined };
  }

  name(placeholder: string): string | undefined {
    this.#usedNames.add(placeholder);
    return this.#names?.get(placeholder);
  }

  value(placeholder: string): Value | undefined {
    this.#usedValues.add(placeholder);
    return this.#values?.get(placeholder);
  }

  /** @throws ValidationException when one was given for nothing */
  checkUsed(): void {
    const names = [...(this.#names?.keys() ?? [])].filter((key) => !this.#usedNames.has(key));
    if (names.length > 0) throw unused('Names', names);
    const values = [...(this.#values?.keys() ?? [])].filter((key) => !this.#usedValues.has(key));
    if (values.length > 0) throw unused('Values', values);
  }

  /** @throws ValidationException when placeholders come without an expression to use them in */
  checkWanted(expressions: Readonly<Record<string, string | undefined>>, valued: readonly string[]): void {
    const present = Object.values(expressions).some((each) => each !== undefined);
    if (!present && this.#names !== undefined) {
      throw invalid('ExpressionAttributeNames can only be specified when using expressions');
    }
    if (this.#values !== undefined && valued.every((name) => expressions[name] === undefined)) {
      const missing = valued.length === 0 ? '' : `: ${valued.join(' and ')} ${valued.length === 1 ? 'is' : 'are'} null`;
      throw invalid(`ExpressionAttributeValues can only be specified when using expressions${missing}`);
    }
  }
}

const unused = (kind: 'Names' | 'Values', keys: readonly string[]): ServiceFault =>
  invalid(`Value provided in ExpressionAttribute${kind} unused in expressions: keys: {${keys.join(', ')}}`);

function readNames(names: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const entries = Object.entries(names);
  if (entries.length === 0) throw invalid('ExpressionAttributeNames must not be empty');
  for (const [key] of entries) {
    if (!/^#[A-Za-z0-9_]+$/.test(key))
      throw invalid(`ExpressionAttributeNames contains invalid key: Syntax error; key: "${key}"`);
  }
  return new Map(entries);
}

function readValues(values: object): ReadonlyMap<string, Value> {
  const entries = Object.entries(values);
  if (entries.length === 0) throw invalid('ExpressionAttributeValues must not be empty');
  const result = new Map<string, Value>();
  for (const [key, value] of entries) {
    if (!/^:[A-Za-z0-9_]+$/.test(key))
      throw invalid(`ExpressionAttributeValues contains invalid key: Syntax error; key: "${key}"`);
    try {
      result.set(key, readValue(value));
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      throw invalid(`ExpressionAttributeValues contains invalid value: ${error.message} for key ${key}`);
    }
  }
  return result;
}
