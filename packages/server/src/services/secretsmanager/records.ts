import type { Records } from '../kit/index.ts';

export interface SecretVersion {
  readonly id: string;
  /** JSON of `{ string }` or `{ binary }` (base64), sealed. */
  readonly sealed: string;
  readonly stages: readonly string[];
  readonly createdAt: number;
  readonly readAt?: number;
}

export interface SecretRecord {
  readonly name: string;
  readonly arn: string;
  readonly description?: string;
  readonly kmsKeyId?: string;
  /** The service that keeps it: `events`. */
  readonly owner?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly changedAt: number;
  readonly policy?: string;
  /** Oldest first. */
  readonly versions: readonly SecretVersion[];
  /** Since when it is to be deleted, and when it will be. */
  readonly deletedAt?: number;
  readonly purgeAt?: number;
}

export type SecretKinds = { readonly secret: SecretRecord };
export type SecretRecords = Records<SecretKinds>;
