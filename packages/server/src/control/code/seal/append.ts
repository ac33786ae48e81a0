import { crc32, deflateRawSync } from 'node:zlib';
import type { ArchiveReader } from '../unzip/archive-reader.ts';
import type { Plan } from '../unzip/plan.ts';

export interface Addition {
  readonly name: string;
  readonly content: Buffer;
}

/** The most that the old form counts. */
const most = 0xffff;

/** What takes the place of an archive's directory when files are added: their bytes, and the directory with them in it. */
export function tailOf({ directory }: Pick<Plan, 'directory'>, reader: ArchiveReader, additions: readonly Addition[]): Buffer {
  const files: Buffer[] = [];
  const listed = [directoryBytes(directory, reader)];
  let at = directory.at;
  for (const { name, content } of additions) {
    const packed = deflateRawSync(content);
    const common = commonOf(name, content, packed);
    const file = Buffer.concat([bytes([4, 0x04034b50], [2, 20]), common, Buffer.from(name), packed]);
    // Made on Unix, a file that all may read; nothing more to tell.
    const rest = bytes([2, 0], [2, 0], [2, 0], [4, (0o100644 << 16) >>> 0], [4, at]);
    listed.push(bytes([4, 0x02014b50], [2, (3 << 8) | 20], [2, 20]), common, rest, Buffer.from(name));
    files.push(file);
    at += file.length;
  }
  const list = Buffer.concat(listed);
  return Buffer.concat([...files, list, endOf(directory.entries + additions.length, list.length, at)]);
}

/** Flags, method, moment, checksum and lengths: the same before a file as in the directory. */
const commonOf = (name: string, content: Buffer, packed: Buffer): Buffer =>
  bytes(
    [2, 0x800],
    [2, 8],
    [2, 0],
    [2, 0x21],
    [4, crc32(content)],
    [4, packed.length],
    [4, content.length],
    [2, Buffer.byteLength(name)],
    [2, 0],
  );

/** As they are: what they point at stays where it is. */
function directoryBytes({ entries, at }: Plan['directory'], reader: ArchiveReader): Buffer {
  let length = 0;
  for (let index = 0; index < entries; index += 1) {
    const header = reader.bytes(at + length, 46);
    length += 46 + header.readUInt16LE(28) + header.readUInt16LE(30) + header.readUInt16LE(32);
  }
  return Buffer.from(reader.bytes(at, length));
}

function endOf(entries: number, length: number, at: number): Buffer {
  const old = Math.min(entries, most);
  const end = bytes([4, 0x06054b50], [2, 0], [2, 0], [2, old], [2, old], [4, length], [4, at], [2, 0]);
  if (entries < most) return end;
  const wide = bytes(
    [4, 0x06064b50],
    [8, 44],
    [2, 45],
    [2, 45],
    [4, 0],
    [4, 0],
    [8, entries],
    [8, entries],
    [8, length],
    [8, at],
  );
  return Buffer.concat([wide, bytes([4, 0x07064b50], [4, 0], [8, at + length], [4, 1]), end]);
}

/** Little-endian numbers, each with its width. */
function bytes(...numbers: readonly (readonly [width: 2 | 4 | 8, value: number])[]): Buffer {
  const buffer = Buffer.alloc(numbers.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of numbers) {
    if (width === 8) buffer.writeBigUInt64LE(BigInt(value), at);
    else buffer.writeUIntLE(value, at, width);
    at += width;
  }
  return buffer;
}
