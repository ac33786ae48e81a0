import { createHash } from 'node:crypto';

/** An entry of an archive that a test makes, as honest or not as it likes. */
export interface Entry {
  readonly name: string;
  /** `0` file, `1` hard link, `2` link, `3` device, `5` folder … */
  readonly type?: string;
  readonly target?: string;
  readonly content?: string | Uint8Array;
  readonly mode?: number;
  /** What the header claims, when that is not so. */
  readonly bytes?: number;
}

const block = 512;

export function tarOf(entries: readonly Entry[]): Buffer {
  return Buffer.concat([...entries.flatMap(entryOf), Buffer.alloc(2 * block)]);
}

function entryOf({ name, type = '0', target = '', content = '', mode = 0o644, bytes }: Entry): Buffer[] {
  const body = Buffer.from(content);
  const header = Buffer.alloc(block);
  const octal = (value: number, at: number, length: number): void =>
    void header.write(value.toString(8).padStart(length - 1, '0'), at, 'latin1');
  header.write(name, 0, 100, 'utf8');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(bytes ?? body.length, 124, 12);
  octal(1_700_000_000, 136, 12);
  header.write(type, 156, 'latin1');
  header.write(target, 157, 100, 'utf8');
  header.write('ustar\0', 257, 'latin1');
  header.write('00', 263, 'latin1');
  header.fill(0x20, 148, 156);
  octal(
    header.reduce((sum, byte) => sum + byte, 0),
    148,
    7,
  );
  return [header, body, Buffer.alloc((block - (body.length % block)) % block)];
}

/** Attributes of the entry that follows. */
export function pax(attributes: Readonly<Record<string, string>>): Entry {
  const records = Object.entries(attributes).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (String(length).length + Buffer.byteLength(rest) !== length) length = String(length).length + Buffer.byteLength(rest);
    return `${length}${rest}`;
  });
  return { name: 'pax', type: 'x', content: records.join('') };
}

export const shaOf = (bytes: string | Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** A whole image in memory: manifest, configuration and layers by their digests. */
export function imageOf(
  layers: readonly Uint8Array[],
  options: { readonly config?: object; readonly architecture?: string; readonly unpacked?: readonly Uint8Array[] } = {},
): { readonly digest: string; readonly blobs: ReadonlyMap<string, Uint8Array> } {
  const { config = { Entrypoint: ['/run'] }, architecture = 'amd64', unpacked = layers } = options;
  const blobs = new Map<string, Uint8Array>();
  const add = (bytes: Uint8Array, mediaType: string): object => {
    blobs.set(shaOf(bytes), bytes);
    return { mediaType, digest: shaOf(bytes), size: bytes.length };
  };
  const described = layers.map((layer) => add(layer, 'application/vnd.oci.image.layer.v1.tar'));
  const settings = Buffer.from(
    JSON.stringify({ architecture, os: 'linux', config, rootfs: { type: 'layers', diff_ids: unpacked.map(shaOf) } }),
  );
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType,
      config: add(settings, 'application/vnd.oci.image.config.v1+json'),
      layers: described,
    }),
  );
  blobs.set(shaOf(manifest), manifest);
  return { digest: shaOf(manifest), blobs };
}
