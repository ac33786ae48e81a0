import type { NetlinkMessage } from '../network/netlink.ts';

/** One thing for the launcher to do; a row of them is one request. @see launcher.pl for what each does */
export type Step = readonly [name: string, ...words: (string | number)[]];

/** Flags of mount(2) and umount2(2). */
export const mountFlags = {
  readOnly: 1,
  noSuid: 2,
  noDev: 4,
  noExec: 8,
  remount: 32,
  bind: 4096,
  recursive: 16_384,
  private: 1 << 18,
  slave: 1 << 19,
  shared: 1 << 20,
  detach: 2,
} as const;

const octal = (mode: number): string => mode.toString(8);

export const step = {
  mount: (source: string, target: string, type: string, flags: number, data = '-'): Step => [
    'mount',
    source,
    target,
    type,
    flags,
    data,
  ],
  bind: (source: string, target: string): Step => ['mount', source, target, '-', mountFlags.bind | mountFlags.recursive, '-'],
  /** Mounts a copy of an ext4 image, through a file that is then without a name. */
  disk: (template: string, image: string, target: string): Step => [
    'disk',
    template,
    image,
    target,
    'noinit_itable,discard,nobarrier',
  ],
  /** A folder of the host where the box's user is its owner; see the launcher. */
  owned: (source: string, target: string, user: number): Step => ['owned', source, target, user],
  /** Takes the right to write, set-user-id and devices away from a mount and all below it. */
  readOnly: (target: string): Step => ['readonly', target],
  unmount: (target: string): Step => ['umount', target, mountFlags.detach],
  makeFolder: (path: string, mode = 0o755): Step => ['mkdir', path, octal(mode)],
  /** A control group, which the launcher removes if the server cannot; `forgetGroups` once it has. */
  makeGroup: (path: string): Step => ['group', path],
  forgetGroups: (paths: readonly string[]): Step => ['forget', ...paths],
  /** What the launcher does when the server has gone without a word, or lets go of it; the row given last counts. */
  atEnd: (steps: readonly Step[]): Step => ['last', encodeSteps(steps)],
  removeFolder: (path: string): Step => ['rmdir', path],
  link: (to: string, path: string): Step => ['symlink', to, path],
  write: (path: string, text: string): Step => ['write', path, text],
  mode: (path: string, mode: number): Step => ['chmod', path, octal(mode)],
  /** A private network namespace; its listeners come back as handles, in the order of the ports. */
  network: (id: string, ports: readonly number[]): Step => ['netns', id, ...ports],
  /** A connection to a port inside; its handle comes with the reply. */
  connect: (id: string, port: number): Step => ['connect', id, port],
  dropNetwork: (id: string): Step => ['drop', id],
  /** Says it all to the kernel's networking, in a box's network; in the host's own when that is `-`. */
  netlink: (network: string, messages: readonly NetlinkMessage[]): Step => [
    'netlink',
    network,
    ...messages.map(({ bytes, named }) => [bytes.toString('hex'), ...named.map(({ at, name }) => `${at}=${name}`)].join(',')),
  ],
  /** Runs a program of the host to its end. */
  run: (command: readonly string[], input = ''): Step => ['run', input, ...command],
  /** The same, but its failure does not end the row. */
  maybe: ([name, ...words]: Step): Step => [`?${name}`, ...words],
};

export const encodeSteps = (steps: readonly Step[]): string =>
  steps.map((words) => words.map((word) => encodeURIComponent(String(word))).join(' ')).join(' ; ');
