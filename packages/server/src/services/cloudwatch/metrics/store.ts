import type { Clock, Logger, Timer } from '../../../base/index.ts';
import type { Database, Sql, SqlRow } from '../../../storage/index.ts';
import type { MetricDatum, MetricSummary, SummarySink } from '../../kit/index.ts';
import { migrations } from './migrations.ts';
import { merge, readSpread, single, writeSpread, type Summary } from './summary.ts';

export interface Series {
  readonly id: number;
  readonly account: string;
  readonly region: string;
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  lastAt: number;
}

export interface Point {
  readonly unit: string;
  readonly atMs: number;
  readonly summary: Summary;
}

/** A measurement that is a summary already, or one value. */
export type Measurement = Omit<MetricDatum, 'value' | 'count'> & { readonly summary: Summary; readonly resolutionS?: number };

interface Pending {
  readonly series: Omit<Series, 'id' | 'lastAt'>;
  readonly unit: string;
  readonly atMs: number;
  summary: Summary;
}

/** How long what the platform measures waits for company. */
const gatherMs = 1_000;
/** Series of a server, and points that wait for the disk; ours. */
const mostSeries = 100_000;
const mostPending = 50_000;
const pointsAtOnce = 200;

/** Measurements by series and minute, in memory for a moment and then on disk. */
export class MetricStore implements SummarySink, AsyncDisposable {
  readonly #database: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #series = new Map<string, Series>();
  #lastId = 0;
  #pending = new Map<string, Pending>();
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;
  dropped = 0;

  private constructor(options: { readonly database: Database; readonly clock: Clock; readonly log: Logger }) {
    this.#database = options.database;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  static async open(options: { readonly database: Database; readonly clock: Clock; readonly log: Logger }): Promise<MetricStore> {
    await options.database.migrate(migrations);
    const store = new MetricStore(options);
    for (const row of await options.database.all(
      'SELECT id, account, region, namespace, name, dimensions, last_at FROM metric_series',
    ))
      store.#know(seriesOf(row));
    return store;
  }

  put(datum: MetricDatum): void {
    if (!Number.isFinite(datum.value)) return;
    this.putSummary({ ...datum, summary: single(datum.value, datum.count ?? 1) });
  }

  putSummary(measured: MetricSummary): void {
    this.add(measured);
    if (this.#timer === undefined && !this.#closed)
      this.#timer = this.#clock.after(gatherMs, () => void this.flush().catch(() => undefined));
  }

  /** Adds a measurement; `flush` puts it on disk. */
  add(measured: Measurement): void {
    if (this.#closed) return;
    const { account, region, namespace, name } = measured;
    const stepMs = (measured.resolutionS ?? 60) * 1_000;
    const atMs = Math.floor(measured.atMs / stepMs) * stepMs;
    const unit = measured.unit ?? 'None';
    const dimensions = sorted(measured.dimensions);
    const series = { account, region, namespace, name, dimensions };
    const key = `${keyOf(series)}\0${unit}\0${atMs}`;
    const known = this.#pending.get(key);
    if (known !== undefined) known.summary = merge(known.summary, measured.summary);
    else if (this.#pending.size >= mostPending || (this.#series.size >= mostSeries && !this.#series.has(keyOf(series))))
      this.#drop();
    else this.#pending.set(key, { series, unit, atMs, summary: measured.summary });
  }

  /** Resolves when everything added so far is on stable storage. @throws what the storage throws; it is tried again with the next */
  flush(): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    const turn = this.#writing.catch(() => undefined).then(() => this.#writeAll());
    this.#writing = turn;
    return turn;
  }

  /** Series of an account and region that fit; by namespace and name, then as they came. */
  find(
    place: { readonly account: string; readonly region: string },
    wanted: { readonly namespace?: string | undefined; readonly name?: string | undefined },
  ): Series[] {
    return [...this.#series.values()].filter(
      (series) =>
        series.account === place.account &&
        series.region === place.region &&
        (wanted.namespace === undefined || series.namespace === wanted.namespace) &&
        (wanted.name === undefined || series.name === wanted.name),
    );
  }

  get(series: Omit<Series, 'id' | 'lastAt'>): Series | undefined {
    return this.#series.get(keyOf({ ...series, dimensions: sorted(series.dimensions) }));
  }

  /** Points of a series from one moment until before another, oldest first. */
  async points(seriesId: number, fromMs: number, toMs: number): Promise<Point[]> {
    const rows = await this.#database.all(
      'SELECT unit, at, count, sum, min, max, spread FROM metric_point WHERE series_id = ? AND at >= ? AND at < ? ORDER BY at',
      [seriesId, fromMs, toMs],
    );
    return rows.map((row) => ({ unit: row['unit'] as string, atMs: Number(row['at']), summary: summaryOf(row) }));
  }

  /** Ends points before this moment, and series without any since. */
  async trim(beforeMs: number): Promise<void> {
    await this.#database.run('DELETE FROM metric_point WHERE at < ?', [beforeMs]);
    await this.#database.run('DELETE FROM metric_series WHERE last_at < ?', [beforeMs]);
    for (const [key, series] of this.#series) if (series.lastAt < beforeMs) this.#series.delete(key);
  }

  /** Makes points between two moments coarser: one for each step. */
  async coarsen(fromMs: number, toMs: number, stepMs: number): Promise<void> {
    for (;;) {
      const rows = await this.#database.all(
        'SELECT series_id, unit, at, count, sum, min, max FROM metric_point WHERE at >= ? AND at < ? AND at % ? <> 0 LIMIT ?',
        [fromMs, toMs, stepMs, pointsAtOnce],
      );
      if (rows.length === 0) return;
      await this.#database.transaction(async (tx) => {
        for (const row of rows) {
          const [seriesId, unit, at] = [Number(row['series_id']), row['unit'] as string, Number(row['at'])];
          await upsert(tx, seriesId, unit, Math.floor(at / stepMs) * stepMs, summaryOf(row));
          await tx.run('DELETE FROM metric_point WHERE series_id = ? AND unit = ? AND at = ?', [seriesId, unit, at]);
        }
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush().catch(() => undefined);
    this.#closed = true;
    this.#timer?.[Symbol.dispose]();
  }

  async #writeAll(): Promise<void> {
    while (this.#pending.size > 0) {
      const group = [...this.#pending].slice(0, pointsAtOnce);
      for (const [key] of group) this.#pending.delete(key);
      const made: Series[] = [];
      try {
        await this.#database.transaction(async (tx) => {
          for (const [, { series, unit, atMs, summary }] of group) {
            const { id } = await this.#seriesId(tx, series, atMs, made);
            await upsert(tx, id, unit, atMs, summary);
          }
        });
      } catch (error) {
        for (const [key, pending] of group) {
          const newer = this.#pending.get(key);
          this.#pending.set(key, newer === undefined ? pending : { ...pending, summary: merge(pending.summary, newer.summary) });
        }
        this.#log.error('Metrics could not be written and wait for the next try.', { error });
        throw error;
      }
      for (const series of made) this.#know(series);
    }
  }

  async #seriesId(tx: Sql, series: Omit<Series, 'id' | 'lastAt'>, atMs: number, made: Series[]): Promise<Series> {
    const key = keyOf(series);
    const known = this.#series.get(key) ?? made.find((each) => keyOf(each) === key);
    if (known === undefined) {
      const fresh: Series = { ...series, id: ++this.#lastId, lastAt: atMs };
      const { id, account, region, namespace, name, dimensions } = fresh;
      await tx.run(
        'INSERT INTO metric_series (id, account, region, namespace, name, dimensions, last_at) VALUES (?, ?, ?, ?, ?, ?, ?)',
        [id, account, region, namespace, name, JSON.stringify(dimensions), atMs],
      );
      made.push(fresh);
      return fresh;
    }
    if (known.lastAt < atMs) {
      known.lastAt = atMs;
      await tx.run('UPDATE metric_series SET last_at = ? WHERE id = ?', [atMs, known.id]);
    }
    return known;
  }

  #know(series: Series): void {
    this.#series.set(keyOf(series), series);
    this.#lastId = Math.max(this.#lastId, series.id);
  }

  #drop(): void {
    this.dropped += 1;
    if (this.dropped === 1 || this.dropped % 10_000 === 0)
      this.#log.warn('Too many metrics; measurements are dropped.', { dropped: this.dropped });
  }
}

async function upsert(tx: Sql, seriesId: number, unit: string, atMs: number, summary: Summary): Promise<void> {
  const row = await tx.get('SELECT count, sum, min, max, spread FROM metric_point WHERE series_id = ? AND unit = ? AND at = ?', [
    seriesId,
    unit,
    atMs,
  ]);
  const all = row === undefined ? summary : merge(summaryOf(row), summary);
  await tx.run(
    `INSERT INTO metric_point (series_id, unit, at, count, sum, min, max, spread) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (series_id, unit, at) DO UPDATE SET count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max, spread = excluded.spread`,
    [seriesId, unit, atMs, all.count, all.sum, all.min, all.max, writeSpread(all)],
  );
}

const summaryOf = (row: SqlRow): Summary => ({
  count: Number(row['count']),
  sum: Number(row['sum']),
  min: Number(row['min']),
  max: Number(row['max']),
  ...readSpread(row['spread']),
});

const seriesOf = (row: SqlRow): Series => ({
  id: Number(row['id']),
  account: row['account'] as string,
  region: row['region'] as string,
  namespace: row['namespace'] as string,
  name: row['name'] as string,
  dimensions: JSON.parse(row['dimensions'] as string) as Record<string, string>,
  lastAt: Number(row['last_at']),
});

const sorted = (dimensions: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(dimensions).toSorted(([a], [b]) => (a < b ? -1 : 1)));

const keyOf = ({ account, region, namespace, name, dimensions }: Omit<Series, 'id' | 'lastAt'>): string =>
  `${account}\0${region}\0${namespace}\0${name}\0${JSON.stringify(dimensions)}`;
