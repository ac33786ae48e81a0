import { accessSync, constants } from 'node:fs';
import type { Clock, Logger } from '../base/index.ts';
import { cgroupVersion } from './cgroup/index.ts';
import { JailDriver } from './jail/driver.ts';
import type { SandboxDriver } from './port.ts';

export * from './port.ts';

/** The line that adds what the jail is built with. */
export const installRemedy = 'apt-get install -y bubblewrap';

function missingPrograms(): string[] {
  return ['/usr/bin/bwrap', '/usr/bin/perl'].filter((program) => {
    try {
      accessSync(program, constants.X_OK);
      return false;
    } catch {
      return true;
    }
  });
}

/** Why there is no jail on this host; undefined when there is one. */
export function jailObstacle(): { readonly detail: string; readonly remedy?: string } | undefined {
  if (process.platform !== 'linux') return { detail: 'the jail needs Linux' };
  const missing = missingPrograms();
  if (missing.length > 0) return { detail: `${missing.join(', ')} is missing`, remedy: installRemedy };
  if (process.getuid?.() !== 0) return { detail: 'the jail needs root for now', remedy: 'sudo npm start' };
  if (cgroupVersion() === undefined) return { detail: 'no cgroup hierarchy is mounted', remedy: 'mount -t cgroup2 none /sys/fs/cgroup' };
  return undefined;
}

/** @throws Error when the host cannot do it; ask `jailObstacle` first */
export function openJail(options: { readonly dataDir: string; readonly clock: Clock; readonly log: Logger }): SandboxDriver {
  const obstacle = jailObstacle();
  const cgroup = cgroupVersion();
  if (obstacle !== undefined || cgroup === undefined) throw new Error(`No jail on this host: ${obstacle?.detail ?? 'no cgroups'}.`);
  return new JailDriver({ ...options, cgroup });
}
