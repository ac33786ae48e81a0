/** Eighths of an octave from one second to a day and a half: a bin is 9 % wide, wherever it is. */
export const perOctave = 8;
const shortestMs = 1000;
export const bins = 17 * perOctave;
/** One rest. Counts are halved time and again, and what was seen once should survive that for a while. */
const one = 64;
/** Halved at this sum, so that a function that changes its habits is believed soon. */
const most = 256 * one;

const starts = Float64Array.from({ length: bins + 1 }, (_, at) => (at === 0 ? 0 : shortestMs * 2 ** ((at - 1) / perOctave)));

/** Where bin `at` begins; the first begins at zero, the last one never ends. */
export const startOf = (at: number): number => starts[at] ?? Infinity;

/** How long one function had been at rest whenever it was called: a histogram of some 300 bytes. */
export class IdleTimes {
  readonly #counts = new Uint16Array(bins);
  #sum = 0;

  /** Rests that are remembered; old ones count less and less. */
  get total(): number {
    return this.#sum / one;
  }

  add(idleMs: number): void {
    const at = idleMs < shortestMs ? 0 : Math.min(bins - 1, 1 + Math.floor(Math.log2(idleMs / shortestMs) * perOctave));
    this.#counts[at]! += one;
    this.#sum += one;
    if (this.#sum < most) return;
    this.#sum = 0;
    for (let each = 0; each < bins; each += 1) this.#sum += this.#counts[each]! >>= 1;
  }

  /** The share of bin `at`. What was seen once may come a little sooner or later: a quarter each goes to its neighbours. */
  share(at: number): number {
    const counts = this.#counts;
    return ((counts[at - 1] ?? 0) + 2 * counts[at]! + (counts[at + 1] ?? 0)) / (4 * this.#sum);
  }
}
