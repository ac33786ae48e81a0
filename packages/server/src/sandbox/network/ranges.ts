import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Addresses no function reaches, whatever the host's routes say: private networks, the host's neighbours,
 * the cloud's metadata services. An operator's network may open some of them, by their name.
 *
 * @source notes on the threat model, network policy; IANA special-purpose registry
 */
export const neverReached = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/4',
  '240.0.0.0/4',
] as const;

/** Other boxes, the box itself, and what is nobody's address: there is nothing to open. */
const neverOpened: readonly string[] = ['0.0.0.0/8', '127.0.0.0/8', '198.18.0.0/15', '224.0.0.0/4', '240.0.0.0/4'];

const blocked = new BlockList();
for (const range of neverReached) {
  const [address = '', bits = ''] = range.split('/');
  blocked.addSubnet(address, Number(bits), 'ipv4');
}

/** Whether a function with a way out may reach it. IPv6 is not offered. */
export const isPublic = (address: string): boolean => !isIPv6(address) && !blocked.check(address, 'ipv4');

/**
 * The reserved range that this one lies in; naming it opens it. What is wider than a reserved range does not name it:
 * `0.0.0.0/0` is the internet, and nothing of the private networks.
 */
export const reservedBy = (range: string): string | undefined => neverReached.find((outer) => contains(outer, range));

/** Why nobody may open this range; undefined when an operator may. */
export function rangeFault(range: string): string | undefined {
  const [address = '', bits = '', more] = range.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(bits) || Number(bits) > 32 || more !== undefined)
    return 'is no IPv4 range such as 10.20.0.0/16';
  if ((numberOf(address) & ~maskOf(Number(bits))) !== 0) return 'has bits set behind its mask';
  const reserved = reservedBy(range);
  return reserved !== undefined && neverOpened.includes(reserved)
    ? `lies in ${reserved}, where there is nothing to open`
    : undefined;
}

export function contains(outer: string, inner: string): boolean {
  const [base = '', bits = '0'] = outer.split('/');
  const [address = '', innerBits = '32'] = inner.split('/');
  const mask = maskOf(Number(bits));
  return Number(innerBits) >= Number(bits) && (numberOf(address) & mask) === (numberOf(base) & mask);
}

const maskOf = (bits: number): number => (bits === 0 ? 0 : -1 << (32 - bits));
const numberOf = (address: string): number => address.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
