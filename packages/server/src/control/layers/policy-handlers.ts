import { notFound, staleRevision } from '../faults.ts';
import { layerArn, parseLayerName, type Scope } from '../names.ts';
import { documentOf, withoutStatement, withStatement } from '../policies/document.ts';
import type { PolicyRecord, Statement } from '../policies/record.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { checkNumber } from './handlers.ts';

/** @source spec 1.8-07 */
export function layerPolicyHandlers(
  room: Room,
): Operations<'AddLayerVersionPermission' | 'GetLayerVersionPolicy' | 'RemoveLayerVersionPermission'> {
  return {
    async AddLayerVersionPermission(input, call) {
      const scope = scopeOf(call);
      const layerName = parseLayerName(input.LayerName ?? '', scope);
      checkNumber(input.VersionNumber);
      const version = String(input.VersionNumber);
      const revisionId = room.random.uuid();
      const statement = await room.shelf.change(scope, (desk, change) => {
        const policy = policyOf(desk, scope, layerName, version);
        checkRevision(policy, input.RevisionId);
        const made: Statement = {
          Sid: input.StatementId ?? '',
          Effect: 'Allow',
          Principal: principal(input.Principal ?? ''),
          Action: input.Action,
          Resource: `${layerArn(scope, layerName)}:${version}`,
          ...(input.OrganizationId === undefined
            ? {}
            : { Condition: { StringEquals: { 'aws:PrincipalOrgID': input.OrganizationId } } }),
        };
        change.put('layerPolicy', layerName, version, withStatement(policy, made, revisionId));
        return made;
      });
      return { Statement: JSON.stringify(statement), RevisionId: revisionId };
    },

    async GetLayerVersionPolicy(input, call) {
      const scope = scopeOf(call);
      const layerName = parseLayerName(input.LayerName ?? '', scope);
      checkNumber(input.VersionNumber);
      const policy = policyOf(room.shelf.desk(scope), scope, layerName, String(input.VersionNumber));
      if (policy === undefined) throw notFound('No policy is associated with the given resource.');
      return { Policy: documentOf(policy), RevisionId: policy.revisionId };
    },

    async RemoveLayerVersionPermission(input, call) {
      const scope = scopeOf(call);
      const layerName = parseLayerName(input.LayerName ?? '', scope);
      checkNumber(input.VersionNumber);
      const version = String(input.VersionNumber);
      await room.shelf.change(scope, (desk, change) => {
        const policy = policyOf(desk, scope, layerName, version);
        checkRevision(policy, input.RevisionId);
        const left = withoutStatement(policy, input.StatementId ?? '', room.random.uuid());
        if (left === undefined) change.delete('layerPolicy', layerName, version);
        else change.put('layerPolicy', layerName, version, left);
      });
      return {};
    },
  };
}

function policyOf(desk: Desk, scope: Scope, layerName: string, version: string): PolicyRecord | undefined {
  if (desk.get('layerVersion', layerName, version) === undefined)
    throw notFound(`Layer version ${layerArn(scope, layerName)}:${version} does not exist.`);
  return desk.get('layerPolicy', layerName, version);
}

function checkRevision(policy: PolicyRecord | undefined, revisionId: string | undefined): void {
  if (revisionId !== undefined && revisionId !== policy?.revisionId) throw staleRevision('GetLayerPolicy');
}

const principal = (given: string): NonNullable<Statement['Principal']> =>
  given === '*' ? '*' : { AWS: /^\d{12}$/.test(given) ? `arn:aws:iam::${given}:root` : given };
