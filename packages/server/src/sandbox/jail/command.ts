import { statSync } from 'node:fs';
import path from 'node:path';
import type { Mount, ProcessSpec } from '../port.ts';

/** Where `enter.c` is seen inside. */
const enter = '/run/mayfly/enter';

/** The command behind bubblewrap's, which sets PWD where nobody asked for it. */
export const entering = ({ command, env }: ProcessSpec, user: number | undefined): readonly string[] => [
  enter,
  user === undefined ? '-' : String(user),
  env['PWD'] === undefined ? 'PWD' : '-',
  ...command,
];

/** Kernel windows that any user may look through and that tell of the host or of other tenants. */
const masked = ['kallsyms', 'keys', 'key-users', 'modules', 'timer_list', 'sched_debug', 'slabinfo'].filter(openToAll);

function openToAll(name: string): boolean {
  const found = statSync(`/proc/${name}`, { throwIfNoEntry: false });
  return found !== undefined && (found.mode & 0o004) !== 0;
}

export interface BoxPaths {
  /** Shared by boxes of one kind, read-only. */
  readonly root: string;
  /** An empty folder where this box's own root is put together. */
  readonly assembly: string;
  readonly tmp: string;
  readonly task: string;
  readonly opt: string;
  readonly cache: string;
  readonly channel: string;
  /** File systems, as this box sees them. */
  readonly writable: readonly Mount[];
  /** `/etc/passwd` of this box, where it differs from that of its root. */
  readonly passwd: string | undefined;
  /** Where the mounts of all boxes are; the new box forgets them. */
  readonly all: string;
}

/**
 * Puts a box's root together. Done by the launcher, with plain calls: bubblewrap reads the whole mount table
 * again for each bind, which costs 0.3 ms, and 2.5 ms for a `/dev`. For the same reason the mounts of all other
 * boxes are let go first: with two hundred of them a start took twice as long.
 */
export function boxBinds(paths: BoxPaths): (readonly [string, string])[] {
  const inside = (target: string): string => path.join(paths.assembly, path.resolve('/', target));
  return [
    [paths.root, paths.assembly],
    [paths.tmp, inside('/tmp')],
    [paths.channel, inside('/run/mayfly/channel.sock')],
    [paths.task, inside('/var/task')],
    [paths.opt, inside('/opt')],
    [paths.cache, inside('/run/mayfly/cache')],
    ...(paths.passwd === undefined ? [] : [[paths.passwd, inside('/etc/passwd')] as const]),
    ...paths.writable.map(({ source, target }) => [source, inside(target)] as const),
    ['-', paths.all],
  ];
}

/**
 * bubblewrap's arguments. It makes the walls as root and keeps just enough power for `enter` to take the
 * box's own user and lose all power. Variables may be set this early because `enter` has no dynamic loader.
 */
export function boxArguments(assembly: string, process: ProcessSpec, options: { readonly root: boolean }): string[] {
  const power = options.root
    ? ['--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP']
    : // One user is all there is, so the box is given him under a name that is not root's.
      ['--cap-add', 'CAP_SETPCAP', '--unshare-user', '--uid', '993', '--gid', '990'];
  return [
    ...['--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup', '--hostname', 'localhost'],
    ...['--die-with-parent', '--new-session', '--clearenv', '--seccomp', '9'],
    ...['--cap-drop', 'ALL', ...power],
    // Read-only and without devices where it must be, already; this one says nothing more than nosuid.
    ...['--dev-bind', assembly, '/', '--proc', '/proc'],
    ...masked.flatMap((name) => ['--ro-bind', '/dev/null', `/proc/${name}`]),
    ...Object.entries(process.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', process.cwd],
  ];
}
