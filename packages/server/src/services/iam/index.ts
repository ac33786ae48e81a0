export { openIam, type Iam, type IamOptions } from './open.ts';
export { Authority, type Answer, type Question } from './authority.ts';
export type { AccessRequest, Decision, PolicySet, Requester } from './policy/index.ts';
export { managedPolicies } from './aws-managed/index.ts';
export { policyAllows, resourcePolicySays } from './lone-policy.ts';
