import type { Records } from '../kit/index.ts';

export interface RepositoryRecord {
  readonly name: string;
  readonly createdAt: number;
  readonly tagMutability: 'MUTABLE' | 'IMMUTABLE';
  readonly scanOnPush: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly policy?: string;
  readonly lifecyclePolicy?: string;
  readonly lifecycleChangedAt?: number;
}

export interface ManifestRecord {
  readonly digest: string;
  readonly mediaType: string;
  /** Of the manifest itself. */
  readonly bytes: number;
  /** Of its configuration and layers, compressed. */
  readonly imageBytes: number;
  readonly pushedAt: number;
  /** Configuration and layers. */
  readonly blobs: readonly string[];
  /** What an index lists. */
  readonly manifests: readonly string[];
  readonly artifactMediaType?: string;
}

export interface TagRecord {
  readonly tag: string;
  readonly digest: string;
}

/** A repository may read a blob when it has one of these: content is shared, the right to it is not. */
export interface LayerRecord {
  readonly digest: string;
  readonly bytes: number;
  readonly addedAt: number;
}

/** `repository` lies in `account/region`; the others in `account/region/repository`. */
export type EcrKinds = {
  readonly repository: RepositoryRecord;
  readonly manifest: ManifestRecord;
  readonly tag: TagRecord;
  readonly layer: LayerRecord;
};
export type EcrRecords = Records<EcrKinds>;

/** Where a registry is: each account has one in each region. */
export interface Home {
  readonly account: string;
  readonly region: string;
}

export const scopeOfHome = ({ account, region }: Home): string => `${account}/${region}`;
export const scopeOfRepository = (home: Home, repository: string): string => `${scopeOfHome(home)}/${repository}`;
