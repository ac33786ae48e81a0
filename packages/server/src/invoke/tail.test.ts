import { suite, test, type TestContext } from 'node:test';
import { Tail } from './tail.ts';

suite('the tail of a log', () => {
  test('is the last four kilobytes, whatever the lines are like', (t: TestContext) => {
    for (const lengths of [[0], [1], [3, 500], [4095], [4096], [4097], [100_000, 2], [2_000, 3_000]]) {
      const tail = new Tail();
      let all = '';
      t.assert.strictEqual(tail.toString(), '');
      for (let count = 0; count < 40; count += 1) {
        const line = String.fromCodePoint(0x61 + (count % 26)).repeat(lengths[count % lengths.length] ?? 0);
        tail.append(line);
        all += `${line}\n`;
        t.assert.strictEqual(
          Buffer.from(tail.toString(), 'base64').toString(),
          all.slice(-4096),
          `${lengths.join(', ')}, after ${count + 1} lines`,
        );
      }
    }
  });

  test('cuts between bytes, as Lambda does, and keeps characters of several', (t: TestContext) => {
    const tail = new Tail();
    tail.append('😀'.repeat(5_000));
    const bytes = Buffer.from(tail.toString(), 'base64');
    t.assert.strictEqual(bytes.length, 4_096);
    t.assert.ok(bytes.toString().endsWith('😀😀\n'));
  });

  test('takes a flood of short lines without a cost for each that came before', (t: TestContext) => {
    const tail = new Tail();
    const since = performance.now();
    for (let count = 0; count < 200_000; count += 1) tail.append('x');
    t.assert.ok(performance.now() - since < 2_000);
  });
});
