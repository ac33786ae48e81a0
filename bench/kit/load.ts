import { Connection } from './connection.ts';

export interface Load {
  /** Milliseconds from sending to the complete answer. */
  readonly latenciesMs: readonly number[];
  readonly perSecond: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly request: Uint8Array;
  readonly connections: number;
  readonly durationMs: number;
}

/** Closed loop: each connection asks again as soon as it has its answer. For maxima, and for latency at one connection. */
export async function closedLoop(options: LoadOptions): Promise<Load> {
  const latenciesMs: number[] = [];
  const startedAt = performance.now();
  const endAt = startedAt + options.durationMs;
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      using connection = await Connection.open(options.port);
      while (performance.now() < endAt) {
        const sentAt = performance.now();
        const answer = await connection.ask(options.request);
        latenciesMs.push(performance.now() - sentAt);
        mustBeGood(answer);
      }
    }),
  );
  return { latenciesMs, perSecond: latenciesMs.length / ((performance.now() - startedAt) / 1000) };
}

/**
 * Open loop: requests leave on a fixed schedule whatever the answers do, and latency counts from the
 * intended moment, so that a stall is felt by every request behind it.
 */
export async function openLoop(
  options: LoadOptions & { readonly perSecond: number },
): Promise<Load & { readonly lagMs: readonly number[] }> {
  const latenciesMs: number[] = [];
  const lagMs: number[] = [];
  const free: Connection[] = [];
  const all: Connection[] = [];
  for (let index = 0; index < options.connections; index += 1) all.push(await Connection.open(options.port));
  free.push(...all);
  const gapMs = 1000 / options.perSecond;
  const startedAt = performance.now();
  const running = new Set<Promise<void>>();
  let sent = 0;
  const backlog: number[] = [];
  const send = (connection: Connection, intendedAt: number): void => {
    lagMs.push(performance.now() - intendedAt);
    const done = connection.ask(options.request).then((answer) => {
      latenciesMs.push(performance.now() - intendedAt);
      mustBeGood(answer);
      const next = backlog.shift();
      if (next === undefined) free.push(connection);
      else send(connection, next);
      running.delete(done);
    });
    running.add(done);
  };
  while (performance.now() - startedAt < options.durationMs) {
    const due = Math.floor((performance.now() - startedAt) / gapMs);
    for (; sent <= due; sent += 1) {
      const connection = free.pop();
      if (connection === undefined) backlog.push(startedAt + sent * gapMs);
      else send(connection, startedAt + sent * gapMs);
    }
    // A timer is too coarse for a schedule below a millisecond; the generator has a core of its own to wait on.
    await new Promise((resolve) => setImmediate(resolve));
  }
  while (running.size > 0) await Promise.all(running);
  for (const connection of all) connection[Symbol.dispose]();
  return { latenciesMs, lagMs, perSecond: latenciesMs.length / ((performance.now() - startedAt) / 1000) };
}

/** A run with one wrong answer is worth nothing. */
function mustBeGood(answer: { readonly status: number; readonly head: string; readonly body: Buffer }): void {
  if (answer.status !== 200 || /\r\nx-amz-function-error:/i.test(answer.head)) {
    throw new Error(`An answer was wrong: ${answer.status} ${answer.body.toString('utf8').slice(0, 300)}`);
  }
}
