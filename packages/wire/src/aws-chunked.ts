import { createHash } from 'node:crypto';
import { ByteReader } from './byte-reader.ts';
import { ServiceFault } from './fault.ts';
import type { RequestHead } from './request.ts';

/** Signs the pieces of a body whose head has been verified. */
export interface ChunkSigner {
  /** Signature of the head. */
  readonly seed: string;
  /** @param sha256  of the piece, or of the trailers as they came */
  sign(kind: 'chunk' | 'trailer', previous: string, sha256: string): string;
}

/** A body that comes while it is read. After its end `trailers` holds what followed it, names in lower case. */
export interface StreamedBody extends AsyncIterable<Uint8Array> {
  readonly trailers: ReadonlyMap<string, string>;
  /** Bytes that will come, where the head says so. */
  readonly length: number | undefined;
}

const isChunked = (head: RequestHead): boolean =>
  head.headers['x-amz-content-sha256']?.startsWith('STREAMING-') === true ||
  /(^|[,\s])aws-chunked([,\s]|$)/.test(head.headers['content-encoding'] ?? '');

const sizeOf = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;

/**
 * The body as the handler reads it: unwrapped from `aws-chunked`, checked against the hash and the length that the
 * head claims. What does not fit is told at the end, so nothing may be believed before it.
 *
 * @param checks.hash  compare with the hash in the head; without signatures nobody vouches for that anyway
 */
export function streamedBody(
  head: RequestHead,
  source: AsyncIterable<Uint8Array>,
  checks: { readonly hash: boolean; readonly signer?: ChunkSigner | undefined },
): StreamedBody {
  const trailers = new Map<string, string>();
  const chunked = isChunked(head);
  const claimed = head.headers['x-amz-content-sha256'];
  const length = sizeOf(chunked ? head.headers['x-amz-decoded-content-length'] : head.headers['content-length']);
  const plain = chunked ? unwrapped(source, trailers, checks.signer) : source;
  const sha256 = checks.hash && claimed !== undefined && /^[0-9a-f]{64}$/.test(claimed) ? claimed : undefined;
  return { trailers, length, [Symbol.asyncIterator]: () => checked(plain, length, sha256) };
}

const incomplete = (): ServiceFault =>
  new ServiceFault('IncompleteBody', 'You did not provide the number of bytes specified by the Content-Length HTTP header', {
    status: 400,
  });
const malformed = (): ServiceFault =>
  new ServiceFault('IncompleteBody', 'The request body terminated unexpectedly', { status: 400 });
const mismatch = (): ServiceFault =>
  new ServiceFault(
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check your key and signing method.',
    { status: 403 },
  );

async function* checked(
  source: AsyncIterable<Uint8Array>,
  length: number | undefined,
  sha256: string | undefined,
): AsyncGenerator<Uint8Array> {
  const hash = sha256 === undefined ? undefined : createHash('sha256');
  let seen = 0;
  for await (const chunk of source) {
    seen += chunk.length;
    hash?.update(chunk);
    if (length !== undefined && seen > length) throw incomplete();
    yield chunk;
  }
  if (length !== undefined && seen !== length) throw incomplete();
  if (hash !== undefined && hash.digest('hex') !== sha256) {
    throw new ServiceFault(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
      { status: 400 },
    );
  }
}

const mostTrailers = 16;

/** `size;chunk-signature=…`, the piece, and so on to a piece of nothing; then the trailers. */
async function* unwrapped(
  source: AsyncIterable<Uint8Array>,
  trailers: Map<string, string>,
  signer: ChunkSigner | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = new ByteReader(source, malformed);
  let previous = signer?.seed ?? '';
  for (;;) {
    const [size = '', ...extensions] = (await reader.line()).split(';');
    if (!/^[0-9a-f]{1,8}$/i.test(size)) throw malformed();
    const bytes = Number.parseInt(size, 16);
    const hash = signer === undefined ? undefined : createHash('sha256');
    for await (const chunk of reader.bytes(bytes)) {
      hash?.update(chunk);
      yield chunk;
    }
    if (signer !== undefined && hash !== undefined) {
      const given = extensions.find((each) => each.trim().startsWith('chunk-signature='))?.split('=')[1];
      previous = signer.sign('chunk', previous, hash.digest('hex'));
      if (given !== previous) throw mismatch();
    }
    if (bytes === 0) break;
    if ((await reader.line()) !== '') throw malformed();
  }
  await readTrailers(reader, trailers, signer, previous);
}

async function readTrailers(
  reader: ByteReader,
  trailers: Map<string, string>,
  signer: ChunkSigner | undefined,
  previous: string,
): Promise<void> {
  let signedText = '';
  for (;;) {
    const line = await reader.line({ orEnd: true });
    if (line === '') break;
    const colon = line.indexOf(':');
    if (colon < 1 || trailers.size >= mostTrailers) throw malformed();
    const name = line.slice(0, colon).trim().toLowerCase();
    const value = line.slice(colon + 1).trim();
    if (name !== 'x-amz-trailer-signature') {
      trailers.set(name, value);
      signedText += `${name}:${value}\n`;
    } else if (signer !== undefined) {
      if (signer.sign('trailer', previous, createHash('sha256').update(signedText).digest('hex')) !== value) throw mismatch();
    }
  }
}
