import { evaluate, readPolicy, type Requester } from './policy/index.ts';

/**
 * Whether a document that is nobody's yet allows something, as if it were its caller's only policy: what authorizers return.
 *
 * @throws PolicyError for what is no policy
 */
export function policyAllows(
  document: unknown,
  asked: { readonly action: string; readonly resource: string; readonly account: string; readonly context: Context },
): boolean {
  const { action, resource, account, context } = asked;
  const requester = { kind: 'aws', account, arn: `arn:aws:iam::${account}:user/-`, userId: '-' } as const;
  const policies = { identity: [{ id: 'authorizer', document: readPolicy(document) }] };
  return evaluate({ requester, action, resource, resourceAccount: account, context }, policies).kind === 'allowed';
}

/**
 * What a resource's own policy says of somebody, whatever policies of theirs say.
 *
 * @throws PolicyError for what is no policy
 */
export function resourcePolicySays(
  document: unknown,
  asked: {
    readonly requester: Requester;
    readonly action: string;
    readonly resource: string;
    readonly account: string;
    readonly context: Context;
  },
): 'allowed' | 'explicitDeny' | 'implicitDeny' {
  const { account: resourceAccount, ...request } = asked;
  const policies = { identity: [], resource: [{ id: 'resource', document: readPolicy(document) }] };
  return evaluate({ ...request, resourceAccount }, policies).kind;
}

type Context = Readonly<Record<string, string | readonly string[] | undefined>>;
