import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { awsLimits, silentLogger, systemClock, systemRandom, type AccountId } from '../../../base/index.ts';
import { openCodeStore } from '../store.ts';
import { ArchiveReader } from '../unzip/archive-reader.ts';
import { planOf } from '../unzip/plan.ts';
import { zipOf, type Part } from '../zip.kit.ts';

const account = '000000000000' as AccountId;
const limits = { maxUnzippedBytes: awsLimits.unzippedBytes };

async function opened(t: TestContext) {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'mayfly-seal-'));
  const store = await openCodeStore({ dataDir, limits: awsLimits, clock: systemClock, random: systemRandom, log: silentLogger });
  t.after(async () => {
    await store[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  });
  const said: string[] = [];
  const seal = async (zip: Buffer): Promise<Buffer> => {
    await using sealed = await store.seal(piecesOf(zip), {
      ...limits,
      sign: (manifestSha256) => (said.push(manifestSha256), `signed ${manifestSha256}`),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of sealed.body) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  return { store, dataDir, said, seal, incoming: () => readdir(path.join(dataDir, 'code', '.incoming')) };
}

async function* piecesOf(zip: Buffer): AsyncIterable<Uint8Array> {
  for (let at = 0; at < zip.length; at += 1000) yield zip.subarray(at, at + 1000);
}

const parts: readonly Part[] = [
  { name: 'index.js', content: 'exports.handler = 1', deflate: true },
  { name: 'bin/', unixMode: 0o040755 },
  { name: 'bin/tool', content: '#!/bin/sh', unixMode: 0o100755 },
  { name: 'bin/link', content: 'tool', unixMode: 0o120777 },
  { name: 'größe', content: 'x' },
  { name: 'large', content: Buffer.alloc(5_000_000, 7), deflate: true },
];

suite('sealing an archive', { timeout: 60_000 }, () => {
  test('adds a manifest of all it holds and a signature over that, and changes nothing else', async (t: TestContext) => {
    const { store, said, seal, incoming } = await opened(t);
    const sealed = await seal(zipOf(parts));
    const code = await store.take(account, sealed, limits);
    t.assert.equal(said.length, 1);
    t.assert.deepEqual(code.seal, { signature: `signed ${said[0]}`, manifestSha256: said[0], matches: true });
    const manifest = await readFile(path.join(code.dir, 'META-INF/mayfly.manifest'), 'utf8');
    t.assert.equal(createHash('sha256').update(manifest).digest('hex'), said[0]);
    const lines = manifest.trimEnd().split('\n');
    t.assert.deepEqual(JSON.parse(lines[0] ?? ''), { manifest: 1, entries: 8 });
    const sha256 = (content: string): string => createHash('sha256').update(content).digest('hex');
    t.assert.deepEqual(
      lines.slice(1, 6).map((line) => JSON.parse(line) as unknown),
      [
        { path: 'META-INF/' },
        { path: 'bin/' },
        { path: 'bin/link', link: 'tool' },
        { path: 'bin/tool', mode: '755', modified: '2024-01-01T00:00:00.000Z', sha256: sha256('#!/bin/sh') },
        { path: 'größe', mode: '644', modified: '2024-01-01T00:00:00.000Z', sha256: sha256('x') },
      ],
    );
    t.assert.equal(await readFile(path.join(code.dir, 'bin/link'), 'utf8'), '#!/bin/sh');
    t.assert.deepEqual(await incoming(), []);
  });

  test('is known again when the archive is taken a second time, and by the next server', async (t: TestContext) => {
    const { store, dataDir, seal } = await opened(t);
    const sealed = await seal(zipOf(parts));
    const first = await store.take(account, sealed, limits);
    t.assert.deepEqual(await store.take(account, sealed, limits), first);
    await using next = await openCodeStore({
      dataDir,
      limits: awsLimits,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
    });
    t.assert.deepEqual((await next.take(account, sealed, limits)).seal, first.seal);
  });

  test('an archive of more entries than the old form counts keeps them all', async (t: TestContext) => {
    const { dataDir, seal } = await opened(t);
    const many = Array.from({ length: 65_534 }, (_, index) => ({ name: `f${index}` }));
    // One entry more and the archive itself could not say how many they are.
    const sealed = await seal(zipOf(many));
    t.assert.equal(sealed.readUInt16LE(sealed.length - 12), 0xffff);
    const file = path.join(dataDir, 'sealed.zip');
    await writeFile(file, sealed);
    using reader = new ArchiveReader(file);
    const plan = await planOf(reader, { ...limits, maxEntries: 100_000, foldsCase: false });
    t.assert.equal(plan.files.length, 65_536);
    t.assert.deepEqual(
      plan.files.slice(-2).map((each) => each.path),
      ['META-INF/mayfly.manifest', 'META-INF/mayfly.signature'],
    );
  });

  const tampered: Readonly<Record<string, (parts: Part[]) => Part[]>> = {
    'a byte of a file changed': ([first, ...rest]) => [{ ...first, name: 'index.js', content: 'exports.handler = 2' }, ...rest],
    'an entry more': (all) => [...all, { name: 'more.js', content: 'x' }],
    'an empty folder more': (all) => [...all, { name: 'empty/' }],
    'an entry more that only repeats a folder': (all) => [...all, { name: 'META-INF/' }],
    'an entry less': ([, ...rest]) => rest,
    'another name': ([first, ...rest]) => [{ ...first, name: 'index.mjs' }, ...rest],
    'another mode': ([first, ...rest]) => [{ ...first, name: 'index.js', unixMode: 0o100755 }, ...rest],
    'another target of a link': (all) =>
      all.map((part) => (part.name === 'bin/link' ? { ...part, content: '../index.js' } : part)),
    'a link where a file was': ([, ...rest]) => [{ name: 'index.js', content: 'bin/tool', unixMode: 0o120777 }, ...rest],
    'a manifest that lies': (all) =>
      all.map((part) => (part.name === 'META-INF/mayfly.manifest' ? { ...part, content: `${part.content as string} ` } : part)),
    'no manifest': (all) => all.filter(({ name }) => name !== 'META-INF/mayfly.manifest'),
    'no signature': (all) => all.filter(({ name }) => name !== 'META-INF/mayfly.signature'),
    'a signature that is a link': (all) =>
      all.map((part) =>
        part.name === 'META-INF/mayfly.signature' ? { ...part, content: 'mayfly.manifest', unixMode: 0o120777 } : part,
      ),
    'a signature without end': (all) =>
      all.map((part) => (part.name === 'META-INF/mayfly.signature' ? { ...part, content: Buffer.alloc(100_000, 65) } : part)),
  };
  const small = parts.slice(0, 5);
  for (const [how, change] of Object.entries(tampered)) {
    test(`${how} is seen`, async (t: TestContext) => {
      const { store, said, seal } = await opened(t);
      const code = await store.take(account, await seal(zipOf(small)), limits);
      const read = (name: string) => readFile(path.join(code.dir, name), 'utf8');
      const honest = [
        ...small,
        { name: 'META-INF/mayfly.manifest', content: await read('META-INF/mayfly.manifest') },
        { name: 'META-INF/mayfly.signature', content: await read('META-INF/mayfly.signature') },
      ];
      // Packed again by another hand it is still the same: what is signed is what it holds.
      const again = await store.take(account, zipOf(honest), limits);
      t.assert.deepEqual(again.seal, { signature: `signed ${said[0]}`, manifestSha256: said[0], matches: true });
      const { seal: found } = await store.take(account, zipOf(change(honest)), limits);
      t.assert.ok(found !== undefined, 'it still says that it is signed');
      t.assert.ok(!found.matches || found.manifestSha256 !== said[0] || found.signature !== `signed ${said[0]}`);
    });
  }

  test('a name twice is no archive at all', async (t: TestContext) => {
    const { store, seal } = await opened(t);
    const code = await store.take(account, await seal(zipOf(small)), limits);
    const signature = await readFile(path.join(code.dir, 'META-INF/mayfly.signature'));
    for (const name of ['index.js', './index.js', 'META-INF/mayfly.signature'])
      await t.assert.rejects(
        store.take(account, zipOf([...small, { name: 'META-INF/mayfly.signature', content: signature }, { name }]), limits),
        { message: 'Could not unzip uploaded file. Please check your file, then try to upload again.' },
      );
  });

  test('what is signed already, and what is no archive, is refused and leaves nothing', async (t: TestContext) => {
    const { seal, incoming } = await opened(t);
    await t.assert.rejects(seal(await seal(zipOf(small))), { message: 'The file is signed already.' });
    await t.assert.rejects(seal(zipOf([{ name: '../out', content: 'x' }])), { name: 'InvalidParameterValueException' });
    await t.assert.rejects(seal(zipOf([{ name: 'a', content: 'abc', crc: 1 }])), { name: 'InvalidParameterValueException' });
    await t.assert.rejects(seal(Buffer.from('not a zip')), { name: 'InvalidParameterValueException' });
    t.assert.deepEqual(await incoming(), []);
  });

  test('an archive that does not say it is signed has no seal', async (t: TestContext) => {
    const { store } = await opened(t);
    const code = await store.take(account, zipOf([...small, { name: 'META-INF/MANIFEST.MF', content: 'x' }]), limits);
    t.assert.equal(code.seal, undefined);
  });
});
