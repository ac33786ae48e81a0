import { existsSync, rmSync } from 'node:fs';
import type { Logger } from '../../base/index.ts';
import { isExecutable } from '../jail/obstacle.ts';
import type { Launcher } from '../jail/launcher.ts';
import { step, type Step } from '../jail/steps.ts';
import type { Network } from '../port.ts';
import { iptables, nftables, type Firewall, type FirewallScope } from './firewall.ts';
import { addRoute, giveAddress, pair, prohibit, switchOn, withoutOwnAddress } from './netlink.ts';
import { routesFor } from './openings.ts';
import { interfacesTo } from './uplinks.ts';

/** Boxes live in a range for benchmarks that no network routes; the upper half holds our side. */
const boxRange = '198.18.0.0/16';
/** Where a box finds this host, if its network opens ports of it. */
export const hostAddress = '198.19.255.254';
const boxAddress = (index: number): string => `198.18.${index >> 8}.${index & 255}`;

const find = (name: string): string | undefined =>
  ['/usr/sbin', '/sbin', '/usr/bin', '/bin'].map((place) => `${place}/${name}`).find((file) => isExecutable(file));

export type MakeFirewall = (scope: FirewallScope) => Firewall;

/** The host's firewall; undefined where it has none, and no way out can be made. @param prefer  for tests */
export function findFirewall(prefer?: 'iptables' | 'nft'): MakeFirewall | undefined {
  const tables = prefer === 'nft' ? undefined : find('iptables');
  const nft = prefer === 'iptables' ? undefined : find('nft');
  if (tables !== undefined) return (scope) => iptables(tables, scope);
  if (nft !== undefined) return (scope) => nftables(nft, scope);
  return undefined;
}

/** The interface in a box. */
const inside = 'eth0';

/** Everything public, and nothing else: what a function has that joins no network. */
const internet: Network = { allow: [{ to: '0.0.0.0/0' }], nameServers: [] };
/** The name of an interface has room for two digits. */
const mostNetworks = 36 * 36;

/**
 * A way out for boxes that ask for one: a pair of interfaces, and address translation. What is not to be reached is
 * refused twice: by routes inside, which nobody there may change, and by rules outside.
 */
export class Egress {
  readonly #launcher: Launcher;
  readonly #log: Logger;
  readonly #firewall: Firewall;
  readonly #prefix: string;
  readonly #marker: string;
  #ready: Promise<unknown> | undefined;
  /** By what they allow: how the interfaces of their boxes are numbered, once the rules are there. */
  readonly #networks = new Map<string, Promise<string>>();
  #count = 0;

  /** @param options.server  eight hex digits that name this server on this host @param options.marker  a file that is there while rules are */
  constructor(options: {
    readonly launcher: Launcher;
    readonly firewall: MakeFirewall;
    readonly log: Logger;
    readonly server: string;
    readonly marker: string;
  }) {
    this.#marker = options.marker;
    this.#launcher = options.launcher;
    this.#log = options.log;
    this.#prefix = `mf${options.server.slice(0, 6)}-`;
    this.#firewall = options.firewall({ server: options.server, prefix: this.#prefix, boxes: boxRange });
  }

  /** Steps that give the network `id` its way out; `index` below 65,536 is used by no other box. */
  async connect(id: string, index: number, wanted: 'egress' | Network): Promise<Step[]> {
    await (this.#ready ??= this.#prepare());
    const network = wanted === 'egress' ? internet : wanted;
    const name = this.#prefix + (await this.#opened(network)) + index.toString(36);
    const address = boxAddress(index);
    const { open, shut } = routesFor(network.allow);
    return [
      step.netlink('-', [
        pair(name, inside, id),
        withoutOwnAddress(name),
        giveAddress(name, hostAddress),
        switchOn(name),
        addRoute(name, { to: address }),
      ]),
      // Only packets that come in here, or where the host's own way to what is opened leads, are passed on.
      step.write(`/proc/sys/net/ipv4/conf/${name}/forwarding`, '1'),
      step.netlink(id, [
        withoutOwnAddress(inside),
        giveAddress(inside, address),
        switchOn(inside),
        addRoute(inside, { to: hostAddress }),
        ...open.map((to) => addRoute(inside, { to, via: hostAddress })),
        ...shut.map(prohibit),
      ]),
    ];
  }

  /** Rules for all boxes of a network, made with the first of them. @returns its two digits */
  #opened(network: Network): Promise<string> {
    const key = JSON.stringify(network.allow);
    const known = this.#networks.get(key);
    if (known !== undefined) return known;
    const opening = this.#open(network);
    this.#networks.set(key, opening);
    opening.catch(() => this.#networks.delete(key));
    return opening;
  }

  async #open({ allow }: Network): Promise<string> {
    if (this.#count >= mostNetworks) throw new Error(`There can be ${mostNetworks} networks and no more.`);
    const digits = (this.#count++).toString(36).padStart(2, '0');
    const ranges = allow.filter(({ to }) => to !== 'host').map(({ to }) => to);
    await this.#launcher.do([
      ...this.#firewall.open(this.#prefix + digits, allow),
      ...interfacesTo(ranges).map((name) => step.maybe(step.write(`/proc/sys/net/ipv4/conf/${name}/forwarding`, '1'))),
    ]);
    return digits;
  }

  async #prepare(): Promise<void> {
    try {
      const uplinks = interfacesTo([]);
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
    this.#networks.clear();
  }
}
