import type { Database, Migrations } from '../../storage/index.ts';
import type { ShardPosition } from '../port.ts';

const migrations: Migrations = {
  room: 'pollers',
  steps: [
    `CREATE TABLE shard_position (
       mapping TEXT NOT NULL,
       shard TEXT NOT NULL,
       position TEXT NOT NULL,
       ended BIGINT NOT NULL,
       tumble TEXT,
       PRIMARY KEY (mapping, shard)
     )`,
  ],
};

/** How far a mapping has come in a shard. */
export interface Checkpoint {
  readonly position: ShardPosition;
  /** Read to its end: its children may begin. */
  readonly ended: boolean;
  /** State of the tumbling window that is open, as JSON. */
  readonly tumble?: string;
}

/** Positions that outlive the server. A batch that was done is never read again, one under way is. */
export class Checkpoints {
  readonly #database: Database;

  private constructor(database: Database) {
    this.#database = database;
  }

  static async open(database: Database): Promise<Checkpoints> {
    await database.migrate(migrations);
    return new Checkpoints(database);
  }

  async read(mapping: string): Promise<ReadonlyMap<string, Checkpoint>> {
    const rows = await this.#database.all<{ shard: string; position: string; ended: number; tumble: string | null }>(
      'SELECT shard, position, ended, tumble FROM shard_position WHERE mapping = ?',
      [mapping],
    );
    return new Map(
      rows.map((row) => [
        row.shard,
        {
          position: JSON.parse(row.position) as ShardPosition,
          ended: row.ended === 1,
          ...(row.tumble === null ? {} : { tumble: row.tumble }),
        },
      ]),
    );
  }

  /** Resolves when it is on stable storage. */
  async write(mapping: string, shard: string, { position, ended, tumble }: Checkpoint): Promise<void> {
    await this.#database.run(
      `INSERT INTO shard_position (mapping, shard, position, ended, tumble) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (mapping, shard) DO UPDATE SET position = excluded.position, ended = excluded.ended, tumble = excluded.tumble`,
      [mapping, shard, JSON.stringify(position), ended ? 1 : 0, tumble ?? null],
    );
  }

  async forget(mapping: string): Promise<void> {
    await this.#database.run('DELETE FROM shard_position WHERE mapping = ?', [mapping]);
  }
}
