import type { Seal } from '../code/port.ts';
import type { Room } from '../room.ts';

/** Of an archive that says it is signed: by whom, or that it is not what was signed. */
export type SignatureRecord =
  | {
      readonly kind: 'whole';
      readonly profileVersionArn: string;
      readonly jobArn: string;
      readonly signedAt: number;
      readonly expiresAt: number;
    }
  | { readonly kind: 'broken' };

/**
 * What a seal is worth: whole when the archive holds what its manifest says, and somebody of this installation signed
 * that manifest. Undefined for an archive without one.
 */
export function signatureOf({ ports }: Pick<Room, 'ports'>, seal: Seal | undefined): SignatureRecord | undefined {
  if (seal === undefined) return undefined;
  const said = seal.matches ? ports.signatures?.read(seal.signature) : undefined;
  if (said?.manifestSha256 !== seal.manifestSha256) return { kind: 'broken' };
  const { profileVersionArn, jobArn, signedAtMs, expiresAtMs } = said;
  return { kind: 'whole', profileVersionArn, jobArn, signedAt: signedAtMs, expiresAt: expiresAtMs };
}

/** As functions and layers show it. */
export const shownSignature = (
  signature: SignatureRecord | undefined,
): { readonly SigningProfileVersionArn?: string; readonly SigningJobArn?: string } =>
  signature?.kind === 'whole' ? { SigningProfileVersionArn: signature.profileVersionArn, SigningJobArn: signature.jobArn } : {};
