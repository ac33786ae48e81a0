import type { Records } from '../kit/index.ts';
import type { PlatformId } from './platforms.ts';

/** What can sign: a key and a certificate of it. */
export interface ProfileVersion {
  readonly version: string;
  readonly arn: string;
  /** PKCS#8, sealed; base64. */
  readonly sealedKey: string;
  /** DER, base64. */
  readonly certificate: string;
  readonly revoked?: Revocation & { readonly effectiveAtMs: number };
}

export interface Revocation {
  readonly reason: string;
  readonly atMs: number;
  readonly by: string;
}

export interface Profile {
  readonly name: string;
  readonly arn: string;
  readonly platformId: PlatformId;
  readonly validity: Validity;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly isCanceled: boolean;
  /** Oldest first; the last one signs. */
  readonly versions: readonly [ProfileVersion, ...ProfileVersion[]];
  readonly permissions: readonly Permission[];
  /** Of the permissions; absent until there were any. */
  readonly revisionId?: string;
}

export interface Validity {
  readonly value: number;
  readonly type: 'DAYS' | 'MONTHS' | 'YEARS';
}

export interface Permission {
  readonly statementId: string;
  readonly action: string;
  /** An account, or the ARN of somebody in one. */
  readonly principal: string;
  readonly profileVersion?: string;
}

/** A signature that was asked for. It belongs to the account of the profile, whoever asked. */
export interface Job {
  readonly id: string;
  readonly arn: string;
  readonly profileName: string;
  readonly profileVersion: string;
  readonly platformId: PlatformId;
  readonly invoker: string;
  readonly requestedBy: string;
  /** Absent where a payload was signed. */
  readonly object?: {
    readonly source: { readonly bucket: string; readonly key: string; readonly version: string };
    readonly destination: { readonly bucket: string; readonly key: string };
  };
  readonly status: 'InProgress' | 'Succeeded' | 'Failed';
  readonly statusReason?: string;
  readonly createdAtMs: number;
  readonly completedAtMs?: number;
  readonly expiresAtMs?: number;
  readonly revoked?: Revocation;
}

export type SignerKinds = {
  readonly profile: Profile;
  readonly job: Job;
  /** By request token, in the place of the caller: the job it began, and what was asked for. */
  readonly token: { readonly jobId: string; readonly jobOwner: string; readonly asked: string };
  /** A job of another account's profile, in the place of the caller. */
  readonly invoked: { readonly owner: string };
};
export type SignerRecords = Records<SignerKinds>;

export const currentOf = (profile: Profile): ProfileVersion => profile.versions.at(-1) ?? profile.versions[0];

export function statusOf(profile: Profile): 'Active' | 'Canceled' | 'Revoked' {
  if (profile.isCanceled) return 'Canceled';
  return currentOf(profile).revoked === undefined ? 'Active' : 'Revoked';
}

export const profileArn = (place: Place, name: string): string =>
  `arn:aws:signer:${place.region}:${place.account}:/signing-profiles/${name}`;
export const jobArn = (place: Place, id: string): string => `arn:aws:signer:${place.region}:${place.account}:/signing-jobs/${id}`;

export interface Place {
  readonly account: string;
  readonly region: string;
}

/** Where an ARN of the signer's points: a profile by its name, one of its versions too, or a job by its id. */
export function readArn(
  arn: string,
): (Place & { readonly kind: 'profile' | 'job'; readonly name: string; readonly version?: string }) | undefined {
  const parts = /^arn:[^:]+:signer:([^:]+):(\d{12}):\/signing-(profile|job)s\/([\w-]+)(?:\/(\w+))?$/.exec(arn);
  if (parts === null) return undefined;
  const [, region = '', account = '', kind, name = '', version] = parts;
  return { region, account, kind: kind as 'profile' | 'job', name, ...(version === undefined ? {} : { version }) };
}
