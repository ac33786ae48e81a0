import { conditionsMet } from './condition.ts';
import type { PolicyDocument, Statement } from './document.ts';
import { arnFits, fits } from './pattern.ts';
import { namingOf, type Naming } from './principal.ts';
import { RequestContext, type AccessRequest } from './request.ts';

/** A policy and what it is called where people look for it. */
export interface NamedPolicy {
  readonly id: string;
  readonly document: PolicyDocument;
}

export interface PolicySet {
  /** Of the user, its groups, or the role. */
  readonly identity: readonly NamedPolicy[];
  /** Of the resource, or the trust policy of a role. */
  readonly resource?: readonly NamedPolicy[];
  /** What identity policies can give at most; absent = no bound. */
  readonly boundary?: readonly NamedPolicy[];
  /** What a session was cut down to; absent = nothing taken away. */
  readonly session?: readonly NamedPolicy[];
}

export type PolicyKind = keyof PolicySet;

/** The statement that decided. */
export interface Deciding {
  readonly kind: PolicyKind;
  readonly policyId: string;
  /** From 0. */
  readonly index: number;
  readonly statement: Statement;
}

export type Decision =
  /** `by` is absent for the root of an account, who needs no policy. */
  | { readonly kind: 'allowed'; readonly by?: Deciding }
  | { readonly kind: 'explicitDeny'; readonly by: Deciding }
  /** Nothing allows it. `lacking` names the kinds of policy that would have to. */
  | { readonly kind: 'implicitDeny'; readonly lacking: readonly PolicyKind[] };

interface Found extends Deciding {
  readonly naming: Naming;
}

/**
 * Decides as AWS does: a Deny anywhere wins; within an account an identity or a resource policy is
 * enough, across accounts it takes both; boundaries and session policies only take away. Pure.
 *
 * @source IAM User Guide, "Policy evaluation logic", read 2026-11
 */
export function evaluate(request: AccessRequest, policies: PolicySet): Decision {
  const context = new RequestContext(request);
  const matching = (kind: PolicyKind, effect: Statement['effect']): Found[] =>
    find(policies[kind] ?? [], kind, effect, request, context);

  for (const kind of ['identity', 'resource', 'boundary', 'session'] as const) {
    const [denying] = matching(kind, 'Deny');
    if (denying !== undefined) return { kind: 'explicitDeny', by: deciding(denying) };
  }

  const { requester } = request;
  const byResource = matching('resource', 'Allow');
  const [named] = byResource.filter(({ naming }) => naming !== 'account');
  if (requester.kind !== 'aws') {
    return named === undefined ? { kind: 'implicitDeny', lacking: ['resource'] } : { kind: 'allowed', by: deciding(named) };
  }

  const sameAccount = requester.account === request.resourceAccount;
  const isRoot = requester.arn.endsWith(':root');
  const [byIdentity] = matching('identity', 'Allow');
  const lacking = missingBounds(policies, matching);
  if (isRoot) lacking.delete('boundary');
  const own = byIdentity !== undefined || isRoot;

  if (sameAccount) {
    // Somebody named themselves is past every bound of theirs; a role named is not.
    if (named?.naming === 'direct') return { kind: 'allowed', by: deciding(named) };
    if (named !== undefined && lacking.size === 0) return { kind: 'allowed', by: deciding(named) };
    if (request.resourceMustAllow === true && byResource.length === 0)
      return { kind: 'implicitDeny', lacking: ['resource', ...lacking] };
    if (own && lacking.size === 0) return { kind: 'allowed', ...(byIdentity === undefined ? {} : { by: deciding(byIdentity) }) };
    return { kind: 'implicitDeny', lacking: [...(own || named !== undefined ? [] : (['identity'] as const)), ...lacking] };
  }
  if (!own) lacking.add('identity');
  if (byResource.length === 0) lacking.add('resource');
  if (lacking.size > 0) return { kind: 'implicitDeny', lacking: [...lacking] };
  return { kind: 'allowed', ...(byIdentity === undefined ? {} : { by: deciding(byIdentity) }) };
}

function missingBounds(policies: PolicySet, matching: (kind: PolicyKind, effect: 'Allow') => Found[]): Set<PolicyKind> {
  const bounds = (['boundary', 'session'] as const).filter(
    (kind) => policies[kind] !== undefined && matching(kind, 'Allow').length === 0,
  );
  return new Set<PolicyKind>(bounds);
}

function find(
  policies: readonly NamedPolicy[],
  kind: PolicyKind,
  effect: Statement['effect'],
  request: AccessRequest,
  context: RequestContext,
): Found[] {
  const found: Found[] = [];
  for (const { id, document } of policies) {
    // Variables came with the version of 2012.
    const variables = document.version === '2012-10-17';
    for (const [index, statement] of document.statements.entries()) {
      if (statement.effect !== effect) continue;
      const naming = kind === 'resource' ? namingOf(statement.principals ?? nobody, request.requester) : 'direct';
      if (naming === 'none' || !applies(statement, request, context, variables)) continue;
      found.push({ kind, policyId: id, index, statement, naming });
    }
  }
  return found;
}

function applies(statement: Statement, request: AccessRequest, context: RequestContext, variables: boolean): boolean {
  const { actions, resources, conditions } = statement;
  const named = actions.values.some((pattern) => fits(pattern, request.action, context, { variables: false, ignoreCase: true }));
  if (named === actions.not) return false;
  if (resources !== undefined) {
    const meant = resources.values.some((pattern) => arnFits(pattern, request.resource, context, { variables }));
    if (meant === resources.not) return false;
  }
  return conditionsMet(conditions, context);
}

const nobody = { not: false, everyone: false, aws: [], services: [], federated: [] };

const deciding = ({ kind, policyId, index, statement }: Found): Deciding => ({ kind, policyId, index, statement });
