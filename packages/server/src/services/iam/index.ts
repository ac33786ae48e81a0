export { openIam, type Iam, type IamOptions } from './open.ts';
export { Authority, type Answer, type Question } from './authority.ts';
export {
  evaluate,
  explain,
  parsePolicy,
  PolicyError,
  type AccessRequest,
  type Decision,
  type PolicySet,
  type Requester,
} from './policy/index.ts';
