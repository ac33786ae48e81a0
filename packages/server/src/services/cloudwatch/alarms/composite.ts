import { invalid } from '../faults.ts';
import { alarmNameOf, type AlarmState } from './records.ts';

/** What a rule asks of other alarms. */
export interface CompositeRule {
  readonly alarms: readonly string[];
  holds(stateOf: (name: string) => AlarmState | undefined): boolean;
}

type Test = CompositeRule['holds'];
const deepest = 50;

/** `ALARM("a") AND NOT (OK(b) OR FALSE)` @throws ValidationError */
export function readRule(text: string): CompositeRule {
  const tokens = [...text.matchAll(/"[^"]*"|[()]|[^\s()"]+/g)].map(([token]) => token);
  const alarms: string[] = [];
  let at = 0;
  const fail = (): Error => invalid(`AlarmRule must not contain invalid syntax: unexpected ${tokens[at] ?? 'end'}`);
  const expect = (token: string): void => {
    if (tokens[at++] !== token) throw fail();
  };
  const any = (depth: number): Test => {
    const tests = [all(depth)];
    while (tokens[at]?.toUpperCase() === 'OR') {
      at += 1;
      tests.push(all(depth));
    }
    return (stateOf) => tests.some((test) => test(stateOf));
  };
  const all = (depth: number): Test => {
    const tests = [single(depth)];
    while (tokens[at]?.toUpperCase() === 'AND') {
      at += 1;
      tests.push(single(depth));
    }
    return (stateOf) => tests.every((test) => test(stateOf));
  };
  const single = (depth: number): Test => {
    if (depth > deepest) throw fail();
    const token = tokens[at++] ?? '';
    const word = token.toUpperCase();
    if (word === 'NOT') {
      const inner = single(depth + 1);
      return (stateOf) => !inner(stateOf);
    }
    if (token === '(') {
      const inner = any(depth + 1);
      expect(')');
      return inner;
    }
    if (word === 'TRUE' || word === 'FALSE') return () => word === 'TRUE';
    if (word !== 'ALARM' && word !== 'OK' && word !== 'INSUFFICIENT_DATA') throw fail();
    expect('(');
    const name = alarmNameOf((tokens[at++] ?? '').replaceAll('"', ''));
    expect(')');
    alarms.push(name);
    return (stateOf) => stateOf(name) === word;
  };
  const holds = any(0);
  if (at < tokens.length) throw fail();
  return { alarms, holds };
}
