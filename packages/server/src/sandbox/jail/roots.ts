import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { Mount, SandboxSpec } from '../port.ts';
import { fillEtc, mountPoint } from './etc.ts';
import type { Launcher } from './launcher.ts';
import { mountFlags, step, type Step } from './steps.ts';

/** Roots that no box uses any more, kept because the next box of the same runtime will want them. */
const spareRoots = 32;

/** Folders every box has, whatever its root brings. `/run/mayfly` holds the channel, our last step in, and a compile cache. */
const points = [
  ...['tmp', 'proc', 'dev', 'opt', 'mnt', 'home', 'var', 'var/task', 'var/runtime', 'var/lang'],
  ...['run', 'run/mayfly', 'run/mayfly/cache'],
];

export interface Root extends Disposable {
  readonly path: string;
}

interface Entry {
  readonly path: string;
  readonly ready: Promise<void>;
  users: number;
}

/**
 * Whole root file systems, made once for each set of mounts: a box then needs a single recursive bind
 * instead of twenty. They are read-only, so boxes can share them.
 */
export class Roots {
  readonly #folder: string;
  readonly #launcher: Launcher;
  readonly #helper: string;
  readonly #devices: string;
  readonly #resolvers: readonly string[];
  readonly #entries = new Map<string, Entry>();
  #count = 0;

  /** @param options.helper  `enter`, on the host @param options.devices  a `/dev` for all */
  constructor(options: {
    readonly folder: string;
    readonly launcher: Launcher;
    readonly helper: string;
    readonly devices: string;
    readonly resolvers: readonly string[];
  }) {
    this.#folder = options.folder;
    this.#launcher = options.launcher;
    this.#helper = options.helper;
    this.#devices = options.devices;
    this.#resolvers = options.resolvers;
  }

  /** @throws Error when a mount's source does not exist */
  async take(spec: Pick<SandboxSpec, 'mounts' | 'rootfs' | 'network'>): Promise<Root> {
    const key = JSON.stringify([
      spec.rootfs ?? '',
      this.#resolversFor(spec.network),
      spec.mounts.map(({ source, target, writable }) => [source, target, writable ?? false]),
    ]);
    const entry = this.#entries.get(key) ?? this.#make(key, spec);
    entry.users += 1;
    try {
      await entry.ready;
    } catch (error) {
      entry.users -= 1;
      this.#entries.delete(key);
      throw error;
    }
    let held = true;
    return {
      path: entry.path,
      [Symbol.dispose]: () => {
        if (held) entry.users -= 1;
        held = false;
        this.#thin();
      },
    };
  }

  #make(key: string, spec: Pick<SandboxSpec, 'mounts' | 'rootfs' | 'network'>): Entry {
    this.#count += 1;
    const place = path.join(this.#folder, String(this.#count));
    const resolvers = this.#resolversFor(spec.network);
    let steps: Step[];
    try {
      steps =
        spec.rootfs === undefined
          ? this.#hostRoot(place, spec.mounts, resolvers)
          : this.#imageRoot(place, spec.rootfs, spec.mounts, resolvers);
    } catch (error) {
      steps = [];
      const ready = Promise.reject(error);
      ready.catch(() => {});
      return { path: place, ready, users: 0 };
    }
    const entry: Entry = { path: place, ready: this.#launcher.do(steps).then(() => {}), users: 0 };
    this.#entries.set(key, entry);
    return entry;
  }

  #resolversFor(network: SandboxSpec['network']): readonly string[] {
    if (network === 'loopback') return [];
    return network === 'egress' || network.nameServers.length === 0 ? this.#resolvers : network.nameServers;
  }

  /** A small root out of the host's libraries. */
  #hostRoot(place: string, mounts: readonly Mount[], resolvers: readonly string[]): Step[] {
    // A mount of its own, so that letting go of it lets go of all that is mounted below.
    const steps = [
      step.makeFolder(place),
      step.mount(place, place, '-', mountFlags.bind),
      ...this.#points(place),
      step.makeFolder(path.join(place, 'etc')),
    ];
    for (const name of ['usr', 'bin', 'sbin', 'lib', 'lib64', 'lib32']) {
      const source = `/${name}`;
      if (!existsSync(source)) continue;
      const target = path.join(place, name);
      if (lstatSync(source).isSymbolicLink()) steps.push(step.link(readlinkSync(source), target));
      else steps.push(step.makeFolder(target), step.bind(source, target));
    }
    return [...steps, ...fillEtc(path.join(place, 'etc'), { whole: true, resolvers }), ...this.#mounts(place, mounts, true)];
  }

  /** The image below, and on top of it the folders and files that a box must have. */
  #imageRoot(place: string, rootfs: string, mounts: readonly Mount[], resolvers: readonly string[]): Step[] {
    const top = `${place}.top`;
    const lower = [top, rootfs].map((each) => each.replaceAll(/[\\:,]/g, (sign) => `\\${sign}`)).join(':');
    return [
      step.makeFolder(place),
      step.makeFolder(top),
      ...this.#points(top),
      step.makeFolder(path.join(top, 'etc')),
      ...fillEtc(path.join(top, 'etc'), { whole: false, resolvers }),
      ...mounts.flatMap((mount) => this.#point(top, mount)),
      step.mount('overlay', place, 'overlay', 0, `lowerdir=${lower}`),
      ...this.#mounts(place, mounts, false),
    ];
  }

  #points(place: string): Step[] {
    return [
      ...points.map((name) => step.makeFolder(path.join(place, name))),
      step.write(path.join(place, 'run/mayfly/channel.sock'), ''),
      step.write(path.join(place, 'run/mayfly/enter'), ''),
    ];
  }

  #point(place: string, { source, target }: Mount): Step[] {
    const inside = path.join(place, path.resolve('/', target));
    return [...ancestors(target).map((folder) => step.makeFolder(path.join(place, folder))), ...mountPoint(source, inside)];
  }

  #mounts(place: string, mounts: readonly Mount[], makePoints: boolean): Step[] {
    return [
      step.bind(this.#helper, path.join(place, 'run/mayfly/enter')),
      ...mounts.flatMap((mount) => [
        ...(makePoints ? this.#point(place, mount) : []),
        // Writable ones come with the box: all that is bound here becomes read-only.
        ...(mount.writable === true ? [] : [step.bind(mount.source, path.join(place, path.resolve('/', mount.target)))]),
      ]),
      step.readOnly(place),
      // After that, or its devices would be none.
      step.bind(this.#devices, path.join(place, 'dev')),
    ];
  }

  /** Lets go of the oldest unused roots, so that deleted runtimes and images can be freed. */
  #thin(): void {
    const unused = [...this.#entries].filter(([, { users }]) => users === 0);
    for (const [key, { path: place }] of unused.slice(0, Math.max(0, unused.length - spareRoots))) {
      this.#entries.delete(key);
      // What is mounted below goes with it; the folders of the tree stay, empty and in memory, and weigh nothing.
      this.#launcher.do([step.maybe(step.unmount(place))]).catch(() => {});
    }
  }
}

/** `/var/lang/bin/node` → `/var`, `/var/lang`, `/var/lang/bin`. */
export function ancestors(target: string): string[] {
  const parts = path.resolve('/', target).split('/').slice(1, -1);
  return parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
}
