import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { Heap } from './heap.ts';

suite('the heap', () => {
  test('gives everything back, smallest key first', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true })), (keys) => {
        const heap = new Heap<number>();
        for (const key of keys) heap.push(key, key);
        const out: number[] = [];
        for (let item = heap.pop(); item !== undefined; item = heap.pop()) out.push(item);
        assert.deepEqual(
          out,
          [...keys].sort((one, other) => one - other),
        );
      }),
    );
  });
});
