import type { IamOperations, StsOperations } from '@mayfly/wire';
import {
  passRole,
  requestTags,
  text,
  type AnyInput,
  type Context,
  type Demand,
  type OperationRules,
  type Place,
  type ServiceRules,
} from '../demand.ts';

/** ARN of what IAM keeps under a name, with its path; undefined when there is no such thing. */
export type IamFinder = (kind: 'role' | 'user' | 'group' | 'profile', account: string, name: string) => string | undefined;

const nouns = { role: 'role', user: 'user', group: 'group', profile: 'instance-profile' } as const;
type Kind = keyof typeof nouns;

const arnOf = ({ account }: Place, kind: string, path: string | undefined, name: string | undefined): string =>
  `arn:aws:iam::${account}:${kind}${path ?? '/'}${name}`;

/** @source Service Authorization Reference, "Actions, resources, and condition keys for AWS Identity and Access Management", read 2026-11 */
export function iamRules(find: IamFinder): ServiceRules {
  const known = (kind: Kind, place: Place, name: string): string =>
    find(kind, place.account, name) ?? arnOf(place, nouns[kind], undefined, name);
  const resource = (input: AnyInput, place: Place): string | undefined => {
    const policy = text(input['PolicyArn']);
    const [role, user, group, profile] = [
      input['RoleName'],
      input['UserName'],
      input['GroupName'],
      input['InstanceProfileName'],
    ].map(text);
    if (profile !== undefined) return known('profile', place, profile);
    if (role !== undefined) return known('role', place, role);
    if (group !== undefined) return known('group', place, group);
    if (user !== undefined) return known('user', place, user);
    return policy ?? text(input['OpenIDConnectProviderArn']) ?? text(input['PolicySourceArn']);
  };
  /** A user's own things, when no user is named. */
  const ofUser =
    (action: string) =>
    (input: { UserName?: string | undefined }, place: Place): Demand => ({
      action: `iam:${action}`,
      resource:
        input.UserName === undefined
          ? place.caller.kind === 'signed'
            ? place.caller.arn
            : '*'
          : known('user', place, input.UserName),
    });
  const withPolicy =
    (action: string) =>
    (input: { PolicyArn?: string | undefined }, place: Place): Demand => ({
      action: `iam:${action}`,
      resource: resource({ ...input, PolicyArn: undefined }, place) ?? '*',
      context: { 'iam:PolicyARN': input.PolicyArn },
    });
  const bounded =
    (action: string) =>
    (input: { PermissionsBoundary?: string | undefined }, place: Place): Demand => ({
      action: `iam:${action}`,
      resource: resource(input, place) ?? '*',
      context: { 'iam:PermissionsBoundary': input.PermissionsBoundary },
    });
  const made =
    (action: string, kind: string, member: string) =>
    (input: object, place: Place): Demand => {
      const given = input as AnyInput;
      const context: Context = { ...requestTags(given['Tags']), 'iam:PermissionsBoundary': text(given['PermissionsBoundary']) };
      return { action: `iam:${action}`, resource: arnOf(place, kind, text(given['Path']), text(given[member])), context };
    };

  const operations: OperationRules<IamOperations> = {
    CreateRole: made('CreateRole', 'role', 'RoleName'),
    CreateUser: made('CreateUser', 'user', 'UserName'),
    CreateGroup: made('CreateGroup', 'group', 'GroupName'),
    CreatePolicy: made('CreatePolicy', 'policy', 'PolicyName'),
    CreateInstanceProfile: made('CreateInstanceProfile', 'instance-profile', 'InstanceProfileName'),
    GetUser: ofUser('GetUser'),
    CreateAccessKey: ofUser('CreateAccessKey'),
    DeleteAccessKey: ofUser('DeleteAccessKey'),
    UpdateAccessKey: ofUser('UpdateAccessKey'),
    ListAccessKeys: ofUser('ListAccessKeys'),
    AttachRolePolicy: withPolicy('AttachRolePolicy'),
    DetachRolePolicy: withPolicy('DetachRolePolicy'),
    AttachUserPolicy: withPolicy('AttachUserPolicy'),
    DetachUserPolicy: withPolicy('DetachUserPolicy'),
    AttachGroupPolicy: withPolicy('AttachGroupPolicy'),
    DetachGroupPolicy: withPolicy('DetachGroupPolicy'),
    PutRolePermissionsBoundary: bounded('PutRolePermissionsBoundary'),
    PutUserPermissionsBoundary: bounded('PutUserPermissionsBoundary'),
    AddRoleToInstanceProfile: (input, place) => [
      { action: 'iam:AddRoleToInstanceProfile', resource: known('profile', place, input.InstanceProfileName ?? '') },
      // What instances are is no business of this server: only the right to hand the role over is asked for.
      ...passRole(known('role', place, input.RoleName ?? ''), 'ec2.amazonaws.com').map(
        ({ action, resource: role, context = {} }) => ({ action, resource: role, context }),
      ),
    ],
    SimulateCustomPolicy: () => ({ action: 'iam:SimulateCustomPolicy', resource: '*' }),
  };
  return { prefix: 'iam', operations, resource };
}

const sts: OperationRules<StsOperations> = {
  GetFederationToken: (input, place) => ({
    action: 'sts:GetFederationToken',
    resource: `arn:aws:sts::${place.account}:federated-user/${input.Name}`,
    context: requestTags(input.Tags),
  }),
};

export const stsRules: ServiceRules = {
  prefix: 'sts',
  operations: sts,
  resource: () => undefined,
  // Roles are assumed by their trust policies, which the handlers ask. Who one is and sessions of one's own need no policy.
  free: new Set(['GetCallerIdentity', 'GetSessionToken', 'AssumeRole', 'AssumeRoleWithWebIdentity', 'AssumeRoleWithSAML']),
};
