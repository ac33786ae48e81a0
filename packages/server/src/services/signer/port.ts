import type { S3Port } from '../s3/index.ts';

/** What a signature says of an archive. */
export interface CodeSignature {
  /** Hex SHA-256 of the manifest of what the archive holds. */
  readonly manifestSha256: string;
  readonly profileVersionArn: string;
  readonly jobArn: string;
  readonly signedAtMs: number;
  readonly expiresAtMs: number;
}

/** For those who check what was signed. */
export interface SignerPort {
  /** What the text of a signature says; undefined where nobody of this installation wrote it. Reads no storage. */
  read(signature: string): CodeSignature | undefined;
  /** Whether a signature was taken back, by itself or with all of its profile's version. */
  isRevoked(signature: CodeSignature): boolean;
  /** Policy of a signing profile, or of the one a signing job belongs to, by its ARN; undefined where there is none. */
  policy(arn: string): string | undefined;
  /** Which version of a profile signs now, or which one a job was signed with. */
  versionOf(arn: string): string | undefined;
}

/** Puts signatures into archives. */
export interface Archives {
  /** @throws ServiceFault for what is no archive that Lambda would take */
  seal(
    zip: AsyncIterable<Uint8Array>,
    options: { readonly sign: (manifestSha256: string) => string },
  ): Promise<AsyncDisposable & { readonly body: AsyncIterable<Uint8Array> }>;
}

export interface SignerPorts {
  readonly buckets: Pick<S3Port, 'get' | 'put'>;
  readonly archives: Archives;
}
