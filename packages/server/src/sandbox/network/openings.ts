import { neverReached, reservedBy } from './ranges.ts';
import type { Opening } from '../port.ts';

/** What one network lets through, in the order in which a firewall is to ask. */
export interface Passage {
  /** Parts of reserved ranges that were named. */
  readonly named: readonly Opening[];
  /** Public addresses; what is reserved is refused before. */
  readonly others: readonly Opening[];
  /** Ports of this host. */
  readonly host: readonly Opening[];
}

export function passage(allow: readonly Opening[]): Passage {
  const host = allow.filter(({ to }) => to === 'host');
  const ranges = allow.filter(({ to }) => to !== 'host');
  return {
    named: ranges.filter(({ to }) => reservedBy(to) !== undefined),
    others: ranges.filter(({ to }) => reservedBy(to) === undefined),
    host,
  };
}

/** Routes of a box: to what is opened, and to nothing that is reserved and was not named. The kernel takes the narrowest. */
export function routesFor(allow: readonly Opening[]): { readonly open: readonly string[]; readonly shut: readonly string[] } {
  const opened = new Set(allow.filter(({ to }) => to !== 'host').map(({ to }) => to));
  return { open: [...opened], shut: neverReached.filter((range) => range !== '127.0.0.0/8' && !opened.has(range)) };
}
