import { Connection } from './connection.ts';
import { mustBeGood } from './load.ts';

export interface OpenLoad {
  /** Milliseconds from the moment a request should have been sent, whenever it was, to its complete answer. */
  readonly latenciesMs: readonly number[];
  /** How late the generator itself was, milliseconds. */
  readonly lagsMs: readonly number[];
}

/** Connections that are opened at most: behind a stall a request waits for one, and its latency counts on. */
const mostConnections = 512;

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
  const waiting: ((connection: Connection) => void)[] = [];
  const all = new Set<Connection>();
  let opened = 0;
  const latenciesMs: number[] = [];
  const lagsMs: number[] = [];
  const asks: Promise<void>[] = [];
  const failures: unknown[] = [];
  const startedAt = performance.now();
  const ask = async (dueAt: number): Promise<void> => {
    const connection = free.pop() ?? (await another());
    mustBeGood(await connection.ask(request));
    latenciesMs.push(performance.now() - dueAt);
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else next(connection);
  };
  const another = async (): Promise<Connection> => {
    if (opened === mostConnections) return new Promise((resolve) => void waiting.push(resolve));
    opened += 1;
    const connection = await Connection.open(port);
    all.add(connection);
    return connection;
  };
  try {
    for (const atMs of schedule) {
      const dueAt = startedAt + atMs;
      // Timers are a millisecond wide: what is left is waited for turn by turn.
      // Answers are read before the next is sent, also where the generator is behind.
      do await new Promise((resolve) => setImmediate(resolve));
      while (performance.now() < dueAt);
      if (failures.length > 0) break;
      lagsMs.push(performance.now() - dueAt);
      asks.push(ask(dueAt).catch((error: unknown) => void failures.push(error)));
    }
    // After a failure nobody waits for what is still under way: its connections are closed.
    if (failures.length === 0) await Promise.all(asks);
    if (failures.length > 0) throw failures[0];
  } finally {
    for (const connection of all) connection[Symbol.dispose]();
  }
  return { latenciesMs, lagsMs };
}

const gap = (perSecond: number): number => (-Math.log(1 - Math.random()) * 1000) / perSecond;
