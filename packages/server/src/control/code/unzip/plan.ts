import { fromRandomAccessReaderPromise, type Entry, type ZipFile } from 'yauzl';
import { RefusedArchive } from '../refusal.ts';
import { ArchiveReader } from './archive-reader.ts';
import { kindOf, modeOf, type Kind } from './modes.ts';
import { foldersAbove, pathOf } from './names.ts';

export interface Bounds {
  readonly maxUnzippedBytes: number;
  readonly maxEntries: number;
  /** The file system takes `A` and `a` for one name. */
  readonly foldsCase: boolean;
}

export interface PlannedFile {
  readonly path: string;
  readonly mode: number;
  readonly entry: Entry;
  /** Where its bytes begin in the archive. */
  readonly dataAt: number;
}

/** What an archive would become: everything its directory says, checked, before a byte is unpacked. */
export interface Plan {
  readonly folders: readonly string[];
  readonly files: readonly PlannedFile[];
  /** Their targets are the bytes of the entries. */
  readonly links: readonly PlannedFile[];
  readonly unzippedSize: number;
  /** Where the archive's own directory begins, and how much it lists. */
  readonly directory: { readonly entries: number; readonly at: number };
}

/** Deflate cannot do better, so more than this is a lie. */
const bestRatio = 1032;

const signatures = { local: 0x04034b50 };
const wide = 0xffffffff;

/** @throws RefusedArchive for whatever is not a plain, honest archive within the bounds */
export async function planOf(reader: ArchiveReader, bounds: Bounds): Promise<Plan> {
  const zip = await fromRandomAccessReaderPromise(reader, reader.size, { autoClose: false, strictFileNames: true });
  // Typed as a boolean; before the first entry it is where the central directory begins.
  const directoryAt = Number(zip.readEntryCursor);
  if (zip.entryCount === 0) throw new RefusedArchive('empty', 'no entries');
  if (zip.entryCount > bounds.maxEntries) throw new RefusedArchive('malformed', `more than ${bounds.maxEntries} entries`);
  const entries = await entriesOf(zip);

  const places = new Places(bounds.foldsCase);
  const spans: Span[] = [];
  const files: PlannedFile[] = [];
  const links: PlannedFile[] = [];
  let unzippedSize = 0;
  for (const entry of entries) {
    const path = pathOf(entry.fileName);
    const kind = kindOf(entry);
    if (kind === 'folder' ? entry.uncompressedSize > 0 : path === '') refuse(entry, 'a folder with bytes');
    unzippedSize += entry.uncompressedSize;
    if (unzippedSize > bounds.maxUnzippedBytes)
      throw new RefusedArchive('tooLarge', `${unzippedSize} bytes and more are declared`);
    places.take(path, kind);
    const dataAt = dataOf(entry, reader);
    spans.push({ from: entry.relativeOffsetOfLocalHeader, to: dataAt + entry.compressedSize });
    if (kind !== 'folder') (kind === 'file' ? files : links).push({ path, mode: modeOf(entry, kind), entry, dataAt });
  }
  refuseOverlaps(spans, directoryAt);
  return {
    folders: places.folders(),
    files,
    links,
    unzippedSize,
    directory: { entries: entries.length, at: directoryAt },
  };
}

async function entriesOf(zip: ZipFile): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const entry of zip.eachEntry()) entries.push(entry);
  return entries;
}

/** Compares an entry with the header in front of its bytes. @returns where the bytes begin */
function dataOf(entry: Entry, reader: ArchiveReader): number {
  if (entry.isEncrypted()) refuse(entry, 'encrypted');
  if (!entry.canDecodeFileData()) refuse(entry, `method ${entry.compressionMethod}`);
  const { compressedSize, uncompressedSize, relativeOffsetOfLocalHeader: at } = entry;
  if (![compressedSize, uncompressedSize, at].every(Number.isSafeInteger)) refuse(entry, 'absurd numbers');
  if (uncompressedSize > compressedSize * bestRatio) refuse(entry, 'a ratio nothing can have');
  const header = Buffer.from(reader.bytes(at, 30));
  if (header.readUInt32LE(0) !== signatures.local) refuse(entry, 'no header where the directory says');
  const flags = header.readUInt16LE(6);
  const [crc, compressed, uncompressed] = [header.readUInt32LE(14), header.readUInt32LE(18), header.readUInt32LE(22)];
  const nameLength = header.readUInt16LE(26);
  const name = reader.bytes(at + 30, nameLength);
  const sizesFollow = (flags & 8) !== 0;
  const differs = (mine: number, said: number): boolean => mine !== said && mine !== wide && !(sizesFollow && mine === 0);
  if (
    !name.equals(entry.fileNameRaw) ||
    (flags & 1) !== 0 ||
    header.readUInt16LE(8) !== entry.compressionMethod ||
    differs(compressed, compressedSize) ||
    differs(uncompressed, uncompressedSize) ||
    differs(crc, entry.crc32)
  )
    refuse(entry, 'its two headers differ');
  return at + 30 + nameLength + header.readUInt16LE(28);
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Bytes that are used twice are how a small archive becomes a large one. */
function refuseOverlaps(spans: Span[], directoryAt: number): void {
  spans.sort((a, b) => a.from - b.from);
  for (const [index, { to }] of spans.entries()) {
    if (to > (spans[index + 1]?.from ?? directoryAt)) throw new RefusedArchive('malformed', 'entries overlap');
  }
}

/** Which names are taken, and by what. */
class Places {
  readonly #kinds = new Map<string, Kind>();
  readonly #folders = new Map<string, string>();
  readonly #foldsCase: boolean;

  constructor(foldsCase: boolean) {
    this.#foldsCase = foldsCase;
  }

  take(path: string, kind: Kind): void {
    for (const folder of foldersAbove(path)) this.#put(folder, 'folder');
    if (path !== '') this.#put(path, kind);
  }

  /** Parents before children. */
  folders(): string[] {
    return [...this.#folders.values()];
  }

  #put(path: string, kind: Kind): void {
    const key = this.#foldsCase ? path.normalize('NFC').toLowerCase() : path;
    const found = this.#kinds.get(key);
    if (found === undefined) {
      this.#kinds.set(key, kind);
      if (kind === 'folder') this.#folders.set(key, path);
    } else if (found !== 'folder' || kind !== 'folder' || this.#folders.get(key) !== path) {
      throw new RefusedArchive('malformed', `two entries for ${JSON.stringify(path.slice(0, 100))}`);
    }
  }
}

function refuse(entry: Entry, why: string): never {
  throw new RefusedArchive('malformed', `entry ${JSON.stringify(entry.fileName.slice(0, 100))}: ${why}`);
}
