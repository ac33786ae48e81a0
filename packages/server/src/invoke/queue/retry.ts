/** After the first and the second function error. @source spec 2.9-02 */
const afterFunctionErrorMs = [60_000, 120_000] as const;
/** @source spec 2.9-03 */
const firstBackoffMs = 1000;
const longestBackoffMs = 300_000;

/** @param attempts  function errors so far, this one included */
export const functionErrorDelayMs = (attempts: number): number =>
  afterFunctionErrorMs[Math.min(attempts, afterFunctionErrorMs.length) - 1] ?? afterFunctionErrorMs[0];

/** @param failures  throttles or system errors in a row, this one included: 1 s, 2 s, 4 s … 5 min */
export const backoffMs = (failures: number): number =>
  Math.min(firstBackoffMs * 2 ** Math.min(failures - 1, 30), longestBackoffMs);
