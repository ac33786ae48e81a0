import { functionNotFound, invalid, notFound, staleRevision } from '../faults.ts';
import { latest } from '../functions/record.ts';
import { arnOf, isVersion, parseFunctionName, qualifiedArn, type FunctionName, type Scope } from '../names.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { documentOf, withoutStatement, withStatement } from './document.ts';
import type { PolicyRecord } from './record.ts';
import { statementOf } from './statement.ts';

/** One document for the function, and one for each version and alias. @source spec 1.6 */
export function policyHandlers(room: Room): Operations<'AddPermission' | 'RemovePermission' | 'GetPolicy'> {
  return {
    async AddPermission(input, call) {
      const scope = scopeOf(call);
      const name = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      if (name.qualifier === latest) throw invalid('We currently do not support adding policies for $LATEST.');
      const statement = statementOf(input, qualifiedArn(scope, name.functionName, name.qualifier));
      await room.shelf.change(scope, (desk, change) => {
        if (desk.get('function', name.functionName) === undefined) throw functionNotFound(arnOf(scope, name.functionName));
        checkQualifier(desk, scope, name);
        const policy = desk.get('policy', name.functionName, name.qualifier);
        checkPolicyRevision(policy, input.RevisionId);
        change.put('policy', name.functionName, name.qualifier ?? '', withStatement(policy, statement, room.random.uuid()));
      });
      return { Statement: JSON.stringify(statement) };
    },

    /** @source spec 1.6-07 */
    async RemovePermission(input, call) {
      const scope = scopeOf(call);
      const name = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      await room.shelf.change(scope, (desk, change) => {
        if (desk.get('function', name.functionName) === undefined)
          throw notFound(`No policy found for: ${arnOf(scope, name.functionName)}`);
        checkQualifier(desk, scope, name);
        const policy = desk.get('policy', name.functionName, name.qualifier);
        if (policy !== undefined) checkPolicyRevision(policy, input.RevisionId);
        const left = withoutStatement(policy, input.StatementId ?? '', room.random.uuid());
        if (left === undefined) change.delete('policy', name.functionName, name.qualifier);
        else change.put('policy', name.functionName, name.qualifier ?? '', left);
      });
      return {};
    },

    async GetPolicy(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier } = parseFunctionName(input.FunctionName ?? '', input.Qualifier, scope);
      const policy = room.shelf.desk(scope).get('policy', functionName, qualifier);
      if (policy === undefined) throw notFound('The resource you requested does not exist.');
      return { Policy: documentOf(policy), RevisionId: policy.revisionId };
    },
  };
}

/** @throws PreconditionFailedException. @source spec 1.6-09 */
export function checkPolicyRevision(policy: PolicyRecord | undefined, revisionId: string | undefined): void {
  if (revisionId !== undefined && revisionId !== policy?.revisionId) throw staleRevision('GetPolicy');
}

/** @throws ResourceNotFoundException, which names a missing alias in its own way */
function checkQualifier(desk: Desk, scope: Scope, { functionName, qualifier }: FunctionName): void {
  if (qualifier === undefined) return;
  const arn = qualifiedArn(scope, functionName, qualifier);
  if (isVersion(qualifier) || !/^[\w-]+$/.test(qualifier)) {
    if (desk.get('version', functionName, qualifier) === undefined) throw functionNotFound(arn);
  } else if (desk.get('alias', functionName, qualifier) === undefined) throw notFound(`Cannot find alias arn: ${arn}`);
}
