/** As functions, layers and code signing configs write it: `2026-01-02T03:04:05.678+0000`. @source spec 0.1-07 */
export const plusZero = (atMs: number): string => new Date(atMs).toISOString().replace('Z', '+0000');

/** As provisioned concurrency writes it: whole seconds. */
export const plusZeroSeconds = (atMs: number): string => new Date(atMs).toISOString().replace(/\.\d+Z$/, '+0000');

/** As function URLs write it. @source spec 0.1-07 */
export const zulu = (atMs: number): string => new Date(atMs).toISOString();
