/** Why a scenario is not as recorded, or is not played; the first that fits is shown. */
export const reasons: readonly (readonly [pattern: RegExp, why: string])[] = [];
