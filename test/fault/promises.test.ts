import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';

const root = path.join(import.meta.dirname, '../..');

suite('PROMISES.md', () => {
  test('names only tests that are there, and one for each promise', (t: TestContext) => {
    const text = readFileSync(path.join(root, 'PROMISES.md'), 'utf8');
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    t.assert.ok(links.length > 10);
    t.assert.deepStrictEqual(
      links.filter((target) => !existsSync(path.join(root, target))),
      [],
    );
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| promise'));
    t.assert.deepStrictEqual(
      rows.filter((row) => !/\]\([^)]+\.test\.ts\)/.test(row)),
      [],
    );
  });
});
