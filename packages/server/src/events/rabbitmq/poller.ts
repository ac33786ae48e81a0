import { Connection, ConsumerStatus } from 'rabbitmq-client';
import { call } from '../batch/call.ts';
import { addressesOf, credentialsOf } from '../broker-access.ts';
import { backoffMs, pause, type Poller, type PollerHouse } from '../house.ts';
import { keepReading } from '../keep-reading.ts';
import type { Broker, Mapping } from '../port.ts';
import { eventOf, filterViewOf, type RabbitMessage } from './event.ts';

const retryCeilingMs = 30_000;

interface Held {
  readonly message: RabbitMessage;
  readonly settle: (status: ConsumerStatus) => void;
}

/**
 * Takes messages from a queue of RabbitMQ, one batch at a time. A batch is acknowledged when its call
 * succeeded and put back otherwise, for ever: a limit is the broker's dead-letter policy. @source spec 6.7
 */
export class RabbitPoller implements Poller {
  readonly #mapping: Mapping;
  readonly #broker: Broker;
  readonly #house: PollerHouse;
  readonly #passes: (record: object) => boolean;
  readonly #stop = new AbortController();
  readonly #done: Promise<void>;
  #held: Held[] = [];
  #arrived = Promise.withResolvers<void>();
  #failures = 0;

  constructor(mapping: Mapping, broker: Broker, house: PollerHouse) {
    this.#mapping = mapping;
    this.#broker = broker;
    this.#house = house;
    this.#passes = house.compileFilters(mapping.filters);
    this.#done = keepReading('A RabbitMQ queue', mapping, house, this.#stop.signal, () => this.#consume());
  }

  stop(): void {
    this.#stop.abort();
    this.#arrived.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stop();
    await this.#done;
  }

  async #consume(): Promise<void> {
    const { signal } = this.#stop;
    const { batchSize } = this.#mapping;
    const [queue = ''] = this.#broker.queues;
    const virtualHost = this.#broker.access.find(({ type }) => type === 'VIRTUAL_HOST')?.uri ?? '/';
    const addresses = addressesOf(this.#mapping, this.#broker, this.#house.brokerAddresses);
    const credentials = await credentialsOf(this.#mapping, this.#broker, ['BASIC_AUTH'], this.#house.readSecret);
    const connection = new Connection({
      hosts: [...addresses],
      vhost: virtualHost,
      ...(credentials === undefined ? {} : { username: credentials.username, password: credentials.password }),
      acquireTimeout: 10_000,
      connectionName: `mayfly ${this.#mapping.uuid}`,
    });
    const broken = Promise.withResolvers<never>();
    broken.promise.catch(() => {});
    connection.on('error', (error) => broken.reject(error as Error));
    const consumer = connection.createConsumer(
      { queue, qos: { prefetchCount: batchSize }, concurrency: batchSize, queueOptions: { passive: true, queue } },
      (message) =>
        new Promise<ConsumerStatus>((settle) => {
          this.#held.push({ message: message, settle });
          this.#arrived.resolve();
        }),
    );
    consumer.on('error', (error) => broken.reject(error as Error));
    try {
      while (!signal.aborted) {
        const batch = await Promise.race([this.#gather(), broken.promise]);
        if (batch.length > 0) await this.#deliver(batch, queue, virtualHost);
      }
    } finally {
      for (const { settle } of this.#held.splice(0)) settle(ConsumerStatus.REQUEUE);
      await consumer.close().catch(() => {});
      await connection.close().catch(() => {});
    }
  }

  async #gather(): Promise<readonly Held[]> {
    const { clock } = this.#house;
    const { batchSize, batchWindowMs } = this.#mapping;
    const { signal } = this.#stop;
    await this.#arrived.promise;
    const patience = new AbortController();
    const over = pause(clock, batchWindowMs, AbortSignal.any([patience.signal, signal])).then(() => 'over' as const);
    for (let ended: 'over' | void = undefined; ended === undefined && this.#held.length < batchSize && !signal.aborted;) {
      this.#arrived = Promise.withResolvers();
      ended = await Promise.race([this.#arrived.promise, over]);
    }
    patience.abort();
    const batch = signal.aborted ? [] : this.#held.splice(0, batchSize);
    this.#arrived = Promise.withResolvers();
    if (this.#held.length > 0 || signal.aborted) this.#arrived.resolve();
    return batch;
  }

  async #deliver(batch: readonly Held[], queue: string, virtualHost: string): Promise<void> {
    const { filters } = this.#mapping;
    const passed = filters.length === 0 ? batch : batch.filter(({ message }) => this.#passes(filterViewOf(message)));
    // Filtered messages are acknowledged. @source spec 6.7-03
    for (const each of batch) if (!passed.includes(each)) each.settle(ConsumerStatus.ACK);
    if (passed.length === 0) return;
    const result = await call(
      this.#mapping,
      eventOf(
        this.#mapping,
        queue,
        virtualHost,
        passed.map(({ message }) => message),
      ),
      this.#house,
    );
    const isDone = result.kind === 'returned';
    this.#report(isDone ? 'OK' : result.kind === 'impossible' ? `PROBLEM: ${result.why}` : 'PROBLEM: Function call failed');
    this.#failures = isDone ? 0 : this.#failures + 1;
    // Held while it waits: what is put back at once would come back at once.
    if (!isDone) await pause(this.#house.clock, backoffMs(this.#failures, retryCeilingMs), this.#stop.signal);
    for (const { settle } of passed) settle(isDone ? ConsumerStatus.ACK : ConsumerStatus.REQUEUE);
  }

  #report(result: string): void {
    this.#house.book.report(this.#mapping.uuid, { lastProcessingResult: result });
  }
}
