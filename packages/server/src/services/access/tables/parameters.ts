import type { SecretsManagerOperations, SsmOperations } from '@mayfly/wire';
import { parameterArn } from '../../ssm/names.ts';
import { requestTags, text, type AnyInput, type Demand, type OperationRules, type Place, type ServiceRules } from '../demand.ts';

/** A parameter by name or ARN, without version or label: always one of the call's own place, as the handlers have it. */
function ssmArn(given: string | undefined, place: Place): string {
  const path = /^arn:[\w-]+:ssm:[\w-]*:\d*:parameter\/(.*)$/.exec(given ?? '')?.[1];
  const [name = ''] = (path ?? given ?? '').split(':');
  return parameterArn(place, name);
}
const each =
  (action: string) =>
  (input: { Names?: readonly string[] | undefined }, place: Place): readonly Demand[] =>
    (input.Names ?? []).map((name) => ({ action: `ssm:${action}`, resource: ssmArn(name, place) }));

/** @source Systems Manager User Guide, "Restricting access to Parameter Store parameters using IAM policies", read 2026-11 */
const ssm: OperationRules<SsmOperations> = {
  GetParameters: each('GetParameters'),
  DeleteParameters: each('DeleteParameters'),
  GetParametersByPath: (input, place) => ({
    action: 'ssm:GetParametersByPath',
    resource: parameterArn(place, (input.Path ?? '/').replace(/(?<=.)\/$/, '')),
    context: { 'ssm:Recursive': String(input.Recursive ?? false) },
  }),
  PutParameter: (input, place) => ({
    action: 'ssm:PutParameter',
    resource: ssmArn(input.Name, place),
    context: { ...requestTags(input.Tags), 'ssm:Overwrite': String(input.Overwrite ?? false) },
  }),
  DescribeParameters: () => ({ action: 'ssm:DescribeParameters', resource: '*' }),
};

export const ssmRules: ServiceRules = {
  prefix: 'ssm',
  operations: ssm,
  resource(input: AnyInput, place: Place) {
    const named = text(input['Name']) ?? text(input['ResourceId']);
    return named === undefined ? undefined : ssmArn(named, place);
  },
};

/** The whole ARN of a secret that is here, by name, ARN, or ARN without its last letters. */
export type SecretFinder = (place: { readonly account: string; readonly region: string }, id: string) => string | undefined;

/** @source AWS Secrets Manager User Guide, "Permissions policy examples", read 2026-11 */
export function secretsRules(find: SecretFinder): ServiceRules {
  const secretArn = (id: string, place: Place): string => {
    const account = /^arn:[\w-]+:secretsmanager:[\w-]*:(\d{12}):secret:/.exec(id)?.[1] ?? place.account;
    const at = { account, region: place.region };
    return find(at, id) ?? `arn:aws:secretsmanager:${at.region}:${account}:secret:${id.replace(/^arn:.*:secret:/, '')}`;
  };
  const operations: OperationRules<SecretsManagerOperations> = {
    CreateSecret: (input, place) => ({
      action: 'secretsmanager:CreateSecret',
      resource: secretArn(input.Name ?? '', { ...place, account: place.account }),
      context: { 'secretsmanager:Name': input.Name, ...requestTags(input.Tags) },
    }),
    BatchGetSecretValue: (input, place) => [
      { action: 'secretsmanager:BatchGetSecretValue', resource: '*' },
      ...(input.SecretIdList ?? ['*']).map((id) => ({
        action: 'secretsmanager:GetSecretValue',
        resource: id === '*' ? '*' : secretArn(id, place),
      })),
    ],
    GetSecretValue: (input, place) => ({
      action: 'secretsmanager:GetSecretValue',
      resource: secretArn(input.SecretId ?? '', place),
      context: { 'secretsmanager:VersionStage': input.VersionStage ?? 'AWSCURRENT', 'secretsmanager:VersionId': input.VersionId },
    }),
  };
  return {
    prefix: 'secretsmanager',
    operations,
    resource(input: AnyInput, place: Place) {
      const id = text(input['SecretId']);
      return id === undefined ? undefined : secretArn(id, place);
    },
    byAccount: true,
  };
}
