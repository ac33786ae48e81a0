import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Clock, Logger } from '../../base/index.ts';
import type { MetricSink } from '../kit/index.ts';
import type { LogLine } from './chunk.ts';
import { measurementsOf } from './emf.ts';
import type { GroupRecord, MetricFilterRecord, SubscriptionRecord } from './groups.ts';
import { toPattern, type Pattern } from './pattern/index.ts';
import { eventId } from './position.ts';
import type { Written } from './store.ts';

const compressed = promisify(gzip);

/** What a subscription filter hands to its destination. */
export interface Delivery {
  readonly account: string;
  readonly region: string;
  readonly destinationArn: string;
  /** For a function `{"awslogs":{"data":…}}`, for a stream the gzip itself. @source spec 7.3-14 */
  readonly payload: Uint8Array;
  readonly logGroup: string;
  readonly logStream: string;
}

export interface FanOptions {
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: MetricSink | undefined;
  readonly deliver: ((delivery: Delivery) => Promise<void>) | undefined;
}

interface From {
  readonly account: string;
  readonly region: string;
  readonly logGroup: string;
  readonly logStream: string;
}

/** Deliveries that wait or run, over all filters; what comes on top is dropped and counted. */
const mostWaiting = 1_000;
const attempts = 5;
const patternsKept = 1_000;

/** Gives new lines to whoever subscribed: subscription filters, metric filters, embedded metrics. */
export class Fan implements AsyncDisposable {
  readonly #options: FanOptions;
  readonly #patterns = new Map<string, Pattern | undefined>();
  readonly #waiting = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  /** One delivery of a filter at a time, so that its destination sees the order of the stream. */
  readonly #lanes = new Map<string, Promise<void>>();
  dropped = 0;

  constructor(options: FanOptions) {
    this.#options = options;
  }

  /** Never throws, never waits. */
  written(from: From, group: GroupRecord, chunks: readonly Written[]): void {
    for (const chunk of chunks) {
      if (this.#options.metrics !== undefined) this.#measure(from, group, chunk.lines);
      for (const filter of group.subscriptions) this.#subscribe(from, filter, chunk);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort(new Error('The log service is closing.'));
    await Promise.allSettled(this.#waiting);
  }

  #measure(from: From, group: GroupRecord, lines: readonly LogLine[]): void {
    const { account, region } = from;
    for (const { atMs, message } of lines) {
      for (const measured of measurementsOf(message, atMs)) this.#options.metrics?.put({ account, region, ...measured });
    }
    for (const filter of group.metricFilters) this.#count(from, filter, lines);
  }

  #count({ account, region }: From, { pattern: text, transformation }: MetricFilterRecord, lines: readonly LogLine[]): void {
    const pattern = this.#pattern(text);
    if (pattern === undefined) return;
    const { metricName: name, metricNamespace: namespace, unit } = transformation;
    const put = (value: number, atMs: number, dimensions: Record<string, string>): void =>
      this.#options.metrics?.put({
        account,
        region,
        namespace,
        name,
        value,
        atMs,
        dimensions,
        ...(unit === undefined ? {} : { unit }),
      });
    let found = false;
    for (const { atMs, message } of lines) {
      const match = pattern.match(message);
      if (match === undefined) continue;
      const text = transformation.metricValue;
      const value = Number(text === '$size' ? Buffer.byteLength(message) : text.startsWith('$') ? match.value(text) : text);
      if (!Number.isFinite(value)) continue;
      found = true;
      const dimensions: Record<string, string> = {};
      for (const [key, selector] of Object.entries(transformation.dimensions ?? {})) {
        const own = match.value(selector);
        if (own !== undefined) dimensions[key] = String(own);
      }
      put(value, atMs, dimensions);
    }
    const last = lines.at(-1);
    if (!found && transformation.defaultValue !== undefined && last !== undefined)
      put(transformation.defaultValue, last.atMs, {});
  }

  #subscribe(from: From, filter: SubscriptionRecord, chunk: Written): void {
    const { deliver } = this.#options;
    const pattern = this.#pattern(filter.pattern);
    if (deliver === undefined || pattern === undefined) return;
    const logEvents = chunk.lines.flatMap(({ atMs, message }, index) =>
      pattern.match(message) === undefined
        ? []
        : [{ id: eventId({ atMs, seq: chunk.seq, index: index + 1 }), timestamp: atMs, message }],
    );
    if (logEvents.length === 0) return;
    if (this.#waiting.size >= mostWaiting) {
      this.dropped += logEvents.length;
      if (this.dropped === logEvents.length || this.dropped % 10_000 < logEvents.length) {
        this.#options.log.warn('A subscription filter does not keep up; events are dropped.', {
          filter: filter.name,
          dropped: this.dropped,
        });
      }
      return;
    }
    const lane = `${from.account}/${from.region}/${from.logGroup}/${filter.name}`;
    const document = {
      messageType: 'DATA_MESSAGE',
      owner: from.account,
      logGroup: from.logGroup,
      logStream: from.logStream,
      subscriptionFilters: [filter.name],
      logEvents,
    };
    const work = (this.#lanes.get(lane) ?? Promise.resolve())
      .then(() => this.#deliver(from, filter, document, deliver))
      .finally(() => {
        this.#waiting.delete(work);
        if (this.#lanes.get(lane) === work) this.#lanes.delete(lane);
      });
    this.#lanes.set(lane, work);
    this.#waiting.add(work);
  }

  async #deliver(
    from: From,
    filter: SubscriptionRecord,
    document: object,
    deliver: (delivery: Delivery) => Promise<void>,
  ): Promise<void> {
    const payload = await recordOf(filter.destinationArn, document);
    const { destinationArn } = filter;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await deliver({ ...from, destinationArn, payload });
      } catch (error) {
        if (attempt >= attempts || this.#ended.signal.aborted) {
          return this.#options.log.warn('A subscription filter could not deliver.', { destinationArn, error });
        }
        await this.#options.clock.sleep(1_000 * 2 ** attempt, { signal: this.#ended.signal }).catch(() => undefined);
      }
    }
  }

  #pattern(text: string): Pattern | undefined {
    if (!this.#patterns.has(text)) {
      if (this.#patterns.size >= patternsKept) this.#patterns.clear();
      this.#patterns.set(text, orUndefined(text));
    }
    return this.#patterns.get(text);
  }
}

/** The bytes a destination is given: functions get JSON around the gzip, streams the gzip. @source spec 7.3-14 */
export async function recordOf(destinationArn: string, document: object): Promise<Uint8Array> {
  const data = await compressed(Buffer.from(JSON.stringify(document)));
  if (!destinationArn.includes(':lambda:')) return data;
  return Buffer.from(JSON.stringify({ awslogs: { data: data.toString('base64') } }));
}

/** Patterns are checked when a filter is put; one that cannot be read matches nothing. */
function orUndefined(text: string): Pattern | undefined {
  try {
    return toPattern(text);
  } catch {
    return undefined;
  }
}
