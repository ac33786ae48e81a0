import { malformed, tooMany } from './faults.ts';
import { parsePolicy, PolicyError, type PolicyDocument } from './policy/index.ts';

/** @throws MalformedPolicyDocument */
function parsed(text: string): PolicyDocument {
  try {
    return parsePolicy(text);
  } catch (error) {
    throw error instanceof PolicyError ? malformed(error.message) : error;
  }
}

/** A policy of a user, group or role. @throws MalformedPolicyDocument */
export function checkIdentityPolicy(text: string): void {
  for (const { principals, resources, actions } of parsed(text).statements) {
    if (principals !== undefined) throw malformed('Policy document should not specify a principal.');
    if (resources === undefined) throw malformed('Policy statement must contain resources.');
    for (const action of actions.values) {
      if (!/^(\*|[\w-]+:[\w*?-]+)$/.test(action)) {
        throw malformed(
          action.includes(':')
            ? `Actions/Conditions can contain only one colon.`
            : 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
        );
      }
    }
    for (const resource of resources.values) {
      if (resource !== '*' && !/^(arn|\*|\$\{)/.test(resource))
        throw malformed(`Resource ${resource} must be in ARN format or "*".`);
    }
  }
}

/** A policy that says who may assume a role. @throws MalformedPolicyDocument */
export function checkTrustPolicy(text: string, most: number): void {
  for (const { principals, resources, actions } of parsed(text).statements) {
    if (resources !== undefined) throw malformed('Has prohibited field Resource');
    if (principals === undefined) throw malformed('AssumeRolepolicy must contain a principal.');
    if (!actions.values.every((action) => /^sts:/i.test(action) || action === '*'))
      throw malformed('AssumeRole policy may only specify STS AssumeRole actions.');
  }
  if (sizeOf(text) > most) throw tooMany(`Cannot exceed quota for ACLSizePerRole: ${most}`);
}

/** White space does not count. */
export const sizeOf = (document: string): number => document.replaceAll(/\s/g, '').length;
