import { suite, test, type TestContext } from 'node:test';
import { array, assert as holds, integer, property } from 'fast-check';
import { Heap } from './heap.ts';

suite('the heap', () => {
  test('whatever goes in comes out in order', (t: TestContext) => {
    holds(
      property(array(integer()), (keys) => {
        const heap = new Heap<number>();
        for (const key of keys) heap.push(key, key);
        const out = keys.map(() => heap.pop());
        t.assert.deepStrictEqual(
          out,
          keys.toSorted((a, b) => a - b),
        );
        t.assert.strictEqual(heap.pop(), undefined);
      }),
    );
  });
});
