import type { Database, Migrations, Sql } from '../../../storage/index.ts';
import type { Due } from './timetable.ts';

const migrations: Migrations = {
  room: 'services/dates',
  steps: [
    `CREATE TABLE service_date (
       service TEXT NOT NULL, key TEXT NOT NULL, at BIGINT NOT NULL, slot BIGINT NOT NULL,
       PRIMARY KEY (service, key)
     )`,
  ],
};

/** When each schedule of a service is due next, on storage: what came due while the server was down is found again. */
export class DueDates {
  readonly #service: string;

  private constructor(service: string) {
    this.#service = service;
  }

  static async open(database: Database, service: string): Promise<{ dates: DueDates; due: ReadonlyMap<string, Due> }> {
    await database.migrate(migrations);
    const rows = await database.all('SELECT key, at, slot FROM service_date WHERE service = ?', [service]);
    const due = new Map(rows.map((row) => [row['key'] as string, { atMs: Number(row['at']), slotMs: Number(row['slot']) }]));
    return { dates: new DueDates(service), due };
  }

  /** Without a date the key is forgotten. */
  async write(tx: Sql, key: string, due: Due | undefined): Promise<void> {
    if (due === undefined) {
      await tx.run('DELETE FROM service_date WHERE service = ? AND key = ?', [this.#service, key]);
      return;
    }
    await tx.run(
      `INSERT INTO service_date (service, key, at, slot) VALUES (?, ?, ?, ?)
         ON CONFLICT (service, key) DO UPDATE SET at = excluded.at, slot = excluded.slot`,
      [this.#service, key, Math.floor(due.atMs), Math.floor(due.slotMs)],
    );
  }
}
