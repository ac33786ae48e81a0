import type { Clock, Fact, InvocationFact, Recorder, Subject, Timer } from '../base/index.ts';
import { Tally, type SummarySink } from '../services/index.ts';

/** Facts are added up for this long: what is measured must not cost the invocation that is measured. */
const everyMs = 1000;
const minuteMs = 60_000;
/** Functions told apart in one turn; a burst beyond is counted in Prometheus and in the bills, and is missing here. */
const mostWaiting = 20_000;

/** One metric of one function, version or alias, in one minute. */
interface Waiting {
  readonly subject: Subject;
  readonly resource: string | undefined;
  readonly minuteMs: number;
  readonly metrics: Map<string, Tally>;
}

/** Facts about functions → the `AWS/Lambda` namespace of CloudWatch. @source spec 5.5 */
export class LambdaMetrics implements Recorder, AsyncDisposable {
  readonly #sink: SummarySink;
  readonly #clock: Clock;
  #waiting = new Map<string, Waiting>();
  #timer: Timer | undefined;

  constructor(sink: SummarySink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  record(fact: Fact): void {
    switch (fact.kind) {
      case 'invocation':
        return this.#invocation(fact);
      case 'throttle':
        return add(this.#of(fact, fact.atMs, undefined), 'Throttles', 'Count', 1);
      case 'count':
        return add(this.#of(fact, fact.atMs, fact.alias), fact.metric, fact.unit, fact.value);
      case 'concurrency':
        return;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#flush();
    return Promise.resolve();
  }

  #invocation(fact: InvocationFact): void {
    const waiting = this.#of(fact, fact.startedAtMs, fact.alias);
    add(waiting, 'Invocations', 'Count', 1);
    add(waiting, 'Errors', 'Count', fact.status === 'success' ? 0 : 1);
    add(waiting, 'Duration', 'Milliseconds', fact.durationMs);
    add(waiting, 'Throttles', 'Count', 0);
    if (fact.postRuntimeExtensionsMs !== undefined) {
      add(waiting, 'PostRuntimeExtensionsDuration', 'Milliseconds', fact.postRuntimeExtensionsMs);
    }
  }

  #of(subject: Subject, atMs: number, alias: string | undefined): Waiting | undefined {
    const { account, region, functionName, version } = subject;
    const resource = alias ?? (version === '$LATEST' ? undefined : version);
    const startMs = Math.floor(atMs / minuteMs) * minuteMs;
    const key = `${account}/${region}/${functionName}:${resource ?? ''}/${startMs}`;
    const known = this.#waiting.get(key);
    if (known !== undefined || this.#waiting.size >= mostWaiting) return known;
    const waiting: Waiting = { subject, resource, minuteMs: startMs, metrics: new Map() };
    this.#waiting.set(key, waiting);
    this.#arm();
    return waiting;
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.after(everyMs, () => {
      this.#timer = undefined;
      this.#flush();
    });
    this.#timer.unref();
  }

  #flush(): void {
    const all = this.#waiting;
    this.#waiting = new Map();
    for (const waiting of all.values()) this.#tell(waiting);
  }

  /** Once for the function, once for the version or alias that was called, once for the account. */
  #tell({ subject, resource, minuteMs: atMs, metrics }: Waiting): void {
    const { account, region, functionName } = subject;
    const all: Record<string, string>[] = [{}, { FunctionName: functionName }];
    if (resource !== undefined) all.push({ FunctionName: functionName, Resource: `${functionName}:${resource}` });
    for (const [name, tally] of metrics) {
      for (const dimensions of all) {
        this.#sink.putSummary({
          account,
          region,
          namespace: 'AWS/Lambda',
          name,
          dimensions,
          atMs,
          unit: tally.unit,
          summary: tally.summary,
        });
      }
    }
  }
}

function add(waiting: Waiting | undefined, name: string, unit: Tally['unit'], value: number): void {
  if (waiting === undefined) return;
  const tally = waiting.metrics.get(name);
  if (tally === undefined) waiting.metrics.set(name, new Tally(unit, value));
  else tally.add(value);
}
