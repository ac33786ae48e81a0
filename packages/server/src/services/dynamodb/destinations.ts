import { ServiceFault, type Call, type DynamoDbOperations, type Handlers } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Outbox, type Parcel } from '../kit/outbox.ts';
import { tableName } from './catalogue.ts';
import { invalid, tableNotFound } from './faults.ts';
import type { Room } from './room.ts';
import { streamRecord, type Identity } from './streams/record.ts';
import { itemKey, keyText, type Table } from './table.ts';
import { replace } from './tables.ts';
import { equalItems, type Item } from './value.ts';

/** A stream of Kinesis that hears of a table's changes. */
export interface Destination {
  readonly streamArn: string;
  readonly active: boolean;
  readonly precision: 'MILLISECOND' | 'MICROSECOND';
}

/** Streams of Kinesis, as far as tables need them. */
export interface KinesisPort {
  /** @throws ServiceFault when there is no such stream */
  check(streamArn: string): Promise<unknown>;
  put(streamArn: string, partitionKey: string, data: Uint8Array): Promise<void>;
}

type Names =
  | 'EnableKinesisStreamingDestination'
  | 'DisableKinesisStreamingDestination'
  | 'UpdateKinesisStreamingDestination'
  | 'DescribeKinesisStreamingDestination';

const retryMs = 1000;

/** What tables send to streams of Kinesis: written with the change, and brought there at least once, in order for each item. */
export function openDeliveries(options: {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly kinesis: KinesisPort;
}): Promise<Outbox> {
  const { kinesis, log } = options;
  return Outbox.open({
    ...options,
    service: 'dynamodb',
    async deliver({ target, lane, body }) {
      try {
        await kinesis.put(target, lane ?? '', Buffer.from(body));
        return { kind: 'done' };
      } catch (error) {
        if (!(error instanceof ServiceFault)) throw error;
        if (error.code === 'ProvisionedThroughputExceededException') return { kind: 'retry', inMs: retryMs };
        log.warn('A change of a table could not be brought to a stream.', { stream: target, reason: error.message });
        return { kind: 'done' };
      }
    },
  });
}

/** The change of an item for each stream that hears of it. @source Kinesis Data Streams for DynamoDB, "Change data capture", read 2026-11 */
export function changesFor(
  table: Table,
  change: { readonly old: Item | undefined; readonly next: Item | undefined; readonly by: Identity | undefined },
  at: { readonly nowMs: number; readonly random: Pick<Random, 'uuid'> },
): Parcel[] {
  const { old, next, by } = change;
  const active = table.destinations?.filter((each) => each.active) ?? [];
  if (active.length === 0 || (old !== undefined && next !== undefined && equalItems(old, next))) return [];
  const { eventName, keys, newImage, oldImage, sizeBytes } = streamRecord(table, 'NEW_AND_OLD_IMAGES', old, next, by);
  const key = keyText(itemKey(table.keys, next ?? old ?? {}));
  return active.map(({ streamArn, precision }) => ({
    target: streamArn,
    lane: key,
    body: JSON.stringify({
      awsRegion: table.region,
      eventID: at.random.uuid(),
      eventName,
      userIdentity: by ?? null,
      recordFormat: 'application/json',
      tableName: table.name,
      dynamodb: {
        ApproximateCreationDateTime: precision === 'MICROSECOND' ? at.nowMs * 1000 : at.nowMs,
        ...(precision === 'MICROSECOND' ? { ApproximateCreationDateTimePrecision: precision } : {}),
        Keys: keys,
        ...(newImage === undefined ? {} : { NewImage: newImage }),
        ...(oldImage === undefined ? {} : { OldImage: oldImage }),
        SizeBytes: sizeBytes,
      },
      eventSource: 'aws:dynamodb',
    }),
  }));
}

export function destinationHandlers(room: Room, kinesis: KinesisPort): Pick<Handlers<DynamoDbOperations>, Names> {
  const find = (call: Call, name: string | undefined): Table => {
    const table = room.catalogue.find(call, name ?? '');
    if (table === undefined) throw tableNotFound(tableName(name ?? ''));
    return table;
  };
  const put = (table: Table, destination: Destination): Promise<void> => {
    const others = table.destinations?.filter(({ streamArn }) => streamArn !== destination.streamArn) ?? [];
    return replace(room, table, { ...table, destinations: [...others, destination] });
  };
  const active = (table: Table, streamArn: string | undefined, what: string, operation: string): Destination => {
    const found = table.destinations?.find((each) => each.streamArn === streamArn && each.active);
    if (found !== undefined) return found;
    throw invalid(
      `Table is not in a valid state to ${what} Kinesis Streaming Destination: ${operation}KinesisStreamingDestination must be ACTIVE to perform ${operation.toUpperCase()} operation.`,
    );
  };
  return {
    async EnableKinesisStreamingDestination(input, call) {
      const table = find(call, input.TableName);
      const { StreamArn: streamArn = '', EnableKinesisStreamingConfiguration: given } = input;
      if (table.destinations?.some((each) => each.streamArn === streamArn && each.active) === true) {
        throw invalid(
          'Table is not in a valid state to enable Kinesis Streaming Destination: EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to perform ENABLE operation.',
        );
      }
      await kinesis.check(streamArn);
      await put(table, { streamArn, active: true, precision: given?.ApproximateCreationDateTimePrecision ?? 'MILLISECOND' });
      return {
        TableName: table.name,
        StreamArn: streamArn,
        DestinationStatus: 'ENABLING' as const,
        ...(given === undefined ? {} : { EnableKinesisStreamingConfiguration: given }),
      };
    },
    async DisableKinesisStreamingDestination(input, call) {
      const table = find(call, input.TableName);
      const found = active(table, input.StreamArn, 'disable', 'Disable');
      await put(table, { ...found, active: false });
      return { TableName: table.name, StreamArn: found.streamArn, DestinationStatus: 'DISABLING' as const };
    },
    async UpdateKinesisStreamingDestination(input, call) {
      const table = find(call, input.TableName);
      const found = active(table, input.StreamArn, 'update', 'Update');
      const { UpdateKinesisStreamingConfiguration: given } = input;
      await put(table, { ...found, precision: given?.ApproximateCreationDateTimePrecision ?? found.precision });
      return {
        TableName: table.name,
        StreamArn: found.streamArn,
        DestinationStatus: 'UPDATING' as const,
        ...(given === undefined ? {} : { UpdateKinesisStreamingConfiguration: given }),
      };
    },
    DescribeKinesisStreamingDestination(input, call) {
      const table = find(call, input.TableName);
      return Promise.resolve({
        TableName: table.name,
        KinesisDataStreamDestinations: (table.destinations ?? []).map((each) => ({
          StreamArn: each.streamArn,
          DestinationStatus: each.active ? ('ACTIVE' as const) : ('DISABLED' as const),
          ApproximateCreationDateTimePrecision: each.precision,
        })),
      });
    },
  };
}
