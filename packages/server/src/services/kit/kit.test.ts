import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { systemRandom } from '../../base/index.ts';
import { MasterKey, openText, pageOf, Records, sealText } from './index.ts';

type Kinds = { readonly thing: { readonly name: string; readonly size: number } };

suite('records of a service', { timeout: 60_000 }, () => {
  test('what was changed is there after a restart, in order', async (t: TestContext) => {
    await using database = new PlainDatabase();
    const records = await Records.open<Kinds>(database, 'test');
    await records.change((draft) => {
      draft.put('thing', 'a', 'y', { name: 'y', size: 1 });
      draft.put('thing', 'a', 'x', { name: 'x', size: 2 });
      draft.put('thing', 'b', 'z', { name: 'z', size: 3 });
    });
    await records.change((draft) => draft.delete('thing', 'b', 'z'));
    const again = await Records.open<Kinds>(database, 'test');
    t.assert.deepStrictEqual(
      again.list('thing', 'a').map(({ name }) => name),
      ['x', 'y'],
    );
    t.assert.deepStrictEqual(again.list('thing', 'b'), []);
    t.assert.deepStrictEqual((await Records.open<Kinds>(database, 'other')).list('thing', 'a'), []);
  });

  test('a change that throws, or cannot be written, changes nothing', async (t: TestContext) => {
    await using database = new PlainDatabase();
    const records = await Records.open<Kinds>(database, 'test');
    const put = records.change((draft) => {
      draft.put('thing', 'a', 'x', { name: 'x', size: 1 });
      throw new Error('no');
    });
    await t.assert.rejects(put, /no/);
    database.failure = new Error('disk full');
    await t.assert.rejects(
      records.change((draft) => draft.put('thing', 'a', 'x', { name: 'x', size: 1 })),
      /disk full/,
    );
    t.assert.strictEqual(records.get('thing', 'a', 'x'), undefined);
  });

  test('what does not fit into memory is refused, and fits when something has gone', async (t: TestContext) => {
    await using database = new PlainDatabase();
    const bodyOf = (name: string) => ({ name, size: 1 });
    const length = JSON.stringify(bodyOf('x')).length;
    const put = (records: Records<Kinds>, name: string) => records.change((draft) => draft.put('thing', 'a', name, bodyOf(name)));
    const records = await Records.open<Kinds>(database, 'test', { mostLength: 2 * length });
    await put(records, 'x');
    await put(records, 'y');
    await put(records, 'y');
    await t.assert.rejects(put(records, 'z'), { name: 'LimitExceededException' });
    const again = await Records.open<Kinds>(database, 'test', { mostLength: 2 * length });
    await t.assert.rejects(put(again, 'z'), { name: 'LimitExceededException' });
    await again.change((draft) => draft.delete('thing', 'a', 'x'));
    await put(again, 'z');
  });

  test('changes made at once see each other', async (t: TestContext) => {
    await using database = new PlainDatabase();
    const records = await Records.open<Kinds>(database, 'test');
    const grow = () =>
      records.change((draft) => draft.put('thing', 'a', 'x', { name: 'x', size: (draft.get('thing', 'a', 'x')?.size ?? 0) + 1 }));
    await Promise.all(Array.from({ length: 20 }, grow));
    t.assert.strictEqual(records.get('thing', 'a', 'x')?.size, 20);
  });

  test('changes made at once share a transaction; one that refuses ends alone, and all end when it cannot be written', async (t: TestContext) => {
    await using database = new PlainDatabase();
    const records = await Records.open<Kinds>(database, 'test');
    const create = (name: string) =>
      records.change((draft) => {
        if (draft.get('thing', 'a', name) !== undefined) throw new Error(`${name} exists`);
        draft.put('thing', 'a', name, { name, size: 1 });
        return draft.count('thing', 'a');
      });
    const remove = (name: string) => records.change((draft) => draft.delete('thing', 'a', name) && draft.count('thing', 'a'));
    database.commits = 0;
    const ended = await Promise.allSettled([create('x'), create('y'), create('x'), remove('y'), create('z')]);
    t.assert.deepStrictEqual(
      ended.map((each) => (each.status === 'fulfilled' ? each.value : (each.reason as Error).message)),
      [1, 2, 'x exists', 1, 2],
    );
    t.assert.strictEqual(database.commits, 1);
    t.assert.strictEqual(records.count('thing', 'a'), 2);
    database.failure = new Error('disk full');
    const failed = await Promise.allSettled([create('v'), create('w'), create('x')]);
    t.assert.ok(failed.every((each) => each.status === 'rejected' && (each.reason as Error).message === 'disk full'));
    t.assert.strictEqual(records.count('thing', 'a'), 2);
  });
});

suite('pages', { timeout: 60_000 }, () => {
  test('the next page begins behind the last item shown, though that one is gone', (t: TestContext) => {
    const options = { limit: 2, nameOf: (name: string) => name, invalid: () => new Error('bad token') };
    const first = pageOf(['a', 'b', 'c'], { ...options, token: undefined });
    t.assert.deepStrictEqual(first.items, ['a', 'b']);
    t.assert.deepStrictEqual(pageOf(['a', 'c', 'd'], { ...options, token: first.next }), { items: ['c', 'd'] });
    t.assert.throws(() => pageOf(['a'], { ...options, token: 'eA' }), /bad token/);
  });
});

suite('the master key', { timeout: 60_000 }, () => {
  const inFolder = (work: (file: string) => void): void => {
    const folder = mkdtempSync(path.join(tmpdir(), 'key-'));
    try {
      work(path.join(folder, 'keys', 'master.key'));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  };

  test('is made once, for its owner alone, and opens what it sealed before', (t: TestContext) =>
    inFolder((file) => {
      const sealed = sealText(MasterKey.open({ file, random: systemRandom }).sealer('a'), 'secret');
      t.assert.strictEqual(statSync(file).mode & 0o777, 0o600);
      t.assert.ok(!Buffer.from(sealed, 'base64').toString('latin1').includes('secret'));
      const again = MasterKey.open({ file, random: systemRandom });
      t.assert.strictEqual(openText(again.sealer('a'), sealed), 'secret');
      t.assert.strictEqual(openText(again.sealer('b'), sealed), undefined);
      const touched = (sealed.startsWith('A') ? 'B' : 'A') + sealed.slice(1);
      t.assert.strictEqual(openText(again.sealer('a'), touched), undefined);
    }));

  test('that is damaged is refused instead of replaced', (t: TestContext) =>
    inFolder((file) => {
      MasterKey.open({ file, random: systemRandom });
      writeFileSync(file, 'short');
      t.assert.throws(() => MasterKey.open({ file, random: systemRandom }), { code: 'MASTER_KEY_DAMAGED' });
    }));
});
