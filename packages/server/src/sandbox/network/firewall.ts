import { step, type Step } from '../jail/steps.ts';
import { neverReached } from './ranges.ts';

/** What every firewall must say, in its own words. TCP is refused by a reset, because the kernel answers with few ICMP messages a second. */
export interface Firewall {
  readonly name: string;
  install(): Step[];
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
  const remove = (): Step[] => [step.maybe(step.run('-', [nft, 'delete', 'table', 'inet', table]))];
  const rules = `table inet ${table} {
    set never { type ipv4_addr; flags interval; elements = { ${neverReached.join(', ')} } }
    chain input {
      type filter hook input priority -150; policy accept;
      iifname ${ours} meta nfproto ipv6 drop
      iifname ${ours} meta l4proto tcp reject with tcp reset
      iifname ${ours} reject with icmpx type admin-prohibited
    }
    chain forward {
      type filter hook forward priority -150; policy accept;
      iifname ${ours} meta nfproto ipv6 drop
      iifname ${ours} ip saddr != ${boxes} drop
      iifname ${ours} ip daddr @never meta l4proto tcp reject with tcp reset
      iifname ${ours} ip daddr @never reject with icmpx type admin-prohibited
      iifname ${ours} oifname ${ours} drop
      oifname ${ours} ct state established,related accept
      oifname ${ours} drop
    }
    chain out {
      type nat hook postrouting priority 100; policy accept;
      ip saddr ${boxes} oifname != ${ours} masquerade
    }
  }`;
  return { name: 'nftables', install: () => [...remove(), step.run('-', [nft, '-f', '-'], rules)], remove };
}

/** Chosen before nftables, because here an accept of ours stands before a drop of Docker's in the same chain. */
export function iptables(program: string, { server, prefix, boxes }: FirewallScope): Firewall {
  const ours = `${prefix}+`;
  const [input, forward, out] = [`mf-${server}-in`, `mf-${server}-fw`, `mf-${server}-out`];
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
        ['-t', 'filter', what, input],
        ['-t', 'filter', what, forward],
        ['-t', 'nat', what, out],
      ]),
    ].map((words) => step.maybe(step.run('-', [program, '-w', '10', ...words])));
  const refuse = (match: string): string[] => [
    `${match} -p tcp -j REJECT --reject-with tcp-reset`,
    `${match} -j REJECT --reject-with icmp-admin-prohibited`,
  ];
  const rules = [
    '*filter',
    `:${input} - [0:0]`,
    `:${forward} - [0:0]`,
    ...refuse(`-A ${input}`),
    `-A ${forward} -i ${ours} ! -s ${boxes} -j DROP`,
    ...neverReached.flatMap((range) => refuse(`-A ${forward} -i ${ours} -d ${range}`)),
    `-A ${forward} -i ${ours} -o ${ours} -j DROP`,
    `-A ${forward} -i ${ours} -j ACCEPT`,
    `-A ${forward} -o ${ours} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT`,
    `-A ${forward} -o ${ours} -j DROP`,
    'COMMIT',
    '*nat',
    `:${out} - [0:0]`,
    `-A ${out} ! -o ${ours} -j MASQUERADE`,
    'COMMIT',
    '',
  ].join('\n');
  return {
    name: 'iptables',
    install: () => [
      ...remove(),
      step.run('-', [`${program}-restore`, '-w', '10', '--noflush'], rules),
      ...jumps.map(([table, chain, ...match]) => step.run('-', [program, '-w', '10', '-t', table, '-I', chain, ...match])),
    ],
    remove,
  };
}
