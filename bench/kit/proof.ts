import { readFileSync, readlinkSync } from 'node:fs';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../../test/kit/functions.ts';

const probe = `
const fs = require('node:fs');
const status = fs.readFileSync('/proc/self/status', 'utf8');
const field = (name) => new RegExp('^' + name + ':\\\\s*(.*)$', 'm').exec(status)?.[1];
exports.handler = async () => ({
  namespaces: Object.fromEntries(['pid', 'mnt', 'net', 'ipc', 'uts'].map((name) => [name, fs.readlinkSync('/proc/self/ns/' + name)])),
  seccomp: field('Seccomp'), capabilities: field('CapEff'), noNewPrivs: field('NoNewPrivs'), uid: process.getuid(),
  rootReadOnly: (() => { try { fs.writeFileSync('/x', ''); return false; } catch { return true; } })(),
});`;

interface Walls {
  readonly namespaces: Readonly<Record<string, string>>;
  readonly seccomp: string;
  readonly capabilities: string;
  readonly noNewPrivs: string;
  readonly uid: number;
  readonly rootReadOnly: boolean;
}

/**
 * Asks a handler for its walls. Figures of functions without them are void.
 *
 * @throws Error naming the missing wall
 */
export async function proveIsolation(client: LambdaClient): Promise<string> {
  await deploy(client, 'walls', { 'index.js': probe });
  const walls = (await invoke(client, 'walls')).answer as Walls;
  for (const [name, inside] of Object.entries(walls.namespaces)) {
    if (inside === readlinkSync(`/proc/self/ns/${name}`)) throw new Error(`No isolation: the ${name} namespace is the host's.`);
  }
  const hostUid = Number(/^Uid:\s*(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  if (walls.seccomp !== '2') throw new Error('No isolation: no seccomp filter.');
  if (!/^0+$/.test(walls.capabilities)) throw new Error('No isolation: the handler has capabilities.');
  if (walls.noNewPrivs !== '1') throw new Error('No isolation: no_new_privs is not set.');
  if (walls.uid === hostUid) throw new Error("No isolation: the handler runs as the server's user.");
  if (!walls.rootReadOnly) throw new Error('No isolation: the root is writable.');
  return 'isolation proven from inside: own pid, mnt, net, ipc, uts namespaces, seccomp, no capabilities, own uid, read-only root';
}
