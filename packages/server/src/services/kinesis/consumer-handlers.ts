import { ServiceFault, type Call, type Handlers, type KinesisOperations } from '@mayfly/wire';
import type { Clock } from '../../base/index.ts';
import { pageOf } from '../kit/index.ts';
import { badArgument, inUse } from './faults.ts';
import { shardOf, startOf } from './record-handlers.ts';
import type { Consumer, Stream } from './stream.ts';
import type { Streams } from './streams.ts';
import { Subscriptions } from './subscriptions.ts';

type ConsumerHandlers = Pick<
  Handlers<KinesisOperations>,
  'RegisterStreamConsumer' | 'DeregisterStreamConsumer' | 'DescribeStreamConsumer' | 'ListStreamConsumers' | 'SubscribeToShard'
>;

/** @source Developer Guide, "Develop enhanced fan-out consumers": 20 a stream */
const mostConsumers = 20;

export function consumerHandlers(streams: Streams, clock: Clock, signal: AbortSignal): ConsumerHandlers {
  const subscriptions = new Subscriptions(streams, clock, signal);
  const find = (
    call: Call,
    input: {
      readonly StreamARN?: string | undefined;
      readonly ConsumerName?: string | undefined;
      readonly ConsumerARN?: string | undefined;
    },
  ) => {
    const stream = streams.get(call, undefined, input.ConsumerARN ?? input.StreamARN ?? '');
    const consumer = stream.consumers.find(({ arn, name }) =>
      input.ConsumerARN === undefined ? name === input.ConsumerName : arn === input.ConsumerARN,
    );
    if (consumer === undefined) {
      throw new ServiceFault(
        'ResourceNotFoundException',
        `Consumer ${input.ConsumerName ?? input.ConsumerARN}, under account ${call.account} not found.`,
      );
    }
    return { stream, consumer };
  };
  return {
    async RegisterStreamConsumer(input, call) {
      const stream = streams.get(call, undefined, input.StreamARN ?? '');
      const name = input.ConsumerName ?? '';
      if (stream.consumers.some((each) => each.name === name)) {
        throw inUse(`Consumer ${name} under stream ${stream.name} already exists for account ${stream.account}.`);
      }
      if (stream.consumers.length >= mostConsumers) {
        throw new ServiceFault(
          'LimitExceededException',
          `Consumer count for stream ${stream.name} would exceed the limit of ${mostConsumers}.`,
        );
      }
      const createdAtMs = Math.floor(clock.now());
      const consumer: Consumer = {
        name,
        arn: `${stream.arn}/consumer/${name}:${Math.floor(createdAtMs / 1000)}`,
        createdAtMs,
        tags: input.Tags ?? {},
      };
      await streams.save({ ...stream, consumers: [...stream.consumers, consumer] }, stream);
      return { Consumer: { ...described(consumer), ConsumerStatus: 'CREATING' as const } };
    },

    async DeregisterStreamConsumer(input, call) {
      const { stream, consumer } = find(call, input);
      await streams.save({ ...stream, consumers: stream.consumers.filter((each) => each !== consumer) }, stream);
      return {};
    },

    DescribeStreamConsumer(input, call) {
      const { stream, consumer } = find(call, input);
      return Promise.resolve({ ConsumerDescription: { ...described(consumer), StreamARN: stream.arn } });
    },

    ListStreamConsumers(input, call) {
      const stream: Stream = streams.get(call, undefined, input.StreamARN ?? '');
      const { items, next } = pageOf(
        stream.consumers.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
        {
          limit: input.MaxResults ?? 100,
          token: input.NextToken,
          nameOf: ({ name }) => name,
          invalid: () => badArgument('Invalid NextToken.'),
        },
      );
      return Promise.resolve({ Consumers: items.map(described), ...(next === undefined ? {} : { NextToken: next }) });
    },

    async SubscribeToShard(input, call) {
      const { stream, consumer } = find(call, { ConsumerARN: input.ConsumerARN });
      const shard = shardOf(stream, input.ShardId ?? '');
      const after = await startOf(streams, clock, stream, shard, { Type: undefined, ...input.StartingPosition });
      return {
        EventStream: subscriptions.open({ stream, consumerArn: consumer.arn, shard, after, signal: call.signal }) as never,
      };
    },
  };
}

const described = (consumer: Consumer) => ({
  ConsumerName: consumer.name,
  ConsumerARN: consumer.arn,
  ConsumerStatus: 'ACTIVE' as const,
  ConsumerCreationTimestamp: new Date(consumer.createdAtMs),
});
