import { bins, perOctave, startOf, type IdleTimes } from './idle-times.ts';

/** What becomes of the last environment of a function that has come to rest. Times count from that moment. */
export interface Stay {
  /** Kept until then. */
  readonly keepMs: number;
  /** Started again before the next call is expected, and kept until it is late. */
  readonly ahead?: { readonly fromMs: number; readonly untilMs: number };
}

export interface Prices {
  /** Idle time of an environment that is worth one start before a caller's eyes. */
  readonly coldStartMs: number;
  /** The same for a start ahead of time: nobody waits, but the processor works, and the function runs its own start. */
  readonly startAheadMs: number;
}

/** What is kept from the beginning ends at one of these, three octaves apart: a finer choice would follow chance. */
const keepStep = 3 * perOctave;
/** A start ahead is for functions of habit: this much of what is still to come must fall into its window. */
const certainty = 0.7;

interface Run {
  readonly start: number;
  readonly end: number;
  readonly gain: number;
}

/**
 * The stay with the best balance of starts saved and time spent idle.
 *
 * Being there during one bin of the histogram costs the bin's width for every rest that lasts until then, and saves a
 * start for every rest that ends in it. So each bin has a gain of its own, and the best windows are the runs of bins with the
 * largest sums: one from the beginning, one later, both or either.
 */
export function bestStay(times: IdleTimes, prices: Prices): Stay {
  const gains = new Float64Array(bins - 1);
  /** Rests that last until bin `at`. */
  const lasting = new Float64Array(bins);
  let left = 1;
  for (let at = 0; at < gains.length; at += 1) {
    const share = times.share(at);
    lasting[at] = left;
    gains[at] = share * prices.coldStartMs - (left - share / 2) * (startOf(at + 1) - startOf(at));
    left = Math.max(0, left - share);
  }
  lasting[gains.length] = left;
  const kept = bestBeginning(gains);
  const later = bestLater(gains, lasting, kept.end, prices);
  const alone = bestLater(gains, lasting, 1, prices);
  if (alone.gain > kept.gain + later.gain) return stayOf(0, alone);
  return stayOf(kept.end, later);
}

function stayOf(keptBins: number, { start, end, gain }: Run): Stay {
  const keepMs = startOf(keptBins);
  return gain > 0 ? { keepMs, ahead: { fromMs: startOf(start), untilMs: startOf(end) } } : { keepMs };
}

function bestBeginning(gains: Float64Array): Run {
  let best: Run = { start: 0, end: 0, gain: 0 };
  let sum = 0;
  for (let at = 0; at < gains.length; at += 1) {
    sum += gains[at]!;
    if (at % keepStep === 0 && sum > best.gain) best = { start: 0, end: at + 1, gain: sum };
  }
  return best;
}

/** The run with the largest sum after the price of its start; without gain when none is certain enough to pay. */
function bestLater(gains: Float64Array, lasting: Float64Array, from: number, prices: Prices): Run {
  const none: Run = { start: from, end: from, gain: 0 };
  let best = none;
  let start = from;
  let sum = -Infinity;
  for (let at = from; at < gains.length; at += 1) {
    const anew = -lasting[at]! * prices.startAheadMs;
    if (sum < anew) {
      start = at;
      sum = anew;
    }
    sum += gains[at]!;
    if (sum > best.gain) best = { start, end: at + 1, gain: sum };
  }
  return lasting[best.start]! - lasting[best.end]! >= certainty * lasting[best.start]! ? best : none;
}
