import { suite, test, type TestContext } from 'node:test';
import fc from 'fast-check';
import { fromMail, toMail } from './mail-words.ts';

suite('words of user metadata', () => {
  test('are shown as they were recorded', (t: TestContext) => {
    const shown = (text: string): string => toMail(fromMail(text));
    t.assert.equal(shown('=?UTF-8?B?YWJj?='), 'abc');
    t.assert.equal(shown('=?UTF-8?Q?actually-ascii?='), 'actually-ascii');
    t.assert.equal(shown('=?UTF-8?B?/2H/?='), '=?UTF-8?B?77+9Ye+/vQ==?=');
    t.assert.equal(shown('=?UTF-8?B?AAECAw==?='), '=?UTF-8?B?AAECAw==?=');
    const file = '=?UTF-8?Q?test=5F=E2=80=94=5Ffile%E2%80%94=5F=C3=A9=5F2=3F.pdf?=';
    t.assert.equal(shown(file), file);
    t.assert.equal(shown('=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?='), '=?UTF-8?Q?=C3=84M=C3=84Z=C3=95=C3=91_S3?=');
    // Raw bytes are letters of Latin-1; from the documentation of S3.
    const raw = Buffer.from('ÄMÄZÕÑ S3').toString('latin1');
    t.assert.equal(shown(raw), '=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?=');
  });

  test('say after any journey what they said before', (t: TestContext) => {
    const texts = fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed() && !text.includes('=?'));
    fc.assert(fc.property(texts, (text) => t.assert.equal(fromMail(toMail(text)), text)));
  });
});
