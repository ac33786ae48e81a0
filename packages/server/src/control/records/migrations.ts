import type { Migrations } from '../../storage/index.ts';

/**
 * One row a record: a JSON document under the columns it is looked up by. `name` is the function's, the
 * layer's or the id of what stands alone; `part` is the version, alias or qualifier within it.
 */
export const migrations: Migrations = {
  room: 'control',
  steps: [
    `CREATE TABLE control_record (
       kind TEXT NOT NULL,
       account TEXT NOT NULL,
       region TEXT NOT NULL,
       name TEXT NOT NULL,
       part TEXT NOT NULL,
       document TEXT NOT NULL,
       PRIMARY KEY (account, region, name, kind, part)
     )`,
  ],
};
