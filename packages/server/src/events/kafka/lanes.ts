import type { Clock, Timer } from '../../base/index.ts';

/** Who may call at once. */
export interface Pollers {
  readonly minimum: number;
  readonly maximum: number;
  /** Calls that one of them makes at once. */
  readonly callsEach: number;
}

export interface LanesOptions<Message> {
  readonly clock: Clock;
  readonly batchSize: number;
  readonly batchWindowMs: number;
  readonly pollers: Pollers;
  /** What is in one lane is delivered in its order, a batch at a time. */
  readonly laneOf: (message: Message) => string;
  /** Resolves when a batch is done with, and the next of its lane may follow. */
  readonly deliver: (batch: readonly Message[]) => Promise<void>;
  /** A batch could not be dealt with: nothing more is delivered. Called once. */
  readonly onFailure: () => void;
}

interface Lane<Message> {
  waiting: Message[];
  /** Open while messages are gathered; a batch that waits for a place, or is under way, has none. */
  window: Timer | undefined;
  state: 'gathering' | 'ready' | 'running';
  /** Resolves when a batch of it has been taken. */
  taken: PromiseWithResolvers<void>;
}

/** How often it is looked whether the pollers are enough. @source spec 6.6-03 */
const evaluateMs = 60_000;

/**
 * Makes batches of messages, and delivers several at once while each lane keeps its order. Pollers are there to their minimum
 * always, and to their maximum while there is work for them.
 */
export class Lanes<Message> implements AsyncDisposable {
  readonly #options: LanesOptions<Message>;
  readonly #lanes = new Map<string, Lane<Message>>();
  readonly #ready: Lane<Message>[] = [];
  readonly #running = new Set<Promise<void>>();
  #pollers: number;
  #evaluation: Timer | undefined;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(options: LanesOptions<Message>) {
    this.#options = options;
    this.#pollers = options.pollers.minimum;
    this.#evaluateLater();
  }

  /** Resolves when there is room for another message; at once, unless its lane holds a batch that nobody has taken yet. */
  async add(message: Message): Promise<void> {
    if (this.#ended) return;
    const key = this.#options.laneOf(message);
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { waiting: [], window: undefined, state: 'gathering', taken: Promise.withResolvers() };
      this.#lanes.set(key, lane);
    }
    lane.waiting.push(message);
    if (lane.state === 'gathering') this.#gather(lane);
    if (lane.waiting.length >= this.#options.batchSize) await lane.taken.promise;
  }

  /** Takes nothing more, and waits for what is under way; the rest is left. @throws what a delivery threw */
  async end(): Promise<void> {
    await this[Symbol.asyncDispose]();
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    await Promise.all(this.#running);
  }

  #stop(): void {
    this.#ended = true;
    this.#evaluation?.[Symbol.dispose]();
    for (const { window, taken } of this.#lanes.values()) {
      window?.[Symbol.dispose]();
      taken.resolve();
    }
  }

  #gather(lane: Lane<Message>): void {
    const { clock, batchSize, batchWindowMs } = this.#options;
    const full = (): void => {
      lane.window?.[Symbol.dispose]();
      lane.window = undefined;
      lane.state = 'ready';
      this.#ready.push(lane);
      this.#next();
    };
    if (lane.waiting.length >= batchSize) full();
    else lane.window ??= clock.after(batchWindowMs, full);
  }

  #next(): void {
    while (!this.#ended && this.#running.size < this.#pollers * this.#options.pollers.callsEach) {
      const lane = this.#ready.shift();
      if (lane === undefined) return;
      const running = this.#run(lane).finally(() => {
        this.#running.delete(running);
        this.#next();
      });
      this.#running.add(running);
    }
  }

  /** Never rejects. */
  async #run(lane: Lane<Message>): Promise<void> {
    lane.state = 'running';
    const batch = lane.waiting.splice(0, this.#options.batchSize);
    lane.taken.resolve();
    lane.taken = Promise.withResolvers();
    try {
      await this.#options.deliver(batch);
    } catch (error) {
      if (this.#failure === undefined) {
        this.#failure = { error };
        this.#stop();
        this.#options.onFailure();
      }
    }
    if (this.#ended) return;
    lane.state = 'gathering';
    if (lane.waiting.length > 0) this.#gather(lane);
    else this.#lanes.delete(this.#options.laneOf(batch[0] as Message));
  }

  #evaluateLater(): void {
    const { clock, pollers } = this.#options;
    if (pollers.minimum >= pollers.maximum) return;
    this.#evaluation = clock.after(evaluateMs, () => {
      const needed = Math.ceil((this.#running.size + this.#ready.length) / pollers.callsEach);
      this.#pollers = Math.min(pollers.maximum, Math.max(pollers.minimum, needed));
      this.#evaluateLater();
      this.#next();
    });
  }
}
