import { ServiceFault } from '@mayfly/wire';
import type { Database, Migrations, Statement } from '../../storage/index.ts';

/**
 * Small documents of a neighbour service: roles, parameters, alarms, log groups. They are few and read
 * often, so all of them are kept in memory; the table is what a restart reads back.
 */
const migrations: Migrations = {
  room: 'services/records',
  steps: [
    `CREATE TABLE service_record (
       service TEXT NOT NULL,
       kind TEXT NOT NULL,
       scope TEXT NOT NULL,
       name TEXT NOT NULL,
       body TEXT NOT NULL,
       PRIMARY KEY (service, kind, scope, name)
     )`,
  ],
};

/** Kind of document → what it holds. Values must survive JSON: numbers for moments, no undefined to tell apart. */
export type RecordKinds = Readonly<Record<string, object>>;

export interface ReadableRecords<Kinds extends RecordKinds> {
  get<Kind extends keyof Kinds & string>(kind: Kind, scope: string, name: string): Readonly<Kinds[Kind]> | undefined;
  /** By name, in the order of their code units. */
  list<Kind extends keyof Kinds & string>(kind: Kind, scope: string): readonly Readonly<Kinds[Kind]>[];
  /** How many `list` would give, without making the list. */
  count<Kind extends keyof Kinds & string>(kind: Kind, scope: string): number;
}

/** What a draft is laid over. */
interface Shelves<Kinds extends RecordKinds> extends ReadableRecords<Kinds> {
  entries<Kind extends keyof Kinds & string>(kind: Kind, scope: string): Iterable<[string, Readonly<Kinds[Kind]>]>;
}

export interface RecordDraft<Kinds extends RecordKinds> extends ReadableRecords<Kinds> {
  put<Kind extends keyof Kinds & string>(kind: Kind, scope: string, name: string, value: Kinds[Kind]): void;
  delete<Kind extends keyof Kinds & string>(kind: Kind, scope: string, name: string): boolean;
}

type Shelf = Map<string, object>;

/** A change that waits for its turn. */
interface Pending<Kinds extends RecordKinds> {
  readonly work: (draft: RecordDraft<Kinds>) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** Enough to make the cost of one sync to disk small, few enough to keep the transaction short. */
const groupSize = 256;

/** Characters of all documents of a service, since all of them are in memory; ours. */
const mostLength = 268_435_456;

/** Documents of one service, in memory and on disk. */
export class Records<Kinds extends RecordKinds> implements Shelves<Kinds> {
  readonly #database: Database;
  readonly #service: string;
  /** `kind NUL scope` → name → document. */
  readonly #shelves = new Map<string, Shelf>();
  /** Length of each document's text, and of all. */
  readonly #lengths = new Map<string, number>();
  #length = 0;
  readonly #mostLength: number;
  #pending: Pending<Kinds>[] = [];
  #changing: Promise<void> | undefined;

  private constructor(database: Database, service: string, most: number) {
    this.#database = database;
    this.#service = service;
    this.#mostLength = most;
  }

  static async open<Kinds extends RecordKinds>(
    database: Database,
    service: string,
    options: { readonly mostLength?: number } = {},
  ): Promise<Records<Kinds>> {
    await database.migrate(migrations);
    const records = new Records<Kinds>(database, service, options.mostLength ?? mostLength);
    const rows = await database.all('SELECT kind, scope, name, body FROM service_record WHERE service = ?', [service]);
    for (const row of rows) {
      const shelf = records.#shelf(row['kind'] as string, row['scope'] as string);
      const body = row['body'] as string;
      shelf.set(row['name'] as string, JSON.parse(body) as object);
      records.#weigh(`${shelfName(row['kind'] as string, row['scope'] as string)}\0${row['name'] as string}`, body.length);
    }
    return records;
  }

  get<Kind extends keyof Kinds & string>(kind: Kind, scope: string, name: string): Readonly<Kinds[Kind]> | undefined {
    return this.#shelves.get(shelfName(kind, scope))?.get(name) as Kinds[Kind] | undefined;
  }

  list<Kind extends keyof Kinds & string>(kind: Kind, scope: string): readonly Readonly<Kinds[Kind]>[] {
    return inOrder(this.#shelves.get(shelfName(kind, scope)) ?? new Map()) as Kinds[Kind][];
  }

  count<Kind extends keyof Kinds & string>(kind: Kind, scope: string): number {
    return this.#shelves.get(shelfName(kind, scope))?.size ?? 0;
  }

  entries<Kind extends keyof Kinds & string>(kind: Kind, scope: string): Iterable<[string, Readonly<Kinds[Kind]>]> {
    return (this.#shelves.get(shelfName(kind, scope)) ?? new Map<string, object>()) as Map<string, Kinds[Kind]>;
  }

  /** Every document of a kind, whatever its scope, with where it is. */
  *all<Kind extends keyof Kinds & string>(kind: Kind): Iterable<{ scope: string; name: string; value: Readonly<Kinds[Kind]> }> {
    for (const [key, shelf] of this.#shelves) {
      const [of, scope = ''] = key.split('\0');
      if (of !== kind) continue;
      for (const [name, value] of shelf) yield { scope, name, value: value as Kinds[Kind] };
    }
  }

  /**
   * Changes documents, all or nothing, one change at a time: what `work` reads is what the last change
   * left. Resolves when the change is on stable storage; only then do others see it. Changes that wait for the same
   * sync to disk share it.
   *
   * @param work  does not wait, and reads and writes nothing but its draft; what it throws leaves everything as it was
   * @throws ServiceFault LimitExceededException when the service's documents would no longer fit into memory
   */
  change<T>(work: (draft: RecordDraft<Kinds>) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#pending.push({ work, resolve: resolve as (value: unknown) => void, reject });
    this.#changing ??= this.#changeAll();
    return promise;
  }

  /** Resolves when every change asked for so far is made. */
  async settled(): Promise<void> {
    while (this.#changing !== undefined) await this.#changing;
  }

  async #changeAll(): Promise<void> {
    // Those who ask in the same turn share the first group.
    await Promise.resolve();
    while (this.#pending.length > 0) await this.#changeSome(this.#pending.splice(0, groupSize));
    this.#changing = undefined;
  }

  async #changeSome(group: readonly Pending<Kinds>[]): Promise<void> {
    const all = new Draft<Kinds>(this);
    const bodies = new Map<string, string | undefined>();
    const ended: (() => void)[] = [];
    const failed: ((reason: unknown) => void)[] = [];
    const lengthOf = (key: string): number => (bodies.has(key) ? (bodies.get(key)?.length ?? 0) : (this.#lengths.get(key) ?? 0));
    let length = this.#length;
    for (const { work, resolve, reject } of group) {
      const own = new Draft<Kinds>(all);
      try {
        const value = work(own);
        const texts = textsOf(own.changes);
        let grown = 0;
        for (const [key, body] of texts) grown += (body?.length ?? 0) - lengthOf(key);
        if (grown > 0 && length + grown > this.#mostLength) throw this.#full();
        length += grown;
        for (const [key, body] of texts) bodies.set(key, body);
        for (const [key, change] of own.changes) all.changes.set(key, change);
        ended.push(() => resolve(value));
      } catch (error) {
        // Told with the others: it may have looked at what is not on storage yet.
        ended.push(() => reject(error));
      }
      failed.push(reject);
    }
    try {
      await this.#write(all.changes, bodies);
    } catch (error) {
      for (const reject of failed) reject(error);
      return;
    }
    for (const [key, { kind, scope, name, value: document }] of all.changes) {
      this.#weigh(key, bodies.get(key)?.length ?? 0);
      const shelf = this.#shelf(kind, scope);
      if (document !== undefined) shelf.set(name, document);
      else if (shelf.delete(name) && shelf.size === 0) this.#shelves.delete(shelfName(kind, scope));
    }
    for (const tell of ended) tell();
  }

  #full(): ServiceFault {
    const text = `This server has no room for more of ${this.#service}: ${this.#mostLength} characters are the most.`;
    return new ServiceFault('LimitExceededException', text, { status: 400 });
  }

  #weigh(key: string, length: number): void {
    this.#length += length - (this.#lengths.get(key) ?? 0);
    if (length === 0) this.#lengths.delete(key);
    else this.#lengths.set(key, length);
  }

  async #write(changes: ReadonlyMap<string, Change>, bodies: ReadonlyMap<string, string | undefined>): Promise<void> {
    const statements: Statement[] = [];
    for (const [id, { kind, scope, name }] of changes) {
      const key = [this.#service, kind, scope, name];
      const body = bodies.get(id);
      statements.push(
        body === undefined
          ? { query: 'DELETE FROM service_record WHERE service = ? AND kind = ? AND scope = ? AND name = ?', values: key }
          : {
              query: `INSERT INTO service_record (service, kind, scope, name, body) VALUES (?, ?, ?, ?, ?)
                        ON CONFLICT (service, kind, scope, name) DO UPDATE SET body = excluded.body`,
              values: [...key, body],
            },
      );
    }
    await this.#database.batch(statements);
  }

  #shelf(kind: string, scope: string): Shelf {
    const key = shelfName(kind, scope);
    let shelf = this.#shelves.get(key);
    if (shelf === undefined) this.#shelves.set(key, (shelf = new Map()));
    return shelf;
  }
}

interface Change {
  readonly kind: string;
  readonly scope: string;
  readonly name: string;
  /** Absent = deleted. */
  readonly value: object | undefined;
}

/** A document's text by its key; undefined where it is deleted. */
const textsOf = (changes: ReadonlyMap<string, Change>): ReadonlyMap<string, string | undefined> =>
  new Map([...changes].map(([key, { value }]) => [key, value === undefined ? undefined : JSON.stringify(value)]));

/** What a change will look like, over what is. */
class Draft<Kinds extends RecordKinds> implements RecordDraft<Kinds>, Shelves<Kinds> {
  readonly #base: Shelves<Kinds>;
  readonly changes = new Map<string, Change>();

  constructor(base: Shelves<Kinds>) {
    this.#base = base;
  }

  get<Kind extends keyof Kinds & string>(kind: Kind, scope: string, name: string): Kinds[Kind] | undefined {
    const changed = this.changes.get(`${shelfName(kind, scope)}\0${name}`);
    return (changed === undefined ? this.#base.get(kind, scope, name) : changed.value) as Kinds[Kind] | undefined;
  }

  list<Kind extends keyof Kinds & string>(kind: Kind, scope: string): readonly Kinds[Kind][] {
    return inOrder(this.#names(kind, scope)) as Kinds[Kind][];
  }

  entries<Kind extends keyof Kinds & string>(kind: Kind, scope: string): Iterable<[string, Readonly<Kinds[Kind]>]> {
    return this.#names(kind, scope) as Map<string, Kinds[Kind]>;
  }

  count<Kind extends keyof Kinds & string>(kind: Kind, scope: string): number {
    let count = this.#base.count(kind, scope);
    for (const change of this.#changesOf(kind, scope)) {
      const existed = this.#base.get(kind, scope, change.name) !== undefined;
      count += Number(change.value !== undefined) - Number(existed);
    }
    return count;
  }

  put<Kind extends keyof Kinds & string>(kind: Kind, scope: string, name: string, value: Kinds[Kind]): void {
    this.changes.set(`${shelfName(kind, scope)}\0${name}`, { kind, scope, name, value });
  }

  delete<Kind extends keyof Kinds & string>(kind: Kind, scope: string, name: string): boolean {
    const existed = this.get(kind, scope, name) !== undefined;
    if (existed) this.changes.set(`${shelfName(kind, scope)}\0${name}`, { kind, scope, name, value: undefined });
    return existed;
  }

  #names(kind: string, scope: string): Shelf {
    const names: Shelf = new Map(this.#base.entries(kind, scope));
    for (const { name, value } of this.#changesOf(kind, scope)) {
      if (value === undefined) names.delete(name);
      else names.set(name, value);
    }
    return names;
  }

  *#changesOf(kind: string, scope: string): Iterable<Change> {
    for (const change of this.changes.values()) if (change.kind === kind && change.scope === scope) yield change;
  }
}

const shelfName = (kind: string, scope: string): string => `${kind}\0${scope}`;

const inOrder = (shelf: ReadonlyMap<string, object>): object[] =>
  [...shelf.keys()].toSorted(byCodeUnits).map((name) => shelf.get(name) as object);

export const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** State per account and region. */
export const scopeOf = (call: { readonly account: string; readonly region: string }): string => `${call.account}/${call.region}`;
