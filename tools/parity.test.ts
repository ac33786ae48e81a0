import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { parityPage } from './parity.ts';

test('docs/parity.md says what the handlers have; run `node tools/parity.ts`', { timeout: 60_000 }, async (t: TestContext) => {
  t.assert.equal(await readFile(path.join(import.meta.dirname, '../docs/parity.md'), 'utf8'), await parityPage());
});
