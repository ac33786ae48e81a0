import { existsSync, readFileSync, rmSync } from 'node:fs';
import type { Logger } from '../../base/index.ts';
import { isExecutable } from '../jail/obstacle.ts';
import type { Launcher } from '../jail/launcher.ts';
import { step, type Step } from '../jail/steps.ts';
import { iptables, nftables, type Firewall, type FirewallScope } from './firewall.ts';
import { neverReached } from './ranges.ts';

/** Boxes live in a range for benchmarks that no network routes; the upper half holds our side. */
const boxRange = '198.18.0.0/16';
const gateway = '198.19.255.254';
const boxAddress = (index: number): string => `198.18.${index >> 8}.${index & 255}`;

const find = (name: string): string | undefined =>
  ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].map((place) => `${place}/${name}`).find((file) => isExecutable(file));

export interface EgressTools {
  readonly ip: string;
  readonly firewall: (scope: FirewallScope) => Firewall;
}

/** What a way out is made with; undefined where it is missing. @param prefer  for tests */
export function egressTools(prefer?: 'iptables' | 'nft'): EgressTools | undefined {
  const ip = find('ip');
  const tables = prefer === 'nft' ? undefined : find('iptables');
  const nft = prefer === 'iptables' ? undefined : find('nft');
  if (ip === undefined) return undefined;
  if (tables !== undefined) return { ip, firewall: (scope) => iptables(tables, scope) };
  if (nft !== undefined) return { ip, firewall: (scope) => nftables(nft, scope) };
  return undefined;
}

/**
 * A way to the internet for boxes that ask for one: a pair of interfaces, and address translation. What no
 * function reaches is refused twice: by routes inside, which nobody there may change, and by rules outside.
 */
export class Egress {
  readonly #launcher: Launcher;
  readonly #tools: EgressTools;
  readonly #log: Logger;
  readonly #firewall: Firewall;
  readonly #prefix: string;
  readonly #marker: string;
  #ready: Promise<unknown> | undefined;

  /** @param options.server  eight hex digits that name this server on this host @param options.marker  a file that is there while rules are */
  constructor(options: {
    readonly launcher: Launcher;
    readonly tools: EgressTools;
    readonly log: Logger;
    readonly server: string;
    readonly marker: string;
  }) {
    this.#marker = options.marker;
    this.#launcher = options.launcher;
    this.#tools = options.tools;
    this.#log = options.log;
    this.#prefix = `mf${options.server.slice(0, 6)}-`;
    this.#firewall = options.tools.firewall({ server: options.server, prefix: this.#prefix, boxes: boxRange });
  }

  /** Steps that give the network `id` its way out; `index` below 65,536 is used by no other box. */
  async connect(id: string, index: number): Promise<Step[]> {
    await (this.#ready ??= this.#prepare());
    const { ip } = this.#tools;
    const name = this.#prefix + index.toString(36);
    const address = boxAddress(index);
    const outside = [
      `link add ${name} type veth peer name eth0 netns @netns:${id}@`,
      `link set ${name} addrgenmode none`,
      `address add ${gateway}/32 dev ${name}`,
      `link set ${name} up`,
      `route add ${address}/32 dev ${name}`,
    ];
    const inside = [
      'link set eth0 addrgenmode none',
      `address add ${address}/32 dev eth0`,
      'link set eth0 up',
      `route add ${gateway}/32 dev eth0`,
      `route add default via ${gateway} dev eth0`,
      ...neverReached.filter((range) => range !== '127.0.0.0/8').map((range) => `route add prohibit ${range}`),
    ];
    return [
      step.run('-', [ip, '-batch', '-'], outside.join('\n')),
      // Only packets that come in here or where the host's own way out is are passed on: the host does not become a router.
      step.write(`/proc/sys/net/ipv4/conf/${name}/forwarding`, '1'),
      step.run(id, [ip, '-batch', '-'], inside.join('\n')),
    ];
  }

  async #prepare(): Promise<void> {
    try {
      const uplinks = defaultInterfaces();
      await this.#launcher.do([
        step.write(this.#marker, ''),
        step.atEnd(this.#firewall.remove()),
        ...this.#firewall.install(),
        ...uplinks.map((name) => step.maybe(step.write(`/proc/sys/net/ipv4/conf/${name}/forwarding`, '1'))),
      ]);
      this.#log.info('functions may reach the internet', { firewall: this.#firewall.name, through: uplinks });
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  /** Takes the rules away, of this server or an earlier one of its name; interfaces go with their boxes' networks. */
  async remove(): Promise<void> {
    if (!existsSync(this.#marker)) return;
    await this.#launcher.do([...this.#firewall.remove(), step.atEnd([])]);
    rmSync(this.#marker, { force: true });
    this.#ready = undefined;
  }
}

/** Where the host's default routes go. */
function defaultInterfaces(): string[] {
  const rows = readFileSync('/proc/net/route', 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t'));
  return [
    ...new Set(
      rows
        .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
        .map(([name]) => name ?? ''),
    ),
  ];
}
