import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { Call } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import { scopeOf, type Sealer } from '../kit/index.ts';
import type { CertificateAuthority } from './authority.ts';
import { notFound } from './faults.ts';
import { type Place, type Profile, type ProfileVersion, type SignerRecords } from './records.ts';

/** What the operations share. */
export interface SignerDesk {
  readonly records: SignerRecords;
  readonly authority: CertificateAuthority;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
}

/** Where a profile of somebody else is looked for: in the region of the call. */
export const placeOf = (call: Pick<Call, 'account' | 'region'>, owner: string | undefined): Place => ({
  account: owner ?? call.account,
  region: call.region,
});

/** @throws ResourceNotFoundException */
export function profileIn({ records }: Pick<SignerDesk, 'records'>, place: Place, name = ''): Profile {
  const profile = records.get('profile', scopeOf(place), name);
  if (profile === undefined) throw noProfile(name);
  return profile;
}

export const noProfile = (name: string): Error => notFound(`Unable to find signing profile with name: ${name}`);

/** Who asks, as records show it. */
export const askerOf = ({ caller, account }: Call): string =>
  caller.kind === 'signed' ? caller.arn : `arn:aws:iam::${account}:root`;

/** What signs in the name of a profile's version, with the certificates that say so, its own first. */
export function keyOf(
  { sealer, authority }: Pick<SignerDesk, 'sealer' | 'authority'>,
  { sealedKey, certificate, arn }: ProfileVersion,
): { readonly privateKey: KeyObject; readonly certificates: readonly Uint8Array[] } {
  const key = sealer.open(Buffer.from(sealedKey, 'base64'));
  if (key === undefined || authority.certificate === undefined)
    throw Object.assign(new Error(`The key of ${arn} was sealed by another master key.`), { code: 'SIGNING_KEY_DAMAGED' });
  return {
    privateKey: createPrivateKey({ key: Buffer.from(key), format: 'der', type: 'pkcs8' }),
    certificates: [Buffer.from(certificate, 'base64'), authority.certificate],
  };
}
