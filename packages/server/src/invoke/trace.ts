import type { Clock, Random } from '../base/index.ts';

/** What we pass on; anything else in the header is the caller's mistake and gets a new trace. @source spec 2.1-07 */
const acceptable = /^(?=.*\bRoot=1-[0-9a-f]{8}-[0-9a-f]{24}\b)[A-Za-z0-9=;:,._ /|-]{1,1024}$/;

/** The trace of an invocation: the caller's, or a new one that nobody samples. @source spec 5.6-02 */
export function traceId(header: string | undefined, { clock, random }: { clock: Clock; random: Random }): string {
  if (header !== undefined && acceptable.test(header)) {
    return header.includes('Parent=') ? header : `${header};Parent=${random.hex(8)};Sampled=0`;
  }
  const seconds = Math.floor(clock.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${random.hex(12)};Parent=${random.hex(8)};Sampled=0`;
}
