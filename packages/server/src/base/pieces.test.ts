import { suite, test, type TestContext } from 'node:test';
import { Pieces } from './pieces.ts';

suite('pieces', () => {
  test('come out as they went in, however they were cut', (t: TestContext) => {
    const whole = Buffer.from(Array.from({ length: 100_000 }, (_, index) => index * 7));
    for (const sizes of [[1], [1, 5_000], [4_095, 4_096, 3], [100_000], [16_384, 1]]) {
      const pieces = new Pieces();
      for (let at = 0, turn = 0; at < whole.length; turn += 1) {
        const size = sizes[turn % sizes.length] as number;
        pieces.add(whole.subarray(at, at + size));
        at += size;
      }
      t.assert.strictEqual(pieces.bytes, whole.length);
      t.assert.ok(whole.equals(pieces.take()), `cut into ${sizes.join(', ')}`);
      t.assert.strictEqual(pieces.take().length, 0, 'and nothing is kept');
    }
  });

  test('of a byte each cost hardly more than what they hold', (t: TestContext) => {
    const pieces = new Pieces();
    const byte = Buffer.from('x');
    const before = process.memoryUsage();
    for (let count = 0; count < 2_000_000; count += 1) pieces.add(byte.subarray(0, 1));
    const after = process.memoryUsage();
    t.assert.ok(after.arrayBuffers - before.arrayBuffers < 4_000_000, 'two blocks for each is too much');
    t.assert.strictEqual(pieces.take().length, 2_000_000);
  });
});
