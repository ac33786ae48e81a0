import type { Call } from '@mayfly/wire';
import type { AccountId, Region } from '../base/index.ts';

/** What the room needs of its neighbours; `main` plugs them in. What is absent is refused in sight of the caller. */
export interface ControlPorts {
  /** Where the client may fetch an archive: `Code.Location`, `Content.Location`. Valid for ten minutes on AWS. */
  codeUrl(call: Call, account: AccountId, codeSha256: string): string;
  /** Host of a function URL, for example `https://<id>.lambda-url.<region>.localhost:4566/`. @source spec 0.2-17 */
  functionUrl(id: string, region: Region): string;
  /** For code in buckets. */
  readonly objects?: Objects;
  /** For functions from container images. */
  readonly images?: Images;
}

export interface Objects {
  /**
   * @throws ServiceFault  with S3's code and text, `NoSuchBucket` or `NoSuchKey`
   */
  get(
    at: { readonly account: AccountId; readonly region: Region; readonly bucket: string; readonly key: string; readonly versionId?: string },
    options: { readonly signal: AbortSignal },
  ): Promise<AsyncIterable<Uint8Array>>;
}

export interface Images {
  /** Resolves a tag to a digest, once. @throws ServiceFault InvalidParameterValueException. @source spec 1.2-11 */
  resolve(uri: string, options: { readonly signal: AbortSignal }): Promise<{ readonly resolvedUri: string; readonly digest: string }>;
  /** Fetches and unpacks; the function is Pending meanwhile. */
  prepare(resolvedUri: string, options: { readonly signal: AbortSignal }): Promise<void>;
  /** Read-only unpacked root. Reads no storage. */
  dir(digest: string): string;
}
