import { ByteReader } from './byte-reader.ts';
import { ServiceFault } from './fault.ts';
import type { RequestHead } from './request.ts';

/** A form of a web page that brings a file. */
export interface FormUpload {
  /** Fields before the file; names in lower case. */
  readonly fields: ReadonlyMap<string, string>;
  readonly fileName: string;
  /** The file, as it comes. */
  readonly file: AsyncIterable<Uint8Array>;
}

/** All fields together. @source Amazon S3 API Reference, "POST Object", read 2026-11 */
const mostFieldBytes = 20_480;

const malformed = (): ServiceFault =>
  new ServiceFault('MalformedPOSTRequest', 'The body of your POST request is not well-formed multipart/form-data.', {
    status: 400,
  });

const boundaryOf = (head: RequestHead): string | undefined => {
  const [, quoted, plain] =
    /^multipart\/form-data\s*;.*?boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(head.headers['content-type'] ?? '') ?? [];
  return quoted ?? plain;
};

export const isFormUpload = (head: RequestHead): boolean => head.method === 'POST' && boundaryOf(head) !== undefined;

/** Reads the fields, up to the file; what follows the file is not looked at. @throws MalformedPOSTRequest, MaxPostPreDataLengthExceeded */
export async function readFormUpload(head: RequestHead, source: AsyncIterable<Uint8Array>): Promise<FormUpload> {
  const boundary = boundaryOf(head);
  if (boundary === undefined) throw malformed();
  const reader = new ByteReader(source, malformed);
  const marker = Buffer.from(`\r\n--${boundary}`);
  if ((await reader.line()) !== `--${boundary}`) throw malformed();
  const fields = new Map<string, string>();
  let bytes = 0;
  for (;;) {
    const { name, fileName } = await partHead(reader);
    if (name === 'file') return { fields, fileName: fileName ?? '', file: reader.until(marker) };
    const pieces: Uint8Array[] = [];
    for await (const piece of reader.until(marker)) {
      bytes += piece.length;
      if (bytes > mostFieldBytes) {
        throw new ServiceFault(
          'MaxPostPreDataLengthExceeded',
          'Your POST request fields preceding the upload file were too large.',
          { status: 400 },
        );
      }
      pieces.push(piece);
    }
    fields.set(name, Buffer.concat(pieces).toString('utf8'));
    if ((await reader.line()) !== '')
      throw new ServiceFault('InvalidArgument', 'POST requires exactly one file upload per request.', { status: 400 });
  }
}

async function partHead(reader: ByteReader): Promise<{ readonly name: string; readonly fileName: string | undefined }> {
  let name: string | undefined;
  let fileName: string | undefined;
  for (let line = await reader.line(); line !== ''; line = await reader.line()) {
    if (!/^content-disposition:/i.test(line)) continue;
    const utf8 = Buffer.from(line, 'latin1').toString('utf8');
    name = /[;\s]name="([^"]*)"/i.exec(utf8)?.[1]?.toLowerCase();
    fileName = /[;\s]filename="([^"]*)"/i.exec(utf8)?.[1];
  }
  if (name === undefined) throw malformed();
  return { name, fileName };
}
