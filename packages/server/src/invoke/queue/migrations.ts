import type { Migrations } from '../../storage/index.ts';

/**
 * One row an accepted event, until its last word is spoken.
 *
 * There is no lease column: one process holds the data folder, so what is in the table and not in its
 * memory cannot be running. A crash therefore leaves `attempts` as it was, and the event runs again.
 * BYTEA is what PostgreSQL calls bytes; SQLite takes any name.
 */
export const migrations: Migrations = {
  room: 'invoke',
  steps: [
    `CREATE TABLE invoke_event (
       seq BIGINT PRIMARY KEY,
       account TEXT NOT NULL,
       region TEXT NOT NULL,
       function_arn TEXT NOT NULL,
       invoked_arn TEXT NOT NULL,
       request_id TEXT NOT NULL,
       trace_id TEXT NOT NULL,
       client_context TEXT,
       payload BYTEA NOT NULL,
       payload_bytes BIGINT NOT NULL,
       accepted_at BIGINT NOT NULL,
       ready_at BIGINT NOT NULL,
       attempts BIGINT NOT NULL,
       ending TEXT,
       response BYTEA
     )`,
    'ALTER TABLE invoke_event ADD COLUMN tenant_id TEXT',
  ],
};
