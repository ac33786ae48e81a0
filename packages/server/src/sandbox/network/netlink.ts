/**
 * A message to the kernel's networking (rtnetlink(7)). Numbers that only the launcher knows are left out of its bytes and
 * named: an interface by its name, a box's network by `netns:<id>`.
 */
export interface NetlinkMessage {
  readonly bytes: Buffer;
  readonly named: readonly { readonly at: number; readonly name: string }[];
}

/** Where to, through which gateway; without one, on the interface itself. */
export interface Route {
  readonly to: string;
  readonly via?: string;
}

/** @source linux/netlink.h, linux/rtnetlink.h, linux/if_link.h, linux/veth.h */
const types = { newLink: 16, newAddress: 20, newRoute: 24 } as const;
const flags = { request: 0x1, acknowledge: 0x4, exclusive: 0x200, create: 0x400 } as const;
const link = { name: 3, info: 18, kind: 1, data: 2, peer: 1, networkFd: 28, families: 26, inet6: 10, addressMode: 8 } as const;
const address = { address: 1, local: 2 } as const;
const route = { to: 1, interface: 4, gateway: 5, main: 254, boot: 3, linkScope: 253, unicast: 1, prohibit: 8 } as const;
const inet = 2;
const up = 1;
/** IN6_ADDR_GEN_MODE_NONE */
const noAddress = 1;

type Part = Buffer | { readonly name: string };

/** Two interfaces that are one another's other end; `peer` is in the box's network. */
export const pair = (name: string, peer: string, boxId: string): NetlinkMessage =>
  message(types.newLink, flags.create | flags.exclusive, [
    interfaceHead(),
    ...attribute(link.name, text(name)),
    ...attribute(
      link.info,
      ...attribute(link.kind, text('veth')),
      ...attribute(
        link.data,
        ...attribute(
          link.peer,
          interfaceHead(),
          ...attribute(link.name, text(peer)),
          ...attribute(link.networkFd, { name: `netns:${boxId}` }),
        ),
      ),
    ),
  ]);

/** Without an IPv6 address that the kernel makes up. */
export const withoutOwnAddress = (name: string): NetlinkMessage =>
  message(types.newLink, 0, [
    interfaceHead(),
    ...attribute(link.name, text(name)),
    ...attribute(link.families, ...attribute(link.inet6, ...attribute(link.addressMode, Buffer.of(noAddress)))),
  ]);

export const switchOn = (name: string): NetlinkMessage =>
  message(types.newLink, 0, [interfaceHead(up), ...attribute(link.name, text(name))]);

/** @param ip  the interface's one address */
export const giveAddress = (name: string, ip: string): NetlinkMessage =>
  message(types.newAddress, flags.create | flags.exclusive, [
    Buffer.of(inet, 32, 0, 0),
    { name },
    ...attribute(address.local, octets(ip)),
    ...attribute(address.address, octets(ip)),
  ]);

export function addRoute(name: string, { to, via }: Route): NetlinkMessage {
  const gateway = via === undefined ? [] : attribute(route.gateway, octets(via));
  const scope = via === undefined ? route.linkScope : 0;
  return routeMessage(to, scope, route.unicast, [...attribute(route.interface, { name }), ...gateway]);
}

/** What goes there is refused. */
export const prohibit = (to: string): NetlinkMessage => routeMessage(to, 0, route.prohibit, []);

function routeMessage(to: string, scope: number, type: number, rest: readonly Part[]): NetlinkMessage {
  const [ip = '', bits = '32'] = to.split('/');
  return message(types.newRoute, flags.create | flags.exclusive, [
    Buffer.of(inet, Number(bits), 0, 0, route.main, route.boot, scope, type, 0, 0, 0, 0),
    ...attribute(route.to, octets(ip)),
    ...rest,
  ]);
}

/** struct ifinfomsg, of whatever interface the attributes name */
function interfaceHead(on = 0): Buffer {
  const head = Buffer.alloc(16);
  writeNumber(head, on, 8);
  writeNumber(head, on, 12);
  return head;
}

function attribute(type: number, ...value: readonly Part[]): Part[] {
  const bytes = bytesOf(value);
  const head = Buffer.alloc(4);
  writeShort(head, 4 + bytes, 0);
  writeShort(head, type, 2);
  return [head, ...value, Buffer.alloc(-bytes & 3)];
}

function message(type: number, more: number, parts: readonly Part[]): NetlinkMessage {
  const head = Buffer.alloc(16);
  writeNumber(head, 16 + bytesOf(parts), 0);
  writeShort(head, type, 4);
  writeShort(head, flags.request | flags.acknowledge | more, 6);
  const named: { at: number; name: string }[] = [];
  let at = 16;
  for (const part of parts) {
    if (!Buffer.isBuffer(part)) named.push({ at, name: part.name });
    at += bytesOf([part]);
  }
  return { bytes: Buffer.concat([head, ...parts.map((part) => (Buffer.isBuffer(part) ? part : Buffer.alloc(4)))]), named };
}

const bytesOf = (parts: readonly Part[]): number =>
  parts.reduce((sum, part) => sum + (Buffer.isBuffer(part) ? part.length : 4), 0);
const text = (words: string): Buffer => Buffer.from(`${words}\0`);
const octets = (ip: string): Buffer => Buffer.from(ip.split('.').map(Number));

// The kernel reads numbers as its processor does; all that Node runs on today do it like this.
const writeNumber = (to: Buffer, value: number, at: number): number => to.writeUInt32LE(value, at);
const writeShort = (to: Buffer, value: number, at: number): number => to.writeUInt16LE(value, at);
