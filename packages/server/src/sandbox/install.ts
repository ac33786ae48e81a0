import { spawn } from 'node:child_process';
import type { Logger } from '../base/index.ts';
import { findInstaller, isExecutable, bubblewrap } from './jail/obstacle.ts';

/** Package managers wait for locks and mirrors; a start must not wait for ever. */
const patienceMs = 180_000;

/**
 * Installs bubblewrap with the host's package manager. Whoever calls this has decided that it may.
 *
 * @returns whether bubblewrap is there now; never throws
 */
export async function installBubblewrap(options: { readonly log: Logger; readonly signal?: AbortSignal }): Promise<boolean> {
  const installer = findInstaller();
  if (installer === undefined || process.getuid?.() !== 0) return false;
  const { command, update } = installer;
  options.log.info('installing bubblewrap', { command: command.join(' ') });
  if (!(await run(command, options)) && update !== undefined && (await run(update, options))) await run(command, options);
  return isExecutable(bubblewrap);
}

/** Runs before the server answers anything, so a fork of its own harms nobody. */
function run(
  [program, ...words]: readonly [string, ...string[]],
  options: { readonly log: Logger; readonly signal?: AbortSignal },
): Promise<boolean> {
  const signal = AbortSignal.any([AbortSignal.timeout(patienceMs), ...(options.signal === undefined ? [] : [options.signal])]);
  const child = spawn(program, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
    signal,
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-2000)));
  return new Promise((resolve) => {
    child.once('error', (error) => {
      options.log.warn('could not install bubblewrap', { error });
      resolve(false);
    });
    child.once('close', (code) => {
      if (code !== 0) options.log.warn('could not install bubblewrap', { code, said });
      resolve(code === 0);
    });
  });
}
