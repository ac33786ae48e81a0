import type { SignatureRecord } from '../signing/signature.ts';

/** Numbers are never used again, also not after all versions are gone. @source spec 1.8-02 */
export interface LayerRecord {
  readonly nextVersion: number;
}

export interface LayerVersionRecord {
  readonly version: number;
  readonly codeSha256: string;
  readonly sizeBytes: number;
  readonly unzippedBytes: number;
  readonly description: string;
  readonly createdAt: number;
  /** Absent when none was given, which is shown. */
  readonly runtimes?: readonly string[];
  /** Absent when none was given, which is shown. */
  readonly architectures?: readonly string[];
  readonly licenseInfo?: string;
  readonly signature?: SignatureRecord;
}
