import type { Clock, Limits, Logger, Random, Recorder } from '../base/index.ts';
import type { Invoker } from '../invoke/index.ts';
import type { Database } from '../storage/index.ts';
import type { Poller, PollerHouse } from './house.ts';
import type {
  BrokerAddresses,
  CompileFilters,
  DeliverFailure,
  Mapping,
  MappingBook,
  QueueSource,
  ReadSecret,
  ShardSource,
} from './port.ts';
import { QueuePoller } from './queue/poller.ts';
import { Checkpoints } from './stream/checkpoints.ts';
import { StreamPoller } from './stream/poller.ts';

export interface EventsOptions {
  readonly book: MappingBook;
  readonly invoker: Invoker;
  readonly compileFilters: CompileFilters;
  readonly deliverFailure: DeliverFailure;
  readonly queues: Readonly<Record<string, QueueSource>>;
  readonly streams: Readonly<Record<string, ShardSource>>;
  /** For brokers outside. */
  readonly readSecret: ReadSecret;
  readonly brokerAddresses: BrokerAddresses;
  readonly database: Database;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Limits;
}

/** Everything between an event source and the road. Disposing lets the calls under way end. */
export interface Events extends AsyncDisposable {
  /** Mappings at work now. */
  readonly active: number;
  /** Takes nothing more from any source; does not wait for the calls under way. */
  stop(): void;
}

/** Starts a poller for each enabled mapping, and follows their changes. */
export async function openEvents(options: EventsOptions): Promise<Events> {
  const house: PollerHouse = { ...options, checkpoints: await Checkpoints.open(options.database) };
  const pollers = new Map<string, Poller>();
  /** Changes of one mapping follow each other: the old poller has ended before the new one begins. */
  const turns = new Map<string, Promise<void>>();
  let closed = false;

  const follow = (uuid: string, mapping: Mapping | undefined): void => {
    const turn = (turns.get(uuid) ?? Promise.resolve()).then(async () => {
      const old = pollers.get(uuid);
      const settle = (): void => {
        if (mapping !== undefined && !closed) house.book.report(uuid, { state: mapping.enabled ? 'Enabled' : 'Disabled' });
      };
      // Where it reads from stands; the calls under way may take as long as their function may.
      if (old !== undefined) settle();
      pollers.delete(uuid);
      await old?.[Symbol.asyncDispose]();
      if (mapping === undefined) return house.checkpoints.forget(uuid);
      if (closed) return;
      try {
        const poller = mapping.enabled ? await pollerOf(mapping, house) : undefined;
        if (closed) return await poller?.[Symbol.asyncDispose]();
        if (poller !== undefined) pollers.set(uuid, poller);
        if (mapping.enabled && poller === undefined)
          house.book.report(uuid, { lastProcessingResult: `PROBLEM: Nothing here reads ${mapping.eventSourceArn}.` });
        await poller?.standing;
      } finally {
        settle();
      }
    });
    const settled = turn
      .catch((error: unknown) => house.log.error('An event source mapping could not follow a change.', { uuid, error }))
      .then(() => {
        if (turns.get(uuid) === settled) turns.delete(uuid);
      });
    turns.set(uuid, settled);
  };

  const changes = options.book.onChange(follow);
  for (const mapping of options.book.all()) follow(mapping.uuid, mapping);

  const stop = (): void => {
    closed = true;
    changes[Symbol.dispose]();
    for (const poller of pollers.values()) poller.stop();
  };

  return {
    get active() {
      return pollers.size;
    },
    stop,
    async [Symbol.asyncDispose]() {
      stop();
      await Promise.all(turns.values());
      await Promise.all([...pollers.values()].map((poller) => poller[Symbol.asyncDispose]()));
    },
  };
}

/** Clients of brokers are loaded with the first mapping that needs them. */
async function pollerOf(mapping: Mapping, house: PollerHouse): Promise<Poller | undefined> {
  const { broker } = mapping;
  switch (broker?.kind) {
    case 'kafka':
    case 'msk': {
      const { KafkaPoller } = await import('./kafka/poller.ts');
      return new KafkaPoller(mapping, broker, house);
    }
    case 'mq': {
      const { RabbitPoller } = await import('./rabbitmq/poller.ts');
      return new RabbitPoller(mapping, broker, house);
    }
    case undefined:
      break;
  }
  const service = mapping.eventSourceArn.split(':')[2] ?? '';
  const queue = house.queues[service];
  if (queue !== undefined) return new QueuePoller(mapping, queue, house);
  const stream = house.streams[service];
  return stream === undefined ? undefined : new StreamPoller(mapping, stream, house);
}
