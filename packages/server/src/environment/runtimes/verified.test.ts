import { mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { Verified } from './verified.ts';

suite('interpreters that were tried', { timeout: 60_000 }, () => {
  test('are remembered though many are tried at the same time', async (t: TestContext) => {
    using folder = mkdtempDisposableSync(path.join(tmpdir(), 'mayfly-verified-'));
    const file = path.join(folder.path, 'found', 'interpreters.json');
    const verified = await Verified.open(file);
    await Promise.all(Array.from({ length: 20 }, (_, number) => verified.set(process.execPath, { number })));
    t.assert.deepEqual(verified.get(process.execPath), { number: 19 });
    const again = await Verified.open(file);
    t.assert.deepEqual(again.get(process.execPath), { number: 19 }, readFileSync(file, 'utf8'));
  });
});
