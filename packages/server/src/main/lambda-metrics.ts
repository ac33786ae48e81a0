import type { Clock, Fact, Recorder, Subject, Timer } from '../base/index.ts';
import type { MetricSink } from '../services/index.ts';

/** Facts wait this long: what is measured must not cost the invocation that is measured. */
const everyMs = 1000;
/** A burst beyond this is counted in Prometheus and in the bills, and is missing here. */
const mostWaiting = 100_000;

/** Facts about functions → the `AWS/Lambda` namespace of CloudWatch. @source spec 5.5 */
export class LambdaMetrics implements Recorder, AsyncDisposable {
  readonly #sink: MetricSink;
  readonly #clock: Clock;
  #facts: Fact[] = [];
  #timer: Timer | undefined;

  constructor(sink: MetricSink, clock: Clock) {
    this.#sink = sink;
    this.#clock = clock;
  }

  record(fact: Fact): void {
    if (this.#facts.length >= mostWaiting) return;
    this.#facts.push(fact);
    if (this.#timer !== undefined) return;
    this.#timer = this.#clock.after(everyMs, () => {
      this.#timer = undefined;
      this.#flush();
    });
    this.#timer.unref();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.[Symbol.dispose]();
    this.#flush();
    return Promise.resolve();
  }

  #flush(): void {
    const facts = this.#facts;
    this.#facts = [];
    for (const fact of facts) this.#tell(fact);
  }

  #tell(fact: Fact): void {
    switch (fact.kind) {
      case 'invocation': {
        const atMs = fact.startedAtMs;
        this.#put(fact, 'Invocations', 1, 'Count', atMs, fact.alias);
        this.#put(fact, 'Errors', fact.status === 'success' ? 0 : 1, 'Count', atMs, fact.alias);
        this.#put(fact, 'Duration', fact.durationMs, 'Milliseconds', atMs, fact.alias);
        this.#put(fact, 'Throttles', 0, 'Count', atMs, fact.alias);
        if (fact.postRuntimeExtensionsMs !== undefined)
          this.#put(fact, 'PostRuntimeExtensionsDuration', fact.postRuntimeExtensionsMs, 'Milliseconds', atMs, fact.alias);
        return;
      }
      case 'throttle':
        return this.#put(fact, 'Throttles', 1, 'Count', fact.atMs);
      case 'count':
        return this.#put(fact, fact.metric, fact.value, fact.unit, fact.atMs);
      case 'concurrency':
        return;
    }
  }

  /** Once for the function, once for the version or alias that was called, once for the account. */
  #put(subject: Subject, name: string, value: number, unit: 'Count' | 'Milliseconds', atMs: number, alias?: string): void {
    const { account, region, functionName, version } = subject;
    const resource = alias ?? (version === '$LATEST' ? undefined : version);
    for (const dimensions of [
      {},
      { FunctionName: functionName },
      ...(resource === undefined ? [] : [{ FunctionName: functionName, Resource: `${functionName}:${resource}` }]),
    ])
      this.#sink.put({ account, region, namespace: 'AWS/Lambda', name, dimensions, atMs, value, unit });
  }
}
