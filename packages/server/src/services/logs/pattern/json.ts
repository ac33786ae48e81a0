import { scanExpression, type Test } from './boolean.ts';
import { meets, scanOperand, scanOperator } from './condition.ts';
import type { Scanner } from './scanner.ts';

type Step = string | number | '*';
/** The way to a value: names, places, or every place of an array. */
export type Selector = readonly (readonly [kind: 'name' | 'place', Step])[];

/** `{ $.level = "ERROR" && $.ms > 100 }` */
export function scanJsonPattern(scanner: Scanner): Test<unknown> {
  scanner.expect('{');
  const test = scanExpression<unknown>(scanner, () => scanComparison(scanner));
  scanner.expect('}');
  return test;
}

function scanComparison(scanner: Scanner): Test<unknown> {
  const selector = scanSelector(scanner);
  if (scanner.takeKeyword('NOT')) {
    if (!scanner.takeKeyword('EXISTS')) throw scanner.fail('EXISTS is expected');
    return (document) => select(document, selector).length === 0;
  }
  if (scanner.takeKeyword('EXISTS')) return (document) => select(document, selector).length > 0;
  if (scanner.takeKeyword('IS')) {
    const negated = scanner.takeKeyword('NOT');
    for (const [word, wanted] of [
      ['TRUE', true],
      ['FALSE', false],
      ['NULL', null],
    ] as const) {
      if (scanner.takeKeyword(word))
        return (document) => select(document, selector).some((value) => (value === wanted) !== negated);
    }
    throw scanner.fail('TRUE, FALSE or NULL is expected');
  }
  const operator = scanOperator(scanner);
  if (operator === undefined) throw scanner.fail('A comparison is expected');
  const operand = scanOperand(scanner, /[^\s(){}&|=<>!"]+/y);
  return (document) => select(document, selector).some((value) => isScalar(value) && meets(value, operator, operand));
}

/** `$.a.b`, `$.a[0]`, `$.a[*].b`, `$.["a.b"]`, `$['a']` */
export function scanSelector(scanner: Scanner): Selector {
  scanner.expect('$');
  const steps: [kind: 'name' | 'place', Step][] = [];
  for (;;) {
    if (scanner.peek() === '.') {
      scanner.at += 1;
      if (scanner.peek() === '[') continue;
      const name = scanner.match(/[^\s.[\](){}&|=<>!,"']+/y);
      if (name === undefined) throw scanner.fail('A property name is expected');
      steps.push(['name', name]);
    } else if (scanner.peek() === '[') {
      scanner.at += 1;
      scanner.skipSpace();
      if (scanner.peek() === '"' || scanner.peek() === "'") steps.push(['name', scanner.quoted(scanner.peek())]);
      else if (scanner.take('*')) steps.push(['place', '*']);
      else {
        const place = scanner.match(/\d{1,9}/y);
        if (place === undefined) throw scanner.fail('An array index is expected');
        steps.push(['place', Number(place)]);
      }
      scanner.expect(']');
    } else break;
  }
  if (steps.length === 0) throw scanner.fail('A property selector is expected');
  return steps;
}

/** All values the selector leads to. */
export function select(document: unknown, selector: Selector): readonly unknown[] {
  let values: readonly unknown[] = [document];
  for (const [kind, step] of selector) {
    values = values.flatMap((value): unknown[] => {
      if (kind === 'place')
        return !Array.isArray(value) ? [] : step === '*' ? value : value.slice(step as number, (step as number) + 1);
      return typeof value === 'object' && value !== null && Object.hasOwn(value, step)
        ? [(value as Record<string, unknown>)[step]]
        : [];
    });
  }
  return values;
}

const isScalar = (value: unknown): value is string | number | boolean | null => typeof value !== 'object' || value === null;
