import { suite, test, type TestContext } from 'node:test';
import { assert as holds, asyncProperty, integer, uint8Array } from 'fast-check';
import { isFormUpload, readFormUpload, type FormUpload } from './form-upload.ts';
import type { RequestHead } from './request.ts';

const head: RequestHead = { method: 'POST', target: '/b', headers: { 'content-type': 'multipart/form-data; boundary="XX"' } };

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = (text: string, size = 5): Promise<FormUpload> => readFormUpload(head, inPieces(Buffer.from(text), size));
async function whole(file: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of file) pieces.push(piece);
  return Buffer.concat(pieces);
}
const field = (name: string, value: string): string =>
  `--XX\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;

suite('forms that bring a file', { timeout: 60_000 }, () => {
  test('any file in any pieces comes out as it went in', async (t: TestContext) => {
    await holds(
      asyncProperty(uint8Array({ maxLength: 200 }), integer({ min: 1, max: 80 }), async (bytes, size) => {
        const form = Buffer.concat([
          Buffer.from(
            `${field('Key', 'a\r\nb')}--XX\r\ncontent-disposition: form-data; name="file"; filename="x.txt"\r\nContent-Type: text/plain\r\n\r\n`,
          ),
          Buffer.from(bytes),
          Buffer.from('\r\n--XX--\r\n'),
        ]);
        const { fields, fileName, file } = await readFormUpload(head, inPieces(form, size));
        t.assert.deepStrictEqual([[...fields], fileName], [[['key', 'a\r\nb']], 'x.txt']);
        t.assert.deepStrictEqual(await whole(file), Buffer.from(bytes));
      }),
    );
  });

  const torn: readonly (readonly [string, string, string])[] = [
    ['another boundary', '--YY\r\n', 'MalformedPOSTRequest'],
    ['a part without a name', '--XX\r\nContent-Type: x\r\n\r\n', 'MalformedPOSTRequest'],
    ['a field without end', field('a', 'b').slice(0, -2), 'MalformedPOSTRequest'],
    ['no file', `${field('a', 'b')}--XX--\r\n`, 'InvalidArgument'],
    ['fields beyond measure', field('a', 'x'.repeat(30_000)), 'MaxPostPreDataLengthExceeded'],
  ];
  for (const [what, text, code] of torn) {
    test(`${what} is a ${code}`, async (t: TestContext) => {
      await t.assert.rejects(read(text), { code });
    });
  }

  test('a file without end is refused at its end', async (t: TestContext) => {
    const { file } = await read('--XX\r\nContent-Disposition: form-data; name="file"\r\n\r\nhalf of it');
    await t.assert.rejects(whole(file), { code: 'MalformedPOSTRequest' });
  });

  test('only a POST with a boundary is such a form', (t: TestContext) => {
    t.assert.ok(isFormUpload(head));
    t.assert.ok(!isFormUpload({ ...head, method: 'PUT' }));
    t.assert.ok(!isFormUpload({ ...head, headers: { 'content-type': 'multipart/form-data' } }));
  });
});
