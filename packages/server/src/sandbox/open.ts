import { text } from 'node:stream/consumers';
import type { Clock, Logger } from '../base/index.ts';
import { cgroupVersion } from './cgroup/index.ts';
import { JailDriver } from './jail/driver.ts';
import { jailObstacle } from './jail/obstacle.ts';
import { NoneDriver } from './none/driver.ts';
import type { SandboxDriver } from './port.ts';

export interface SandboxOptions {
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Sandboxes {
  readonly driver: SandboxDriver;
  /** For the line printed at the start: `jail: bubblewrap 0.8.0, cgroup v1`, or why there is none. */
  readonly reason: string;
  /** The line that would bring a better driver. */
  readonly remedy?: string;
}

/**
 * Chooses how functions are kept apart, after one real box has shown that it works here.
 *
 * @param options.isolation  `auto` takes the best the host has; a named driver is taken or refused
 * @throws Error `code` NO_JAIL when `jail` is asked for and cannot be had; its message says what to do
 */
export async function openSandboxes(
  options: SandboxOptions & { readonly isolation: 'auto' | 'jail' | 'none' },
): Promise<Sandboxes> {
  const { isolation } = options;
  if (isolation === 'none') return { driver: new NoneDriver(options), reason: 'none: asked for; functions are not isolated' };
  const { driver, detail, remedy } = await tryJail(options);
  if (driver !== undefined)
    return { driver, reason: `jail: ${detail}`, ...(process.getuid?.() === 0 ? {} : { remedy: 'sudo npm start' }) };
  if (isolation === 'jail')
    throw Object.assign(new Error(`There can be no jail here: ${detail}.${remedy === undefined ? '' : ` Try: ${remedy}`}`), {
      code: 'NO_JAIL',
    });
  return {
    driver: new NoneDriver(options),
    reason: `none: ${detail}; functions are not isolated`,
    ...(remedy === undefined ? {} : { remedy }),
  };
}

async function tryJail(
  options: SandboxOptions,
): Promise<{ readonly driver?: SandboxDriver; readonly detail: string; readonly remedy?: string }> {
  const obstacle = jailObstacle();
  if (obstacle !== undefined) return obstacle;
  const driver = openJail(options);
  try {
    const signal = AbortSignal.timeout(10_000);
    await driver.sweep();
    await tryBox(driver, signal);
    return { driver, detail: (await driver.probe({ signal })).detail };
  } catch (error) {
    await Promise.resolve(driver[Symbol.asyncDispose]()).catch(() => {});
    return {
      detail: `a first box failed (${(error as Error).message})`,
      remedy: process.getuid?.() === 0 ? 'run on a host, a virtual machine or a privileged container' : 'sudo npm start',
    };
  }
}

/** Hosts refuse in many ways (nested containers, hardened kernels); only a box that ran is proof. */
async function tryBox(driver: SandboxDriver, signal: AbortSignal): Promise<void> {
  const limits = { memoryMiB: 64, cpuCores: 1, processes: 16, openFiles: 64, tmpMiB: 1 };
  await using box = await driver.create({ id: 'first', mounts: [], limits, network: 'loopback' }, { signal });
  const started = await box.start({ command: ['/bin/echo', 'mayfly'], env: {}, cwd: '/' });
  const said = (await text(started.output)).trim();
  if (said !== 'mayfly') throw new Error(said === '' ? `it ended with ${JSON.stringify(await started.exited)}` : said);
}

/** For root with every limit, for an ordinary user with fewer. @throws Error when the host cannot do it; ask `jailObstacle` first */
export function openJail(options: SandboxOptions): SandboxDriver {
  const obstacle = jailObstacle();
  if (obstacle !== undefined) throw new Error(`No jail on this host: ${obstacle.detail}.`);
  const cgroup = process.getuid?.() === 0 ? cgroupVersion() : undefined;
  return new JailDriver({ ...options, cgroup });
}

export const openNone = (options: SandboxOptions): SandboxDriver => new NoneDriver(options);
