import type { Sql, SqlRow } from '../../storage/index.ts';
import type { Segment } from './blobs.ts';
import type { Algorithm, Checksum } from './checksums.ts';
import { noSuchUpload } from './faults.ts';
import { keyBytes, type ObjectMeta, type ObjectTable } from './objects.ts';

/** An upload in parts that is neither completed nor aborted. */
export interface Upload {
  readonly uploadId: string;
  readonly bucket: string;
  readonly key: string;
  readonly initiatedAtMs: number;
  readonly owner: string;
  readonly meta: ObjectMeta & { readonly algorithm?: Algorithm; readonly type?: string };
}

export interface Part {
  readonly number: number;
  readonly bytes: number;
  /** MD5, hex. */
  readonly etag: string;
  readonly modifiedAtMs: number;
  readonly segments: readonly Segment[];
  readonly checksum?: Checksum;
}

const uploadColumns = 'upload_id, bucket, object_key, initiated_at, owner, meta';
const partColumns = 'part, bytes, etag, modified_at, segments, checksum';

/**
 * The rows of uploads and their parts. Content files belong to one row at a time: they pass from the parts to the
 * object in the transaction that ends the upload.
 */
export class UploadTable {
  readonly #table: ObjectTable;

  constructor(table: ObjectTable) {
    this.#table = table;
  }

  async insert({ uploadId, bucket, key, initiatedAtMs, owner, meta }: Upload): Promise<void> {
    await this.#table.change((tx) =>
      tx.run(`INSERT INTO s3_upload (${uploadColumns}) VALUES (?, ?, ?, ?, ?, ?)`, [
        uploadId,
        bucket,
        keyBytes(key),
        initiatedAtMs,
        owner,
        JSON.stringify(meta),
      ]),
    );
  }

  async find(uploadId: string): Promise<Upload | undefined> {
    const row = await this.#table.database.get(`SELECT ${uploadColumns} FROM s3_upload WHERE upload_id = ?`, [uploadId]);
    return row === undefined ? undefined : uploadFrom(row);
  }

  /** By key, then by age. */
  async list(bucket: string): Promise<Upload[]> {
    const rows = await this.#table.database.all(
      `SELECT ${uploadColumns} FROM s3_upload WHERE bucket = ? ORDER BY object_key, initiated_at`,
      [bucket],
    );
    return rows.map(uploadFrom);
  }

  /** By number. */
  async parts(uploadId: string, sql: Sql = this.#table.database): Promise<Part[]> {
    return (await sql.all(`SELECT ${partColumns} FROM s3_part WHERE upload_id = ? ORDER BY part`, [uploadId])).map(partFrom);
  }

  /** Puts a part in its place. @returns what was there. @throws NoSuchUpload when the upload has ended meanwhile */
  place(uploadId: string, part: Part): Promise<Part | undefined> {
    return this.#table.change(async (tx) => {
      if ((await tx.get('SELECT upload_id FROM s3_upload WHERE upload_id = ?', [uploadId])) === undefined)
        throw noSuchUpload(uploadId);
      const old = await tx.get(`SELECT ${partColumns} FROM s3_part WHERE upload_id = ? AND part = ?`, [uploadId, part.number]);
      if (old !== undefined) await tx.run('DELETE FROM s3_part WHERE upload_id = ? AND part = ?', [uploadId, part.number]);
      await tx.run(`INSERT INTO s3_part (upload_id, ${partColumns}) VALUES (?, ?, ?, ?, ?, ?, ?)`, [
        uploadId,
        part.number,
        part.bytes,
        part.etag,
        part.modifiedAtMs,
        JSON.stringify(part.segments),
        part.checksum === undefined ? null : JSON.stringify(part.checksum),
      ]);
      return old === undefined ? undefined : partFrom(old);
    });
  }

  /** Ends an upload. @returns its parts, whose content is the caller's from here on. @throws NoSuchUpload when it has ended already */
  async end(tx: Sql, uploadId: string): Promise<Part[]> {
    if ((await tx.get('SELECT upload_id FROM s3_upload WHERE upload_id = ?', [uploadId])) === undefined)
      throw noSuchUpload(uploadId);
    const parts = await this.parts(uploadId, tx);
    await tx.run('DELETE FROM s3_part WHERE upload_id = ?', [uploadId]);
    await tx.run('DELETE FROM s3_upload WHERE upload_id = ?', [uploadId]);
    return parts;
  }

  /** Ends every upload of a bucket. @returns their parts */
  async endAll(tx: Sql, bucket: string): Promise<Part[]> {
    const parts: Part[] = [];
    for (const row of await tx.all('SELECT upload_id FROM s3_upload WHERE bucket = ?', [bucket])) {
      parts.push(...(await this.end(tx, row['upload_id'] as string)));
    }
    return parts;
  }
}

const uploadFrom = (row: SqlRow): Upload => ({
  uploadId: row['upload_id'] as string,
  bucket: row['bucket'] as string,
  key: Buffer.from(row['object_key'] as Uint8Array).toString('utf8'),
  initiatedAtMs: Number(row['initiated_at']),
  owner: row['owner'] as string,
  meta: JSON.parse(row['meta'] as string) as Upload['meta'],
});

const partFrom = (row: SqlRow): Part => ({
  number: Number(row['part']),
  bytes: Number(row['bytes']),
  etag: row['etag'] as string,
  modifiedAtMs: Number(row['modified_at']),
  segments: JSON.parse(row['segments'] as string) as Segment[],
  ...(row['checksum'] === null ? {} : { checksum: JSON.parse(row['checksum'] as string) as Checksum }),
});
