import { accessSync, constants, existsSync } from 'node:fs';
import { cgroupVersion } from '../cgroup/index.ts';

/** Debian and Ubuntu, Fedora and its kin, Alpine; in the order they are looked for. */
const installers = [
  {
    program: '/usr/bin/apt-get',
    command: ['apt-get', 'install', '-y', '--no-install-recommends', 'bubblewrap'],
    update: ['apt-get', 'update'],
  },
  { program: '/usr/bin/dnf', command: ['dnf', 'install', '-y', 'bubblewrap', 'perl-interpreter', 'perl-POSIX', 'perl-Socket'] },
  { program: '/sbin/apk', command: ['apk', 'add', 'bubblewrap', 'perl'] },
] as const;

export interface Installer {
  readonly command: readonly [string, ...string[]];
  /** Refreshes the list of packages, when the install alone fails. */
  readonly update?: readonly [string, ...string[]];
}

/** How this host installs what the jail is built with; undefined where we do not know. */
export const findInstaller = (): Installer | undefined => installers.find(({ program }) => existsSync(program));

/** The line that adds what the jail is built with. */
export const installRemedy = (): string => (findInstaller()?.command ?? ['install bubblewrap and perl']).join(' ');

export const bubblewrap = '/usr/bin/bwrap';

export function isExecutable(program: string): boolean {
  try {
    accessSync(program, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface Obstacle {
  readonly detail: string;
  readonly remedy?: string;
  /** Installing bubblewrap would remove it. */
  readonly missing?: true;
}

/** Why there can be no jail on this host; undefined when there is reason to try. */
export function jailObstacle(): Obstacle | undefined {
  if (process.platform !== 'linux') return { detail: 'the jail needs Linux' };
  if (process.arch !== 'x64' && process.arch !== 'arm64') return { detail: `the jail knows no ${process.arch}` };
  const missing = [bubblewrap, '/usr/bin/perl'].filter((program) => !isExecutable(program));
  if (missing.length > 0) return { detail: `${missing.join(' and ')} missing`, remedy: installRemedy(), missing: true };
  if (process.getuid?.() === 0 && cgroupVersion() === undefined)
    return { detail: 'no cgroup hierarchy is mounted', remedy: 'mount -t cgroup2 none /sys/fs/cgroup' };
  return undefined;
}
