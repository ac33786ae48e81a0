import type { Authority } from './authority.ts';
import { noSuch, malformed, type IamHandlers } from './faults.ts';
import {
  evaluate,
  parsePolicy,
  PolicyError,
  statementPosition,
  type AccessRequest,
  type Decision,
  type NamedPolicy,
  type PolicySet,
} from './policy/index.ts';

/** Asks what would be decided, without doing anything. */
export function simulateHandlers(authority: Authority) {
  return {
    SimulatePrincipalPolicy: async (input, call) => {
      const arn = input.PolicySourceArn ?? '';
      const held = authority.policiesOf(arn);
      if (held === undefined)
        throw noSuch(
          `The ${/:(\w+)\//.exec(arn)?.[1] ?? 'user'} with name ${arn.slice(arn.lastIndexOf('/') + 1)} cannot be found.`,
        );
      return simulate(input, { ...held, identity: [...held.identity, ...given(input.PolicyInputList)] }, arn, call.account);
    },
    SimulateCustomPolicy: async (input, call) =>
      simulate(
        input,
        { identity: given(input.PolicyInputList) },
        input.CallerArn ?? `arn:aws:iam::${call.account}:user/simulated`,
        call.account,
      ),
  } satisfies IamHandlers;
}

interface SimulateInput {
  readonly ActionNames?: readonly string[] | undefined;
  readonly ResourceArns?: readonly string[] | undefined;
  readonly ResourcePolicy?: string | undefined;
  readonly PermissionsBoundaryPolicyInputList?: readonly string[] | undefined;
  readonly ContextEntries?:
    | readonly { readonly ContextKeyName?: string | undefined; readonly ContextKeyValues?: readonly string[] | undefined }[]
    | undefined;
}

function simulate(input: SimulateInput, held: PolicySet, arn: string, account: string) {
  const boundary = input.PermissionsBoundaryPolicyInputList;
  const policies: PolicySet = {
    ...held,
    ...(boundary === undefined || boundary.length === 0 ? {} : { boundary: given(boundary) }),
    ...(input.ResourcePolicy === undefined ? {} : { resource: given([input.ResourcePolicy]) }),
  };
  const context = Object.fromEntries(
    (input.ContextEntries ?? []).map(({ ContextKeyName, ContextKeyValues }) => [ContextKeyName ?? '', ContextKeyValues ?? []]),
  );
  const resources = input.ResourceArns ?? ['*'];
  const results = (input.ActionNames ?? []).flatMap((action) =>
    resources.map((resource) => {
      const request: AccessRequest = {
        requester: { kind: 'aws', account, arn, userId: 'simulated' },
        action,
        resource,
        resourceAccount: account,
        context,
      };
      return { action, resource, decision: evaluate(request, policies) };
    }),
  );
  return {
    EvaluationResults: results.map(({ action, resource, decision }) => ({
      EvalActionName: action,
      EvalResourceName: resource,
      EvalDecision: decision.kind,
      MatchedStatements: matched(decision, policies),
      MissingContextValues: [],
      OrganizationsDecisionDetail: { AllowedByOrganizations: true },
      EvalDecisionDetails: {},
      ResourceSpecificResults: [
        {
          EvalResourceName: resource,
          EvalResourceDecision: decision.kind,
          MatchedStatements: matched(decision, policies),
          MissingContextValues: [],
        },
      ],
    })),
    IsTruncated: false,
  };
}

function matched(decision: Decision, policies: PolicySet) {
  if (decision.kind === 'implicitDeny' || decision.by === undefined) return [];
  const { policyId, kind, index, statement } = decision.by;
  const document = (policies[kind] ?? []).find((each) => each.id === policyId && each.document.statements[index] === statement);
  return [
    {
      SourcePolicyId: policyId,
      SourcePolicyType: kind === 'resource' ? ('resource' as const) : ('IAM Policy' as 'user'),
      ...(document?.document.text === undefined ? {} : statementPosition(document.document.text, index)),
    },
  ];
}

function given(documents: readonly string[] | undefined): NamedPolicy[] {
  return (documents ?? []).map((document, index) => {
    try {
      return { id: `PolicyInputList.${index + 1}`, document: parsePolicy(document) };
    } catch (error) {
      throw error instanceof PolicyError ? malformed(error.message) : error;
    }
  });
}
