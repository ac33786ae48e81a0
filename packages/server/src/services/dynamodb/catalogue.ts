import type { Sql } from '../../storage/index.ts';
import { resourceNotFound } from './faults.ts';
import type { Table } from './table.ts';

interface Place {
  readonly account: string;
  readonly region: string;
}

/** Every table's settings, in memory; the rows behind them are written by whoever changes one. */
export class Catalogue {
  readonly #tables = new Map<string, Table>();
  #lastNo = 0;

  static async load(sql: Sql): Promise<Catalogue> {
    const catalogue = new Catalogue();
    for (const row of await sql.all('SELECT data FROM dynamodb_table'))
      catalogue.remember(JSON.parse(row['data'] as string) as Table);
    const last = await sql.get(
      `SELECT MAX(no) AS no FROM (SELECT MAX(no) AS no FROM dynamodb_dropped UNION ALL SELECT MAX(stream_no) FROM dynamodb_stream UNION ALL SELECT MAX(no) FROM dynamodb_backup) AS used`,
    );
    catalogue.#lastNo = Math.max(catalogue.#lastNo, Number(last?.['no'] ?? 0));
    return catalogue;
  }

  /** For a new table, index or stream. */
  nextNo(): number {
    return (this.#lastNo += 1);
  }

  remember(table: Table): void {
    this.#tables.set(keyOf(table, table.name), table);
    for (const { no } of [table, ...table.indexes, ...(table.stream === undefined ? [] : [table.stream])]) {
      this.#lastNo = Math.max(this.#lastNo, no);
    }
  }
  forget(table: Table): void {
    this.#tables.delete(keyOf(table, table.name));
  }

  /** By name or ARN. */
  find(place: Place, nameOrArn: string): Table | undefined {
    return this.#tables.get(keyOf(place, tableName(nameOrArn)));
  }
  /** @throws ResourceNotFoundException as operations on items say it */
  get(place: Place, nameOrArn: string | undefined): Table {
    const table = this.find(place, nameOrArn ?? '');
    if (table === undefined) throw resourceNotFound();
    return table;
  }
  list(place: Place): readonly Table[] {
    return [...this.#tables.values()]
      .filter((table) => table.account === place.account && table.region === place.region)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }
  all(): Iterable<Table> {
    return this.#tables.values();
  }

  static async write(tx: Sql, table: Table): Promise<void> {
    const changed = await tx.run('UPDATE dynamodb_table SET data = ? WHERE table_no = ?', [JSON.stringify(table), table.no]);
    if (changed > 0) return;
    await tx.run('INSERT INTO dynamodb_table (table_no, account, region, name, data) VALUES (?, ?, ?, ?, ?)', [
      table.no,
      table.account,
      table.region,
      table.name,
      JSON.stringify(table),
    ]);
  }
}

const keyOf = ({ account, region }: Place, name: string): string => `${account}/${region}/${name}`;

export const tableName = (nameOrArn: string): string =>
  /^arn:[^:]*:dynamodb:[^:]*:[^:]*:table\/([^/]+)/.exec(nameOrArn)?.[1] ?? nameOrArn;
