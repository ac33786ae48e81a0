import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { suite, test, type TestContext } from 'node:test';
import { systemRandom } from '../../base/index.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { MasterKey } from './master-key.ts';

suite('the master key', () => {
  test('what it sealed it opens after a restart, for the same record only', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/keys/environment.key`;
    const sealed = (await MasterKey.open(file, systemRandom)).seal('swordfish', 'a/r/f/$LATEST');
    t.assert.ok(!JSON.stringify(sealed).includes('swordfish'));
    const again = await MasterKey.open(file, systemRandom);
    t.assert.strictEqual(again.unseal(sealed, 'a/r/f/$LATEST'), 'swordfish');
    t.assert.throws(() => again.unseal(sealed, 'a/r/g/$LATEST'), { code: 'CONTROL_KEY_INVALID' });
    const data = Buffer.from(sealed.data, 'base64');
    data[0] = (data[0] ?? 0) ^ 1;
    t.assert.throws(() => again.unseal({ ...sealed, data: data.toString('base64') }, 'a/r/f/$LATEST'), {
      code: 'CONTROL_KEY_INVALID',
    });
    t.assert.throws(() => again.unseal({ ...sealed, data: '' }, 'a/r/f/$LATEST'), { code: 'CONTROL_KEY_INVALID' });
  });

  test('only its owner may read it, and a start that meets another takes the same', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/key`;
    const both = await Promise.all([MasterKey.open(file, systemRandom), MasterKey.open(file, systemRandom)]);
    t.assert.strictEqual(statSync(file).mode & 0o777, 0o600);
    const kept = await MasterKey.open(file, systemRandom);
    for (const key of both) t.assert.strictEqual(key.id, kept.id);
  });

  test('a broken file is told, and not replaced', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/key`;
    writeFileSync(file, '{"id":"x","key":"c2hvcnQ="}');
    chmodSync(file, 0o600);
    await t.assert.rejects(MasterKey.open(file, systemRandom), { code: 'CONTROL_KEY_INVALID' });
    t.assert.match(readFileSync(file, 'utf8'), /c2hvcnQ=/);
  });
});
