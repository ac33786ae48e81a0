import type { Clock, Random } from '../base/index.ts';

/** Hexadecimal digits out of UUIDs, which come from a store of entropy: bytes would cost a system call for each invocation. */
const digits24 = (uuid: string): string => uuid.slice(0, 8) + uuid.slice(9, 13) + uuid.slice(24);
const digits16 = (uuid: string): string => uuid.slice(0, 8) + uuid.slice(24, 32);
/** What we pass on; anything else in the header is the caller's mistake and gets a new trace. @source spec 2.1-07 */
const acceptable = /^(?=.*\bRoot=1-[0-9a-f]{8}-[0-9a-f]{24}\b)[A-Za-z0-9=;:,._ /|-]{1,1024}$/;

/** The trace of an invocation: the caller's, or a new one that nobody samples. @source spec 5.6-02 */
export function traceId(header: string | undefined, { clock, random }: { clock: Clock; random: Random }): string {
  if (header !== undefined && acceptable.test(header)) {
    return header.includes('Parent=') ? header : `${header};Parent=${digits16(random.uuid())};Sampled=0`;
  }
  const seconds = Math.floor(clock.now() / 1000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${digits24(random.uuid())};Parent=${digits16(random.uuid())};Sampled=0`;
}
