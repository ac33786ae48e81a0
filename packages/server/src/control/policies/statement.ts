import type { LambdaOperations } from '@mayfly/wire';
import { invalid } from '../faults.ts';
import type { Statement } from './record.ts';

type Input = LambdaOperations['AddPermission']['input'];

/** What AddPermission adds, member by member in Lambda's order. @source spec 1.6-02 */
export function statementOf(input: Input, resource: string): Statement {
  const Condition = condition(input);
  return {
    Sid: input.StatementId ?? '',
    Effect: 'Allow',
    Principal: principal(input.Principal ?? ''),
    Action: input.Action,
    Resource: resource,
    ...(Object.keys(Condition).length === 0 ? {} : { Condition }),
  };
}

/** @throws InvalidParameterValueException. @source spec 1.6-02, 1.6-08 */
function principal(given: string): NonNullable<Statement['Principal']> {
  if (given === '*') return '*';
  if (/^\d{12}$/.test(given)) return { AWS: `arn:aws:iam::${given}:root` };
  if (/^arn:aws[a-zA-Z-]*:(iam|sts)::\d{12}:(root|user\/.+|role\/.+|assumed-role\/.+|federated-user\/.+)$/.test(given))
    return { AWS: given };
  if (/^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws\.internal)$/.test(given)) return { Service: given };
  throw invalid('The provided principal was invalid. Please check the principal and try again.');
}

/** @source spec 1.6-03 */
function condition(input: Input): Record<string, Record<string, string>> {
  const equals: Record<string, string> = {};
  if (input.SourceAccount !== undefined) equals['AWS:SourceAccount'] = input.SourceAccount;
  if (input.EventSourceToken !== undefined) equals['lambda:EventSourceToken'] = input.EventSourceToken;
  if (input.FunctionUrlAuthType !== undefined) equals['lambda:FunctionUrlAuthType'] = input.FunctionUrlAuthType;
  if (input.PrincipalOrgID !== undefined) equals['aws:PrincipalOrgID'] = input.PrincipalOrgID;
  return {
    ...(Object.keys(equals).length === 0 ? {} : { StringEquals: equals }),
    ...(input.InvokedViaFunctionUrl === undefined
      ? {}
      : { Bool: { 'lambda:InvokedViaFunctionUrl': String(input.InvokedViaFunctionUrl) } }),
    ...(input.SourceArn === undefined ? {} : { ArnLike: { 'AWS:SourceArn': input.SourceArn } }),
  };
}
