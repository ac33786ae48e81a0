import { suite, test, type TestContext } from 'node:test';
import { mostConnections } from './connections.ts';

suite('connections from outside', () => {
  test('take half of the descriptors at most, and never all that a large limit would allow', (t: TestContext) => {
    t.assert.strictEqual(
      mostConnections('Max processes   1 1\nMax open files            1024                 4096                 files'),
      512,
    );
    t.assert.strictEqual(mostConnections('Max open files            1048576              1048576              files'), 8_192);
    t.assert.strictEqual(mostConnections('Max open files            unlimited            unlimited            files'), 8_192);
    t.assert.strictEqual(mostConnections(''), 8_192);
  });
});
