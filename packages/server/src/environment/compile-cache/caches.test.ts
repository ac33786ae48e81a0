import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { ScriptedCatalog } from '../../../../../test/kit/scripted-catalog.ts';
import { silentLogger, systemRandom, type FunctionArn } from '../../base/index.ts';
import type { FunctionVersion } from '../../control/index.ts';
import { CompileCaches, type CompileCacheLimits, type CacheUse } from './caches.ts';
import type { Frame } from '../transport/frames.ts';

const file = (name: string, folder = 'v24.21.0-x64-964aae3f-2000001'): string => `${folder}/${name}`;
const frame = (type: string, name?: string, body = 'code'): Frame => ({
  type,
  header: name === undefined ? {} : { name },
  body: Buffer.from(body),
  oversize: false,
});

class Kitchen implements AsyncDisposable {
  readonly dataDir = mkdtempSync(path.join(tmpdir(), 'mayfly-caches-'));
  readonly #catalog = new ScriptedCatalog();
  caches!: CompileCaches;

  static async open(limits?: Partial<CompileCacheLimits>): Promise<Kitchen> {
    const kitchen = new Kitchen();
    await kitchen.reopen(limits);
    return kitchen;
  }

  async reopen(limits: Partial<CompileCacheLimits> = {}): Promise<void> {
    const { dataDir } = this;
    this.caches = await CompileCaches.open({ dataDir, random: systemRandom, log: silentLogger, limits });
  }

  version(more: Partial<FunctionVersion> = {}): FunctionVersion {
    return this.#catalog.put('f', { version: { incarnation: 'one', ...more } });
  }

  /** Plays the first process of a version. @param loadMs  as it says @returns the frames that went on to the runtime */
  taste(version: FunctionVersion, loadMs: unknown = 20): readonly string[] {
    const found = this.find(version);
    if (found?.kind !== 'try') throw new Error('nothing is to be tried');
    const passed: string[] = [];
    const link = { onFrame: ({ type }: Frame): void => void passed.push(type) };
    found.trial.listen(link);
    link.onFrame(frame('L'));
    link.onFrame({ ...frame('R'), header: { loadMs } });
    link.onFrame(frame('N'));
    found.trial[Symbol.dispose]();
    return passed;
  }

  /** Plays the second, after a first that took its time. @returns the frames that went on to the runtime */
  async cook(version: FunctionVersion, frames: readonly Frame[]): Promise<readonly string[]> {
    this.taste(version);
    return this.make(version, frames);
  }

  async make(version: FunctionVersion, frames: readonly Frame[]): Promise<readonly string[]> {
    const found = this.find(version);
    if (found?.kind !== 'make') throw new Error('nothing is to be made');
    const passed: string[] = [];
    const link = { onFrame: ({ type }: Frame): void => void passed.push(type) };
    found.commission.listen(link);
    for (const each of frames) link.onFrame(each);
    found.commission[Symbol.dispose]();
    await this.caches[Symbol.asyncDispose]();
    return passed;
  }

  find(version: FunctionVersion, interpreter = '24.21.0'): CacheUse | undefined {
    return this.caches.find(version, interpreter);
  }

  get folders(): string[] {
    return readdirSync(path.join(this.dataDir, 'compile-cache'), { recursive: true, encoding: 'utf8' }).filter(
      (name) => name.split(path.sep).length === 2,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.caches[Symbol.asyncDispose]();
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

suite('compile caches of versions', () => {
  test('what the second process sends before it is ready is kept whole, also over a restart', async (t: TestContext) => {
    await using kitchen = await Kitchen.open();
    const version = kitchen.version();
    const passed = await kitchen.cook(version, [
      frame('C', file('0000000a'), 'first '),
      frame('L'),
      frame('C', file('0000000b')),
      frame('C', file('0000000a'), 'second'),
      frame('R'),
      frame('C', file('0000000c'), 'too late: an event may have been seen'),
    ]);
    t.assert.deepEqual(passed, ['L', 'R', 'C']);
    for (const restarted of [false, true]) {
      if (restarted) await kitchen.reopen();
      const found = kitchen.find(version);
      if (found?.kind !== 'use') return t.assert.fail('it is not used');
      t.assert.deepEqual(readdirSync(path.join(found.folder, file('.'))).sort(), ['0000000a', '0000000b']);
      t.assert.equal(readFileSync(path.join(found.folder, file('0000000a')), 'utf8'), 'first second');
    }
  });

  test('a cache serves its own version and nobody else', async (t: TestContext) => {
    await using kitchen = await Kitchen.open();
    const version = kitchen.version({ codeSha256: 'same' });
    await kitchen.cook(version, [frame('C', file('0000000a')), frame('R')]);
    const others: Partial<FunctionVersion>[] = [
      { functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:other' as FunctionArn },
      { incarnation: 'two' },
      { version: '7' },
      { codeSha256: 'other' },
      { layersDir: '/layers' },
    ];
    for (const other of others) {
      const found = kitchen.find({ ...version, ...other });
      t.assert.equal(found?.kind, 'try', JSON.stringify(other));
    }
    t.assert.equal(kitchen.find(version, '24.21.1')?.kind, 'try');
    t.assert.equal(kitchen.find(version)?.kind, 'use');
  });

  test('names that lead elsewhere, and too many bytes, spoil the whole of it', async (t: TestContext) => {
    const good = frame('C', file('0000000a'));
    for (const bad of [
      frame('C', '../../../keys/master.key'),
      frame('C', file('../0000000')),
      frame('C', file('0000000a', '..')),
      frame('C', `/etc/${file('0000000a')}`),
      frame('C', file('0000000a\0')),
      frame('C'),
      frame('C', file('0000000b'), 'x'.repeat(100)),
      { ...good, oversize: true },
    ]) {
      await using kitchen = await Kitchen.open({ cacheBytes: 50 });
      const version = kitchen.version();
      await kitchen.cook(version, [good, bad, good, frame('R')]);
      t.assert.equal(kitchen.find(version), undefined, String(bad.header['name']));
      t.assert.deepEqual(kitchen.folders, []);
    }
  });

  test('one process makes it; when it ends before it is ready, the next one does', async (t: TestContext) => {
    await using kitchen = await Kitchen.open();
    const version = kitchen.version();
    kitchen.taste(version);
    const first = kitchen.find(version);
    t.assert.equal(first?.kind, 'make');
    t.assert.equal(kitchen.find(version), undefined);
    if (first?.kind === 'make') first.commission[Symbol.dispose]();
    t.assert.equal((await kitchen.make(version, [frame('C', file('0000000a'))])).length, 0);
    await kitchen.make(version, [frame('C', file('0000000a')), frame('R')]);
    t.assert.equal(kitchen.find(version)?.kind, 'use');
  });

  test('a function that is loaded at once has none, and is not asked again', async (t: TestContext) => {
    await using kitchen = await Kitchen.open();
    for (const loadMs of [2, null, 'a lie', Number.NaN]) {
      const version = kitchen.version({ incarnation: String(loadMs) });
      t.assert.deepEqual(kitchen.taste(version, loadMs), ['L', 'R', 'N']);
      t.assert.equal(kitchen.find(version), undefined);
    }
    const version = kitchen.version();
    await kitchen.cook(version, [frame('R')]);
    t.assert.equal(kitchen.find(version), undefined);
  });

  test('one process is the first; when it ends before it is ready, the next one is', async (t: TestContext) => {
    await using kitchen = await Kitchen.open();
    const version = kitchen.version();
    const first = kitchen.find(version);
    t.assert.equal(first?.kind, 'try');
    t.assert.equal(kitchen.find(version), undefined);
    if (first?.kind === 'try') first.trial[Symbol.dispose]();
    kitchen.taste(version);
    t.assert.equal(kitchen.find(version)?.kind, 'make');
  });

  test('a change drops what may no longer be invoked', async (t: TestContext) => {
    await using kitchen = await Kitchen.open();
    const [old, kept] = [kitchen.version(), kitchen.version({ incarnation: 'two' })];
    for (const version of [old, kept]) await kitchen.cook(version, [frame('C', file('0000000a')), frame('R')]);
    kitchen.caches.onChange({ functionArn: old.functionArn, incarnations: new Set(['two']) });
    await kitchen.caches[Symbol.asyncDispose]();
    t.assert.equal(kitchen.folders.length, 1);
    t.assert.deepEqual([kitchen.find(kept)?.kind, kitchen.find(old)?.kind], ['use', 'try']);
  });

  test('a cache of what changed while it was made is not kept', async (t: TestContext) => {
    await using kitchen = await Kitchen.open();
    const version = kitchen.version();
    kitchen.taste(version);
    const found = kitchen.find(version);
    kitchen.caches.onChange({ functionArn: version.functionArn, incarnations: new Set() });
    if (found?.kind !== 'make') return t.assert.fail('nothing is to be made');
    const link = { onFrame: (): void => {} };
    found.commission.listen(link);
    for (const each of [frame('C', file('0000000a')), frame('R')]) (link.onFrame as (given: Frame) => void)(each);
    await kitchen.caches[Symbol.asyncDispose]();
    t.assert.deepEqual(kitchen.folders, []);
  });

  test('all together have a bound: the one used longest ago goes', async (t: TestContext) => {
    await using kitchen = await Kitchen.open({ totalBytes: 250 });
    const versions = ['a', 'b', 'c'].map((incarnation) => kitchen.version({ incarnation }));
    const [a, b, c] = versions as [FunctionVersion, FunctionVersion, FunctionVersion];
    const full = [frame('C', file('0000000a'), 'x'.repeat(100)), frame('R')];
    await kitchen.cook(a, full);
    await kitchen.cook(b, full);
    kitchen.find(a);
    await kitchen.cook(c, full);
    t.assert.deepEqual(
      [a, b, c].map((version) => kitchen.find(version)?.kind),
      ['use', 'try', 'use'],
    );
  });
});
