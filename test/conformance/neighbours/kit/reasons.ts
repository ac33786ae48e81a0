import type { Reasons } from '../../kit/table.ts';

/** Why a scenario is not as recorded, or is not played; the first that fits is shown. */
export const reasons: Reasons = [];
