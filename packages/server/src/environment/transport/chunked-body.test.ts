import { suite, test, type TestContext } from 'node:test';
import { seeded } from '../../../../../test/fault/load.ts';
import { ChunkedBody } from './chunked-body.ts';

/** Given in these pieces, with what follows the body. */
function read(pieces: readonly Buffer[], mostBytes = 1000): { readonly body: string; readonly left: number } | 'more' | 'other' {
  const chunks = new ChunkedBody(mostBytes);
  for (const [index, piece] of pieces.entries()) {
    const taken = chunks.take(piece);
    if (taken === 'other') return 'other';
    if (taken === 'more') continue;
    const left = Buffer.concat(pieces.slice(index)).length - taken;
    return { body: chunks.whole().toString('latin1'), left };
  }
  return 'more';
}

suite('a body in chunks', () => {
  test('is the same however it is cut', (t: TestContext) => {
    const seed = Number(process.env['MAYFLY_SEED'] ?? Date.now() % 1e9);
    t.diagnostic(`seed ${seed}`);
    const chance = seeded(seed);
    for (let round = 0; round < 500; round += 1) {
      const parts = Array.from({ length: Math.floor(chance() * 4) }, () => 'x\r\n0'.repeat(1 + Math.floor(chance() * 9)));
      const text = [...parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`), '0\r\n\r\n', 'GET'].join('');
      const pieces: Buffer[] = [];
      for (let at = 0; at < text.length;) {
        const end = at + 1 + Math.floor(chance() * (round % 2 === 0 ? 3 : 60));
        pieces.push(Buffer.from(text.slice(at, end)));
        at = end;
      }
      t.assert.deepEqual(read(pieces), { body: parts.join(''), left: 3 }, JSON.stringify(text));
      t.assert.equal(read([Buffer.from(text.slice(0, -4))]), 'more');
    }
  });

  test('with a second reading, a trailer or too many bytes is for somebody else', (t: TestContext) => {
    for (const text of [
      '5;a=b\r\nhello\r\n0\r\n\r\n',
      '5\nhello\n0\n\n',
      ' 5\r\nhello\r\n0\r\n\r\n',
      '5 \r\nhello\r\n0\r\n\r\n',
      '+5\r\nhello\r\n0\r\n\r\n',
      '0x5\r\nhello\r\n0\r\n\r\n',
      '-1\r\nhello\r\n0\r\n\r\n',
      '\r\nhello\r\n0\r\n\r\n',
      '5\r\nhelloo\r\n0\r\n\r\n',
      '5\r\nhello0\r\n\r\n',
      '5\r\nhello\r\n0\r\nA: b\r\n\r\n',
      '000005\r\nhello\r\n0\r\n\r\n',
      'fffff\r\n',
      '3e9\r\n',
      `3e8\r\n${'x'.repeat(1000)}\r\n1\r\n`,
    ])
      t.assert.equal(read([Buffer.from(text)]), 'other', JSON.stringify(text.slice(0, 40)));
  });
});
