import { suite, test } from 'node:test';
import fc from 'fast-check';
import { jsonComplaint } from './json-check.ts';

const source = (column: number, line = 1): string =>
  `[Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;
const complaint = (text: string): string | undefined => jsonComplaint(Buffer.from(text));
const parses = (text: string): boolean => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

suite('the JSON check', () => {
  test('accepts whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(3), (text, indent) => {
        return complaint(JSON.stringify(JSON.parse(text), null, indent)) === undefined;
      }),
    );
  });

  test('agrees with JSON.parse about damaged texts', () => {
    const damaged = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '{', '}', '[', ']', ',', ':', '"', '\\', '0', '-', '.', 'e', 'true', ' ', '\n', 'x', '\u0001'),
      )
      .map(([text, at, piece]) => text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + 1));
    fc.assert(
      fc.property(damaged, (text) => (complaint(text) === undefined) === parses(text)),
      { numRuns: 5000 },
    );
  });

  test('agrees with JSON.parse about anything made of JSON characters', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'{}[],:"\\0123456789-+.eEtrufalsn \n\tx/'), maxLength: 24 });
    fc.assert(
      fc.property(soup, (text) => (complaint(text) === undefined) === parses(text)),
      { numRuns: 20000 },
    );
  });

  test('names the token that is no value, and where it ends', (t) => {
    t.assert.equal(
      complaint('invalid'),
      `Unrecognized token 'invalid': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at ${source(8)}`,
    );
  });

  test('names the bracket that is never closed', (t) => {
    t.assert.equal(
      complaint('{"a": 1'),
      `Unexpected end-of-input: expected close marker for Object (start marker at ${source(1)})\n at ${source(8)}`,
    );
  });

  test('counts lines', (t) => {
    t.assert.equal(
      complaint('{\n  a: 1}'),
      `Unexpected character ('a' (code 97)): was expecting double-quote to start field name\n at ${source(3, 2)}`,
    );
  });

  test('a million brackets cost neither the stack nor much time', (t) => {
    const depth = 1_000_000;
    t.assert.equal(complaint('['.repeat(depth) + ']'.repeat(depth)), undefined);
    t.assert.match(complaint('['.repeat(depth)) ?? '', /^Unexpected end-of-input/);
  });
});
