import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { PatternError, toAutomaton } from './index.ts';

/** Expressions of the letters a and b, built so that they are well-formed. */
const expressions = fc.letrec<{ any: string; atom: string }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    tie('atom'),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => a + b),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(${a}|${b})`),
    fc.tuple(tie('atom'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{1,}')).map(([a, quantifier]) => a + quantifier),
  ),
  atom: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\w', '\\d', '^', '$'),
    tie('any').map((inner) => `(${inner})`),
  ),
})).any;

suite('regular expressions in linear time', { timeout: 60_000 }, () => {
  test('find what the engine of JavaScript finds', () => {
    fc.assert(
      fc.property(expressions, fc.string({ unit: fc.constantFrom('a', 'b', '1', ' '), maxLength: 8 }), (source, text) => {
        let expected: boolean;
        let found: boolean;
        try {
          // `^*` and the like are nothing to repeat there.
          expected = new RegExp(source.replaceAll(/([\^$])(?=[*+?{])/g, '(?:$1)'), 's').test(text);
          found = toAutomaton(source).test(text);
        } catch (error) {
          if (error instanceof PatternError) return true;
          throw error;
        }
        return found === expected;
      }),
      { numRuns: 2_000 },
    );
  });

  test('take a time that does not explode', (t: TestContext) => {
    t.assert.strictEqual(toAutomaton('(a|a)*(a|a)*(a|a)*c').test('a'.repeat(20_000)), false);
  });

  test('refuse what would need too many states', (t: TestContext) => {
    t.assert.throws(() => toAutomaton('((a{100}){100}){100}'), PatternError);
  });
});
