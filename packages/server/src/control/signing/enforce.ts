import { ServiceFault } from '@mayfly/wire';
import { invalid } from '../faults.ts';
import type { AttachedLayer, CodeRecord } from '../functions/record.ts';
import type { Scope } from '../names.ts';
import type { Desk } from '../records/desk.ts';
import type { Room } from '../room.ts';
import type { CodeSigningRecord } from './record.ts';
import type { SignatureRecord } from './signature.ts';

export const codeSigningArn = (scope: Scope, id: string): string =>
  `arn:aws:lambda:${scope.region}:${scope.account}:code-signing-config:${id}`;

/** By ARN; undefined also for those of other accounts and regions. */
export function codeSigningConfig(desk: Desk, scope: Scope, arn: string): CodeSigningRecord | undefined {
  const id = arn.split(':').at(-1) ?? '';
  return arn === codeSigningArn(scope, id) ? desk.get('codeSigning', id) : undefined;
}

/** As functions name it. @throws CodeSigningConfigNotFoundException. @source spec 1.9-05 */
export function configOf(desk: Desk, scope: Scope, arn: string): CodeSigningRecord {
  const config = codeSigningConfig(desk, scope, arn);
  if (config !== undefined) return config;
  throw new ServiceFault(
    'CodeSigningConfigNotFoundException',
    `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`,
  );
}

/** @throws InvalidParameterValueException. @source spec 1.9-02 */
export function refuseImage(packageType: 'Zip' | 'Image'): void {
  if (packageType === 'Image') throw invalid('Code signing is not supported for functions created with container images.');
}

/** Code that is about to be a function's, or a layer. */
interface Artifact {
  readonly name: string;
  readonly signature: SignatureRecord | undefined;
}

/** New code of a function, and layers that it is given. */
export const artifactsOf = (functionName: string, code: CodeRecord | undefined, layers: readonly AttachedLayer[]): Artifact[] => [
  ...(code?.kind === 'zip' ? [{ name: functionName, signature: code.signature }] : []),
  ...layers.map(({ arn, signature }) => ({ name: arn, signature })),
];

/**
 * Checks the signatures of a deployment, for a function that has a code signing config.
 *
 * @throws InvalidCodeSignatureException whatever the policy, for an archive that is not what was signed;
 *   CodeVerificationFailedException under Enforce, for one that nobody signed who may, or no more;
 *   CodeSigningConfigNotFoundException. @source spec 1.9-04
 */
export function checkSigned(
  room: Room,
  desk: Desk,
  scope: Scope,
  deployment: {
    readonly functionName: string;
    readonly configArn: string | undefined;
    readonly artifacts: readonly Artifact[];
  },
): void {
  const { functionName, configArn, artifacts } = deployment;
  if (configArn === undefined) return;
  const config = configOf(desk, scope, configArn);
  if (artifacts.some(({ signature }) => signature?.kind === 'broken')) throw notIntact();
  for (const { name, signature } of artifacts) {
    const doubt = doubtOf(room, config, signature);
    if (doubt === undefined) continue;
    room.log.warn('Code is not signed as its function wants it.', {
      functionName,
      artifact: name,
      doubt,
      policy: config.untrusted,
    });
    const subject = { ...scope, functionName, version: '$LATEST', atMs: room.clock.now() };
    room.ports.recorder?.record({ kind: 'count', metric: 'SignatureValidationErrors', value: 1, unit: 'Count', ...subject });
    if (config.untrusted === 'Enforce') throw notTrusted(name);
  }
}

/** What speaks against a signature that is whole, or against having none. @source Lambda Developer Guide, "Using code signing to verify code integrity", read 2026-11 */
function doubtOf(
  { ports, clock }: Room,
  { profileVersionArns }: CodeSigningRecord,
  signature: SignatureRecord | undefined,
): 'mismatch' | 'expiry' | 'revocation' | undefined {
  if (signature?.kind !== 'whole' || !profileVersionArns.includes(signature.profileVersionArn)) return 'mismatch';
  if (signature.expiresAt <= clock.now()) return 'expiry';
  const { profileVersionArn, jobArn, signedAt } = signature;
  return ports.signatures?.isRevoked({ profileVersionArn, jobArn, signedAtMs: signedAt }) === false ? undefined : 'revocation';
}

const notIntact = (): ServiceFault =>
  new ServiceFault(
    'InvalidCodeSignatureException',
    'The code signature failed the integrity check. If the integrity check fails, then Lambda blocks deployment, even if the code signing policy is set to WARN.',
  );

const notTrusted = (name: string): ServiceFault =>
  new ServiceFault(
    'CodeVerificationFailedException',
    `Lambda cannot deploy the function. The function or layer might be signed using a signature that the client is not configured to accept. Check the provided signature for ${name}.`,
  );
