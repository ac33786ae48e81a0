import { sample, type Labels } from './prometheus.ts';

/** Upper bounds in seconds, from a warm echo to Lambda's longest time-out. */
const boundsSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900] as const;

export class Histogram {
  readonly #counts = new Uint32Array(boundsSeconds.length + 1);
  #sum = 0;

  observe(seconds: number): void {
    const found = boundsSeconds.findIndex((bound) => seconds <= bound);
    const at = found < 0 ? boundsSeconds.length : found;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
    this.#sum += seconds;
  }

  text(name: string, labels: Labels): string {
    let total = 0;
    let text = '';
    for (const [at, count] of this.#counts.entries()) {
      total += count;
      const bound = boundsSeconds[at];
      text += sample(`${name}_bucket`, { ...labels, le: bound === undefined ? '+Inf' : String(bound) }, total);
    }
    return text + sample(`${name}_sum`, labels, Number(this.#sum.toFixed(6))) + sample(`${name}_count`, labels, total);
  }
}
