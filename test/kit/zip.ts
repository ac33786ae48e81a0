import { ZipFile } from 'yazl';

/** An archive of these files; a value may be text or bytes. Executable unless it says otherwise. */
export async function zipOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<Buffer> {
  const zip = new ZipFile();
  const mtime = new Date(1980, 0, 1);
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name, { mtime, mode: 0o100755 });
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
