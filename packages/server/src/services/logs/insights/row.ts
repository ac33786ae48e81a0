/** A field is a text, a number, a moment, or yes or no; or it is not there. */
export type Value = string | number | boolean | Date | undefined;

/** One event, or one group of a statistic. What is in JSON is looked for when it is first asked for. */
export class Row {
  readonly #values: Map<string, Value>;
  #found: ReadonlyMap<string, Value> | undefined;

  constructor(values: Iterable<readonly [string, Value]>) {
    this.#values = new Map(values);
  }

  get(name: string): Value {
    if (this.#values.has(name)) return this.#values.get(name);
    this.#found ??= discovered(textOf(this.#values.get('@message')));
    return this.#found.get(name);
  }
  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }
}

export function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  if (value instanceof Date) return value.getTime();
  if (typeof value !== 'string' || value.trim() === '') return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** As results show it: moments to the millisecond, numbers with four places at most, yes and no as 1 and 0. */
export function textOf(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Date) return value.toISOString().replace('T', ' ').replace('Z', '');
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'number' ? String(Number(value.toFixed(4))) : value;
}

/** Fields of a JSON message, and of the REPORT that ends an invocation. */
function discovered(message: string): ReadonlyMap<string, Value> {
  const fields = new Map<string, Value>();
  const begin = message.indexOf('{');
  const document = begin === -1 ? undefined : parsed(message.slice(begin).trim());
  if (document !== undefined) flatten(document, '', fields);
  for (const [name, value] of ofLambda(message)) fields.set(name, value);
  return fields;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** AWS finds so many fields in an event. */
const mostFields = 200;

function flatten(value: unknown, name: string, fields: Map<string, Value>): void {
  if (fields.size >= mostFields) return;
  if (typeof value === 'object' && value !== null) {
    for (const [key, each] of Object.entries(value)) flatten(each, name === '' ? key : `${name}.${key}`, fields);
  } else if (name !== '' && value !== null)
    fields.set(name, typeof value === 'boolean' ? String(value) : (value as string | number));
}

const reported = {
  '@duration': /\tDuration: ([\d.]+) ms/,
  '@billedDuration': /\tBilled Duration: ([\d.]+) ms/,
  '@initDuration': /\tInit Duration: ([\d.]+) ms/,
  '@memorySize': /\tMemory Size: (\d+) MB/,
  '@maxMemoryUsed': /\tMax Memory Used: (\d+) MB/,
} as const;
const megabytes = 1_000_000;

function* ofLambda(message: string): Generator<[string, Value]> {
  const [, type, requestId] = /^(START|END|REPORT) RequestId: ([0-9a-f-]{36})/.exec(message) ?? [];
  if (type === undefined) return;
  yield ['@type', type];
  yield ['@requestId', requestId];
  for (const [name, shape] of Object.entries(reported)) {
    const found = shape.exec(message)?.[1];
    if (found !== undefined) yield [name, Number(found) * (name.includes('emory') ? megabytes : 1)];
  }
}
