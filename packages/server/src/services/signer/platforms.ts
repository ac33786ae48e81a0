import type { SignerOperations } from '@mayfly/wire';
import type { Validity } from './records.ts';

export type PlatformId = 'AWSLambda-SHA384-ECDSA' | 'Notation-OCI-SHA384-ECDSA';
type Platform = NonNullable<SignerOperations['ListSigningPlatforms']['output']['platforms']>[number];

/** The SDK's enumerations are those of the first platforms; the service says more. */
const platform = (known: Record<keyof Platform, unknown>): Platform => known as Platform;
const ecdsa = {
  encryptionAlgorithmOptions: { allowedValues: ['ECDSA'], defaultValue: 'ECDSA' },
  hashAlgorithmOptions: { allowedValues: ['SHA384'], defaultValue: 'SHA384' },
};

/** Platforms whose keys the signer makes itself; those for devices take them from ACM. */
export const platforms: Readonly<Record<PlatformId, Platform>> = {
  'AWSLambda-SHA384-ECDSA': platform({
    platformId: 'AWSLambda-SHA384-ECDSA',
    displayName: 'AWS Lambda',
    partner: 'AWSLambda',
    target: 'SHA384-ECDSA',
    category: 'AWSLambda',
    signingConfiguration: ecdsa,
    signingImageFormat: { supportedFormats: ['JSONDetached'], defaultFormat: 'JSONDetached' },
    maxSizeInMB: 250,
    revocationSupported: true,
  }),
  'Notation-OCI-SHA384-ECDSA': platform({
    platformId: 'Notation-OCI-SHA384-ECDSA',
    displayName: 'Notation for Container Registries',
    partner: 'Notation',
    target: 'SHA384-ECDSA',
    category: 'Notation',
    signingConfiguration: ecdsa,
    signingImageFormat: { supportedFormats: ['JSON'], defaultFormat: 'JSON' },
    maxSizeInMB: 5,
    revocationSupported: true,
  }),
};

export const isPlatform = (id: string): id is PlatformId => Object.hasOwn(platforms, id);

/** What AWS takes: 135 months. @source AWS Signer Developer Guide, "Create a Signer signing profile", read 2026-11 */
export const longest: Validity = { value: 135, type: 'MONTHS' };
const monthsIn: Readonly<Record<Validity['type'], number>> = { DAYS: 12 / 365.25, MONTHS: 1, YEARS: 12 };

export const isValidity = ({ value, type }: Validity): boolean => value >= 1 && value * monthsIn[type] <= longest.value;

/** When what is signed at a moment stops to be trusted: by the calendar, in UTC. */
export function expiryOf({ value, type }: Validity, fromMs: number): number {
  const date = new Date(fromMs);
  if (type === 'DAYS') return date.setUTCDate(date.getUTCDate() + value);
  return date.setUTCMonth(date.getUTCMonth() + value * monthsIn[type]);
}
