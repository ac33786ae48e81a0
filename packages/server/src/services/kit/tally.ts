/** Different values told apart; beyond, values are rounded to two digits, as the metric store does. */
const exactValues = 150;

interface Summary {
  count: number;
  sum: number;
  min: number;
  max: number;
  readonly spread: Map<number, number>;
}

type Unit = 'Count' | 'Milliseconds' | 'Bytes';

/** Measurements of one metric, added up as they come. */
export class Tally {
  readonly unit: Unit;
  readonly #summary: Summary;

  constructor(unit: Unit, first: number) {
    this.unit = unit;
    this.#summary = { count: 1, sum: first, min: first, max: first, spread: new Map([[first, 1]]) };
  }

  get summary(): Readonly<Summary> {
    return this.#summary;
  }

  add(value: number): void {
    const summary = this.#summary;
    summary.count += 1;
    summary.sum += value;
    if (value < summary.min) summary.min = value;
    if (value > summary.max) summary.max = value;
    const { spread } = summary;
    const kept = spread.size < exactValues || spread.has(value) ? value : twoDigits(value);
    spread.set(kept, (spread.get(kept) ?? 0) + 1);
  }
}

/** The nearest value of two digits. */
function twoDigits(value: number): number {
  if (value <= 0 || !Number.isFinite(value)) return value;
  const exponent = Math.floor(Math.log10(value)) - 1;
  return exponent < 0
    ? Math.round(value * 10 ** -exponent) / 10 ** -exponent
    : Math.round(value / 10 ** exponent) * 10 ** exponent;
}
