import type { Handlers, SignerOperations } from '@mayfly/wire';
import { pageOf, scopeOf } from '../kit/index.ts';
import { conflict, invalid, notFound, tooMany } from './faults.ts';
import { noProfile, profileIn, type SignerDesk } from './desk.ts';
import { badToken } from './profile-handlers.ts';
import type { Permission, Profile } from './records.ts';

/** What others can be allowed. @source AWS Signer API Reference, AddProfilePermission, read 2026-11 */
const grantable: readonly string[] = [
  'signer:StartSigningJob',
  'signer:SignPayload',
  'signer:GetSigningProfile',
  'signer:RevokeSignature',
];
const mostBytes = 20_480;

export function permissionHandlers(
  desk: SignerDesk,
): Pick<Handlers<SignerOperations>, 'AddProfilePermission' | 'ListProfilePermissions' | 'RemoveProfilePermission'> {
  const change = (
    input: { readonly profileName: string | undefined; readonly revisionId?: string | undefined },
    scope: string,
    edit: (profile: Profile) => readonly Permission[],
  ): Promise<{ revisionId: string }> =>
    desk.records.change((draft) => {
      const profile = draft.get('profile', scope, input.profileName ?? '');
      if (profile === undefined) throw noProfile(input.profileName ?? '');
      // Terraform sends an empty one where there were no permissions yet.
      if ((input.revisionId ?? '') !== '' && input.revisionId !== profile.revisionId)
        throw conflict('The revision id does not match the latest revision id of the profile permissions.');
      const revisionId = desk.random.uuid();
      draft.put('profile', scope, profile.name, { ...profile, permissions: edit(profile), revisionId });
      return { revisionId };
    });
  return {
    AddProfilePermission(input, call) {
      const { statementId = '', action = '', principal = '', profileVersion } = input;
      if (!grantable.includes(action)) throw invalid(`Action ${action} cannot be granted on a signing profile.`);
      if (!/^(\d{12}|arn:[\w-]+:iam::\d{12}:(root|(user|role)\/[\w+=,.@/-]+))$/.test(principal))
        throw invalid(`Invalid principal: ${principal}`);
      return change(input, scopeOf(call), (profile) => {
        if (profile.permissions.some((each) => each.statementId === statementId))
          throw conflict(`A statement with id ${statementId} already exists.`);
        if (profileVersion !== undefined && !profile.versions.some(({ version }) => version === profileVersion))
          throw notFound(`Unable to find version ${profileVersion} of signing profile with name: ${profile.name}`);
        const added = { statementId, action, principal, ...(profileVersion === undefined ? {} : { profileVersion }) };
        const permissions = [...profile.permissions, added];
        if (policyOf(profile.arn, permissions).length > mostBytes)
          throw tooMany(`The permissions of a signing profile take at most ${mostBytes} bytes.`);
        return permissions;
      });
    },

    /** A policy that is not there is not found. */
    async ListProfilePermissions(input, call) {
      const { arn, permissions, revisionId } = profileIn(desk, call, input.profileName);
      if (permissions.length === 0 || revisionId === undefined)
        throw notFound(`Unable to find permissions of signing profile with name: ${input.profileName}`);
      const page = pageOf(
        [...permissions].sort((a, b) => (a.statementId < b.statementId ? -1 : 1)),
        {
          limit: 100,
          token: input.nextToken,
          nameOf: ({ statementId }) => statementId,
          invalid: badToken,
        },
      );
      return {
        revisionId,
        policySizeBytes: policyOf(arn, permissions).length,
        permissions: page.items.map((each) => ({ ...each })),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      };
    },

    RemoveProfilePermission(input, call) {
      return change(input, scopeOf(call), ({ permissions }) => {
        const left = permissions.filter(({ statementId }) => statementId !== input.statementId);
        if (left.length === permissions.length) throw notFound(`Unable to find a statement with id: ${input.statementId}`);
        return left;
      });
    },
  };
}

/** Permissions as the policy of a resource: the profile, or a job of it. */
export const policyOf = (resource: string, permissions: readonly Permission[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: permissions.map(({ statementId, action, principal, profileVersion }) => ({
      Sid: statementId,
      Effect: 'Allow',
      Principal: { AWS: principal },
      Action: action,
      Resource: resource,
      ...(profileVersion === undefined ? {} : { Condition: { StringEquals: { 'signer:ProfileVersion': profileVersion } } }),
    })),
  });
