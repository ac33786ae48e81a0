import type { AccountId } from '../../base/index.ts';

/** A signature as an archive brings it; nobody has looked yet whose it is. */
export interface Seal {
  /** Text of `META-INF/mayfly.signature`; empty where that is no such file. */
  readonly signature: string;
  /** Hex, of what the manifest has to be for what the archive holds. */
  readonly manifestSha256: string;
  /** Whether the manifest is just that. */
  readonly matches: boolean;
}

/** One archive, stored once for each account by its content. */
export interface StoredCode {
  /** Base64 of the archive's SHA-256, as `CodeSha256` shows it. */
  readonly codeSha256: string;
  /** Bytes of the archive. */
  readonly codeSize: number;
  /** Bytes of its files together. */
  readonly unzippedSize: number;
  /** Read-only folder that holds them. */
  readonly dir: string;
  /** Absent for an archive that does not say it was signed. */
  readonly seal?: Seal;
}

/** An archive on its way out; disposed of when it has been read. */
export interface SealedArchive extends AsyncDisposable {
  readonly body: AsyncIterable<Uint8Array>;
}

export interface CodeStore {
  /**
   * Takes an archive: hashed and written while it comes, checked whole (slip, links out, bombs, overlaps,
   * truncated) before a file appears where code lives, unpacked once, then renamed into place.
   *
   * @param zip  bytes, or a stream of them
   * @throws ServiceFault InvalidParameterValueException in Lambda's words. @source spec 9.3
   */
  take(
    account: AccountId,
    zip: Uint8Array | AsyncIterable<Uint8Array>,
    options: { readonly maxUnzippedBytes: number },
  ): Promise<StoredCode>;
  /** Where code that was taken is. Reads no storage. */
  dir(account: AccountId, codeSha256: string): string;
  /** The archive itself, for the `Code.Location` of GetFunction. */
  archive(account: AccountId, codeSha256: string): string;
  /** Layers merged in order into one read-only folder, made once for each such list. */
  layers(account: AccountId, codeSha256s: readonly string[]): Promise<string>;
  /** Removes what nobody of these refers to, and half-made things of a crash. */
  sweep(inUse: ReadonlyMap<AccountId, ReadonlySet<string>>): Promise<void>;
}

/** The same shop, for those who sign code. */
export interface ArchiveSealer {
  /**
   * Signs an archive: the same entries, and behind them a manifest of what they hold and a signature over that.
   * Nothing of it stays here.
   *
   * @param options.sign  gives the text of the signature for the SHA-256 (hex) of the manifest
   * @throws ServiceFault InvalidParameterValueException, for what `take` would refuse and for what is signed already
   */
  seal(
    zip: AsyncIterable<Uint8Array>,
    options: { readonly maxUnzippedBytes: number; readonly sign: (manifestSha256: string) => string },
  ): Promise<SealedArchive>;
}
