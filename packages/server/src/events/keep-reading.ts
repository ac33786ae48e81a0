import { backoffMs, pause, type PollerHouse } from './house.ts';
import type { Mapping } from './port.ts';

const ceilingMs = 30_000;

/**
 * Reads a broker until the end: one that goes away, or ends the reading, is looked for again, later each time; the mapping and
 * the log tell why. One that was read for longer than the longest wait counts as new.
 */
export async function keepReading(
  what: string,
  { uuid }: Mapping,
  { book, clock, log }: Pick<PollerHouse, 'book' | 'clock' | 'log'>,
  signal: AbortSignal,
  read: () => Promise<void>,
): Promise<void> {
  for (let tries = 3; !signal.aborted; tries += 1) {
    const began = clock.monotonic();
    try {
      await read();
    } catch (error) {
      if (signal.aborted) return;
      log.warn(`${what} could not be read.`, { mapping: uuid, error });
      book.report(uuid, { lastProcessingResult: `PROBLEM: ${(error as Error).message}` });
    }
    if (clock.monotonic() - began > ceilingMs) tries = 3;
    await pause(clock, backoffMs(tries, ceilingMs), signal);
  }
}
