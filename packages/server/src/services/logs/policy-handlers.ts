import type { Clock } from '../../base/index.ts';
import { pageOf, scopeOf } from '../kit/index.ts';
import { bounds } from './bounds.ts';
import { badToken, invalid, limitExceeded, notFound } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import type { LogRecords } from './groups.ts';

/** Policies that let services write here; kept for those who set them and read them back. */
export function policyHandlers({ records, clock }: { readonly records: LogRecords; readonly clock: Clock }) {
  return {
    async PutResourcePolicy(input, call) {
      if (input.resourceArn !== undefined) throw invalid('Policies of single log groups are not supported.');
      const { policyName: name, policyDocument: document } = input;
      if (name === undefined || document === undefined) throw invalid('policyName and policyDocument are required.');
      if (!isObject(document)) throw invalid('The policyDocument is not valid JSON.');
      const policy = { name, document, updatedAt: Math.floor(clock.now()) };
      await records.change((draft) => {
        const scope = scopeOf(call);
        if (draft.get('policy', scope, name) === undefined && draft.count('policy', scope) >= bounds.resourcePolicies)
          throw limitExceeded();
        draft.put('policy', scope, name, policy);
      });
      return { resourcePolicy: { policyName: name, policyDocument: document, lastUpdatedTime: policy.updatedAt } };
    },

    DescribeResourcePolicies(input, call) {
      const page = pageOf(records.list('policy', scopeOf(call)), {
        limit: input.limit ?? bounds.resourcePolicies,
        token: input.nextToken,
        nameOf: ({ name }) => name,
        invalid: badToken,
      });
      return Promise.resolve({
        resourcePolicies: page.items.map(({ name, document, updatedAt }) => ({
          policyName: name,
          policyDocument: document,
          lastUpdatedTime: updatedAt,
        })),
        ...(page.next === undefined ? {} : { nextToken: page.next }),
      });
    },

    async DeleteResourcePolicy(input, call) {
      await records.change((draft) => {
        if (!draft.delete('policy', scopeOf(call), input.policyName ?? ''))
          throw notFound(`Policy with name [${input.policyName}] does not exist`);
      });
      return {};
    },
  } satisfies LogHandlers;
}

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}
