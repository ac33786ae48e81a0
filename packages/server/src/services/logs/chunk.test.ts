import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { chunkSpanMs, fromChunk, toChunks } from './chunk.ts';
import { compare, eventId, positionOf } from './position.ts';

const lines = fc.array(
  fc.record({ atMs: fc.integer({ min: 0, max: 10 * chunkSpanMs }), message: fc.string({ unit: 'binary' }) }),
  { maxLength: 50 },
);
const positions = fc.record({ atMs: fc.nat(), seq: fc.nat(), index: fc.nat() });

suite('chunks of a log', { timeout: 60_000 }, () => {
  test('hold every line once, in order, and span no more than they may', () => {
    fc.assert(
      fc.property(lines, (given) => {
        const chunks = toChunks(given);
        const read = chunks.flatMap(({ firstMs, body }) => fromChunk(firstMs, body));
        return (
          JSON.stringify(read) === JSON.stringify(given.toSorted((a, b) => a.atMs - b.atMs)) &&
          chunks.every(({ firstMs, lastMs }) => firstMs <= lastMs && lastMs - firstMs <= chunkSpanMs)
        );
      }),
    );
  });

  test('take no more than 2,000 lines each', (t: TestContext) => {
    const many = Array.from({ length: 4_500 }, () => ({ atMs: 1, message: 'x' }));
    t.assert.deepStrictEqual(
      toChunks(many).map((chunk) => chunk.lines.length),
      [2_000, 2_000, 500],
    );
  });
});

suite('event ids', { timeout: 60_000 }, () => {
  test('are read back, and sort as their events do', () => {
    fc.assert(
      fc.property(positions, positions, (a, b) => {
        const [idA, idB] = [eventId(a), eventId(b)];
        const order = idA < idB ? -1 : idA > idB ? 1 : 0;
        return idA.length === 56 && compare(positionOf(idA) ?? b, a) === 0 && Math.sign(compare(a, b)) === order;
      }),
    );
  });
});
