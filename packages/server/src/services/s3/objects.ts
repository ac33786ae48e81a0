import type { Database, Migrations, Sql, SqlRow } from '../../storage/index.ts';
import { GroupCommit } from '../kit/group-commit.ts';
import type { Segment } from './blobs.ts';
import type { Checksum } from './checksums.ts';
import type { KnownKey } from './customer-key.ts';

/**
 * One row a version of an object; `null` is the version of buckets that keep none. Keys are bytes, so that both
 * engines sort them as S3 does.
 */
const migrations: Migrations = {
  room: 'services/s3',
  steps: [
    `CREATE TABLE s3_object (
       bucket TEXT NOT NULL,
       object_key BYTEA NOT NULL,
       version_id TEXT NOT NULL,
       seq BIGINT NOT NULL,
       latest BIGINT NOT NULL,
       marker BIGINT NOT NULL,
       bytes BIGINT NOT NULL,
       etag TEXT NOT NULL,
       modified_at BIGINT NOT NULL,
       segments TEXT NOT NULL,
       meta TEXT NOT NULL,
       PRIMARY KEY (bucket, object_key, version_id)
     )`,
    `CREATE TABLE s3_upload (
       upload_id TEXT PRIMARY KEY,
       bucket TEXT NOT NULL,
       object_key BYTEA NOT NULL,
       initiated_at BIGINT NOT NULL,
       owner TEXT NOT NULL,
       meta TEXT NOT NULL
     )`,
    `CREATE TABLE s3_part (
       upload_id TEXT NOT NULL,
       part BIGINT NOT NULL,
       bytes BIGINT NOT NULL,
       etag TEXT NOT NULL,
       modified_at BIGINT NOT NULL,
       segments TEXT NOT NULL,
       checksum TEXT,
       PRIMARY KEY (upload_id, part)
     )`,
  ],
};

/** What travels with an object besides its bytes. */
export interface ObjectMeta {
  /** Response headers that were given with the object, by member name. */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-meta-…`, names in lower case. */
  readonly user: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum?: Checksum;
  /** Sizes of the parts of a multipart upload, in order. */
  readonly parts?: readonly number[];
  /** And their sums, where that of the object is one of these. */
  readonly partSums?: readonly string[];
  readonly retention?: { readonly mode: string; readonly untilMs: number };
  readonly legalHold?: string;
  /** Of archived objects: how long they can be read. */
  readonly restoredUntilMs?: number;
  /** How to know the key again that a customer brought. */
  readonly customerKey?: KnownKey;
  readonly acl?: { readonly canned?: string; readonly grants?: unknown };
}

export interface StoredObject {
  readonly bucket: string;
  readonly key: string;
  /** `null` where the bucket keeps no versions. */
  readonly versionId: string;
  readonly seq: number;
  readonly latest: boolean;
  /** A version that says the object is deleted. */
  readonly marker: boolean;
  readonly bytes: number;
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedAtMs: number;
  readonly segments: readonly Segment[];
  readonly meta: ObjectMeta;
}

const columns = 'bucket, object_key, version_id, seq, latest, marker, bytes, etag, modified_at, segments, meta';

export const keyBytes = (key: string): Uint8Array => Buffer.from(key, 'utf8');

/** The rows of objects. Changes resolve when they are on stable storage; those that come together share a transaction. */
export class ObjectTable {
  readonly database: Database;
  readonly #writer: GroupCommit;
  #lastSeq: number;

  private constructor(database: Database, lastSeq: number) {
    this.database = database;
    this.#writer = new GroupCommit(database);
    this.#lastSeq = lastSeq;
  }

  static async open(database: Database): Promise<ObjectTable> {
    await database.migrate(migrations);
    const last = await database.get('SELECT MAX(seq) AS seq FROM s3_object');
    return new ObjectTable(database, Number(last?.['seq'] ?? 0));
  }

  nextSeq(): number {
    return (this.#lastSeq += 1);
  }

  change<T>(work: (tx: Sql) => Promise<T>): Promise<T> {
    return this.#writer.write(work);
  }

  settled(): Promise<void> {
    return this.#writer.settled();
  }

  /** A version, or the latest, which may be a delete marker. */
  async find(bucket: string, key: string, versionId?: string, sql: Sql = this.database): Promise<StoredObject | undefined> {
    const row =
      versionId === undefined
        ? await sql.get(`SELECT ${columns} FROM s3_object WHERE bucket = ? AND object_key = ? AND latest = 1`, [
            bucket,
            keyBytes(key),
          ])
        : await sql.get(`SELECT ${columns} FROM s3_object WHERE bucket = ? AND object_key = ? AND version_id = ?`, [
            bucket,
            keyBytes(key),
            versionId,
          ]);
    return row === undefined ? undefined : fromRow(row);
  }

  async isEmpty(bucket: string, sql: Sql = this.database): Promise<boolean> {
    return (await sql.get('SELECT 1 AS one FROM s3_object WHERE bucket = ? LIMIT 1', [bucket])) === undefined;
  }

  /** Latest versions that are objects, by key. */
  async current(bucket: string, range: KeyRange, limit: number): Promise<StoredObject[]> {
    const rows = await this.database.all(
      `SELECT ${columns} FROM s3_object WHERE bucket = ? AND object_key ${range.inclusive ? '>=' : '>'} ? AND latest = 1 AND marker = 0
         ORDER BY object_key LIMIT ?`,
      [bucket, range.from, limit],
    );
    return rows.map(fromRow);
  }

  /** Every version, by key, the newest first. */
  async versions(bucket: string, range: KeyRange & { readonly belowSeq?: number }, limit: number): Promise<StoredObject[]> {
    const rows =
      range.belowSeq === undefined
        ? await this.database.all(
            `SELECT ${columns} FROM s3_object WHERE bucket = ? AND object_key ${range.inclusive ? '>=' : '>'} ? ORDER BY object_key, seq DESC LIMIT ?`,
            [bucket, range.from, limit],
          )
        : await this.database.all(
            `SELECT ${columns} FROM s3_object WHERE bucket = ? AND (object_key > ? OR (object_key = ? AND seq < ?))
               ORDER BY object_key, seq DESC LIMIT ?`,
            [bucket, range.from, range.from, range.belowSeq, limit],
          );
    return rows.map(fromRow);
  }

  /** Every content file that a row names. */
  async knownBlobs(): Promise<Set<string>> {
    const known = new Set<string>();
    for (const table of ['s3_object', 's3_part']) {
      for (const row of await this.database.all(`SELECT segments FROM ${table}`)) {
        for (const { blob } of JSON.parse(row['segments'] as string) as Segment[]) known.add(blob);
      }
    }
    return known;
  }
}

export interface KeyRange {
  readonly from: Uint8Array;
  readonly inclusive: boolean;
}

/** Writes a version as the latest. @returns what it replaces */
export async function insertLatest(tx: Sql, object: StoredObject): Promise<StoredObject | undefined> {
  const key = keyBytes(object.key);
  const replaced = await tx.get(`SELECT ${columns} FROM s3_object WHERE bucket = ? AND object_key = ? AND version_id = ?`, [
    object.bucket,
    key,
    object.versionId,
  ]);
  await tx.run('UPDATE s3_object SET latest = 0 WHERE bucket = ? AND object_key = ? AND latest = 1', [object.bucket, key]);
  if (replaced !== undefined) await deleteVersion(tx, object.bucket, object.key, object.versionId);
  await tx.run(`INSERT INTO s3_object (${columns}) VALUES (?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`, [
    object.bucket,
    key,
    object.versionId,
    object.seq,
    object.marker ? 1 : 0,
    object.bytes,
    object.etag,
    object.modifiedAtMs,
    JSON.stringify(object.segments),
    JSON.stringify(object.meta),
  ]);
  return replaced === undefined ? undefined : fromRow(replaced);
}

/** Removes a version for good; the newest of those left becomes the latest. */
export async function removeVersion(tx: Sql, object: StoredObject): Promise<void> {
  await deleteVersion(tx, object.bucket, object.key, object.versionId);
  if (!object.latest) return;
  const key = keyBytes(object.key);
  const next = await tx.get('SELECT version_id FROM s3_object WHERE bucket = ? AND object_key = ? ORDER BY seq DESC LIMIT 1', [
    object.bucket,
    key,
  ]);
  if (next === undefined) return;
  await tx.run('UPDATE s3_object SET latest = 1 WHERE bucket = ? AND object_key = ? AND version_id = ?', [
    object.bucket,
    key,
    next['version_id'] as string,
  ]);
}

const deleteVersion = (tx: Sql, bucket: string, key: string, versionId: string): Promise<number> =>
  tx.run('DELETE FROM s3_object WHERE bucket = ? AND object_key = ? AND version_id = ?', [bucket, keyBytes(key), versionId]);

export const updateMeta = (tx: Sql, object: StoredObject, meta: ObjectMeta): Promise<number> =>
  tx.run('UPDATE s3_object SET meta = ? WHERE bucket = ? AND object_key = ? AND version_id = ?', [
    JSON.stringify(meta),
    object.bucket,
    keyBytes(object.key),
    object.versionId,
  ]);

const fromRow = (row: SqlRow): StoredObject => ({
  bucket: row['bucket'] as string,
  key: Buffer.from(row['object_key'] as Uint8Array).toString('utf8'),
  versionId: row['version_id'] as string,
  seq: Number(row['seq']),
  latest: Number(row['latest']) === 1,
  marker: Number(row['marker']) === 1,
  bytes: Number(row['bytes']),
  etag: row['etag'] as string,
  modifiedAtMs: Number(row['modified_at']),
  segments: JSON.parse(row['segments'] as string) as Segment[],
  meta: JSON.parse(row['meta'] as string) as ObjectMeta,
});
