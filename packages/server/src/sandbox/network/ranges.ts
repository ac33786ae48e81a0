import { BlockList, isIPv6 } from 'node:net';

/**
 * Addresses no function reaches, whatever the host's routes say: private networks, the host's neighbours,
 * the cloud's metadata services.
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

const blocked = new BlockList();
for (const range of neverReached) {
  const [address = '', bits = ''] = range.split('/');
  blocked.addSubnet(address, Number(bits), 'ipv4');
}

/** Whether a function with a way out may reach it. IPv6 is not offered. */
export const isPublic = (address: string): boolean => !isIPv6(address) && !blocked.check(address, 'ipv4');
