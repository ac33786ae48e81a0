import type { Reasons } from '../../kit/table.ts';

/** Why a scenario is not as recorded, or is not played; the first that fits is shown. */
export const reasons: Reasons = [
  [/SMS|test_check_opted_out|opt_in_phone|opted_out/, 'there is no telephone here'],
  [/TestSNSPlatform/, 'there are no push services here'],
];
