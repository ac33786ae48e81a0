import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { suite, test, type TestContext } from 'node:test';
import { buffer } from 'node:stream/consumers';
import * as yazl from 'yazl';
import { awsLimits, silentLogger, systemClock, systemRandom, type AccountId } from '../../base/index.ts';
import { openCodeStore, type CodeStore, type CodeStoreOptions } from './index.ts';
import { zipOf } from './zip.kit.ts';

const account = '000000000000' as AccountId;
const other = '111111111111' as AccountId;
const limits = { maxUnzippedBytes: awsLimits.unzippedBytes };

async function opened(
  t: TestContext,
  options: Partial<CodeStoreOptions> = {},
): Promise<{ store: CodeStore & AsyncDisposable; dataDir: string }> {
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(tmpdir(), 'mayfly-code-')));
  const store = await openCodeStore({
    limits: awsLimits,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    ...options,
    dataDir,
  });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });
  return { store, dataDir };
}

const modeOf = async (file: string): Promise<string> => ((await stat(file)).mode & 0o7777).toString(8);
const everything = async (folder: string): Promise<string[]> => (await readdir(folder, { recursive: true })).sort();

suite('the code store', { timeout: 60_000 }, () => {
  test('an archive of yazl is unpacked with its permissions, sizes and hash', async (t) => {
    const { store } = await opened(t);
    const zip = new yazl.ZipFile();
    zip.addBuffer(Buffer.from('exports.handler = 1'), 'index.js', { mode: 0o100644 });
    zip.addBuffer(Buffer.from('#!/bin/sh'), 'bin/tool', { mode: 0o100755, compress: false });
    zip.addEmptyDirectory('empty');
    zip.end();
    const bytes = await buffer(zip.outputStream as NodeJS.ReadableStream & AsyncIterable<Uint8Array>);
    const code = await store.take(account, bytes, limits);
    t.assert.equal(code.codeSha256, createHash('sha256').update(bytes).digest('base64'));
    t.assert.equal(code.codeSize, bytes.length);
    t.assert.equal(code.unzippedSize, 19 + 9);
    t.assert.equal(code.dir, store.dir(account, code.codeSha256));
    t.assert.deepEqual(await everything(code.dir), ['bin', 'bin/tool', 'empty', 'index.js']);
    t.assert.equal(await readFile(path.join(code.dir, 'index.js'), 'utf8'), 'exports.handler = 1');
    t.assert.equal(await modeOf(path.join(code.dir, 'index.js')), '644');
    t.assert.equal(await modeOf(path.join(code.dir, 'bin/tool')), '755');
    t.assert.equal(await modeOf(path.join(code.dir, 'empty')), '755');
    t.assert.deepEqual(await readFile(store.archive(account, code.codeSha256)), bytes);
  });

  test('an archive may come as a stream, in pieces of any size', async (t) => {
    const { store } = await opened(t);
    const bytes = zipOf([{ name: 'a', content: randomBytes(300_000) }]);
    async function* pieces(): AsyncIterable<Uint8Array> {
      for (let at = 0, size = 1; at < bytes.length; at += size, size *= 3) yield bytes.subarray(at, at + size);
    }
    const code = await store.take(account, pieces(), limits);
    t.assert.equal(code.codeSize, bytes.length);
    t.assert.equal((await stat(path.join(code.dir, 'a'))).size, 300_000);
  });

  test('a stream that breaks off leaves nothing', async (t) => {
    const { store, dataDir } = await opened(t);
    async function* broken(): AsyncIterable<Uint8Array> {
      yield zipOf([{ name: 'a' }]).subarray(0, 10);
      throw new Error('the client went away');
    }
    await t.assert.rejects(store.take(account, broken(), limits), { message: 'the client went away' });
    t.assert.deepEqual(await everything(path.join(dataDir, 'code')), ['.incoming']);
  });

  test('everybody may read what its owner may, and nothing dangerous is kept of a mode', async (t) => {
    const { store } = await opened(t);
    const modes: readonly (readonly [number, string])[] = [
      [0, '644'],
      [0o100600, '644'],
      [0o100700, '755'],
      [0o100640, '644'],
      [0o100777, '755'],
      [0o106755, '755'],
      [0o101444, '444'],
      [0o100100, '555'],
    ];
    const parts = modes.map(([unixMode], index) => ({ name: `f${index}`, unixMode }));
    const { dir } = await store.take(
      account,
      zipOf([...parts, { name: 'dos', unixMode: 0o104777, host: 0 }, { name: 'd/', unixMode: 0o040700 }]),
      limits,
    );
    for (const [index, [, expected]] of modes.entries())
      t.assert.equal(await modeOf(path.join(dir, `f${index}`)), expected, String(index));
    t.assert.equal(await modeOf(path.join(dir, 'dos')), '644');
    t.assert.equal(await modeOf(path.join(dir, 'd')), '755');
    t.assert.equal(await modeOf(dir), '755');
  });

  test('links inside the tree are kept, also those through other links', async (t) => {
    const { store } = await opened(t);
    const link = (name: string, content: string) => ({ name, content, unixMode: 0o120777 });
    const zip = zipOf([
      { name: 'lib/real.so.1', content: 'x' },
      link('lib/real.so', 'real.so.1'),
      link('lib64', './lib'),
      link('deep/er/up', '../../lib64/real.so'),
    ]);
    const { dir } = await store.take(account, zip, limits);
    t.assert.equal(await readlink(path.join(dir, 'lib64')), './lib');
    t.assert.equal(await readFile(path.join(dir, 'deep/er/up'), 'utf8'), 'x');
  });

  test('the time of a file is that of the archive', async (t) => {
    const { store } = await opened(t);
    const { dir } = await store.take(account, zipOf([{ name: 'a' }]), limits);
    t.assert.equal((await stat(path.join(dir, 'a'))).mtime.toISOString(), '2024-01-01T00:00:00.000Z');
  });

  test('the same archive is one folder for an account, however often and at once it is taken', async (t) => {
    const { store, dataDir } = await opened(t);
    const bytes = zipOf([{ name: 'a', content: 'same' }]);
    const [first, ...rest] = await Promise.all(Array.from({ length: 5 }, () => store.take(account, bytes, limits)));
    for (const code of rest) t.assert.deepEqual(code, first);
    t.assert.equal((await readdir(path.join(dataDir, 'code', account))).length, 1);
    const theirs = await store.take(other, bytes, limits);
    t.assert.notEqual(theirs.dir, first?.dir);
    t.assert.deepEqual(await readdir(path.join(dataDir, 'code', '.incoming')), []);
  });

  test('what was taken is there for the next server', async (t) => {
    const { store, dataDir } = await opened(t);
    const bytes = zipOf([{ name: 'a', content: 'same' }]);
    const first = await store.take(account, bytes, limits);
    const again = await opened(t, { dataDir });
    t.assert.deepEqual(await again.store.take(account, bytes, limits), first);
  });

  test('a size limit is kept for new archives and for those taken under a higher one', async (t) => {
    const { store } = await opened(t);
    const bytes = zipOf([
      { name: 'a', content: new Uint8Array(1000), deflate: true },
      { name: 'b', content: new Uint8Array(1000), deflate: true },
    ]);
    const refusal = { name: 'InvalidParameterValueException', message: 'Unzipped size must be smaller than 1999 bytes' };
    await t.assert.rejects(store.take(account, bytes, { maxUnzippedBytes: 1999 }), refusal);
    t.assert.equal((await store.take(account, bytes, { maxUnzippedBytes: 2000 })).unzippedSize, 2000);
    await t.assert.rejects(store.take(account, bytes, { maxUnzippedBytes: 1999 }), refusal);
  });

  test('an endless stream is cut off', async (t) => {
    const { store } = await opened(t);
    const piece = new Uint8Array(4 * 1024 * 1024);
    let sent = 0;
    async function* endless(): AsyncIterable<Uint8Array> {
      for (;;) {
        sent += piece.length;
        yield piece;
      }
    }
    await t.assert.rejects(store.take(account, endless(), { maxUnzippedBytes: 1000 }), {
      message: 'Unzipped size must be smaller than 1000 bytes',
    });
    assert.ok(sent < 50_000_000);
  });

  test('more archives at once than there are places for are refused, and the others are taken', async (t) => {
    const { store } = await opened(t);
    const gate = Promise.withResolvers<void>();
    async function* waiting(): AsyncIterable<Uint8Array> {
      await gate.promise;
      yield zipOf([{ name: 'a' }]);
    }
    const taken = Array.from({ length: 256 }, () => store.take(account, waiting(), limits));
    await t.assert.rejects(store.take(account, zipOf([{ name: 'b' }]), limits), {
      name: 'TooManyRequestsException',
      status: 429,
    });
    gate.resolve();
    t.assert.equal(new Set((await Promise.all(taken)).map(({ dir }) => dir)).size, 1);
    await store.take(account, zipOf([{ name: 'b' }]), limits);
  });

  test('closing ends what is being unpacked and leaves nothing of it', async (t) => {
    const { store, dataDir } = await opened(t);
    const zips = Array.from({ length: 6 }, (_, index) =>
      zipOf([{ name: `${index}`, content: new Uint8Array(50_000_000), deflate: true }]),
    );
    const takes = Promise.allSettled(zips.map((zip) => store.take(account, zip, limits)));
    const unpacking = async (): Promise<boolean> =>
      (await readdir(path.join(dataDir, 'code', '.incoming'), { recursive: true })).some((name) => name.includes('files'));
    while (!(await unpacking())) await new Promise((resolve) => setImmediate(resolve));
    await store[Symbol.asyncDispose]();
    const ends = await takes;
    assert.ok(ends.some((end) => end.status === 'rejected' && (end.reason as { code?: string }).code === 'UNPACK_ENDED'));
    t.assert.deepEqual(await readdir(path.join(dataDir, 'code', '.incoming')), []);
  });

  test('names that are no account and no hash are refused before they become a path', async (t) => {
    const { store } = await opened(t);
    t.assert.throws(() => store.dir('../../etc' as AccountId, 'A'.repeat(43) + '='), { code: 'CODE_MISNAMED' });
    t.assert.throws(() => store.dir(account, '../../../../etc'), { code: 'CODE_MISNAMED' });
    await t.assert.rejects(store.take('..' as AccountId, zipOf([{ name: 'a' }]), limits), { code: 'CODE_MISNAMED' });
  });
});

suite('layers', { timeout: 60_000 }, () => {
  const link = (name: string, content: string) => ({ name, content, unixMode: 0o120777 });

  test('are merged in order, the later winning, whatever kind of thing it is', async (t) => {
    const { store } = await opened(t);
    const take = async (zip: Buffer): Promise<string> => (await store.take(account, zip, limits)).codeSha256;
    const first = await take(
      zipOf([
        { name: 'python/a.py', content: 'a1' },
        { name: 'python/b.py', content: 'b1', unixMode: 0o100755 },
        { name: 'folder/x', content: 'x' },
        link('soft', 'python'),
        { name: 'plain', content: 'p' },
      ]),
    );
    const second = await take(
      zipOf([
        { name: 'python/a.py', content: 'a2' },
        { name: 'folder', content: 'now a file' },
        { name: 'soft/in', content: 'real' },
        link('plain', 'folder'),
      ]),
    );
    const dir = await store.layers(account, [first, second]);
    t.assert.deepEqual(await everything(dir), ['folder', 'plain', 'python', 'python/a.py', 'python/b.py', 'soft', 'soft/in']);
    t.assert.equal(await readFile(path.join(dir, 'python/a.py'), 'utf8'), 'a2');
    t.assert.equal(await readFile(path.join(dir, 'folder'), 'utf8'), 'now a file');
    assert.ok((await lstat(path.join(dir, 'soft'))).isDirectory());
    assert.ok((await lstat(path.join(dir, 'plain'))).isSymbolicLink());
    t.assert.equal(await modeOf(path.join(dir, 'python/b.py')), '755');
    // The parts are as they were.
    t.assert.deepEqual(await readdir(path.join(store.dir(account, first), 'python')), ['a.py', 'b.py']);
    t.assert.equal(await readFile(path.join(store.dir(account, first), 'python/a.py'), 'utf8'), 'a1');
    const reverse = await store.layers(account, [second, first]);
    t.assert.equal(await readFile(path.join(reverse, 'python/a.py'), 'utf8'), 'a1');
  });

  test('cost no second copy, are made once for a list, and one alone is its own folder', async (t) => {
    const { store } = await opened(t);
    const [a, b] = await Promise.all(['a', 'b'].map((name) => store.take(account, zipOf([{ name, content: name }]), limits)));
    assert.ok(a !== undefined && b !== undefined);
    const list = [a.codeSha256, b.codeSha256];
    const dirs = await Promise.all([store.layers(account, list), store.layers(account, list)]);
    t.assert.equal(dirs[0], dirs[1]);
    t.assert.equal((await stat(path.join(dirs[0] ?? '', 'a'))).ino, (await stat(path.join(a.dir, 'a'))).ino);
    t.assert.equal(await store.layers(account, [a.codeSha256]), a.dir);
  });

  test('a layer that is not there is an error of ours', async (t) => {
    const { store } = await opened(t);
    const { codeSha256 } = await store.take(account, zipOf([{ name: 'a' }]), limits);
    await t.assert.rejects(store.layers(account, [codeSha256, `${'A'.repeat(43)}=`]), { code: 'CODE_MISSING' });
  });
});

suite('sweeping code', { timeout: 60_000 }, () => {
  test('removes what nobody refers to and half-made things, and keeps the rest', async (t) => {
    const { store, dataDir } = await opened(t);
    const codes = await Promise.all(['a', 'b', 'c'].map((name) => store.take(account, zipOf([{ name, content: name }]), limits)));
    const [a = '', b = '', c = ''] = codes.map(({ codeSha256 }) => codeSha256);
    const kept = await store.layers(account, [a, b]);
    const lost = await store.layers(account, [b, c]);
    await mkdir(path.join(dataDir, 'code', '.incoming', 'of-a-crash'));
    await writeFile(path.join(dataDir, 'code', '.incoming', 'of-a-crash', 'archive.zip'), 'half');
    // Another server, later: nothing is new to it.
    const later = await opened(t, { dataDir });
    await later.store.sweep(new Map([[account, new Set([a, b])]]));
    t.assert.deepEqual(await everything(path.join(dataDir, 'code', '.incoming')), []);
    for (const dir of [store.dir(account, a), store.dir(account, b), kept]) assert.ok((await stat(dir)).isDirectory());
    for (const dir of [store.dir(account, c), lost]) await t.assert.rejects(stat(dir), { code: 'ENOENT' });
    await later.store.sweep(new Map());
    t.assert.deepEqual(await readdir(path.join(dataDir, 'code', account)), ['layers']);
  });

  test('leaves code that was just taken, although no record refers to it yet', async (t) => {
    let nowMs = 0;
    const { store } = await opened(t, { clock: { ...systemClock, monotonic: () => nowMs } });
    const { dir } = await store.take(account, zipOf([{ name: 'a' }]), limits);
    await store.sweep(new Map());
    assert.ok((await stat(dir)).isDirectory());
    nowMs = 3_600_000;
    await store.sweep(new Map());
    await t.assert.rejects(stat(dir), { code: 'ENOENT' });
  });
});

suite('unpacking beside a running server', { timeout: 60_000 }, () => {
  test('does not hold up its event loop', async (t) => {
    const { store } = await opened(t);
    const parts = Array.from({ length: 1500 }, (_, index) => ({
      name: `n/${index % 50}/${index}`,
      content: randomBytes(10_000),
      deflate: true,
    }));
    const bytes = zipOf([...parts, { name: 'large', content: new Uint8Array(30_000_000), deflate: true }]);
    await store.take(account, zipOf([{ name: 'a' }]), limits);
    const delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    const code = await store.take(account, bytes, limits);
    delay.disable();
    t.assert.equal(code.unzippedSize, 45_000_000);
    // Unpacked on the event loop there would be one turn of a second.
    const p90 = delay.percentile(90) / 1e6;
    assert.ok(p90 < 25, `${p90} ms`);
  });
});
