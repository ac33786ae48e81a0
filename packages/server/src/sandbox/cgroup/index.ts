import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Clock } from '../../base/index.ts';
import { removeGroup, type Group } from './group.ts';
import { ProcessTree } from './tree.ts';
import { v1Places, V1Group } from './v1.ts';
import { delegate, V2Group } from './v2.ts';

export type { Group } from './group.ts';
export type CgroupVersion = 'v1' | 'v2';

export const cgroupRoot = '/sys/fs/cgroup';

/** Which hierarchy bounds memory here, if any. Hybrid hosts keep the controllers in v1. */
export function cgroupVersion(root = cgroupRoot): CgroupVersion | undefined {
  if (existsSync(path.join(root, 'memory', 'cgroup.procs'))) return 'v1';
  if (existsSync(path.join(root, 'cgroup.controllers'))) return 'v2';
  return undefined;
}

/** The groups of one server, below `parent`. */
export interface Groups {
  readonly version: CgroupVersion | 'none';
  /** What is really bounded. */
  readonly controllers: readonly string[];
  /** Where the groups are made; one for each hierarchy. */
  readonly folders: readonly string[];
  group(id: string): Group;
  /** Ends and removes every group, of this server or an earlier one of its name. */
  sweep(): Promise<{ readonly cgroups: number; readonly processes: number }>;
}

/** @param options.root  where the hierarchies are mounted; another place is for tests */
export function openGroups(options: {
  readonly version: CgroupVersion;
  readonly parent: string;
  readonly clock: Clock;
  readonly root?: string;
}): Groups {
  const { version, parent, clock, root = cgroupRoot } = options;
  const places = v1Places(root);
  const folders =
    version === 'v1' ? [...new Set(places.values())].map((place) => path.join(place, parent)) : [path.join(root, parent)];
  const controllers = version === 'v1' ? [...places.keys()] : delegate(root, parent);
  const group = (id: string): Group =>
    version === 'v1'
      ? new V1Group({ places, name: path.join(parent, id), clock })
      : new V2Group({ root, name: path.join(parent, id), clock });
  return {
    version,
    controllers,
    folders,
    group,
    async sweep() {
      const ids = new Set(folders.flatMap((folder) => subfolders(folder)));
      let processes = 0;
      for (const id of ids) {
        const each = group(id);
        processes += await each.kill();
        await each.remove();
      }
      for (const folder of folders) {
        await removeGroup(folder, clock);
      }
      return { cgroups: ids.size, processes };
    },
  };
}

/** For an ordinary user: no groups, no limits. */
export const noGroups = (clock: Clock): Groups => ({
  version: 'none',
  controllers: [],
  folders: [],
  group: () => new ProcessTree(clock),
  sweep: async () => ({ cgroups: 0, processes: 0 }),
});

function subfolders(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}
