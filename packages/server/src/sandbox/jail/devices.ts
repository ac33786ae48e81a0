import { existsSync } from 'node:fs';
import path from 'node:path';
import { mountFlags, step, type Step } from './steps.ts';

const nodes = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const links = { fd: '/proc/self/fd', stdin: '/proc/self/fd/0', stdout: '/proc/self/fd/1', stderr: '/proc/self/fd/2' };

/** A `/dev` for all boxes: harmless devices and the standard streams. No terminals, and as on Lambda no `/dev/shm` to write. */
export function deviceSteps(folder: string): Step[] {
  return [
    step.makeFolder(folder),
    step.mount('mayfly', folder, 'tmpfs', mountFlags.noSuid | mountFlags.noExec, 'mode=755,size=64k'),
    ...Object.entries(links).map(([name, to]) => step.link(to, path.join(folder, name))),
    ...['shm', 'pts'].map((name) => step.makeFolder(path.join(folder, name))),
    ...nodes
      .filter((name) => existsSync(`/dev/${name}`))
      .flatMap((name) => [
        step.write(path.join(folder, name), ''),
        step.mount(`/dev/${name}`, path.join(folder, name), '-', mountFlags.bind),
      ]),
    // The folder only: devices may be written to. Without root it belongs to the user that the boxes are.
    step.mount(
      '-',
      folder,
      '-',
      mountFlags.bind | mountFlags.remount | mountFlags.readOnly | mountFlags.noSuid | mountFlags.noExec,
    ),
  ];
}
