import type { Migrations } from '../../../storage/index.ts';

export const migrations: Migrations = {
  room: 'services/cloudwatch',
  steps: [
    `CREATE TABLE metric_series (
       id BIGINT PRIMARY KEY,
       account TEXT NOT NULL,
       region TEXT NOT NULL,
       namespace TEXT NOT NULL,
       name TEXT NOT NULL,
       dimensions TEXT NOT NULL,
       last_at BIGINT NOT NULL,
       UNIQUE (account, region, namespace, name, dimensions)
     )`,
    `CREATE TABLE metric_point (
       series_id BIGINT NOT NULL,
       unit TEXT NOT NULL,
       at BIGINT NOT NULL,
       count DOUBLE PRECISION NOT NULL,
       sum DOUBLE PRECISION NOT NULL,
       min DOUBLE PRECISION NOT NULL,
       max DOUBLE PRECISION NOT NULL,
       spread TEXT,
       PRIMARY KEY (series_id, unit, at)
     )`,
    'CREATE INDEX metric_point_at ON metric_point (at)',
  ],
};
