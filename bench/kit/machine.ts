import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What a reader must know to judge the figures. */
export const machineFacts = () => ({
  cpu: cpus()[0]?.model ?? 'unknown',
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  kernel: release(),
  node: process.version,
  cgroup: existsSync('/sys/fs/cgroup/memory/cgroup.procs') ? 'v1' : 'v2',
  loadBefore: loadavg()[0],
});

/** The generator has the last core, everything else the others; on one core nothing is pinned. */
export const cores = {
  system: cpus().length > 1 ? `0-${cpus().length - 2}` : undefined,
  generator: cpus().length > 1 ? String(cpus().length - 1) : undefined,
};

/** Words that make a command run on the system's cores only. */
export const pinned = (): readonly string[] => (cores.system === undefined || !hasTaskset ? [] : ['taskset', '-c', cores.system]);

const hasTaskset = spawnSync('taskset', ['--version']).status === 0;

export function pinGenerator(): void {
  if (cores.generator !== undefined && hasTaskset) spawnSync('taskset', ['-a', '-p', '-c', cores.generator, String(process.pid)]);
}

/** A thread of a program or of what it started. */
interface Thread {
  /** Threads of the same kind have the same. */
  readonly name: string;
  /** From the scheduler's accounts. */
  readonly cpuMs: number;
}

/** The threads of a program and of all it started, by their ids. */
export function allThreads(pid: number): ReadonlyMap<string, Thread> {
  const all = new Map<string, Thread>();
  for (const each of treeOf(pid)) {
    const whose = each === pid ? 'itself' : 'started';
    for (const { id, name, cpuMs } of threadsOf(each)) all.set(`${each}/${id}`, { name: `${whose}: ${name}`, cpuMs });
  }
  return all;
}

function threadsOf(pid: number): readonly ({ readonly id: string } & Thread)[] {
  const folder = `/proc/${pid}/task`;
  return unlessEnded(() => readdirSync(folder), []).flatMap((id) =>
    unlessEnded(() => {
      const nanoseconds = Number(readFileSync(`${folder}/${id}/schedstat`, 'utf8').split(' ')[0]);
      return [{ id, name: readFileSync(`${folder}/${id}/comm`, 'utf8').trim(), cpuMs: nanoseconds / 1e6 }];
    }, []),
  );
}

/** What is read of a process that may end while we look. */
function unlessEnded<Value>(read: () => Value, otherwise: Value): Value {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** Process ids below one, itself included. */
export function treeOf(pid: number): readonly number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
      const parent = Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // It ended while we looked.
    }
  }
  const all = [pid];
  for (const each of all) all.push(...(children.get(each) ?? []));
  return all;
}
