import type { Migrations } from '../../storage/index.ts';

/** Groups and their filters are records (kit); here is what can grow. */
export const migrations: Migrations = {
  room: 'services/logs',
  steps: [
    `CREATE TABLE log_stream (
       id BIGINT PRIMARY KEY,
       group_id BIGINT NOT NULL,
       name TEXT NOT NULL,
       created_at BIGINT NOT NULL,
       first_event_at BIGINT,
       last_event_at BIGINT,
       last_ingestion_at BIGINT,
       bytes BIGINT NOT NULL,
       UNIQUE (group_id, name)
     )`,
    `CREATE TABLE log_chunk (
       seq BIGINT PRIMARY KEY,
       group_id BIGINT NOT NULL,
       stream_id BIGINT NOT NULL,
       first_ms BIGINT NOT NULL,
       last_ms BIGINT NOT NULL,
       ingested_at BIGINT NOT NULL,
       count BIGINT NOT NULL,
       bytes BIGINT NOT NULL,
       body TEXT NOT NULL
     )`,
    'CREATE INDEX log_chunk_group ON log_chunk (group_id, first_ms, seq)',
    'CREATE INDEX log_chunk_stream_first ON log_chunk (stream_id, first_ms, seq)',
    'CREATE INDEX log_chunk_stream_last ON log_chunk (stream_id, last_ms, seq)',
    'CREATE INDEX log_stream_last ON log_stream (group_id, last_event_at, name)',
  ],
};
