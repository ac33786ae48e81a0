import type { Call } from '@mayfly/wire';

/** More is somebody's joke, and is not carried about. */
const longestTrace = 1024;

/** The trace of whoever calls: it travels with what the call brings about, so that a loop is seen. @source spec 2.10-01 */
export function traceOf(call: Pick<Call, 'headers'>): { readonly traceHeader?: string } {
  const traceHeader = call.headers['x-amzn-trace-id'];
  return traceHeader === undefined || traceHeader.length > longestTrace ? {} : { traceHeader };
}
