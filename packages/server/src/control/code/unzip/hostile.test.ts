import assert from 'node:assert/strict';
import type { Dirent } from 'node:fs';
import { mkdtemp, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, suite, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { awsLimits, silentLogger, systemClock, systemRandom, type AccountId, type LogFields } from '../../../base/index.ts';
import { openCodeStore, type CodeStore } from '../index.ts';
import { zipOf, type Part } from '../zip.kit.ts';
import { ArchiveReader } from './archive-reader.ts';
import { planOf } from './plan.ts';

const account = '000000000000' as AccountId;
const link = (name: string, content: string): Part => ({ name, content, unixMode: 0o120777 });
const badZip = {
  name: 'InvalidParameterValueException',
  message: 'Could not unzip uploaded file. Please check your file, then try to upload again.',
};

let outer: string;
let store: CodeStore & AsyncDisposable;
let detail: unknown;
before(async () => {
  outer = await realpath(await mkdtemp(path.join(tmpdir(), 'mayfly-hostile-')));
  store = await openCodeStore({
    dataDir: path.join(outer, 'data'),
    limits: { zipEntries: 2000 },
    clock: systemClock,
    random: systemRandom,
    log: { ...silentLogger, debug: (_message: string, fields?: LogFields) => void (detail = fields?.['detail']) },
  });
});
after(async () => {
  await store[Symbol.asyncDispose]();
  await rm(outer, { recursive: true, force: true });
});

/** Everything below the folder around the data folder, so that a file outside of the code is seen. */
const everything = async (): Promise<string[]> =>
  (await listed(outer)).map((entry) => path.relative(outer, path.join(entry.parentPath, entry.name))).sort();

/** `readdir` with `recursive` would go through links. */
async function listed(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const below = await Promise.all(
    entries.filter((entry) => entry.isDirectory()).map((entry) => listed(path.join(folder, entry.name))),
  );
  return [entries, ...below].flat();
}

async function refused(zip: Uint8Array, why: RegExp, fault: object = badZip): Promise<void> {
  const untouched = await everything();
  detail = undefined;
  await assert.rejects(store.take(account, zip, { maxUnzippedBytes: 5_000_000 }), fault);
  assert.match(String(detail), why);
  assert.deepEqual(await everything(), untouched);
}

/** A deflate stream of a great many zeros. */
const zeros = (count: number): Buffer => deflateRawSync(Buffer.alloc(count), { level: 9 });

suite('hostile archives leave nothing behind', { timeout: 60_000 }, () => {
  const names: readonly (readonly [string, string | Uint8Array])[] = [
    ['that climb', '../escaped'],
    ['that climb in the middle', 'a/../../escaped'],
    ['that climb and come back', 'a/../b'],
    ['that climb at the end', 'a/..'],
    ['that are absolute', '/tmp/escaped'],
    ['that are absolute with two slashes', '//tmp/escaped'],
    ['with backslashes', '..\\escaped'],
    ['with a backslash inside', 'a\\b'],
    ['with a drive letter', 'C:escaped'],
    ['with a drive letter and a slash', 'c:/escaped'],
    ['with NUL', 'a\0/../escaped'],
    ['that are empty', ''],
    ['with a part of 256 bytes', 'x'.repeat(256)],
    ['with a part of 255 characters that are more bytes', 'é'.repeat(255)],
    ['that are too long', Array.from({ length: 20 }, () => 'x'.repeat(200)).join('/')],
    ['that are too deep', Array.from({ length: 200 }, () => 'x').join('/')],
  ];
  for (const [what, name] of names) {
    test(`names ${what}`, async () => {
      await refused(zipOf([{ name: 'first' }, { name, content: 'x' }]), /./);
      await refused(zipOf([{ ...link('l', ''), name }]), /./);
    });
  }
  test('a Unicode path field that differs from the name', async () => {
    const name = Buffer.from('../escaped');
    const field = Buffer.concat([Buffer.from([0x75, 0x70]), Buffer.from([5 + name.length, 0, 1]), Buffer.alloc(4), name]);
    field.writeUInt32LE(0xd3d99e8b, 5);
    await refused(zipOf([{ name: 'fine', extra: field, flags: 0 }, { name: '../x' }]), /./);
  });

  const outward: readonly (readonly [string, readonly Part[]])[] = [
    ['to an absolute place', [link('l', '/etc/passwd')]],
    ['upwards', [link('l', '../outside')]],
    ['upwards from a folder', [link('a/l', '../../outside')]],
    ['to nothing', [link('l', '')]],
    ['with NUL', [link('l', 'a\0b')]],
    ['that is too long', [link('l', 'a/'.repeat(3000))]],
    // By its text it stays inside; through the other link it does not.
    ['through another link', [{ name: 't/x' }, link('a/b/s', '../../t'), link('a/b/l', 's/../../x')]],
    ['that is also a folder of another entry', [link('l', 'd'), { name: 'd/x' }, { name: 'l/y', content: 'through' }]],
    ['that another entry writes over', [link('l', 'd'), { name: 'l', content: 'through' }]],
    ['named as a folder', [link('l/', 'd')]],
  ];
  for (const [what, parts] of outward) test(`a link ${what}`, () => refused(zipOf(parts), /link|two entries/));

  test('links that multiply', async () => {
    await refused(zipOf([link('deep', 'd/'.repeat(300)), { name: 'd/x' }]), /too deep/);
    const many = Array.from({ length: 1000 }, (_, index) => link(`m${index}`, './'.repeat(2000)));
    await refused(zipOf(many), /too many/);
  });

  for (const [what, unixMode] of [
    ['a character device', 0o020666],
    ['a block device', 0o060666],
    ['a pipe', 0o010666],
    ['a socket', 0o140666],
  ] as const) {
    test(what, () => refused(zipOf([{ name: 'd', unixMode }]), /device/));
  }

  test('two entries with one name, however it is written', async () => {
    await refused(
      zipOf([
        { name: 'a', content: '1' },
        { name: 'a', content: '2' },
      ]),
      /two entries/,
    );
    await refused(
      zipOf([
        { name: 'd/a', content: '1' },
        { name: './d//a', content: '2' },
      ]),
      /two entries/,
    );
    await refused(
      zipOf([
        { name: 'a', content: 'file' },
        { name: 'a/b', content: '2' },
      ]),
      /two entries/,
    );
    await refused(
      zipOf([
        { name: 'a/b', content: '2' },
        { name: 'a', content: 'file' },
      ]),
      /two entries/,
    );
  });

  test('encrypted, unknown and contradictory entries', async () => {
    await refused(zipOf([{ name: 'a', content: 'x', flags: 0x801 }]), /encrypted|mismatch/);
    await refused(zipOf([{ name: 'a', content: 'x', flags: 0x841 }]), /encryption/);
    await refused(zipOf([{ name: 'a', content: 'x', method: 12 }]), /method 12/);
    await refused(zipOf([{ name: 'a', localName: 'b', content: 'x' }]), /headers differ/);
    await refused(zipOf([{ name: 'a', content: 'x', localUncompressedSize: 9 }]), /headers differ/);
    await refused(zipOf([{ name: 'd/', content: 'a folder with bytes' }]), /folder with bytes/);
  });

  test('damaged bytes', async () => {
    await refused(zipOf([{ name: 'a', content: 'x', crc: 1 }]), /damaged/);
    await refused(zipOf([{ name: 'a', content: 'x', crc: 1, deflate: true }]), /damaged/);
    await refused(
      zipOf([
        { name: 'fine', content: 'y' },
        { name: 'a', content: 'not deflated', method: 8, uncompressedSize: 50 },
      ]),
      /damaged/,
    );
    const large = zipOf([{ name: 'a', content: new Uint8Array(4_900_000), crc: 1 }]);
    await refused(large, /damaged/);
  });

  test('bombs: declared, lying, of an impossible ratio, and of shared bytes', async () => {
    const size = { name: 'InvalidParameterValueException', message: 'Unzipped size must be smaller than 5000000 bytes' };
    await refused(zipOf([{ name: 'a', content: new Uint8Array(6_000_000), deflate: true }]), /declared/, size);
    await refused(
      zipOf(Array.from({ length: 60 }, (_, index) => ({ name: `${index}`, content: new Uint8Array(100_000), deflate: true }))),
      /declared/,
      size,
    );
    // More comes out than was declared: in one piece, and as a stream.
    await refused(zipOf([{ name: 'a', content: zeros(3_000_000), method: 8, uncompressedSize: 1000 }]), /damaged|declared/);
    await refused(zipOf([{ name: 'a', content: zeros(300_000_000), method: 8, uncompressedSize: 4_500_000 }]), /declared/);
    await refused(zipOf([{ name: 'a', content: zeros(1000), method: 8, uncompressedSize: 2000 }]), /declared/);
    await refused(zipOf([{ name: 'a', content: zeros(10), method: 8, uncompressedSize: 4_000_000 }]), /ratio/);
    const kernel = { content: new Uint8Array(100_000), deflate: true };
    await refused(
      zipOf([
        { name: 'a', ...kernel },
        ...Array.from({ length: 20 }, (_, index) => ({ name: `b${index}`, ...kernel, localName: 'a', sharesBytesOf: 0 })),
      ]),
      /overlap|differ/,
    );
    await refused(
      zipOf([
        { name: 'a', ...kernel },
        { name: 'a2', ...kernel, sharesBytesOf: 0 },
      ]),
      /overlap|differ/,
    );
  });

  test('more entries than there may be', () =>
    refused(zipOf(Array.from({ length: 2001 }, (_, index) => ({ name: String(index) }))), /more than 2000 entries/));

  test('sizes that only the 64-bit fields can hold', async () => {
    const zip64 = (uncompressed: bigint, compressed: bigint, offset?: bigint): Buffer => {
      const values = offset === undefined ? [uncompressed, compressed] : [uncompressed, compressed, offset];
      const field = Buffer.alloc(4 + values.length * 8);
      field.writeUInt16LE(1, 0);
      field.writeUInt16LE(values.length * 8, 2);
      for (const [index, value] of values.entries()) field.writeBigUInt64LE(value, 4 + index * 8);
      return field;
    };
    const wide = { name: 'a', content: 'x', compressedSize: 0xffffffff, uncompressedSize: 0xffffffff };
    await refused(zipOf([{ ...wide, extra: zip64(1n << 40n, 1n << 40n) }]), /./, { name: 'InvalidParameterValueException' });
    await refused(zipOf([{ ...wide, extra: zip64(1n << 63n, 1n << 63n) }]), /./, { name: 'InvalidParameterValueException' });
    await refused(zipOf([{ ...wide, extra: zip64(1n, 1000n) }]), /./);
    await refused(zipOf([wide]), /./, { name: 'InvalidParameterValueException' });
  });

  test('what is no archive, a truncated one, and one with something before or behind it', async () => {
    const zip = zipOf([
      { name: 'a', content: 'some content' },
      { name: 'b', content: 'more' },
    ]);
    await refused(Buffer.from('#!/bin/sh\nexit 0\n'), /./);
    for (let length = 1; length < zip.length; length += 7) await refused(zip.subarray(0, length), /./);
    await refused(zip.subarray(5), /./);
    await refused(Buffer.concat([zip, Buffer.from('behind')]), /./);
    await refused(zipOf([{ name: 'a' }], { entryCount: 2 }), /./);
  });

  test('an empty archive and no bytes at all are told apart from a bad one', async () => {
    const empty = { name: 'InvalidParameterValueException', message: 'Uploaded file must be a non-empty zip' };
    await refused(zipOf([]), /no entries/, empty);
    await refused(new Uint8Array(), /no bytes/, empty);
  });

  test('whatever the bytes are, nothing is written outside', { timeout: 50_000 }, async () => {
    const outside = async (): Promise<string[]> =>
      (await everything()).filter((name) => !name.startsWith(path.join('data', 'code', account)));
    const untouched = await outside();
    const name = fc.oneof(
      fc
        .array(fc.constantFrom('a', 'b', '..', '.', '', 'A', 'l', '\\', '\0', 'C:', 'é', '...', '~'), {
          minLength: 1,
          maxLength: 5,
        })
        .map((parts) => parts.join('/')),
      fc.string({ maxLength: 12 }),
    );
    const part = fc.record(
      {
        name,
        content: fc.oneof(name, fc.uint8Array({ maxLength: 40 })),
        deflate: fc.boolean(),
        unixMode: fc.oneof(fc.constantFrom(0o120777, 0o100644, 0o040755, 0o106777, 0o020666), fc.nat(0xffff)),
        host: fc.constantFrom(0, 3, 19),
        flags: fc.constantFrom(0, 0x800, 8, 1),
        uncompressedSize: fc.nat(100),
      },
      { requiredKeys: ['name'] },
    );
    // Honest ones with links, so that many are taken and the links have something to go through.
    const inner = fc
      .array(fc.constantFrom('a', 'b', 'c', '..', '.'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'));
    const names = fc.uniqueArray(fc.constantFrom('a', 'b/a', 'b/b', 'c/a/a', 'c/a/b', 'c/b', 'c/c'), {
      minLength: 1,
      maxLength: 5,
    });
    const honest = names.chain((chosen) =>
      fc.tuple(
        ...chosen.map((name) =>
          fc.record({ name: fc.constant(name), content: inner, unixMode: fc.constantFrom(0o120777, 0o120777, 0o100644) }),
        ),
      ),
    ) as fc.Arbitrary<Part[]>;
    const archive = fc
      .tuple(
        fc.oneof(honest, fc.array(part as fc.Arbitrary<Part>, { minLength: 1, maxLength: 6 })),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 2 }),
      )
      .map(([parts, changes]) => {
        const bytes = zipOf(parts);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        return bytes;
      });
    let taken = 0;
    let links = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.oneof({ weight: 4, arbitrary: archive }, { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) }),
        async (bytes) => {
          const code = await store.take(account, bytes, { maxUnzippedBytes: 100_000 }).catch((error: Error) => {
            assert.equal(error.name, 'InvalidParameterValueException', String(error));
          });
          if (code === undefined) return;
          taken += 1;
          for (const entry of await listed(code.dir)) {
            if (!entry.isSymbolicLink()) continue;
            // The kernel's word; a link to nothing or in a circle leads nowhere.
            const end = await realpath(path.join(entry.parentPath, entry.name)).catch(() => code.dir);
            assert.ok(end === code.dir || end.startsWith(code.dir + path.sep), end);
            links += 1;
          }
        },
      ),
      { numRuns: 500 },
    );
    assert.deepEqual(await outside(), untouched);
    // Otherwise the property says nothing.
    assert.ok(taken > 20 && links > 10, `${taken} were good, with ${links} links`);
  });
});

suite('unusual archives that are fine', { timeout: 60_000 }, () => {
  const files = async (zip: Uint8Array): Promise<string[]> => {
    const { dir } = await store.take(account, zip, { maxUnzippedBytes: awsLimits.unzippedBytes });
    return (await readdir(dir, { recursive: true })).sort();
  };
  test('folders after their files, twice, or with a dot in front', async () => {
    assert.deepEqual(await files(zipOf([{ name: './' }, { name: './d/a' }, { name: 'd/' }, { name: 'd/' }])), ['d', 'd/a']);
  });
  test('names that differ only in case, where the file system keeps them apart', async (t) => {
    if (process.platform !== 'linux') return t.skip('other systems fold case');
    assert.deepEqual(await files(zipOf([{ name: 'A' }, { name: 'a' }])), ['A', 'a']);
  });
  test('and are refused where it takes them for one', async () => {
    const file = path.join(outer, 'folding.zip');
    await writeFile(file, zipOf([{ name: 'Lib/a' }, { name: 'lib/b' }]));
    using reader = new ArchiveReader(file);
    await assert.rejects(planOf(reader, { maxUnzippedBytes: 100, maxEntries: 10, foldsCase: true }), /two entries/);
    assert.equal((await planOf(reader, { maxUnzippedBytes: 100, maxEntries: 10, foldsCase: false })).files.length, 2);
    await rm(file);
  });
  test('a comment, and sizes that come after the bytes', async () => {
    assert.deepEqual(await files(zipOf([{ name: 'a', content: 'x' }], { comment: 'PK\x05\x06 not the end' })), ['a']);
    assert.deepEqual(await files(zipOf([{ name: 'a', content: 'x', flags: 0x808, localUncompressedSize: 0 }])), ['a']);
  });
  test('names in the old code page', async () => {
    assert.deepEqual(await files(zipOf([{ name: new Uint8Array([0x81]), flags: 0 }])), ['ü']);
  });
});
