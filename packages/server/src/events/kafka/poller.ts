import { Consumer } from '@platformatic/kafka';
import { call } from '../batch/call.ts';
import { addressesOf, credentialsOf } from '../broker-access.ts';
import { backoffMs, pause, type Poller, type PollerHouse } from '../house.ts';
import { keepReading } from '../keep-reading.ts';
import type { Broker, Mapping } from '../port.ts';
import { eventOf, filterViewOf, partitionOf, type KafkaMessage } from './event.ts';
import { Lanes, type Pollers } from './lanes.ts';
import { failedFrom } from './partial.ts';

const retryCeilingMs = 30_000;
/** With a destination for failures, endless retries end here. @source spec 6.6-08 */
const triesWithDestination = 10;
const mechanisms = { BASIC_AUTH: 'PLAIN', SASL_SCRAM_256_AUTH: 'SCRAM-SHA-256', SASL_SCRAM_512_AUTH: 'SCRAM-SHA-512' } as const;

/** One that calls once at a time, whatever partition a message is of. */
const onDemand: Pollers = { minimum: 1, maximum: 1, callsEach: 1 };
/** @source spec 6.6-04 */
const provisioned: Pollers = { minimum: 1, maximum: 200, callsEach: 5 };

function pollersOf({ provisionedPollers: given }: Mapping): Pollers {
  if (given === undefined) return onDemand;
  const { minimum = provisioned.minimum, maximum = provisioned.maximum } = given;
  return { ...provisioned, minimum, maximum: Math.max(minimum, maximum) };
}

type Message = KafkaMessage & { readonly commit: () => Promise<void> };

/**
 * Reads topics as a member of the mapping's consumer group. What the function has dealt with is
 * committed, nothing else: a message that was under way when the server ended comes again.
 *
 * Provisioned pollers of AWS are members of the group each; here one member reads, and a poller is its share of calls, with
 * a partition never in two of them.
 */
export class KafkaPoller implements Poller {
  readonly #mapping: Mapping;
  readonly #broker: Broker;
  readonly #house: PollerHouse;
  readonly #passes: (record: object) => boolean;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;

  constructor(mapping: Mapping, broker: Broker, house: PollerHouse) {
    this.#mapping = mapping;
    this.#broker = broker;
    this.#house = house;
    this.#passes = house.compileFilters(mapping.filters);
    this.#done = keepReading('A Kafka topic', mapping, house, this.#stop.signal, () => this.#consume());
  }

  stop(): void {
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#done;
  }

  async #consume(): Promise<void> {
    const { signal } = this.#stop;
    const { uuid, startingPosition } = this.#mapping;
    const addresses = addressesOf(this.#mapping, this.#broker, this.#house.brokerAddresses);
    const credentials = await credentialsOf(this.#mapping, this.#broker, Object.keys(mechanisms), this.#house.readSecret);
    const consumer = new Consumer({
      clientId: `mayfly-${uuid}`,
      groupId: this.#broker.consumerGroupId ?? uuid,
      bootstrapBrokers: [...addresses],
      autocommit: false,
      // Endless tries are ours to make: a broker that is away is told in the mapping.
      retries: 3,
      ...(credentials === undefined
        ? {}
        : {
            sasl: {
              mechanism: mechanisms[credentials.type as keyof typeof mechanisms],
              username: credentials.username,
              password: credentials.password,
            },
          }),
    });
    const stream = await consumer.consume({
      topics: [...this.#broker.topics],
      mode: 'committed',
      fallbackMode: startingPosition === 'LATEST' ? 'latest' : 'earliest',
      maxWaitTime: 500,
      highWaterMark: this.#mapping.batchSize,
    });
    const close = (): void => void stream.close().catch(() => {});
    signal.addEventListener('abort', close, { once: true });
    const pollers = pollersOf(this.#mapping);
    try {
      // Ends before the consumer does: what is under way still commits.
      await using lanes = new Lanes<Message>({
        clock: this.#house.clock,
        batchSize: this.#mapping.batchSize,
        batchWindowMs: this.#mapping.batchWindowMs,
        pollers,
        laneOf: pollers === onDemand ? () => '' : partitionOf,
        deliver: (batch) => this.#deliver(batch, addresses),
        onFailure: close,
      });
      for await (const message of stream as AsyncIterable<Message>) await lanes.add(message);
      await lanes.end();
    } finally {
      signal.removeEventListener('abort', close);
      await stream.close().catch(() => {});
      await consumer.close(true).catch(() => {});
    }
  }

  /** Until the batch is done with, or the poller is stopped in between. */
  async #deliver(batch: readonly Message[], addresses: readonly string[]): Promise<void> {
    const { clock } = this.#house;
    const { signal } = this.#stop;
    const { filters, maximumRetryAttempts, onFailureArn, reportBatchItemFailures } = this.#mapping;
    let left = filters.length === 0 ? [...batch] : batch.filter((message) => this.#passes(filterViewOf(message)));
    const mostTries =
      maximumRetryAttempts >= 0 ? maximumRetryAttempts + 1 : onFailureArn === undefined ? Infinity : triesWithDestination;
    for (let tries = 0; left.length > 0;) {
      if (signal.aborted) return;
      const result = await call(this.#mapping, eventOf(this.#mapping, addresses, left), this.#house);
      if (result.kind === 'returned') {
        const failed: readonly Message[] = reportBatchItemFailures ? failedFrom(left, result.body) : [];
        this.#report(failed.length === 0 ? 'OK' : 'PROBLEM: Function call failed');
        if (failed.length === 0) break;
        left = [...failed];
        tries += 1;
      } else if (result.kind === 'failed') {
        this.#report('PROBLEM: Function call failed');
        tries += 1;
      } else this.#report(result.kind === 'throttled' ? 'PROBLEM: Function call throttled' : `PROBLEM: ${result.why}`);
      if (tries >= mostTries) {
        await this.#giveUp(left, addresses, tries);
        break;
      }
      await pause(clock, backoffMs(tries + 1, retryCeilingMs), signal);
    }
    await this.#commit(batch);
  }

  /** The last message of each partition stands for those before it. @source spec 6.6-07 */
  async #commit(batch: readonly Message[]): Promise<void> {
    const last = new Map(batch.map((message) => [partitionOf(message), message]));
    for (const message of last.values()) await message.commit();
  }

  async #giveUp(left: readonly Message[], addresses: readonly string[], tries: number): Promise<void> {
    const { onFailureArn, functionArn, eventSourceArn } = this.#mapping;
    const { clock, random, deliverFailure, log } = this.#house;
    const [first] = left;
    if (onFailureArn === undefined || first === undefined) return;
    const payload = JSON.stringify(eventOf(this.#mapping, addresses, left));
    // @source spec 6.10-03
    const record = {
      requestContext: {
        requestId: random.uuid(),
        functionArn,
        condition: 'RetryAttemptsExhausted',
        approximateInvokeCount: tries,
      },
      version: '1.0',
      timestamp: new Date(clock.now()).toISOString(),
      KafkaBatchInfo: {
        batchSize: left.length,
        eventSourceArn,
        bootstrapServers: addresses.join(','),
        payloadSize: Buffer.byteLength(payload),
        recordInfo: { offset: String(first.offset), timestamp: new Date(Number(first.timestamp)).toISOString() },
      },
    };
    try {
      await deliverFailure(onFailureArn, record, { mapping: this.#mapping, shardId: partitionOf(first), payload });
    } catch (error) {
      log.warn('A given-up batch could not be handed to its destination.', {
        mapping: this.#mapping.uuid,
        destination: onFailureArn,
        error,
      });
    }
  }

  #report(result: string): void {
    this.#house.book.report(this.#mapping.uuid, { lastProcessingResult: result });
  }
}
