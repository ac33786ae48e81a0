import { notYet, ServiceFault, type DynamoDbOperations, type DynamoDbStreamsOperations, type Handlers } from '@mayfly/wire';
import type { Clock, Logger, Random, Timer } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Wakers, type ShardSource } from '../kit/shards.ts';
import { Background } from './background.ts';
import { backupHandlers } from './backups.ts';
import { batchHandlers } from './batch.ts';
import { Catalogue } from './catalogue.ts';
import { Counts } from './counts.ts';
import { destinationHandlers, openDeliveries, type KinesisPort } from './destinations.ts';
import { itemHandlers } from './items.ts';
import { migrations } from './migrations.ts';
import { partiQlHandlers } from './partiql/execute.ts';
import { policyHandlers } from './policies.ts';
import type { Room } from './room.ts';
import { searchHandlers } from './search.ts';
import { settingHandlers } from './settings.ts';
import { streamHandlers } from './streams/handlers.ts';
import { Streams } from './streams/streams.ts';
import { tableHandlers } from './tables.ts';
import { tokenLifeMs, transactHandlers } from './transact.ts';
import { TimeToLive } from './ttl.ts';
import { Writer, type Sequence } from './writer.ts';

export interface DynamoDbOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Absent = there are no streams of Kinesis. */
  readonly kinesis?: KinesisPort;
}

export interface DynamoDb extends AsyncDisposable {
  readonly handlers: Handlers<DynamoDbOperations>;
  readonly streamHandlers: Handlers<DynamoDbStreamsOperations>;
  /** Name of the partition key of a table or of one of its indexes; undefined when there is none. */
  partitionKey(tableArn: string, indexName?: string): string | undefined;
  /** Who may use a table, besides whom policies of callers let. */
  policy(tableArn: string): string | undefined;
  /** For pollers inside this process. */
  readonly streams: ShardSource;
  /** Resolves when what goes on behind the scenes (sweeping, filling of indexes) has nothing left to do. */
  settled(): Promise<void>;
}

const trimEveryMs = 600_000;

/** DynamoDB and its streams, on the tables of one database. Disposing waits for what is being written. */
export async function openDynamoDb(options: DynamoDbOptions): Promise<DynamoDb> {
  const { database, clock, log } = options;
  await database.migrate(migrations);
  const catalogue = await Catalogue.load(database);
  const last = await database.get('SELECT MAX(seq) AS seq FROM dynamodb_record');
  const sequence: Sequence = { last: Number(last?.['seq'] ?? 0) };
  const wakers = new Wakers();
  const streams = await Streams.load({ database, clock, wakers, sequence });
  // Streams whose records are all trimmed still know where they were.
  for (const { startSeq, endSeq } of streams.all()) sequence.last = Math.max(sequence.last, startSeq, endSeq ?? 0);
  const counts = new Counts();
  const kinesis = options.kinesis ?? noKinesis;
  const outbox = await openDeliveries({ database, clock, log, kinesis });
  const writer = new Writer({ database, clock, wakers, counts, sequence, random: options.random, outbox });
  const room: Room = { ...options, catalogue, writer, counts };
  const background = new Background(room);
  const ttl = new TimeToLive(room);
  background.sweep();
  background.fill();
  outbox.start();

  let closed = false;
  let timer: Timer | undefined;
  let trimming: Promise<unknown> = Promise.resolve();
  const trimLater = (): void => {
    timer = clock.after(trimEveryMs, () => {
      trimming = streams
        .trim((work) => writer.run(work))
        .then(() =>
          writer.run((tx) => tx.run('DELETE FROM dynamodb_token WHERE at < ?', [Math.floor(clock.now()) - tokenLifeMs])),
        )
        .catch((error: unknown) => log.error('Old stream records could not be trimmed; the next try follows.', { error }))
        .finally(() => void (closed || trimLater()));
    });
    timer.unref();
  };
  trimLater();

  return {
    partitionKey(tableArn, indexName) {
      const [, , , region = '', account = ''] = tableArn.split(':');
      const table = catalogue.find({ account, region }, tableArn);
      return (indexName === undefined ? table : table?.indexes.find(({ name }) => name === indexName))?.keys.hash.name;
    },
    policy(tableArn) {
      const [, , , region = '', account = ''] = tableArn.split(':');
      return catalogue.find({ account, region }, tableArn)?.resourcePolicy?.policy;
    },
    handlers: {
      ...gaps,
      ...tableHandlers(room, streams, background),
      ...settingHandlers(room, ttl),
      ...backupHandlers(room, background),
      ...policyHandlers(room),
      ...destinationHandlers(room, kinesis),
      ...itemHandlers(room),
      ...searchHandlers(room),
      ...batchHandlers(room),
      ...transactHandlers(room),
      ...partiQlHandlers(room),
      // Truly none: what would make one is not there yet.
      ListExports: () => Promise.resolve({ ExportSummaries: [] }),
      ListGlobalTables: () => Promise.resolve({ GlobalTables: [] }),
      DescribeExport: ({ ExportArn }) => missing('ExportNotFoundException', `Export not found: ${ExportArn}`),
      DescribeGlobalTable: ({ GlobalTableName }) =>
        missing('GlobalTableNotFoundException', `Global table not found: ${GlobalTableName}`),
      DescribeImport: ({ ImportArn }) => missing('ImportNotFoundException', `Import not found: ${ImportArn}`),
      ListImports: () => Promise.resolve({ ImportSummaryList: [] }),
    },
    streamHandlers: streamHandlers(streams, clock),
    streams,
    settled: () => background.settled(),
    async [Symbol.asyncDispose]() {
      closed = true;
      timer?.[Symbol.dispose]();
      await ttl[Symbol.asyncDispose]();
      await background[Symbol.asyncDispose]();
      await trimming;
      await writer.settled();
      await outbox[Symbol.asyncDispose]();
    },
  };
}

const missing = (code: string, message: string): Promise<never> => Promise.reject(new ServiceFault(code, message));

const noKinesis: KinesisPort = {
  check: (streamArn) => missing('ResourceNotFoundException', `Stream ${streamArn} not found.`),
  put: (streamArn) => missing('ResourceNotFoundException', `Stream ${streamArn} not found.`),
};

const gaps = {
  CancelBulkOperation: notYet('CancelBulkOperation'),
  CreateGlobalTable: notYet('CreateGlobalTable'),
  DescribeBulkOperation: notYet('DescribeBulkOperation'),
  DescribeGlobalTableSettings: notYet('DescribeGlobalTableSettings'),
  DescribeTableReplicaAutoScaling: notYet('DescribeTableReplicaAutoScaling'),
  ExportTableToPointInTime: notYet('ExportTableToPointInTime'),
  ImportTable: notYet('ImportTable'),
  ListBulkOperations: notYet('ListBulkOperations'),
  SearchVectors: notYet('SearchVectors'),
  StartBulkPutItems: notYet('StartBulkPutItems'),
  UpdateGlobalTable: notYet('UpdateGlobalTable'),
  UpdateGlobalTableSettings: notYet('UpdateGlobalTableSettings'),
  UpdateTableReplicaAutoScaling: notYet('UpdateTableReplicaAutoScaling'),
};
