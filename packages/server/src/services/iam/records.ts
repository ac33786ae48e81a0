import type { Records } from '../kit/index.ts';

/** What roles, users and groups have in common: they hold policies. */
export interface Entity {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Inline policies, name → document as it was given. */
  readonly inline: Readonly<Record<string, string>>;
  /** ARNs of managed policies. */
  readonly attached: readonly string[];
  /** ARN of a managed policy. */
  readonly boundary?: string;
}

export interface RoleRecord extends Entity {
  readonly trust: string;
  readonly description?: string;
  /** Seconds. */
  readonly maxSessionS: number;
}

export interface UserRecord extends Entity {
  readonly groups: readonly string[];
}

export type GroupRecord = Entity;

export interface PolicyVersion {
  /** `v1` */
  readonly id: string;
  readonly document: string;
  readonly createdAt: number;
}

export interface PolicyRecord {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly description?: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly versions: readonly PolicyVersion[];
  readonly defaultVersion: string;
  /** Numbers are not used twice. */
  readonly lastVersion: number;
}

export interface ProfileRecord {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly roles: readonly string[];
}

export interface ProviderRecord {
  readonly arn: string;
  /** Without its scheme. */
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly createdAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** IAM has no regions: the scope of each is the account. */
export type IamKinds = {
  readonly role: RoleRecord;
  readonly user: UserRecord;
  readonly group: GroupRecord;
  readonly policy: PolicyRecord;
  readonly profile: ProfileRecord;
  readonly provider: ProviderRecord;
  readonly alias: { readonly name: string };
};
export type IamRecords = Records<IamKinds>;
export type EntityKind = 'role' | 'user' | 'group';
