import { ServiceFault } from '@mayfly/wire';
import type { Scope } from '../names.ts';
import type { Desk } from '../records/desk.ts';
import type { CodeSigningRecord } from './record.ts';

export const codeSigningArn = (scope: Scope, id: string): string =>
  `arn:aws:lambda:${scope.region}:${scope.account}:code-signing-config:${id}`;

/** By ARN; undefined also for those of other accounts and regions. */
export function codeSigningConfig(desk: Desk, scope: Scope, arn: string): CodeSigningRecord | undefined {
  const id = arn.split(':').at(-1) ?? '';
  return arn === codeSigningArn(scope, id) ? desk.get('codeSigning', id) : undefined;
}

/** As function calls word it. @source spec 1.9-05 */
export const configNotFound = (arn: string): ServiceFault =>
  new ServiceFault(
    'CodeSigningConfigNotFoundException',
    `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${arn}.`,
  );

/**
 * New code for a function that has a code signing config. This server knows no signing profiles, so no
 * archive counts as signed: Enforce refuses it, Warn lets it pass.
 *
 * @throws CodeVerificationFailedException, CodeSigningConfigNotFoundException. @source spec 1.9-04
 */
export function checkSigned(desk: Desk, scope: Scope, arn: string | undefined): void {
  if (arn === undefined) return;
  const config = codeSigningConfig(desk, scope, arn);
  if (config === undefined) throw configNotFound(arn);
  if (config.untrusted === 'Enforce')
    throw new ServiceFault(
      'CodeVerificationFailedException',
      'The code signature failed one or more of the validation checks for signature mismatch or expiration, and the code signing policy is set to ENFORCE. Lambda blocks the deployment.',
    );
}
