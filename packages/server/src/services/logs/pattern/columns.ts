import { scanExpression, type Test } from './boolean.ts';
import { meets, scanOperand, scanOperator } from './condition.ts';
import type { Scanner } from './scanner.ts';

/** One place between the commas: a name, perhaps with what its field must be. */
interface Column {
  readonly name: string;
  readonly test?: Test<string>;
}

export interface Columns {
  /** Names and fields of a line that fits, in order; undefined when it does not. */
  match(message: string): ReadonlyMap<string, string> | undefined;
}

/** `[ip, user, status = 4*, ...]` */
export function scanColumns(scanner: Scanner): Columns {
  scanner.expect('[');
  const before: Column[] = [];
  let after: Column[] | undefined;
  while (!scanner.take(']')) {
    if (scanner.take('...')) {
      if (after !== undefined) throw scanner.fail("'...' may stand only once");
      after = [];
    } else (after ?? before).push(scanColumn(scanner, before.length + (after?.length ?? 0) + 1));
    if (!scanner.take(',')) {
      scanner.expect(']');
      break;
    }
  }
  return { match: (message) => matchFields(fieldsOf(message), before, after) };
}

function scanColumn(scanner: Scanner, number: number): Column {
  scanner.skipSpace();
  const start = scanner.at;
  let name = scanner.match(/[\w$.@-]+/y) ?? '';
  scanner.skipSpace();
  if (/^[,\]]/.test(scanner.peek())) return { name: name === '' ? String(number) : name };
  scanner.at = start;
  const test = scanExpression<string>(scanner, () => {
    scanner.skipSpace();
    name = scanner.match(/[\w$.@-]+/y) ?? name;
    const operator = scanOperator(scanner);
    if (operator === undefined) throw scanner.fail('A comparison is expected');
    const operand = scanOperand(scanner, /[^\s,\](){}&|=<>!"]+/y);
    return (field) => meets(field, operator, operand);
  });
  return { name: name === '' ? String(number) : name, test };
}

function matchFields(
  fields: readonly string[],
  before: readonly Column[],
  after: readonly Column[] | undefined,
): ReadonlyMap<string, string> | undefined {
  const named = before.length + (after?.length ?? 0);
  if (after === undefined ? fields.length !== named : fields.length < named) return undefined;
  const found = new Map<string, string>();
  const place = (column: Column, field: string): boolean => {
    found.set(`$${column.name}`, field);
    return column.test?.(field) ?? true;
  };
  const fits =
    before.every((column, index) => place(column, fields[index] ?? '')) &&
    (after ?? []).every((column, index) => place(column, fields[fields.length - (after?.length ?? 0) + index] ?? ''));
  return fits ? found : undefined;
}

/** Fields are separated by spaces; quotes and brackets keep what they enclose together. */
export function fieldsOf(message: string): string[] {
  const fields: string[] = [];
  for (const found of message.matchAll(/"([^"]*)"|\[([^\]]*)\]|(\S+)/g)) fields.push(found[1] ?? found[2] ?? found[3] ?? '');
  return fields;
}
