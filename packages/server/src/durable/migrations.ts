import type { Migrations } from '../storage/index.ts';

/**
 * One row an execution, one an operation, one an event of its history; all three go when the retention is over.
 *
 * What the function and its callers wrote is sealed. `due_at` says when the engine has to look next, as if no invocation were under
 * way: after a crash none is. `chained` counts chained invokes that have not ended.
 */
export const migrations: Migrations = {
  room: 'durable',
  steps: [
    `CREATE TABLE durable_execution (
       id TEXT PRIMARY KEY,
       account TEXT NOT NULL,
       region TEXT NOT NULL,
       function_name TEXT NOT NULL,
       version TEXT NOT NULL,
       name TEXT NOT NULL,
       status TEXT NOT NULL,
       started_at BIGINT NOT NULL,
       ended_at BIGINT,
       expires_at BIGINT,
       due_at BIGINT,
       chained BIGINT NOT NULL,
       owes_dead_letter BIGINT NOT NULL,
       head TEXT NOT NULL,
       state BYTEA NOT NULL
     )`,
    'CREATE UNIQUE INDEX durable_execution_name ON durable_execution (account, region, function_name, name)',
    'CREATE INDEX durable_execution_started ON durable_execution (account, region, function_name, started_at, id)',
    'CREATE INDEX durable_execution_due ON durable_execution (due_at)',
    'CREATE INDEX durable_execution_expires ON durable_execution (expires_at)',
    `CREATE TABLE durable_operation (
       execution_id TEXT NOT NULL,
       operation_id TEXT NOT NULL,
       seq BIGINT NOT NULL,
       document BYTEA NOT NULL,
       PRIMARY KEY (execution_id, operation_id)
     )`,
    `CREATE TABLE durable_event (
       execution_id TEXT NOT NULL,
       event_id BIGINT NOT NULL,
       document BYTEA NOT NULL,
       PRIMARY KEY (execution_id, event_id)
     )`,
  ],
};
