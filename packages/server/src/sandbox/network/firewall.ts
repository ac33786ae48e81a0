import type { Opening } from '../port.ts';
import { step, type Step } from '../jail/steps.ts';
import { passage } from './openings.ts';
import { neverReached } from './ranges.ts';

/** What every firewall must say, in its own words. TCP is refused by a reset, because the kernel answers with few ICMP messages a second. */
export interface Firewall {
  readonly name: string;
  /** Nobody comes in, boxes do not reach each other, nobody gets out. */
  install(): Step[];
  /** Lets boxes whose interfaces begin like this out to where their network allows it. Once for each, after `install`. */
  open(interfaces: string, allow: readonly Opening[]): Step[];
  /** Steps that may fail, because it was never installed. */
  remove(): Step[];
}

export interface FirewallScope {
  /** Eight hex digits that name this server on this host. */
  readonly server: string;
  /** How the names of our interfaces begin. */
  readonly prefix: string;
  /** All addresses of boxes. */
  readonly boxes: string;
}

export function nftables(nft: string, { server, prefix, boxes }: FirewallScope): Firewall {
  const table = `mayfly_${server}`;
  const ours = `"${prefix}*"`;
  const remove = (): Step[] => [step.maybe(step.run([nft, 'delete', 'table', 'inet', table]))];
  const rules = `table inet ${table} {
    set never { type ipv4_addr; flags interval; elements = { ${neverReached.join(', ')} } }
    chain networks { }
    chain host { }
    chain input {
      type filter hook input priority -150; policy accept;
      iifname ${ours} meta nfproto ipv6 drop
      iifname ${ours} jump host
      iifname ${ours} meta l4proto tcp reject with tcp reset
      iifname ${ours} reject with icmpx type admin-prohibited
    }
    chain forward {
      type filter hook forward priority -150; policy accept;
      iifname ${ours} meta nfproto ipv6 drop
      iifname ${ours} ip saddr != ${boxes} drop
      iifname ${ours} oifname ${ours} meta l4proto tcp reject with tcp reset
      iifname ${ours} oifname ${ours} reject with icmpx type admin-prohibited
      iifname ${ours} jump networks
      iifname ${ours} meta l4proto tcp reject with tcp reset
      iifname ${ours} reject with icmpx type admin-prohibited
      oifname ${ours} ct state established,related accept
      oifname ${ours} drop
    }
    chain out {
      type nat hook postrouting priority 100; policy accept;
      ip saddr ${boxes} oifname != ${ours} masquerade
    }
  }`;
  const match = ({ to, protocol, ports }: Opening): string => {
    const range = to === 'host' ? '' : `ip daddr ${to} `;
    if (protocol === undefined) return range;
    return ports === undefined ? `${range}meta l4proto ${protocol} ` : `${range}${protocol} dport ${ports.join('-')} `;
  };
  const open = (interfaces: string, allow: readonly Opening[]): Step[] => {
    const { named, others, host } = passage(allow);
    const add = (chain: string, rule: string): string => `add rule inet ${table} ${chain} iifname "${interfaces}*" ${rule}\n`;
    const script = [
      ...host.map((opening) => add('host', `${match(opening)}accept`)),
      ...named.map((opening) => add('networks', `${match(opening)}accept`)),
      // Back to where it is refused.
      add('networks', 'ip daddr @never return'),
      ...others.map((opening) => add('networks', `${match(opening)}accept`)),
    ];
    return [step.run([nft, '-f', '-'], script.join(''))];
  };
  return { name: 'nftables', install: () => [...remove(), step.run([nft, '-f', '-'], rules)], open, remove };
}

/** Chosen before nftables, because here an accept of ours stands before a drop of Docker's in the same chain. */
export function iptables(program: string, { server, prefix, boxes }: FirewallScope): Firewall {
  const ours = `${prefix}+`;
  const [input, forward, networks, host, out] = ['in', 'fw', 'nets', 'host', 'out'].map((name) => `mf-${server}-${name}`);
  const jumps = [
    ['filter', 'INPUT', '-i', ours, '-j', input],
    ['filter', 'FORWARD', '-i', ours, '-j', forward],
    ['filter', 'FORWARD', '-o', ours, '-j', forward],
    ['nat', 'POSTROUTING', '-s', boxes, '-j', out],
  ] as const;
  const remove = (): Step[] =>
    [
      ...jumps.map(([table, ...rule]) => ['-t', table, '-D', ...rule]),
      ...(['-F', '-X'] as const).flatMap((what) => [
        ...[input, forward, networks, host].map((chain) => ['-t', 'filter', what, chain]),
        ['-t', 'nat', what, out],
      ]),
    ].map((words) => step.maybe(step.run([program, '-w', '10', ...(words as string[])])));
  const restore = (...lines: string[]): Step =>
    step.run([`${program}-restore`, '-w', '10', '--noflush'], `${lines.join('\n')}\n`);
  const refuse = (match: string): string[] => [
    `${match} -p tcp -j REJECT --reject-with tcp-reset`,
    `${match} -j REJECT --reject-with icmp-admin-prohibited`,
  ];
  const rules = restore(
    '*filter',
    ...[input, forward, networks, host].map((chain) => `:${chain} - [0:0]`),
    `-A ${input} -j ${host}`,
    ...refuse(`-A ${input}`),
    `-A ${forward} -i ${ours} ! -s ${boxes} -j DROP`,
    ...refuse(`-A ${forward} -i ${ours} -o ${ours}`),
    `-A ${forward} -i ${ours} -j ${networks}`,
    ...refuse(`-A ${forward} -i ${ours}`),
    `-A ${forward} -o ${ours} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
    `-A ${forward} -o ${ours} -j DROP`,
    'COMMIT',
    '*nat',
    `:${out} - [0:0]`,
    `-A ${out} ! -o ${ours} -j MASQUERADE`,
    'COMMIT',
  );
  const match = ({ to, protocol, ports }: Opening): string =>
    [
      ...(to === 'host' ? [] : [`-d ${to}`]),
      ...(protocol === undefined ? [] : [`-p ${protocol}`]),
      ...(ports === undefined ? [] : [`--dport ${ports.join(':')}`]),
    ].join(' ');
  const open = (interfaces: string, allow: readonly Opening[]): Step[] => {
    const { named, others, host: hostPorts } = passage(allow);
    const from = `-i ${interfaces}+`;
    const accept = (chain: string | undefined, opening: Opening): string => `-A ${chain} ${from} ${match(opening)} -j ACCEPT`;
    return [
      restore(
        '*filter',
        ...hostPorts.map((opening) => accept(host, opening)),
        ...named.map((opening) => accept(networks, opening)),
        // Back to where it is refused.
        ...neverReached.map((range) => `-A ${networks} ${from} -d ${range} -j RETURN`),
        ...others.map((opening) => accept(networks, opening)),
        'COMMIT',
      ),
    ];
  };
  return {
    name: 'iptables',
    install: () => [
      ...remove(),
      rules,
      ...jumps.map(([table, chain, ...rule]) => step.run([program, '-w', '10', '-t', table, '-I', chain, ...(rule as string[])])),
    ],
    open,
    remove,
  };
}
