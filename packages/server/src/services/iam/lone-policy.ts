import { evaluate, readPolicy } from './policy/index.ts';

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

type Context = Readonly<Record<string, string | readonly string[] | undefined>>;
