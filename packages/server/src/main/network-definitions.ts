import { isIPv4 } from 'node:net';
import { rangeFault, type Opening } from '../sandbox/index.ts';

/** What the operator says of one VPC. See docs/networks.md. */
export interface NetworkDefinition {
  readonly subnets: readonly string[];
  /** For every function in it. */
  readonly allow: readonly Opening[];
  /** What each group adds to that. */
  readonly securityGroups: Readonly<Record<string, readonly Opening[]>>;
  readonly nameServers: readonly string[];
}

/** By VPC. */
export type NetworkDefinitions = Readonly<Record<string, NetworkDefinition>>;

/** @throws Error that says where what is wrong */
export function networkDefinitions(value: unknown): NetworkDefinitions {
  const taken = new Map<string, string>();
  return record(value, 'the whole', (vpcId, given) => {
    if (!/^vpc-[0-9a-z-]{1,64}$/.test(vpcId)) throw new Error(`${vpcId}: networks are named like vpc-payments`);
    const { subnets, allow, securityGroups, nameServers, ...more } = object(given, vpcId);
    const [unknown] = Object.keys(more);
    if (unknown !== undefined)
      throw new Error(`${vpcId}: there is no ${unknown}, only subnets, allow, securityGroups and nameServers`);
    const made: NetworkDefinition = {
      subnets: list(subnets, `${vpcId}.subnets`).map((id, at) => named(id, /^subnet-[0-9a-z]+$/, `${vpcId}.subnets[${at}]`)),
      allow: openings(allow, `${vpcId}.allow`),
      securityGroups: record(securityGroups ?? {}, `${vpcId}.securityGroups`, (id, rules) =>
        openings(rules, `${vpcId}.securityGroups.${named(id, /^sg-[0-9a-zA-Z]+$/, `${vpcId}.securityGroups`)}`),
      ),
      nameServers: list(nameServers, `${vpcId}.nameServers`).map((address) => {
        if (typeof address === 'string' && isIPv4(address) && rangeFault(`${address}/32`) === undefined) return address;
        throw new Error(`${vpcId}.nameServers: ${JSON.stringify(address)} is no IPv4 address that can be opened`);
      }),
    };
    if (made.subnets.length === 0) throw new Error(`${vpcId}.subnets names none, so no function could join`);
    for (const subnet of made.subnets) {
      const other = taken.get(subnet);
      if (other !== undefined) throw new Error(`${subnet} is in ${other} and in ${vpcId}`);
      taken.set(subnet, vpcId);
    }
    return made;
  });
}

const openings = (value: unknown, at: string): Opening[] =>
  list(value, at).map((each, index) => opening(each, `${at}[${index}]`));

function opening(value: unknown, at: string): Opening {
  const { to, protocol, ports, ...more } = object(value, at);
  const [unknown] = Object.keys(more);
  if (unknown !== undefined) throw new Error(`${at}: there is no ${unknown}, only to, protocol and ports`);
  if (typeof to !== 'string') throw new Error(`${at}.to is missing: a range such as 10.20.0.0/16, or host`);
  const range = to === 'host' || to.includes('/') ? to : `${to}/32`;
  const fault = range === 'host' ? undefined : rangeFault(range);
  if (fault !== undefined) throw new Error(`${at}.to: ${to} ${fault}`);
  if (protocol !== undefined && protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'icmp')
    throw new Error(`${at}.protocol: tcp, udp or icmp`);
  if (range === 'host' && ports === undefined) throw new Error(`${at}.ports: those of the host are named one by one`);
  if (ports === undefined) return { to: range, ...(protocol === undefined ? {} : { protocol }) };
  if (protocol === 'icmp') throw new Error(`${at}.ports: icmp has none`);
  const [, first = '', last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(ports)) ?? [];
  if (first === '' || Number(first) < 1 || Number(last) > 65_535 || Number(first) > Number(last))
    throw new Error(`${at}.ports: one such as 5432, or from and to as in 8000-8100`);
  return { to: range, protocol: protocol ?? 'tcp', ports: [Number(first), Number(last)] };
}

function object(value: unknown, at: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error(`${at} has to be an object`);
}

function record<T>(value: unknown, at: string, read: (key: string, member: unknown) => T): Record<string, T> {
  return Object.fromEntries(Object.entries(object(value, at)).map(([key, member]) => [key, read(key, member)]));
}

function list(value: unknown, at: string): unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new Error(`${at} has to be a list`);
}

function named(value: unknown, pattern: RegExp, at: string): string {
  if (typeof value === 'string' && pattern.test(value)) return value;
  throw new Error(`${at}: ${JSON.stringify(value)} does not match ${pattern.source}`);
}
