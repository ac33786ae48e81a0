import type { Logger, Random, Clock } from '../../base/index.ts';
import { openText, scopeOf, type Sealer } from '../kit/index.ts';
import type { Ending, Parcel } from '../kit/outbox.ts';
import type { Sender } from '../kit/sender.ts';
import { backoffMs, bring, bringToQueue, defaultRetryPolicy, type Refusal, type TargetPorts } from '../kit/targets.ts';
import { busPlace, type Buses } from './bus.ts';
import type { AuthParameters, DestinationCalls } from './destination-call.ts';
import type { Ingest, Load } from './ingest.ts';
import { parseJsonPath, select } from '../kit/json-path.ts';

export interface DeliveryOptions {
  readonly buses: Buses;
  readonly ingest: Ingest;
  readonly ports: TargetPorts;
  readonly calls: DestinationCalls;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

const senderOf = ({ rule, place }: Load): Sender => ({
  service: 'events.amazonaws.com',
  sourceArn: rule.arn,
  sourceAccount: place.account,
});

type Failure = Refusal & { readonly retryInMs?: number };

/** Buses that send to each other would otherwise go on for ever. */
const mostHops = 5;

/** Brings one event to one target; gives up by the target's retry policy, into its dead-letter queue. */
export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #calls: DestinationCalls;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#calls = options.calls;
  }

  async deliver(parcel: Parcel, attempt: number, signal: AbortSignal): Promise<Ending> {
    const load = JSON.parse(parcel.body) as Load;
    const failure =
      load.broken === undefined
        ? await this.#attempt(load, signal)
        : { code: 'INVALID_PARAMETER', message: load.broken, final: true };
    if (failure === undefined) return { kind: 'done' };
    const exhausted = failure.final ? undefined : this.#exhausted(load, attempt);
    if (!failure.final && exhausted === undefined) {
      return { kind: 'retry', inMs: failure.retryInMs ?? backoffMs(attempt, this.#options.random.float()) };
    }
    return this.#bury(load, failure, attempt, exhausted);
  }

  #exhausted({ target, acceptedAtMs }: Load, attempt: number): string | undefined {
    const { MaximumRetryAttempts: retries = defaultRetryPolicy.maximumRetryAttempts, MaximumEventAgeInSeconds: ageS } =
      target.RetryPolicy ?? {};
    const ageMs = ageS === undefined ? defaultRetryPolicy.maximumAgeMs : ageS * 1000;
    if (attempt > retries) return 'MaximumRetryAttempts';
    return this.#options.clock.now() - acceptedAtMs > ageMs ? 'MaximumEventAgeInSeconds' : undefined;
  }

  async #attempt(load: Load, signal: AbortSignal): Promise<Failure | undefined> {
    const { target, event } = load;
    const arn = target.Arn ?? '';
    const payload = load.payload ?? JSON.stringify(event);
    if (/^arn:[^:]*:events:[^:]*:[^:]*:event-bus\//.test(arn)) return this.#toBus(load, arn);
    if (/^arn:[^:]*:events:[^:]*:[^:]*:api-destination\//.test(arn)) return this.#toDestination(load, arn, payload, signal);
    const path = parseJsonPath(target.KinesisParameters?.PartitionKeyPath ?? '');
    const key = path === undefined ? undefined : select(event, path);
    return bring(this.#options.ports, {
      arn,
      payload,
      id: event.id,
      atMs: Date.parse(event.time),
      from: { ...senderOf(load), ...(target.RoleArn === undefined ? {} : { roleArn: target.RoleArn }) },
      ...(target.SqsParameters?.MessageGroupId === undefined ? {} : { messageGroupId: target.SqsParameters.MessageGroupId }),
      ...(typeof key === 'string' && key !== '' ? { partitionKey: key.slice(0, 256) } : {}),
    });
  }

  async #toBus(load: Load, arn: string): Promise<Failure | undefined> {
    const { bus, ...place } = busPlace(load.place, arn);
    if (this.#options.buses.find(place, bus) === undefined)
      return { code: 'NO_RESOURCE', message: `Event bus ${bus} does not exist.`, final: true };
    if (load.hops >= mostHops)
      return { code: 'INVALID_PARAMETER', message: 'The event has passed too many event buses.', final: true };
    await this.#options.ingest.accept([{ place, bus, event: load.event, hops: load.hops + 1 }]);
    return undefined;
  }

  async #toDestination(load: Load, arn: string, payload: string, signal: AbortSignal): Promise<Failure | undefined> {
    const { records } = this.#options.buses;
    const name = arn.split('/')[1] ?? '';
    const destination = records.get('destination', scopeOf(load.place), name);
    const connection = records.get('connection', scopeOf(load.place), destination?.connectionArn.split('/')[1] ?? '');
    if (destination === undefined || connection === undefined)
      return { code: 'NO_RESOURCE', message: `API destination ${name} or its connection does not exist.`, final: true };
    const auth = openText(this.#options.sealer, connection.sealed);
    if (auth === undefined || connection.isDeauthorized === true)
      return { code: 'NO_PERMISSIONS', message: `Connection ${connection.name} is not authorized.`, final: true };
    return this.#calls.call(destination, connection, JSON.parse(auth) as AuthParameters, load, payload, signal);
  }

  async #bury(load: Load, failure: Failure, attempt: number, exhausted: string | undefined): Promise<Ending> {
    const { ports, log, clock, random } = this.#options;
    const queueArn = load.target.DeadLetterConfig?.Arn;
    // A target of a function's making could fill the log: what is lost without a queue is told at the lowest level.
    if (queueArn === undefined) {
      log.debug('An event was given up, and its target has no dead-letter queue.', { rule: load.rule.arn, reason: failure.code });
      return { kind: 'done' };
    }
    const text = (value: string) => ({ DataType: 'String', StringValue: value });
    const buried = await bringToQueue(
      ports,
      queueArn,
      JSON.stringify(load.event),
      {
        RULE_ARN: text(load.rule.arn),
        TARGET_ARN: text(load.target.Arn ?? ''),
        ERROR_CODE: text(failure.code),
        ERROR_MESSAGE: text(failure.message.slice(0, 1024)),
        RETRY_ATTEMPTS: { DataType: 'Number', StringValue: String(attempt - 1) },
        ...(exhausted === undefined ? {} : { EXHAUSTED_RETRY_CONDITION: text(exhausted) }),
      },
      senderOf(load),
    );
    if (buried === undefined || buried.final || clock.now() - load.acceptedAtMs > 2 * defaultRetryPolicy.maximumAgeMs)
      return { kind: 'done' };
    return { kind: 'retry', inMs: backoffMs(attempt, random.float()) };
  }
}
