export { parsePolicy, readPolicy, PolicyError, type PolicyDocument, type Statement } from './document.ts';
export { evaluate, type Decision, type Deciding, type NamedPolicy, type PolicyKind, type PolicySet } from './evaluate.ts';
export { explain, type Explanation } from './explain.ts';
export { statementPosition } from './position.ts';
export type { AccessRequest, Requester } from './request.ts';
