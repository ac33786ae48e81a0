import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Whether a request of the server's own may go to this address and port. */
export interface Outward {
  permits(address: string, port: number): boolean;
}

/** What answers here trusts whoever comes from this host; nobody may open it. @source notes on the threat model, network policy */
const never = [
  '0.0.0.0/8',
  '100.100.100.200/32',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/128',
  'fd00:ec2::254/128',
  'fe80::/10',
  'ff00::/8',
];
/** Not the internet: this host and its neighbours. Open where the operator says so. */
const inside = [
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '::1/128',
  'fc00::/7',
  'fec0::/10',
];
const words: Readonly<Record<string, readonly string[]>> = { localhost: ['127.0.0.0/8', '::1/128'], private: inside };

const addTo = (list: BlockList, range: string): void => {
  const [address = '', bits] = range.split('/');
  const family = isIPv6(address) ? 'ipv6' : 'ipv4';
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, Number(bits), family);
};
const listOf = (ranges: readonly string[]): BlockList => {
  const list = new BlockList();
  for (const range of ranges) addTo(list, range);
  return list;
};
const neverList = listOf(never);
const insideList = listOf(inside);

/**
 * Where the operator lets deliveries go besides public addresses.
 *
 * @param allowed  `127.0.0.1:3000`, `10.1.0.0/16`, `[::1]:80`, `localhost`, `localhost:3000`, `private`
 * @throws TypeError for one that cannot be read
 */
export function outward(allowed: readonly string[]): Outward {
  const open = allowed.map(readAllowed);
  const permits = (address: string, port: number): boolean => {
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (neverList.check(address, family)) return false;
    if (family === 'ipv6') {
      const within = embedded(address);
      if (within !== undefined) return permits(within, port);
    }
    return (
      !insideList.check(address, family) ||
      open.some(({ list, only }) => (only === undefined || only === port) && list.check(address, family))
    );
  };
  return { permits };
}

function readAllowed(text: string): { readonly list: BlockList; readonly only?: number } {
  const [, bracketed, plain = '', port] =
    /^(?:\[([0-9a-f:.]+)\]|([a-z0-9./]+|[0-9a-f:.]*:[0-9a-f:.]*(?:\/\d+)?))(?::(\d{1,5}))?$/i.exec(text) ?? [];
  const target = bracketed ?? plain;
  const ranges = words[target] ?? [target];
  for (const range of ranges) {
    const [address = '', bits, ...more] = range.split('/');
    const most = isIPv4(address) ? 32 : isIPv6(address) ? 128 : -1;
    if (more.length > 0 || most < 0 || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most)))
      throw new TypeError(`not an address, a range, localhost or private: ${text}`);
  }
  return { list: listOf(ranges), ...(port === undefined ? {} : { only: Number(port) }) };
}

/** The address of IPv4 within one of IPv6, if there is one. */
function embedded(address: string): string | undefined {
  const groups = groupsOf(address);
  const text = groups.map((group) => group.toString(16)).join(':');
  const at = /^0:0:0:0:0:(0|ffff):/.test(text) || text.startsWith('64:ff9b:0:0:0:0:') ? 6 : groups[0] === 0x2002 ? 1 : undefined;
  if (at === undefined || text === '0:0:0:0:0:0:0:1') return undefined;
  const [high = 0, low = 0] = groups.slice(at, at + 2);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}

function groupsOf(address: string): readonly number[] {
  // The URL parser writes every form in one way: hexadecimal, the longest run of zeros left out.
  const canonical = new URL(`http://[${address.replace(/%.*$/, '')}]/`).hostname.slice(1, -1);
  const [before = '', after] = canonical.split('::');
  const groups = (text: string): number[] => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const head = groups(before);
  const tail = after === undefined ? [] : groups(after);
  return [...head, ...Array.from({ length: 8 - head.length - tail.length }, () => 0), ...tail];
}
