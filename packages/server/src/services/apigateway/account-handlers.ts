import type { ApiGatewayOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import type { RestDesk } from './desk.ts';
import { badRequest, notFound, notHere } from './faults.ts';
import { brief, member, patched, text, type Table } from './patch.ts';
import type { AccountRecord } from './records.ts';

type AccountHandlers = Pick<
  Handlers<ApiGatewayOperations>,
  'GetAccount' | 'UpdateAccount' | 'CreateVpcLink' | 'GetVpcLink' | 'GetVpcLinks' | 'UpdateVpcLink' | 'DeleteVpcLink'
>;

/** Settings of the account, and links into networks, of which there are none here. */
export function accountHandlers(desk: RestDesk): AccountHandlers {
  const noLink = async (): Promise<never> => {
    throw notFound('Invalid Vpc Link identifier specified');
  };
  return {
    GetAccount: async (_input, call) => shown(desk.records.get('account', scopeOf(call), '') ?? {}),

    async UpdateAccount({ patchOperations }, call) {
      const next = await desk.change(undefined, (draft) => {
        const after = patched<AccountRecord>(draft.get('account', scopeOf(call), '') ?? {}, patchOperations, updates);
        draft.put('account', scopeOf(call), '', after);
        return after;
      });
      return shown(next);
    },

    async CreateVpcLink({ name = '', targetArns = [] }) {
      if (name === '') throw badRequest('Name cannot be empty');
      for (const arn of targetArns) if (!arn.startsWith('arn:')) throw badRequest(`Invalid ARN. ARN is not well formed ${arn}`);
      throw notHere('VPC links');
    },
    GetVpcLink: noLink,
    GetVpcLinks: async () => ({ items: [] }),
    UpdateVpcLink: noLink,
    DeleteVpcLink: noLink,
  };
}

/** @source API Gateway Developer Guide, "Quotas": throttling of an account, read 2026-11 */
const shown = (account: AccountRecord) => ({
  ...account,
  throttleSettings: { burstLimit: 5000, rateLimit: 10_000 },
  features: ['UsagePlans'],
  apiKeyVersion: '4',
});

const updates: Table = {
  places: {
    '/cloudwatchRoleArn': member((value) => (value === '' ? undefined : value), ['replace', 'remove']),
    // Once there were APIs without usage plans; now every account has the feature.
    '/features': { ops: ['add'], apply: (document) => document },
    '/throttle/rateLimit': member(text, []),
  },
  words: brief,
};
