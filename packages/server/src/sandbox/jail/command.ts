import { existsSync } from 'node:fs';
import type { Mount, ProcessSpec } from '../port.ts';

/** Where `enter.c` is seen inside. */
export const enter = '/run/mayfly/enter';

/** Kernel windows that any user may look through and that tell of the host or of other tenants. */
const masked = ['kallsyms', 'keys', 'key-users', 'modules', 'timer_list', 'sched_debug', 'slabinfo', 'config.gz'].filter((name) => existsSync(`/proc/${name}`));

export interface BoxPaths {
  readonly root: string;
  readonly tmp: string;
  readonly task: string;
  readonly opt: string;
  readonly channel: string;
}

/**
 * bubblewrap's arguments. It makes the walls as root and keeps just enough power for `enter` to take the
 * box's own user and lose all power. Variables may be set this early because `enter` has no dynamic loader.
 */
export function boxArguments(box: { readonly paths: BoxPaths; readonly mounts: readonly Mount[]; readonly process: ProcessSpec }): string[] {
  const { paths, mounts, process } = box;
  return [
    ...['--unshare-ipc', '--unshare-pid', '--unshare-uts', '--unshare-cgroup', '--hostname', 'localhost'],
    ...['--die-with-parent', '--new-session', '--clearenv', '--seccomp', '9'],
    ...['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_SETPCAP'],
    ...['--ro-bind', paths.root, '/', '--proc', '/proc', '--dev', '/dev'],
    ...masked.flatMap((name) => ['--ro-bind', '/dev/null', `/proc/${name}`]),
    ...['--bind', paths.tmp, '/tmp', '--ro-bind', paths.channel, '/run/mayfly/channel.sock'],
    ...['--bind', paths.task, '/var/task', '--bind', paths.opt, '/opt'],
    ...mounts.filter(({ writable }) => writable === true).flatMap(({ source, target }) => ['--bind', source, target]),
    ...Object.entries(process.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...['--chdir', process.cwd],
  ];
}
