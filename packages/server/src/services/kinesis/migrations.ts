import type { Migrations } from '../../storage/index.ts';

/** A stream's settings, shards and consumers are one small document; its records are rows in the order of their numbers. */
export const migrations: Migrations = {
  room: 'kinesis',
  steps: [
    `CREATE TABLE kinesis_stream (
       stream_no BIGINT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
       UNIQUE (account, region, name)
     )`,
    `CREATE TABLE kinesis_record (
       stream_no BIGINT NOT NULL, shard_no BIGINT NOT NULL, seq BIGINT NOT NULL,
       at BIGINT NOT NULL, partition_key TEXT NOT NULL, encryption TEXT, data BYTEA NOT NULL,
       PRIMARY KEY (stream_no, shard_no, seq)
     )`,
    // Shards of removed streams, until their records are deleted.
    `CREATE TABLE kinesis_dropped (stream_no BIGINT NOT NULL, shard_no BIGINT NOT NULL, PRIMARY KEY (stream_no, shard_no))`,
  ],
};
