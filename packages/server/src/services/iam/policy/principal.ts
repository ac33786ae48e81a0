import type { Principals } from './document.ts';
import type { Requester } from './request.ts';

/**
 * How a policy of a resource names somebody: themselves, the role they are a session of, or only the
 * account they belong to, which leaves the word to that account's own policies.
 */
export type Naming = 'direct' | 'role' | 'account' | 'none';

export function namingOf(principals: Principals, requester: Requester): Naming {
  const found = matched(principals, requester);
  if (!principals.not) return found;
  return found === 'none' ? 'direct' : 'none';
}

function matched({ everyone, aws, services, federated }: Principals, requester: Requester): Naming {
  if (everyone || aws.includes('*')) return 'direct';
  switch (requester.kind) {
    case 'anonymous':
      return 'none';
    case 'service':
      return services.includes(requester.name) || services.includes('*') ? 'direct' : 'none';
    case 'aws': {
      if (aws.includes(requester.arn) || federated.includes(requester.arn)) return 'direct';
      if (requester.roleArn !== undefined && aws.includes(requester.roleArn)) return 'role';
      const account = aws.some(
        (each) => each === requester.account || (each.startsWith('arn:') && each.endsWith(`:iam::${requester.account}:root`)),
      );
      return account ? 'account' : 'none';
    }
  }
}
