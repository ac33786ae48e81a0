import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import path from 'node:path';
import { step, type Step } from './steps.ts';

/** Every box has a user of its own under Lambda's name for it: who asks for his home folder is told one. */
export const passwdOf = (user: number): string =>
  `root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:${user}:990::/home/sbx_user1051:/sbin/nologin\n`;

/** Of an image's own list; more is none. */
const maximumPasswdBytes = 65_536;

/**
 * An image's users, and the box's among them: AWS's base images have Lambda's user under Lambda's number, other images
 * do not have it at all. What an image says is read only where it is a file of its own.
 */
export function imagePasswd(rootfs: string, user: number): string {
  const users = imageUsers(rootfs).filter((line) => line !== '' && !/^(sbx_user1051:|[^:]*:[^:]*:993:)/.test(line));
  return `${[...users, `sbx_user1051:x:${user}:990::/home/sbx_user1051:/sbin/nologin`].join('\n')}\n`;
}

function imageUsers(rootfs: string): string[] {
  const file = path.join(realpathSync(rootfs), 'etc/passwd');
  try {
    // A link in an image would lead to files of the host.
    if (realpathSync(file) !== file || statSync(file).size > maximumPasswdBytes || !statSync(file).isFile()) return [];
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}

/** Files of `/etc` that a function sees, made here: nothing of the host's users, names or addresses. */
const files = (resolvers: readonly string[]): Readonly<Record<string, string>> => ({
  passwd: passwdOf(993),
  group: 'root:x:0:\nsbx_user1051:x:990:\n',
  hosts: '127.0.0.1 localhost sandbox.localdomain sandbox\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'resolv.conf': resolvers.map((address) => `nameserver ${address}\n`).join(''),
  hostname: 'localhost\n',
});

/** Parts of the host's `/etc` that programs need to start and to check certificates. */
const borrowed = [
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'ssl',
  'ca-certificates',
  'pki',
  'alternatives',
  'localtime',
  'mime.types',
  'crypto-policies',
  'java-17-openjdk',
  'java-21-openjdk',
];

/** Steps that fill an empty `/etc`. @param whole  false for images, which bring the rest */
export function fillEtc(folder: string, options: { readonly whole: boolean; readonly resolvers: readonly string[] }): Step[] {
  const made = Object.entries(files(options.resolvers))
    .filter(([name]) => options.whole || name === 'hosts' || name === 'resolv.conf' || name === 'passwd')
    .map(([name, text]) => step.write(path.join(folder, name), text));
  if (!options.whole) return made;
  const lent = borrowed
    .map((name) => [`/etc/${name}`, path.join(folder, name)] as const)
    .filter(([source]) => existsSync(source))
    .flatMap(([source, target]) => [...mountPoint(source, target), step.bind(source, target)]);
  return [...made, ...lent];
}

/** An empty folder or file to mount `source` on. */
export function mountPoint(source: string, target: string): Step[] {
  return isFolder(source) ? [step.makeFolder(target)] : [step.write(target, '')];
}

export function isFolder(place: string): boolean {
  return statSync(place).isDirectory();
}

/** systemd-resolved keeps the real servers beside the address of its own. */
const resolverFiles = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/** The host's name servers that a box may reach: those on public addresses. */
export function publicResolvers(isPublic: (address: string) => boolean): string[] {
  const found = resolverFiles
    .filter((file) => existsSync(file))
    .flatMap((file) => [...readFileSync(file, 'utf8').matchAll(/^nameserver\s+(\S+)/gm)].map(([, address]) => address ?? ''))
    .filter((address) => isIP(address) !== 0 && isPublic(address));
  // The C library reads three.
  return [...new Set(found)].slice(0, 3);
}
