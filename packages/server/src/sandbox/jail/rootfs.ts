import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Files of `/etc` that a function sees, made here: nothing of the host's users, names or addresses. */
const files: Readonly<Record<string, string>> = {
  passwd: 'root:x:0:0:root:/root:/sbin/nologin\nsbx_user1051:x:993:990::/home/sbx_user1051:/sbin/nologin\n',
  group: 'root:x:0:\nsbx_user1051:x:990:\n',
  hosts: '127.0.0.1 localhost sandbox.localdomain sandbox\n::1 localhost\n',
  'nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files dns\n',
  'resolv.conf': '',
  hostname: 'localhost\n',
};

/** Parts of the host's `/etc` that programs need to start and to check certificates. */
const borrowed = ['ld.so.cache', 'ld.so.conf', 'ld.so.conf.d', 'ssl', 'ca-certificates', 'pki', 'alternatives', 'localtime', 'mime.types'];

/** Kernel windows that tell of the host or of other tenants. */
const masked = ['kallsyms', 'keys', 'kcore', 'timer_list', 'sched_debug', 'sysrq-trigger', 'key-users', 'slabinfo', 'modules'];

/** Writes the made part of `/etc` once. @returns its folder */
export async function makeEtc(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text, { mode: 0o644 });
  return folder;
}

/** bubblewrap's words for a small read-only root out of the host's libraries. */
export function rootArguments(etc: string): string[] {
  const words = ['--ro-bind', '/usr', '/usr'];
  for (const name of ['bin', 'sbin', 'lib', 'lib64', 'lib32']) {
    const place = `/${name}`;
    if (!existsSync(place)) continue;
    if (lstatSync(place).isSymbolicLink()) words.push('--symlink', readlinkSync(place), place);
    else words.push('--ro-bind', place, place);
  }
  words.push('--perms', '0755', '--dir', '/etc');
  for (const name of Object.keys(files)) words.push('--ro-bind', path.join(etc, name), `/etc/${name}`);
  for (const name of borrowed) {
    if (existsSync(`/etc/${name}`)) words.push('--ro-bind', `/etc/${name}`, `/etc/${name}`);
  }
  words.push('--proc', '/proc', '--dev', '/dev');
  for (const name of masked) if (existsSync(`/proc/${name}`)) words.push('--ro-bind', '/dev/null', `/proc/${name}`);
  return words;
}
