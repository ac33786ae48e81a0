import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of an archive written by hand; every field can lie. */
export interface Part {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  readonly deflate?: boolean;
  /** Upper half of the external attributes: type and permissions. */
  readonly unixMode?: number;
  /** Upper byte of "version made by"; 3 is Unix. */
  readonly host?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly crc?: number;
  readonly compressedSize?: number;
  readonly uncompressedSize?: number;
  readonly localName?: string;
  readonly localUncompressedSize?: number;
  /** Only in the directory: its bytes are those of the entry at this index. */
  readonly sharesBytesOf?: number;
  readonly extra?: Uint8Array;
}

export interface End {
  readonly entryCount?: number;
  readonly comment?: string;
  readonly before?: Uint8Array;
}

const bytesOf = (text: string | Uint8Array): Buffer => Buffer.from(text as string);

/** The bytes of an archive, honest unless told otherwise. */
export function zipOf(parts: readonly Part[], end: End = {}): Buffer {
  const pieces: Buffer[] = [Buffer.from(end.before ?? [])];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let at = pieces[0]?.length ?? 0;
  for (const part of parts) {
    const content = bytesOf(part.content ?? '');
    const stored = part.deflate === true ? deflateRawSync(content) : content;
    const common = {
      flags: part.flags ?? 0x800,
      method: part.method ?? (part.deflate === true ? 8 : 0),
      crc: part.crc ?? crc32(content),
      compressed: part.compressedSize ?? stored.length,
      uncompressed: part.uncompressedSize ?? content.length,
    };
    offsets.push(part.sharesBytesOf === undefined ? at : (offsets[part.sharesBytesOf] ?? 0));
    directory.push(directoryHeader(part, common, offsets.at(-1) ?? 0));
    if (part.sharesBytesOf !== undefined) continue;
    const piece = Buffer.concat([localHeader(part, common), stored]);
    pieces.push(piece);
    at += piece.length;
  }
  const listed = Buffer.concat(directory);
  const comment = bytesOf(end.comment ?? '');
  const tail = Buffer.alloc(22);
  tail.writeUInt32LE(0x06054b50, 0);
  tail.writeUInt16LE(end.entryCount ?? parts.length, 8);
  tail.writeUInt16LE(end.entryCount ?? parts.length, 10);
  tail.writeUInt32LE(listed.length, 12);
  tail.writeUInt32LE(at, 16);
  tail.writeUInt16LE(comment.length, 20);
  return Buffer.concat([...pieces, listed, tail, comment]);
}

interface Common {
  readonly flags: number;
  readonly method: number;
  readonly crc: number;
  readonly compressed: number;
  readonly uncompressed: number;
}

function localHeader(part: Part, common: Common): Buffer {
  const name = bytesOf(part.localName ?? part.name);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(common.flags, 6);
  header.writeUInt16LE(common.method, 8);
  header.writeUInt16LE(0x5821, 12);
  header.writeUInt32LE(common.crc, 14);
  header.writeUInt32LE(common.compressed, 18);
  header.writeUInt32LE(part.localUncompressedSize ?? common.uncompressed, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, name]);
}

function directoryHeader(part: Part, common: Common, offset: number): Buffer {
  const name = bytesOf(part.name);
  const extra = Buffer.from(part.extra ?? []);
  const header = Buffer.alloc(46);
  header.writeUInt32LE(0x02014b50, 0);
  header.writeUInt16LE(((part.host ?? 3) << 8) | 20, 4);
  header.writeUInt16LE(20, 6);
  header.writeUInt16LE(common.flags, 8);
  header.writeUInt16LE(common.method, 10);
  header.writeUInt16LE(0x5821, 14);
  header.writeUInt32LE(common.crc, 16);
  header.writeUInt32LE(common.compressed, 20);
  header.writeUInt32LE(common.uncompressed, 24);
  header.writeUInt16LE(name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  header.writeUInt32LE(((part.unixMode ?? 0) << 16) >>> 0, 38);
  header.writeUInt32LE(offset, 42);
  return Buffer.concat([header, name, extra]);
}
