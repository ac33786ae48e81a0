import type { Decision, PolicyKind } from './evaluate.ts';
import type { AccessRequest, Requester } from './request.ts';

export interface Explanation {
  /** One sentence, in the words AWS uses in its refusals. */
  readonly text: string;
  /** Statements that would allow it, and where each belongs; none helps against an explicit Deny. */
  readonly wouldAllow: readonly { readonly kind: PolicyKind; readonly statement: Readonly<Record<string, unknown>> }[];
}

const kinds: Readonly<Record<PolicyKind, string>> = {
  identity: 'identity-based policy',
  resource: 'resource-based policy',
  boundary: 'permissions boundary',
  session: 'session policy',
};

/** Says why, and what would change it. */
export function explain(request: AccessRequest, decision: Decision): Explanation {
  const refused = `User: ${nameOf(request.requester)} is not authorized to perform: ${request.action} on resource: ${request.resource}`;
  switch (decision.kind) {
    case 'allowed': {
      const why =
        decision.by === undefined ? 'the root of the account needs no policy' : `statement ${labelOf(decision.by)} allows it`;
      return {
        text: `${nameOf(request.requester)} may perform ${request.action} on ${request.resource}: ${why}`,
        wouldAllow: [],
      };
    }
    case 'explicitDeny':
      return {
        text: `${refused} with an explicit deny in ${article(kinds[decision.by.kind])}: statement ${labelOf(decision.by)}`,
        wouldAllow: [],
      };
    case 'implicitDeny': {
      const [first = 'identity'] = decision.lacking;
      return {
        text: `${refused} because no ${kinds[first]} allows the ${request.action} action`,
        wouldAllow: decision.lacking.map((kind) => ({ kind, statement: allowing(kind, request) })),
      };
    }
  }
}

function allowing(kind: PolicyKind, request: AccessRequest): Record<string, unknown> {
  const principal = kind === 'resource' ? { Principal: principalOf(request.requester) } : {};
  return { Effect: 'Allow', ...principal, Action: request.action, Resource: request.resource };
}

function principalOf(requester: Requester): unknown {
  switch (requester.kind) {
    case 'anonymous':
      return '*';
    case 'service':
      return { Service: requester.name };
    case 'aws':
      return { AWS: requester.roleArn ?? requester.arn };
  }
}

function nameOf(requester: Requester): string {
  switch (requester.kind) {
    case 'anonymous':
      return 'anonymous';
    case 'service':
      return requester.name;
    case 'aws':
      return requester.arn;
  }
}

const article = (noun: string): string => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);

const labelOf = (by: { policyId: string; index: number; statement: { sid?: string } }): string =>
  `${by.statement.sid === undefined ? by.index + 1 : `"${by.statement.sid}"`} of ${by.policyId}`;
