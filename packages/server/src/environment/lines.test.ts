import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { clipped, Lines, maxLineBytes } from './lines.ts';

const cut = (pieces: readonly Buffer[]): string[] => {
  const lines: string[] = [];
  const reader = new Lines((line) => lines.push(line));
  for (const piece of pieces) reader.push(piece);
  reader.flush();
  return lines;
};

suite('lines of output', { timeout: 60_000 }, () => {
  test('any cut of the stream gives the same lines, and empty ones are no event', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'grapheme' })), fc.integer({ min: 1, max: 9 }), (texts, size) => {
        const whole = Buffer.from(texts.join('\n'));
        const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, index) =>
          whole.subarray(index * size, (index + 1) * size),
        );
        return (
          JSON.stringify(cut(pieces)) ===
          JSON.stringify(
            texts
              .join('\n')
              .split('\n')
              .filter((line) => line !== ''),
          )
        );
      }),
    );
  });

  test('a line longer than an event becomes several, none of them cut inside a character', (t: TestContext) => {
    const long = 'é'.repeat(maxLineBytes);
    const lines = cut([Buffer.from('x' + long + '\nshort\n')]);
    t.assert.equal(lines.join(''), 'x' + long + 'short');
    t.assert.ok(lines.every((line) => Buffer.byteLength(line) <= maxLineBytes));
    t.assert.equal(lines.at(-1), 'short');
  });

  test('bytes that are no text do not stop it', (t: TestContext) => {
    t.assert.ok(cut([Buffer.alloc(maxLineBytes * 3, 0x80)]).length >= 3);
  });

  test('a whole event is clipped to the size of one', (t: TestContext) => {
    t.assert.equal(clipped('short'), 'short');
    t.assert.equal(Buffer.byteLength(clipped('€'.repeat(maxLineBytes))), maxLineBytes - (maxLineBytes % 3));
  });
});
