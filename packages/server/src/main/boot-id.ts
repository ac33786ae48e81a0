import { readFileSync } from 'node:fs';
import type { Random } from '../base/index.ts';

/** Of this start of the machine; where there is none, none is like another. */
export function bootId(random: Random): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return random.uuid();
  }
}
