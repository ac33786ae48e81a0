import { allThreads } from './machine.ts';

export interface Spent<Value> {
  readonly result: Value;
  /** Microseconds of processor that a program and everything it started took meanwhile. */
  readonly cpuUs: number;
  /** The same by the names of threads. */
  readonly parts: ReadonlyMap<string, number>;
}

/** Does something and asks the scheduler what a program took for it. */
export async function spending<Value>(pid: number, work: () => Promise<Value>): Promise<Spent<Value>> {
  const before = allThreads(pid);
  const result = await work();
  const parts = new Map<string, number>();
  let cpuUs = 0;
  for (const [id, { name, cpuMs }] of allThreads(pid)) {
    const us = (cpuMs - (before.get(id)?.cpuMs ?? 0)) * 1000;
    parts.set(name, (parts.get(name) ?? 0) + us);
    cpuUs += us;
  }
  return { result, cpuUs, parts };
}
