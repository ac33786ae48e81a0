import { notYet, type Handlers, type KinesisOperations } from '@mayfly/wire';
import type { Clock, Logger } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { repeating } from '../kit/index.ts';
import type { ShardSource } from '../kit/shards.ts';
import { consumerHandlers } from './consumer-handlers.ts';
import { policyHandlers } from './policy-handlers.ts';
import { recordHandlers } from './record-handlers.ts';
import { shardHandlers } from './shard-handlers.ts';
import { streamHandlers } from './stream-handlers.ts';
import { Streams } from './streams.ts';
import { tagHandlers } from './tag-handlers.ts';

export interface KinesisOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface Kinesis extends AsyncDisposable {
  readonly handlers: Handlers<KinesisOperations>;
  /** For pollers inside this process. */
  readonly streams: ShardSource;
  /** Who may use a stream or a consumer, besides whom policies of callers let. */
  policy(arn: string): string | undefined;
  /** For other services that deliver to a stream. Resolves when the record is on storage. @throws ServiceFault */
  put(arn: string, partitionKey: string, data: Uint8Array): Promise<void>;
}

const trimEveryMs = 600_000;

/** Kinesis Data Streams on rows of one database. Throughput is not throttled. Disposing ends subscriptions and waits for writes. */
export async function openKinesis({ database, clock, log }: KinesisOptions): Promise<Kinesis> {
  const streams = await Streams.open(database, clock);
  const closing = new AbortController();
  const trimming = repeating(clock, trimEveryMs, () =>
    streams
      .trim()
      .catch((error: unknown) =>
        log.error('Old records of Kinesis streams could not be trimmed; the next try follows.', { error }),
      ),
  );
  return {
    handlers: {
      ...gaps,
      ...streamHandlers(streams, clock),
      ...shardHandlers(streams, clock),
      ...recordHandlers(streams, clock),
      ...consumerHandlers(streams, clock, closing.signal),
      ...tagHandlers(streams),
      ...policyHandlers(streams),
    },
    streams,
    policy: (arn) => streams.find(arn.split('/consumer/')[0] ?? '')?.policies?.[arn],
    async put(arn, partitionKey, data) {
      const [, , , region = '', account = ''] = arn.split(':');
      const stream = streams.get({ account, region }, undefined, arn);
      await streams.put(stream, [{ partitionKey, data }]);
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      await trimming[Symbol.asyncDispose]();
      await streams.settled();
    },
  };
}

const gaps = {
  CreateChannel: notYet('CreateChannel'),
  DeleteChannel: notYet('DeleteChannel'),
  DescribeChannel: notYet('DescribeChannel'),
  ListChannels: notYet('ListChannels'),
  UpdateChannel: notYet('UpdateChannel'),
  DescribeAccountSettings: notYet('DescribeAccountSettings'),
  UpdateAccountSettings: notYet('UpdateAccountSettings'),
  UpdateStreamRecordDistributionStrategy: notYet('UpdateStreamRecordDistributionStrategy'),
  UpdateStreamWarmThroughput: notYet('UpdateStreamWarmThroughput'),
};
