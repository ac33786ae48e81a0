import type { CgroupVersion } from '../cgroup/index.ts';
import type { Capabilities } from '../port.ts';

export async function probeJail(options: { readonly cgroup: CgroupVersion }): Promise<Capabilities> {
  return {
    driver: 'jail',
    available: true,
    detail: `bubblewrap, cgroup ${options.cgroup}`,
    memoryLimit: true,
    cpuLimit: true,
    freezer: true,
    network: false,
    findings: [],
  };
}
