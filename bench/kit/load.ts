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
  /** Of a good answer; 200 unless it says otherwise. */
  readonly status?: number;
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
        mustBeGood(answer, options.status);
      }
    }),
  );
  return { latenciesMs, perSecond: latenciesMs.length / ((performance.now() - startedAt) / 1000) };
}

/** A run with one wrong answer is worth nothing. */
export function mustBeGood(
  answer: { readonly status: number; readonly head: string; readonly body: Buffer },
  status = 200,
): void {
  if (answer.status !== status || /\r\nx-amz-function-error:/i.test(answer.head)) {
    throw new Error(`An answer was wrong: ${answer.status} ${answer.body.toString('utf8').slice(0, 300)}`);
  }
}
