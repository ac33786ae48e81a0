import type { Authority } from './authority.ts';
import { malformed, noSuch, type IamHandlers } from './faults.ts';
import { nameOf } from './directory.ts';
import { parsePolicy, PolicyError, type PolicyDocument } from './policy/index.ts';

/** What policies look at besides action and resource. */
export function contextKeyHandlers(authority: Authority) {
  return {
    GetContextKeysForCustomPolicy: async (input) => ({ ContextKeyNames: keysOf((input.PolicyInputList ?? []).map(read)) }),
    GetContextKeysForPrincipalPolicy: async (input) => {
      const arn = input.PolicySourceArn ?? '';
      const held = authority.policiesOf(arn);
      if (held === undefined)
        throw noSuch(`The ${/:(\w+)\//.exec(arn)?.[1] ?? 'user'} with name ${nameOf(arn)} cannot be found.`);
      return {
        ContextKeyNames: keysOf([...held.identity.map(({ document }) => document), ...(input.PolicyInputList ?? []).map(read)]),
      };
    },
  } satisfies IamHandlers;
}

function read(text: string): PolicyDocument {
  try {
    return parsePolicy(text);
  } catch (error) {
    throw error instanceof PolicyError ? malformed(error.message) : error;
  }
}

/** Keys of conditions and variables in texts, each once, in the order they come. */
function keysOf(documents: readonly PolicyDocument[]): string[] {
  const keys = new Set<string>();
  for (const { statements } of documents) {
    for (const { source } of statements) {
      const conditions = (source['Condition'] ?? {}) as Readonly<Record<string, object>>;
      for (const each of Object.values(conditions)) for (const key of Object.keys(each)) keys.add(key);
      for (const [, key = ''] of JSON.stringify(source).matchAll(/\$\{([\w:/.-]+)/g)) keys.add(key);
    }
  }
  return [...keys];
}
