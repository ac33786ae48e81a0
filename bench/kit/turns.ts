import { closedLoop } from './load.ts';
import { spending } from './processor.ts';
import type { Program } from './programs.ts';
import type { Result } from './scenario.ts';
import { median, summary } from './stats.ts';

export interface Side {
  readonly program: Program;
  readonly port: number;
  readonly request: Uint8Array;
}

interface Cost {
  readonly latenciesMs: readonly number[];
  readonly perSecond: number;
  /** Microseconds of processor that a program and everything it started took for each call of a load. */
  readonly cpuUs: number;
  /** The same by the names of threads. */
  readonly parts: ReadonlyMap<string, number>;
}

async function costOf(side: Side, connections: number, durationMs: number): Promise<Cost> {
  const { result, cpuUs, parts } = await spending(side.program.pid, () =>
    closedLoop({ port: side.port, request: side.request, connections, durationMs }),
  );
  const calls = result.latenciesMs.length;
  return { ...result, cpuUs: cpuUs / calls, parts: new Map([...parts].map(([name, us]) => [name, us / calls])) };
}

/**
 * Two programs under the same load, turn by turn, so that what else the machine does meets both. Latency
 * at one connection, throughput at more; processor time per call always, which a busy machine spoils least.
 */
export async function inTurns(
  name: string,
  system: Side,
  baseline: Side,
  options: {
    readonly connections: number;
    readonly turns: number;
    readonly durationMs: number;
    readonly baselineName: string;
    readonly notes?: string;
  },
): Promise<readonly Result[]> {
  const { connections, turns, durationMs, baselineName, notes } = options;
  const alone = connections === 1;
  for (const side of [system, baseline])
    await closedLoop({ port: side.port, request: side.request, connections, durationMs: Math.max(500, durationMs / 2) });
  const ours: number[] = [];
  const theirs: number[] = [];
  const ratios: number[] = [];
  const parts = new Map<string, number>();
  const cpu: { ours: number[]; theirs: number[]; ratios: number[] } = { ours: [], theirs: [], ratios: [] };
  for (let turn = 0; turn < turns; turn += 1) {
    const one = await costOf(system, connections, durationMs);
    const other = await costOf(baseline, connections, durationMs);
    ours.push(...(alone ? one.latenciesMs : [one.perSecond]));
    theirs.push(...(alone ? other.latenciesMs : [other.perSecond]));
    ratios.push(alone ? median(one.latenciesMs) / median(other.latenciesMs) : one.perSecond / other.perSecond);
    cpu.ours.push(one.cpuUs);
    for (const [part, us] of one.parts) parts.set(part, (parts.get(part) ?? 0) + us / turns);
    cpu.theirs.push(other.cpuUs);
    cpu.ratios.push(one.cpuUs / other.cpuUs);
  }
  return [
    {
      name: `${name} ${alone ? 'latency' : 'throughput'}, c=${connections}`,
      unit: alone ? 'ms' : 'per second',
      ratio: median(ratios),
      ratios,
      system: summary(ours),
      baseline: summary(theirs),
      baselineName,
      ...(notes === undefined ? {} : { notes }),
    },
    {
      name: `${name} CPU per call, c=${connections}, boxes included`,
      unit: 'µs',
      ratio: median(cpu.ratios),
      ratios: cpu.ratios,
      system: summary(cpu.ours),
      parts: Object.fromEntries(parts),
      baseline: summary(cpu.theirs),
      baselineName,
    },
  ];
}
