import { IdleTimes } from './idle-times.ts';
import { bestStay, type Prices, type Stay } from './stay.ts';

/** When one function is called and comes to rest, and what that says about its last environment. */
export interface Habit {
  /** Clock's monotonic milliseconds; undefined while it is at work, and before it ever was. */
  readonly restedAtMs: number | undefined;
  /** A call came while nothing of it ran. On the warm path. */
  called(nowMs: number): void;
  /** Its last call has ended. On the warm path. */
  rested(nowMs: number): void;
  stay(): Stay;
}

/** How long environments that nobody uses are kept: all the house knows of it. */
export interface Patience {
  /** @param key  of a function's version, whatever its incarnation: an update changes code, not callers */
  habit(key: string): Habit;
}

export interface PatienceSettings {
  /** For everybody, or for those of whom too little is known. */
  readonly idleMs: number;
  readonly prices?: Prices;
}

/**
 * Found with the day of `test/kit/day.ts`: at these prices, environments are idle about as long as when all are kept for
 * ten minutes.
 */
const defaultPrices: Prices = { coldStartMs: 35 * 60_000, startAheadMs: 3 * 60_000 };
/** Rests that make a habit. */
const fewest = 3;
/** Nobody leaves sooner, whatever its habit says: people who try something out come back after a thought. */
const leastMs = 60_000;
/** Functions remembered; the one called longest ago is forgotten. Each takes less than a kilobyte. */
const remembered = 10_000;

/** The same time for all. */
export const fixedPatience = ({ idleMs }: PatienceSettings): Patience => {
  const stay: Stay = { keepMs: idleMs };
  return { habit: () => ({ restedAtMs: undefined, called() {}, rested() {}, stay: () => stay }) };
};

/** A time for each function, by the histogram of its rests. */
export function learningPatience(settings: PatienceSettings): Patience {
  /** Called longest ago first. */
  const habits = new Map<string, Learned>();
  return {
    habit(key) {
      const habit = habits.get(key) ?? new Learned(settings);
      habits.delete(key);
      habits.set(key, habit);
      if (habits.size > remembered) {
        const [oldest = ''] = habits.keys();
        habits.delete(oldest);
      }
      return habit;
    },
  };
}

class Learned implements Habit {
  restedAtMs: number | undefined;
  readonly #settings: PatienceSettings;
  readonly #times = new IdleTimes();
  #stay: Stay;
  /** The stay is thought over when an eighth more is known. */
  #knownAtLast = 0;

  constructor(settings: PatienceSettings) {
    this.#settings = settings;
    this.#stay = { keepMs: settings.idleMs };
  }

  called(nowMs: number): void {
    if (this.restedAtMs === undefined) return;
    this.#times.add(nowMs - this.restedAtMs);
    this.restedAtMs = undefined;
  }

  rested(nowMs: number): void {
    this.restedAtMs = nowMs;
  }

  stay(): Stay {
    const { total } = this.#times;
    if (total < fewest) return this.#stay;
    if (total >= this.#knownAtLast && total < this.#knownAtLast * 1.125) return this.#stay;
    this.#knownAtLast = total;
    const best = bestStay(this.#times, this.#settings.prices ?? defaultPrices);
    this.#stay = withLeast(best, Math.min(leastMs, this.#settings.idleMs));
    return this.#stay;
  }
}

function withLeast({ keepMs, ahead }: Stay, atLeastMs: number): Stay {
  const kept = Math.max(keepMs, atLeastMs);
  if (ahead === undefined) return { keepMs: kept };
  return ahead.fromMs > kept ? { keepMs: kept, ahead } : { keepMs: Math.max(kept, ahead.untilMs) };
}
