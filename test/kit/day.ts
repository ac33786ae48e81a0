/**
 * A day of a thousand functions, made from a seed. Shares of triggers and rates as in the published Azure trace of 2019:
 * 16 % are timers, 45 % are called at most hourly, 81 % at most once a minute. What is called more often than every
 * twenty seconds is warm under any policy and is thinned to that.
 */
export interface Caller {
  readonly trigger: 'timer' | 'http' | 'queue' | 'event';
  /** Milliseconds from the day's begin, ascending. */
  readonly calls: readonly number[];
}

export const dayMs = 86_400_000;

const minute = 60_000;
/** Minutes between calls, and how many timers in a hundred have them. */
const periods = [
  [1, 10],
  [5, 20],
  [10, 10],
  [15, 12],
  [30, 13],
  [60, 20],
  [120, 5],
  [360, 3],
  [720, 2],
  [1440, 5],
] as const;
/** Of the seconds between calls: 3,600 and more for 45 %, 60 and more for 81 %. */
const logGap = { mean: 7.676, deviation: 4.08 };
const shortestGapMs = 20_000;

export function dayOf(seed: number, functions = 1000): Caller[] {
  const chance = new Chance(seed);
  return Array.from({ length: functions }, () => {
    const kind = chance.float();
    const trigger = kind < 0.16 ? 'timer' : kind < 0.71 ? 'http' : kind < 0.86 ? 'queue' : 'event';
    if (trigger === 'timer') return { trigger, calls: regular(chance) };
    const gapMs = Math.max(shortestGapMs, 1000 * Math.exp(logGap.mean + logGap.deviation * chance.normal()));
    const flocks = trigger === 'queue' || chance.float() < 0.5;
    return {
      trigger,
      calls: flocks ? inFlocks(chance, gapMs, trigger === 'queue' ? 20 : 5) : alone(chance, gapMs, trigger === 'http'),
    };
  });
}

function regular(chance: Chance): number[] {
  let at = chance.float() * 100;
  const [minutes] = periods.find(([, share]) => (at -= share) < 0) ?? periods[0];
  const calls: number[] = [];
  const periodMs = minutes * minute;
  for (let atMs = chance.float() * periodMs; atMs < dayMs; atMs += periodMs) calls.push(atMs + chance.exponential(300));
  return calls;
}

/** Calls in groups, as from a queue or a person's session. */
function inFlocks(chance: Chance, gapMs: number, meanSize: number): number[] {
  const size = 1 + Math.floor(chance.exponential(meanSize));
  const withinMs = Math.min(gapMs / 4, 1000 + chance.exponential(20_000));
  const calls: number[] = [];
  for (let atMs = chance.exponential(gapMs * size); atMs < dayMs; atMs += chance.exponential(gapMs * size)) {
    for (let left = 1 + Math.floor(chance.exponential(size)); left > 0 && atMs < dayMs; left -= 1) {
      calls.push(atMs);
      atMs += chance.exponential(withinMs);
    }
  }
  return calls;
}

/** Calls that know nothing of each other; with `sleeps`, fewer of them by night. */
function alone(chance: Chance, gapMs: number, sleeps: boolean): number[] {
  const calls: number[] = [];
  for (let atMs = chance.exponential(gapMs); atMs < dayMs; atMs += chance.exponential(gapMs)) {
    if (!sleeps || chance.float() < 0.5 + 0.5 * Math.sin((2 * Math.PI * atMs) / dayMs)) calls.push(atMs);
  }
  return calls;
}

/** Numbers from a seed (xorshift32 over a Weyl sequence). */
class Chance {
  #state: number;
  constructor(seed: number) {
    this.#state = seed | 0;
  }
  float(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  }
  exponential(mean: number): number {
    return -Math.log(1 - this.float()) * mean;
  }
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.float())) * Math.cos(2 * Math.PI * this.float());
  }
}
