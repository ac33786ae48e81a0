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

/** What passwords of an account have to be like. */
export interface PasswordPolicyRecord {
  readonly MinimumPasswordLength: number;
  readonly RequireSymbols: boolean;
  readonly RequireNumbers: boolean;
  readonly RequireUppercaseCharacters: boolean;
  readonly RequireLowercaseCharacters: boolean;
  readonly AllowUsersToChangePassword: boolean;
  readonly MaxPasswordAge?: number;
  readonly PasswordReusePrevention?: number;
  readonly HardExpiry?: boolean;
}

/** A password for one service. It is told once and not kept: there is no such service here to ask for it. */
export interface ServiceCredentialRecord {
  readonly id: string;
  readonly userName: string;
  readonly service: string;
  readonly serviceUserName: string;
  readonly status: 'Active' | 'Inactive';
  readonly createdAt: number;
  readonly expiresAt?: number;
}

/** A user's way into the console. The password is not kept: nobody signs in here with one. */
export interface LoginRecord {
  readonly userName: string;
  readonly createdAt: number;
  readonly resetRequired: boolean;
}

export interface SshKeyRecord {
  readonly id: string;
  readonly userName: string;
  readonly body: string;
  readonly fingerprint: string;
  readonly status: 'Active' | 'Inactive';
  readonly uploadedAt: number;
}

export interface SamlRecord {
  readonly arn: string;
  readonly uuid: string;
  readonly metadata: string;
  readonly createdAt: number;
  readonly validUntil: number;
  readonly tags: Readonly<Record<string, string>>;
}

export interface CertificateRecord {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly body: string;
  readonly chain?: string;
  readonly uploadedAt: number;
  readonly expiresAt: number;
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
  readonly saml: SamlRecord;
  readonly certificate: CertificateRecord;
  readonly alias: { readonly name: string };
  readonly credential: ServiceCredentialRecord;
  readonly login: LoginRecord;
  readonly sshKey: SshKeyRecord;
  /** By `policy`: an account has one. */
  readonly passwords: PasswordPolicyRecord;
};
export type IamRecords = Records<IamKinds>;
export type EntityKind = 'role' | 'user' | 'group';
