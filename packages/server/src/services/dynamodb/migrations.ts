import type { Migrations } from '../../storage/index.ts';

/**
 * Keys are kept as bytes that order as DynamoDB orders them (key-bytes.ts), so that a Query is a range of the
 * primary key. Entries of secondary indexes point to their item. Numbers for tables, indexes and streams keep
 * rows short, and are never used twice. BYTEA is what PostgreSQL calls bytes; SQLite takes any name.
 */
export const migrations: Migrations = {
  room: 'dynamodb',
  steps: [
    `CREATE TABLE dynamodb_table (
       table_no BIGINT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, name TEXT NOT NULL, data TEXT NOT NULL,
       UNIQUE (account, region, name)
     )`,
    `CREATE TABLE dynamodb_item (
       table_no BIGINT NOT NULL, hash_key BYTEA NOT NULL, range_key BYTEA NOT NULL,
       item TEXT NOT NULL, size BIGINT NOT NULL, expires_at BIGINT,
       PRIMARY KEY (table_no, hash_key, range_key)
     )`,
    `CREATE INDEX dynamodb_item_expiry ON dynamodb_item (expires_at) WHERE expires_at IS NOT NULL`,
    `CREATE TABLE dynamodb_entry (
       index_no BIGINT NOT NULL, hash_key BYTEA NOT NULL, range_key BYTEA NOT NULL,
       item_hash BYTEA NOT NULL, item_range BYTEA NOT NULL,
       PRIMARY KEY (index_no, hash_key, range_key, item_hash, item_range)
     )`,
    `CREATE TABLE dynamodb_stream (
       stream_no BIGINT PRIMARY KEY, account TEXT NOT NULL, region TEXT NOT NULL, arn TEXT NOT NULL UNIQUE, data TEXT NOT NULL
     )`,
    `CREATE TABLE dynamodb_record (
       stream_no BIGINT NOT NULL, seq BIGINT NOT NULL, at BIGINT NOT NULL, record TEXT NOT NULL,
       PRIMARY KEY (stream_no, seq)
     )`,
    `CREATE TABLE dynamodb_token (
       account TEXT NOT NULL, region TEXT NOT NULL, token TEXT NOT NULL, digest TEXT NOT NULL, at BIGINT NOT NULL,
       PRIMARY KEY (account, region, token)
     )`,
    // What a deleted table or index leaves behind, until it is swept.
    `CREATE TABLE dynamodb_dropped (kind TEXT NOT NULL, no BIGINT NOT NULL, PRIMARY KEY (kind, no))`,
    `CREATE TABLE dynamodb_backup (
       arn TEXT PRIMARY KEY, no BIGINT NOT NULL, account TEXT NOT NULL, region TEXT NOT NULL, data TEXT NOT NULL
     )`,
  ],
};
