import type { Records } from '../kit/index.ts';

export type ParameterType = 'String' | 'StringList' | 'SecureString';

export interface ParameterVersion {
  readonly version: number;
  readonly type: ParameterType;
  /** Sealed for a SecureString. */
  readonly value: string;
  readonly keyId?: string;
  readonly description?: string;
  readonly allowedPattern?: string;
  readonly tier: 'Standard' | 'Advanced';
  readonly dataType: string;
  readonly labels: readonly string[];
  readonly modifiedAt: number;
  readonly modifiedBy: string;
}

export interface ParameterRecord {
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Oldest first; the last one is current. */
  readonly versions: readonly ParameterVersion[];
}

export type SsmKinds = { readonly parameter: ParameterRecord };
export type SsmRecords = Records<SsmKinds>;

export const currentOf = (record: ParameterRecord): ParameterVersion => record.versions.at(-1) as ParameterVersion;
