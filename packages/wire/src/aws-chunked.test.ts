import { suite, test, type TestContext } from 'node:test';
import { assert as holds, array, asyncProperty, integer, uint8Array } from 'fast-check';
import { streamedBody } from './aws-chunked.ts';
import type { RequestHead } from './request.ts';

const head = (headers: Record<string, string>): RequestHead => ({ method: 'PUT', target: '/b/k', headers });
const chunked = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}
const read = (headers: Record<string, string>, text: string, hash = true): Promise<Buffer> =>
  whole(streamedBody(head(headers), inPieces(Buffer.from(text), 7), { hash }));

suite('aws-chunked bodies', { timeout: 60_000 }, () => {
  test('any body in any pieces comes out as it went in, with its trailers', async (t: TestContext) => {
    await holds(
      asyncProperty(
        array(uint8Array({ minLength: 1, maxLength: 50 }), { maxLength: 8 }),
        integer({ min: 1, max: 60 }),
        async (pieces, size) => {
          const wrapped = Buffer.concat([
            ...pieces.flatMap((piece) => [
              Buffer.from(`${piece.length.toString(16)}\r\n`),
              Buffer.from(piece),
              Buffer.from('\r\n'),
            ]),
            Buffer.from('0\r\nX-Amz-Checksum-CRC32: abc=\r\n\r\n'),
          ]);
          const plain = Buffer.concat(pieces);
          const body = streamedBody(
            head({ ...chunked, 'x-amz-decoded-content-length': String(plain.length) }),
            inPieces(wrapped, size),
            { hash: true },
          );
          t.assert.deepStrictEqual(await whole(body), plain);
          t.assert.strictEqual(body.trailers.get('x-amz-checksum-crc32'), 'abc=');
        },
      ),
    );
  });

  const torn: readonly (readonly [string, string])[] = [
    ['a size that is none', 'zz\r\nab\r\n0\r\n\r\n'],
    ['an end in the middle of a piece', '5\r\nab'],
    ['no end', '2\r\nab\r\n'],
    ['a piece longer than its size', '1\r\nab\r\n0\r\n\r\n'],
    ['a line without end', 'a'.repeat(10_000)],
    ['trailers without end', `0\r\n${Array.from({ length: 100 }, (_each, index) => `a${index}: b\r\n`).join('')}`],
  ];
  for (const [what, text] of torn) {
    test(`${what} is an IncompleteBody`, async (t: TestContext) => {
      await t.assert.rejects(read(chunked, text), { code: 'IncompleteBody' });
    });
  }

  test('a body of another length or hash than claimed is refused at its end', async (t: TestContext) => {
    await t.assert.rejects(read({ 'content-length': '3' }, 'ab'), { code: 'IncompleteBody' });
    await t.assert.rejects(read({ ...chunked, 'x-amz-decoded-content-length': '1' }, '2\r\nab\r\n0\r\n\r\n'), {
      code: 'IncompleteBody',
    });
    const wrong = { 'x-amz-content-sha256': '0'.repeat(64) };
    await t.assert.rejects(read(wrong, 'ab'), { code: 'XAmzContentSHA256Mismatch' });
    t.assert.strictEqual((await read(wrong, 'ab', false)).toString(), 'ab');
  });
});
