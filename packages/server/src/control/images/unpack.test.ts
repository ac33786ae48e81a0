import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { assemble, type LayerTreeRef } from './assemble.ts';
import { pax, tarOf, type Entry } from './layer.kit.ts';
import { TarReader, type TarHeader } from './tar.ts';
import { unpackLayer, type Bounds } from './unpack.ts';

const bounds: Bounds = { bytes: 10_000_000, entries: 1000 };

/** A folder with a secret beside the tree, so that whatever leads out would find something. */
class Ground implements Disposable {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'mayfly-layer-'));
  readonly outside = path.join(this.folder, 'outside');
  #count = 0;

  constructor() {
    mkdirSync(this.outside);
    writeFileSync(path.join(this.outside, 'secret'), 'untouched');
  }

  async unpack(archive: Uint8Array, limits: Bounds = bounds): Promise<LayerTreeRef> {
    this.#count += 1;
    const file = path.join(this.folder, `${this.#count}.tar`);
    const tree = path.join(this.folder, `${this.#count}`);
    writeFileSync(file, archive);
    mkdirSync(tree);
    return { tree, about: await unpackLayer(file, tree, limits) };
  }

  async image(...layers: readonly (readonly Entry[])[]): Promise<string> {
    const trees: LayerTreeRef[] = [];
    for (const layer of layers) trees.push(await this.unpack(tarOf(layer)));
    const into = path.join(this.folder, 'root');
    mkdirSync(into);
    assemble(trees, into);
    return into;
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

suite('a layer', { timeout: 60_000 }, () => {
  test('is unpacked with its modes, links and times, whatever it is compressed with', async (t: TestContext) => {
    using ground = new Ground();
    const archive = tarOf([
      { name: 'usr/', type: '5', mode: 0o755 },
      { name: 'usr/program', content: '#!/bin/sh\n', mode: 0o4755 },
      { name: 'usr/again', type: '1', target: 'usr/program' },
      { name: 'usr/link', type: '2', target: '/anywhere/at/all' },
      { name: 'usr/private', content: 'x', mode: 0o600 },
      pax({ path: `usr/${'n'.repeat(200)}`, mtime: '1600000000.5' }),
      { name: 'short', content: 'long name' },
      { name: './/usr/./dots', content: 'x' },
      { name: '/absolute', content: 'inside all the same' },
    ]);
    const plain = await ground.unpack(archive);
    for (const packed of [
      gzipSync(archive),
      zstdCompressSync(archive),
      Buffer.concat([gzipSync(archive.subarray(0, 700)), gzipSync(archive.subarray(700))]),
    ])
      t.assert.equal((await ground.unpack(packed)).about.diffId, plain.about.diffId);
    const inside = (name: string): string => path.join(plain.tree, name);
    t.assert.equal(statSync(inside('usr/program')).mode & 0o7777, 0o755, 'nobody becomes somebody else');
    t.assert.equal(statSync(inside('usr/again')).ino, statSync(inside('usr/program')).ino);
    t.assert.equal(readlinkSync(inside('usr/link')), '/anywhere/at/all');
    t.assert.equal(statSync(inside('usr/private')).mode & 0o777, 0o600);
    t.assert.equal(statSync(inside(`usr/${'n'.repeat(200)}`)).mtimeMs, 1_600_000_000_500);
    t.assert.equal(statSync(inside('usr/program')).mtimeMs, 1_700_000_000_000);
    t.assert.ok(existsSync(inside('usr/dots')));
    t.assert.equal(readFileSync(inside('absolute'), 'utf8'), 'inside all the same');
  });

  for (const [what, entries] of [
    ['climbs', [{ name: '../outside/secret', content: 'touched' }]],
    ['climbs from a folder', [{ name: 'a/../../outside/secret', content: 'touched' }]],
    ['climbs by attributes', [pax({ path: '../outside/secret' }), { name: 'innocent', content: 'touched' }]],
    ['links by hard link to what is outside', [{ name: 'a', type: '1', target: '../outside/secret' }]],
    [
      'links by hard link to a folder',
      [
        { name: 'a/', type: '5' },
        { name: 'b', type: '1', target: 'a' },
      ],
    ],
    [
      'goes in circles',
      [
        { name: 'a', type: '2', target: 'b' },
        { name: 'b', type: '2', target: 'a' },
        { name: 'a/x', content: 'x' },
      ],
    ],
    [
      'goes through a file',
      [
        { name: 'a', content: 'x' },
        { name: 'a/b', content: 'x' },
      ],
    ],
    [
      'has a name no file system takes',
      [{ name: 'x'.repeat(90), content: '' }, pax({ path: 'y'.repeat(300) }), { name: 'z', content: '' }],
    ],
    ['has an endless name', [pax({ path: 'd/'.repeat(5000) }), { name: 'z', content: '' }]],
    ['describes itself without end', [{ name: 'pax', type: 'x', bytes: 8_000_000_000 }]],
    ['is of a kind nobody knows', [{ name: 'a', type: 'Z' }]],
    ['is sparse', [pax({ 'GNU.sparse.major': '1', 'GNU.sparse.realsize': '9999999999' }), { name: 'a', content: 'x' }]],
    ['claims to be enormous', [{ name: 'a', bytes: 8_000_000_000 }]],
  ] as const satisfies readonly (readonly [string, readonly Entry[]])[])
    test(`that ${what} is refused, and nothing outside is touched`, async (t: TestContext) => {
      using ground = new Ground();
      await t.assert.rejects(ground.unpack(tarOf(entries)), { name: 'Error', kind: 'invalid' });
      t.assert.deepEqual(readdirSync(ground.outside), ['secret']);
      t.assert.equal(readFileSync(path.join(ground.outside, 'secret'), 'utf8'), 'untouched');
    });

  for (const [what, archive] of [
    ['cut in the middle of a file', tarOf([{ name: 'a', content: 'x'.repeat(2000) }]).subarray(0, 1100)],
    ['cut in a header', tarOf([{ name: 'a', content: 'x' }]).subarray(0, 300)],
    ['no archive', Buffer.from('something else '.repeat(100))],
    ['a broken gzip', Buffer.concat([gzipSync(tarOf([{ name: 'a', content: 'x' }])).subarray(0, 60), Buffer.from('broken')])],
  ] as const)
    test(`that is ${what} is refused`, async (t: TestContext) => {
      using ground = new Ground();
      await t.assert.rejects(ground.unpack(archive));
    });

  test('that links out and writes through the link stays inside', async (t: TestContext) => {
    using ground = new Ground();
    const { tree } = await ground.unpack(
      tarOf([
        { name: 'out', type: '2', target: ground.outside },
        { name: 'out/secret', content: 'touched' },
        { name: 'up', type: '2', target: '../../../../../../..' },
        { name: `up${ground.outside}/secret`, content: 'touched' },
        { name: 'secret', type: '2', target: path.join(ground.outside, 'secret') },
        { name: 'secret', content: 'a file now' },
      ]),
    );
    t.assert.equal(readFileSync(path.join(ground.outside, 'secret'), 'utf8'), 'untouched');
    t.assert.equal(
      readFileSync(path.join(tree, ground.outside, 'secret'), 'utf8'),
      'touched',
      'as a process with this root would see it',
    );
    t.assert.ok(lstatSync(path.join(tree, 'secret')).isFile());
  });

  test('leaves devices and pipes out', async (t: TestContext) => {
    using ground = new Ground();
    const { tree } = await ground.unpack(
      tarOf([
        { name: 'dev/sda', type: '4' },
        { name: 'dev/null', type: '3' },
        { name: 'pipe', type: '6' },
        { name: 'file', content: 'x' },
      ]),
    );
    t.assert.deepEqual([readdirSync(tree).sort(), readdirSync(path.join(tree, 'dev'))], [['dev', 'file'], []]);
  });

  test('that is a bomb ends at the limit, by bytes and by entries', async (t: TestContext) => {
    using ground = new Ground();
    const bomb = gzipSync(tarOf([{ name: 'zeros', content: Buffer.alloc(30_000_000) }]));
    t.assert.ok(bomb.length < 100_000);
    await t.assert.rejects(ground.unpack(bomb), /more than 10000000 bytes/);
    const padded = gzipSync(Buffer.concat([tarOf([{ name: 'a', content: 'x' }]), Buffer.alloc(30_000_000)]));
    await t.assert.rejects(ground.unpack(padded), /more than 10000000 bytes/);
    const many = tarOf(Array.from({ length: 1001 }, (_, index) => ({ name: `f${index}` })));
    await t.assert.rejects(ground.unpack(many), /more than 1000 entries/);
  });
});

suite('layers over each other', { timeout: 60_000 }, () => {
  test('a whiteout takes away what is below, not what is beside it', async (t: TestContext) => {
    using ground = new Ground();
    const root = await ground.image(
      [
        { name: 'a/one', content: '1' },
        { name: 'a/two', content: '2' },
        { name: 'b/deep/x', content: 'x' },
      ],
      [
        { name: 'a/.wh.one' },
        { name: '.wh.b' },
        { name: 'b/', type: '5' },
        { name: 'b/new', content: 'n' },
        { name: '.wh.never-there' },
      ],
    );
    t.assert.deepEqual([readdirSync(path.join(root, 'a')), readdirSync(path.join(root, 'b'))], [['two'], ['new']]);
  });

  test('an opaque folder begins empty, wherever its mark stands in the archive', async (t: TestContext) => {
    using ground = new Ground();
    const root = await ground.image(
      [{ name: 'a/old/x', content: '1' }],
      [{ name: 'a/new', content: '2' }, { name: 'a/.wh..wh..opq' }],
    );
    t.assert.deepEqual(readdirSync(path.join(root, 'a')), ['new']);
  });

  test('marks that climb or go through links take away nothing outside', async (t: TestContext) => {
    using ground = new Ground();
    await t.assert.rejects(ground.image([{ name: '../outside/.wh.secret' }]), { kind: 'invalid' });
    rmSync(path.join(ground.folder, 'root'), { recursive: true, force: true });
    await ground.image(
      [{ name: 'out', type: '2', target: ground.outside }],
      [{ name: 'out/.wh.secret' }, { name: 'out/.wh..wh..opq' }],
    );
    t.assert.equal(readFileSync(path.join(ground.outside, 'secret'), 'utf8'), 'untouched');
  });

  test('a file replaces a folder and a folder a file; a later file replaces an earlier one', async (t: TestContext) => {
    using ground = new Ground();
    const root = await ground.image(
      [
        { name: 'a/x', content: '1' },
        { name: 'b', content: '2' },
        { name: 'c', content: 'old' },
      ],
      [
        { name: 'a', content: 'file' },
        { name: 'b/', type: '5', mode: 0o700 },
        { name: 'b/y', content: 'y' },
        { name: 'c', content: 'new' },
      ],
    );
    t.assert.equal(readFileSync(path.join(root, 'a'), 'utf8'), 'file');
    t.assert.equal(readFileSync(path.join(root, 'b/y'), 'utf8'), 'y');
    t.assert.equal(readFileSync(path.join(root, 'c'), 'utf8'), 'new');
    t.assert.equal(readFileSync(path.join(ground.folder, '1', 'c'), 'utf8'), 'old', 'the layer itself stays as it was');
  });

  test('what lies in `lib` goes where `lib` links to, unless the layer has a folder of that name', async (t: TestContext) => {
    using ground = new Ground();
    const root = await ground.image(
      [
        { name: 'usr/lib/a', content: 'a' },
        { name: 'lib', type: '2', target: 'usr/lib' },
        { name: 'bin', type: '2', target: 'usr/lib' },
      ],
      [
        { name: 'lib/b', content: 'b' },
        { name: 'bin/', type: '5' },
        { name: 'bin/c', content: 'c' },
      ],
    );
    t.assert.deepEqual(readdirSync(path.join(root, 'usr/lib')).sort(), ['a', 'b']);
    t.assert.ok(lstatSync(path.join(root, 'lib')).isSymbolicLink());
    t.assert.deepEqual([lstatSync(path.join(root, 'bin')).isDirectory(), readdirSync(path.join(root, 'bin'))], [true, ['c']]);
  });

  test('a hard link finds its file in the layers below, and nowhere else', async (t: TestContext) => {
    using ground = new Ground();
    const root = await ground.image([{ name: 'a', content: 'a' }], [{ name: 'b', type: '1', target: 'a' }]);
    t.assert.equal(readFileSync(path.join(root, 'b'), 'utf8'), 'a');
    rmSync(root, { recursive: true });
    await t.assert.rejects(ground.image([{ name: 'b', type: '1', target: 'nothing' }]), { kind: 'invalid' });
  });

  test('files are shared, not copied', async (t: TestContext) => {
    using ground = new Ground();
    const root = await ground.image([{ name: 'a', content: 'a' }]);
    t.assert.equal(statSync(path.join(root, 'a')).ino, statSync(path.join(ground.folder, '1', 'a')).ino);
  });
});

suite('the tar reader', () => {
  const archive = tarOf([
    { name: 'a/', type: '5' },
    { name: 'a/x', content: 'x'.repeat(1500) },
    pax({ path: 'a/long' }),
    { name: 's', content: 'y'.repeat(512) },
    { name: 'e' },
  ]);
  const read = (
    pieces: readonly Uint8Array[],
  ): { readonly headers: readonly TarHeader[]; readonly content: string; readonly ends: number } => {
    const headers: TarHeader[] = [];
    let content = '';
    let ends = 0;
    const reader = new TarReader({
      entry: (header) => void headers.push(header),
      data: (chunk) => void (content += Buffer.from(chunk).toString()),
      end: () => void (ends += 1),
    });
    for (const piece of pieces) reader.write(piece);
    reader.finish();
    return { headers, content, ends };
  };

  test('reads the same however the archive is cut into pieces', (t: TestContext) => {
    const whole = read([archive]);
    t.assert.deepEqual(
      whole.headers.map(({ name }) => name),
      ['a/', 'a/x', 'a/long', 'e'],
    );
    t.assert.equal(whole.ends, 3);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 1200 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const pieces: Uint8Array[] = [];
        let at = 0;
        for (const size of sizes) pieces.push(archive.subarray(at, (at += size)));
        pieces.push(archive.subarray(Math.min(at, archive.length)));
        t.assert.deepEqual(read(pieces), whole);
      }),
    );
  });

  test('never throws anything but a refusal for bytes that were changed', (t: TestContext) => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat({ max: archive.length - 1 }), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 8 }),
        (changes) => {
          const changed = Buffer.from(archive);
          for (const [at, byte] of changes) changed[at] = byte;
          try {
            read([changed]);
          } catch (error) {
            t.assert.equal((error as { readonly kind?: string }).kind, 'invalid');
          }
        },
      ),
    );
  });
});
