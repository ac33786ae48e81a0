import { Agent, request } from 'node:http';

/** What came back of one call. `undefined` status: the connection broke. */
export interface Answered {
  readonly status: number | undefined;
  readonly ms: number;
  readonly text: string;
  readonly errorType: string | undefined;
}

/** Calls functions as fast as a client can: kept connections, no signature, nothing parsed. */
export class Caller implements Disposable {
  readonly #agent: Agent;
  readonly #origin: URL;

  constructor(origin: string, connections: number) {
    this.#origin = new URL(origin);
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections });
  }

  /** Never rejects. */
  invoke(functionName: string, payload: string, options: { readonly async?: boolean } = {}): Promise<Answered> {
    return this.post(
      `/2015-03-31/functions/${functionName}/invocations`,
      payload,
      options.async === true ? { 'X-Amz-Invocation-Type': 'Event' } : {},
    );
  }

  /** Never rejects. */
  post(path: string, body: string, headers: Readonly<Record<string, string>> = {}, method = 'POST'): Promise<Answered> {
    const startMs = performance.now();
    return new Promise((resolve) => {
      const broken = (): void => resolve({ status: undefined, ms: performance.now() - startMs, text: '', errorType: undefined });
      const { hostname, port } = this.#origin;
      const outgoing = request(
        { agent: this.#agent, hostname, port, path, method, headers: { 'Content-Length': Buffer.byteLength(body), ...headers } },
        (answer) => {
          let text = '';
          answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          const errorType = answer.headers['x-amzn-errortype'];
          answer.once('end', () =>
            resolve({
              status: answer.statusCode,
              ms: performance.now() - startMs,
              text,
              errorType: typeof errorType === 'string' ? errorType : undefined,
            }),
          );
          answer.once('error', broken);
        },
      );
      outgoing.once('error', broken).end(body);
    });
  }

  /** Events in the queue, of all functions. */
  async queued(): Promise<{ readonly events: number; readonly inFlight: number }> {
    const { text } = await this.post('/_mayfly/queue', '', {}, 'GET');
    const { functions } = JSON.parse(text === '' ? '{"functions":[]}' : text) as {
      functions: { events: number; inFlight: number }[];
    };
    return {
      events: functions.reduce((sum, each) => sum + each.events, 0),
      inFlight: functions.reduce((sum, each) => sum + each.inFlight, 0),
    };
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }
}

/** Does `work` for 0 … count-1, `width` at once. */
export async function inParallel(count: number, width: number, work: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: Math.min(width, count) }, async () => {
      for (let index = next++; index < count; index = next++) await work(index);
    }),
  );
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until it is so. */
export async function until(isSo: () => Promise<boolean> | boolean, what: string, withinMs = 30_000): Promise<void> {
  for (const untilMs = performance.now() + withinMs; ; await pause(20)) {
    if (await isSo()) return;
    if (performance.now() > untilMs) throw new Error(`Not within ${withinMs} ms: ${what}.`);
  }
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}

/** The most intervals that overlap anywhere; an end does not overlap a start of the same moment. */
export function mostAtOnce(intervals: readonly { readonly from: bigint; readonly to: bigint }[]): number {
  const edges = intervals.flatMap(({ from, to }) => [
    { at: from, step: 1 },
    { at: to, step: -1 },
  ]);
  edges.sort((left, right) => (left.at < right.at ? -1 : left.at > right.at ? 1 : left.step - right.step));
  let now = 0;
  let most = 0;
  for (const { step } of edges) most = Math.max(most, (now += step));
  return most;
}

/** Chance from a seed, so that a failure can be had again. @source mulberry32, Tommy Ettinger 2017, public domain */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Long versions, for a machine that has time. */
export const slow = process.env['MAYFLY_SLOW'] === '1';
export const seedOf = (): number => Number(process.env['MAYFLY_SEED'] ?? Date.now() % 1_000_000_000);
