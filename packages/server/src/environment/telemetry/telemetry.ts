import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock, PlatformEvent } from '../../base/index.ts';
import type { Sandbox } from '../../sandbox/index.ts';
import { identified } from '../extensions/api.ts';
import type { Extension } from '../extensions/extension.ts';
import type { Extensions } from '../extensions/extensions.ts';
import type { EnvironmentLog, LogListener } from '../log.ts';
import { readBody } from '../transport/http-body.ts';
import { notAllowed, send, tell, type InsideHandler } from '../transport/runtime-api.ts';
import { deliveryTo } from './delivery.ts';
import { kindOf, recordTexts, type Happening } from './records.ts';
import { parseSubscription, type Api, type SubscriptionRequest } from './request.ts';
import { Subscription } from './subscription.ts';

/** What happened before anybody could subscribe is told too, this much of it. @source spec 3.5-06 */
const backlogRecords = 1000;
const backlogBytes = 1_048_576;
const maxBodyBytes = 65_536;
/** How long an end waits for the last records to be taken. */
const lastRecordsMs = 300;
const paths: Readonly<Record<string, Api>> = { '/2022-07-01/telemetry': 'telemetry', '/2020-08-15/logs': 'logs' };

interface Subscriber {
  readonly api: Api;
  readonly request: SubscriptionRequest;
  readonly subscription: Subscription;
}

/** The Telemetry API and its older sister, the Logs API, for one environment. @source spec 3.5 */
export class Telemetry implements LogListener {
  readonly #log: EnvironmentLog;
  readonly #clock: Clock;
  readonly #logFormat: 'Text' | 'JSON';
  readonly #subscribers = new Map<string, Subscriber>();
  #sandbox: Sandbox | undefined;
  /** Undefined once nobody can subscribe any more. */
  #backlog: Happening[] | undefined;
  #backlogBytes = 0;

  constructor(options: { readonly log: EnvironmentLog; readonly clock: Clock; readonly logFormat: 'Text' | 'JSON' }) {
    this.#log = options.log;
    this.#clock = options.clock;
    this.#logFormat = options.logFormat;
  }

  /** A new crew begins: nobody is subscribed, and everybody may. */
  begin(sandbox: Sandbox): void {
    this.#close();
    this.#sandbox = sandbox;
    this.#backlog = [];
    this.#backlogBytes = 0;
    this.#log.listener = this;
  }

  /** The initialisation is over: who has not subscribed will not. */
  settled(): void {
    this.#backlog = undefined;
    if (this.#subscribers.size === 0) this.#log.listener = undefined;
  }

  handler(extensions: Extensions): (path: string) => InsideHandler | undefined {
    return (path) => {
      const api = paths[path];
      if (api === undefined) return undefined;
      return (request, response) =>
        request.method === 'PUT' ? void this.#subscribe(api, extensions, request, response) : notAllowed(response);
    };
  }

  platform(event: PlatformEvent): void {
    this.#happened({ kind: 'platform', event }, 256);
  }

  line(kind: 'function' | 'extension', message: string, atMs: number): void {
    this.#happened({ kind, message, atMs }, message.length);
  }

  /** What is held is delivered, within reason. */
  async flush(): Promise<void> {
    if (this.#subscribers.size === 0) return;
    const late = Promise.withResolvers<void>();
    using _timer = this.#clock.after(lastRecordsMs, late.resolve);
    await Promise.race([
      Promise.all([...this.#subscribers.values()].map(({ subscription }) => subscription.flush())),
      late.promise,
    ]);
  }

  end(): void {
    this.#close();
    this.#log.listener = undefined;
  }

  #close(): void {
    for (const { subscription } of this.#subscribers.values()) subscription[Symbol.dispose]();
    this.#subscribers.clear();
    this.#backlog = undefined;
  }

  #happened(happening: Happening, bytes: number): void {
    for (const subscriber of this.#subscribers.values()) this.#offer(subscriber, happening);
    if (this.#backlog === undefined || this.#backlog.length >= backlogRecords || this.#backlogBytes + bytes > backlogBytes)
      return;
    this.#backlog.push(happening);
    this.#backlogBytes += bytes;
  }

  #offer({ api, request, subscription }: Subscriber, happening: Happening): void {
    if (!request.types.has(kindOf(happening))) return;
    const { schemaVersion } = request;
    for (const text of recordTexts(happening, { api, schemaVersion, logFormat: this.#logFormat })) subscription.offer(text);
  }

  async #subscribe(api: Api, extensions: Extensions, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request, maxBodyBytes);
    const extension = identified(extensions, request, response);
    if (extension === undefined) return;
    const name = api === 'telemetry' ? 'Telemetry' : 'Logs';
    const connect = this.#sandbox?.connect?.bind(this.#sandbox);
    // @source spec 3.5-05: the answer where records cannot be taken into the box
    if (connect === undefined)
      return send(
        response,
        202,
        JSON.stringify({ errorMessage: `${name} API is not supported`, errorType: `${name}.NotSupported` }),
      );
    const refusal = this.#refusal(extension, api);
    if (refusal !== undefined) return tell(response, 403, `${name}.Forbidden`, refusal);
    const wanted = body.kind === 'whole' ? parseSubscription(api, body.bytes) : 'request body is too large';
    if (typeof wanted === 'string') return tell(response, 400, 'ValidationError', wanted);
    const before = this.#subscribers.get(extension.id);
    before?.subscription[Symbol.dispose]();
    extension.subscription = api;
    const delivery = deliveryTo(wanted.destination, connect, this.#clock);
    const subscription = new Subscription({ buffering: wanted.buffering, delivery, clock: this.#clock });
    const subscriber: Subscriber = { api, request: wanted, subscription };
    this.#subscribers.set(extension.id, subscriber);
    for (const happening of this.#backlog ?? []) this.#offer(subscriber, happening);
    send(response, 200, '"OK"');
    this.#log.platform({
      type: api === 'telemetry' ? 'platform.telemetrySubscription' : 'platform.logsSubscription',
      record: {
        name: extension.name,
        state: before === undefined ? 'Subscribed' : 'Already subscribed',
        types: [...wanted.types],
      },
    });
  }

  /** @source spec 3.5-02, 3.5-07 */
  #refusal(extension: Extension, api: Api): string | undefined {
    if (extension.state !== 'registered' || this.#backlog === undefined)
      return 'The subscription is closed: the extension is initialised';
    if (extension.subscription !== undefined && extension.subscription !== api)
      return 'An extension subscribes to one of the two interfaces';
    return undefined;
  }
}
