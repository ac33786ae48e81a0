import type { Scanner } from './scanner.ts';

export type Test<Subject> = (subject: Subject) => boolean;

/** Parentheses inside parentheses; a pattern has 1024 characters at most. */
const deepest = 50;

/** `a && b || (c && d)`; `&&` binds tighter. */
export function scanExpression<Subject>(scanner: Scanner, leaf: () => Test<Subject>, depth = 0): Test<Subject> {
  if (depth > deepest) throw scanner.fail('The pattern is nested too deeply');
  const single = (): Test<Subject> => {
    if (!scanner.take('(')) return leaf();
    const inner = scanExpression(scanner, leaf, depth + 1);
    scanner.expect(')');
    return inner;
  };
  const all = (): Test<Subject> => {
    const tests = [single()];
    while (scanner.take('&&')) tests.push(single());
    return tests.length === 1 ? (tests[0] as Test<Subject>) : (subject) => tests.every((test) => test(subject));
  };
  const tests = [all()];
  while (scanner.take('||')) tests.push(all());
  return tests.length === 1 ? (tests[0] as Test<Subject>) : (subject) => tests.some((test) => test(subject));
}
