import { invalid, notFound } from '../faults.ts';
import { parseFunctionName, type FunctionName, type Scope } from '../names.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { checkLength, documentOf } from './document.ts';
import { checkPolicyRevision } from './handlers.ts';
import type { PolicyRecord, Statement } from './record.ts';

/** The policy as one document, beside the older statement operations. @source spec 1.6-11 */
export function wholePolicyHandlers(room: Room): Operations<'PutResourcePolicy' | 'GetResourcePolicy' | 'DeleteResourcePolicy'> {
  return {
    async PutResourcePolicy(input, call) {
      const scope = scopeOf(call);
      const name = resourceOf(input.ResourceArn, scope);
      const document = read(input.Policy ?? '');
      const policy = await room.shelf.change(scope, (desk, change) => {
        exists(desk, name);
        checkPolicyRevision(desk.get('policy', name.functionName, name.qualifier), input.RevisionId);
        const next: PolicyRecord = { ...document, revisionId: room.random.uuid() };
        checkLength(next);
        change.put('policy', name.functionName, name.qualifier ?? '', next);
        return next;
      });
      return { Policy: documentOf(policy), RevisionId: policy.revisionId };
    },

    async GetResourcePolicy(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier } = resourceOf(input.ResourceArn, scope);
      const policy = room.shelf.desk(scope).get('policy', functionName, qualifier);
      if (policy === undefined) throw missing();
      return { Policy: documentOf(policy), RevisionId: policy.revisionId };
    },

    async DeleteResourcePolicy(input, call) {
      const scope = scopeOf(call);
      const { functionName, qualifier } = resourceOf(input.ResourceArn, scope);
      await room.shelf.change(scope, (desk, change) => {
        const policy = desk.get('policy', functionName, qualifier);
        if (policy === undefined) throw missing();
        checkPolicyRevision(policy, input.RevisionId);
        change.delete('policy', functionName, qualifier);
      });
      return {};
    },
  };
}

const missing = (): Error => notFound('The resource you requested does not exist.');

function resourceOf(arn: string | undefined, scope: Scope): FunctionName {
  if (arn === undefined || !arn.includes(':function:')) throw invalid(`Resource policies of ${arn} are not supported.`);
  return parseFunctionName(arn, undefined, scope);
}

function exists(desk: Desk, { functionName, qualifier }: FunctionName): void {
  const there =
    desk.get('function', functionName) !== undefined &&
    (qualifier === undefined ||
      desk.get('version', functionName, qualifier) !== undefined ||
      desk.get('alias', functionName, qualifier) !== undefined);
  if (!there) throw missing();
}

/** Looks at the form of a document only; what it grants is the evaluator's to say. @throws InvalidParameterValueException */
function read(text: string): Omit<PolicyRecord, 'revisionId'> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw invalid('The policy is not valid JSON.');
  }
  if (!isObject(document)) throw invalid('The policy has to be a JSON object.');
  const statements = Array.isArray(document['Statement']) ? (document['Statement'] as unknown[]) : [document['Statement']];
  for (const statement of statements) checkStatement(statement);
  const { Id, Version } = document;
  return {
    statements: statements as Statement[],
    ...(typeof Id === 'string' ? { id: Id } : {}),
    ...(typeof Version === 'string' ? { version: Version } : {}),
  };
}

function checkStatement(statement: unknown): void {
  if (!isObject(statement)) throw invalid('Every statement of the policy has to be a JSON object.');
  if (statement['Effect'] !== 'Allow' && statement['Effect'] !== 'Deny')
    throw invalid('Every statement of the policy needs an Effect, Allow or Deny.');
  if (statement['Principal'] === undefined && statement['NotPrincipal'] === undefined)
    throw invalid('Every statement of a resource policy needs a Principal.');
  if (statement['Action'] === undefined && statement['NotAction'] === undefined)
    throw invalid('Every statement of the policy needs an Action.');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
