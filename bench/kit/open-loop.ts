import { Connection } from './connection.ts';
import { mustBeGood } from './load.ts';

export interface OpenLoad {
  /** Milliseconds from the moment a request should have been sent, whenever it was, to its complete answer. */
  readonly latenciesMs: readonly number[];
  /** How late the generator itself was, milliseconds. */
  readonly lagsMs: readonly number[];
}

/**
 * Arrivals at random (Poisson) at a given rate, whatever has been answered meanwhile; no sample is left out. A request that
 * finds no free connection opens one.
 */
export async function openLoop(options: {
  readonly port: number;
  readonly request: Uint8Array;
  readonly perSecond: number;
  readonly durationMs: number;
}): Promise<OpenLoad> {
  const { port, request, perSecond, durationMs } = options;
  const schedule: number[] = [];
  for (let atMs = gap(perSecond); atMs < durationMs; atMs += gap(perSecond)) schedule.push(atMs);
  const free: Connection[] = [];
  const all = new Set<Connection>();
  const latenciesMs: number[] = [];
  const lagsMs: number[] = [];
  const asks: Promise<void>[] = [];
  const startedAt = performance.now();
  const ask = async (dueAt: number): Promise<void> => {
    const connection = free.pop() ?? (await Connection.open(port));
    all.add(connection);
    mustBeGood(await connection.ask(request));
    latenciesMs.push(performance.now() - dueAt);
    free.push(connection);
  };
  try {
    for (const atMs of schedule) {
      const dueAt = startedAt + atMs;
      // Timers are a millisecond wide: what is left is waited for turn by turn.
      while (performance.now() < dueAt) await new Promise((resolve) => setImmediate(resolve));
      lagsMs.push(performance.now() - dueAt);
      asks.push(ask(dueAt));
    }
    await Promise.all(asks);
  } finally {
    for (const connection of all) connection[Symbol.dispose]();
  }
  return { latenciesMs, lagsMs };
}

const gap = (perSecond: number): number => (-Math.log(1 - Math.random()) * 1000) / perSecond;
