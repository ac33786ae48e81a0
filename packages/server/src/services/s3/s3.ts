import { createHash } from 'node:crypto';
import path from 'node:path';
import type { Call } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database, Sql } from '../../storage/index.ts';
import { Outbox, type Parcel } from '../kit/outbox.ts';
import { Records } from '../kit/records.ts';
import { traceOf } from '../kit/trace.ts';
import { Blobs, type Segment } from './blobs.ts';
import { callerId, type BucketRecord } from './bucket.ts';
import { checkWrite } from './conditions.ts';
import { deleteMarker, invalidArgument, noSuchBucket, noSuchKey, noSuchVersion, s3Fault } from './faults.ts';
import { isLocked } from './lock.ts';
import { deliverNotification, parcelsOf } from './notifications.ts';
import { insertLatest, ObjectTable, removeVersion, updateMeta, type ObjectMeta, type StoredObject } from './objects.ts';
import type { S3Ports } from './port.ts';

export interface S3Options {
  readonly database: Database;
  /** Content files live here; nobody else writes in it. */
  readonly dir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ports?: S3Ports;
}

/** What a new version is made of. */
export interface Content {
  readonly segments: readonly Segment[];
  readonly bytes: number;
  readonly etag: string;
  readonly meta: ObjectMeta;
}

/** What a removal depends on, and why it is. */
interface Removal {
  readonly IfMatch?: string | undefined;
  readonly bypassGovernance?: boolean | undefined;
  /** Only this version, and where it is to go behind a marker, only while it is the latest. */
  readonly onlySeq?: number;
  readonly cause?: 'ObjectRemoved' | 'LifecycleExpiration';
}

type Who = Pick<Call, 'requestId' | 'account' | 'caller'> & Partial<Pick<Call, 'headers'>>;

/** What all operations have in common: buckets in memory, objects in rows, bytes in files. */
export class S3 implements AsyncDisposable {
  readonly records: Records<{ bucket: BucketRecord }>;
  readonly table: ObjectTable;
  readonly blobs: Blobs;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly ports: S3Ports;
  readonly outbox: Outbox;
  #sweeping: Promise<void> = Promise.resolve();

  private constructor(options: S3Options, parts: Pick<S3, 'records' | 'table' | 'blobs' | 'outbox'>) {
    this.records = parts.records;
    this.table = parts.table;
    this.blobs = parts.blobs;
    this.outbox = parts.outbox;
    this.clock = options.clock;
    this.random = options.random;
    this.log = options.log;
    this.ports = options.ports ?? {};
  }

  static async open(options: S3Options): Promise<S3> {
    const { database, clock, log, ports = {} } = options;
    const records = await Records.open<{ bucket: BucketRecord }>(database, 's3');
    const table = await ObjectTable.open(database);
    const blobs = await Blobs.open(path.resolve(options.dir), options);
    const files = await blobs.list();
    const outbox = await Outbox.open({
      database,
      clock,
      log,
      service: 's3',
      deliver: (parcel, attempt) =>
        deliverNotification(parcel, attempt, ports, log, (name) => records.get('bucket', '', name)?.account ?? ''),
    });
    outbox.start();
    const s3 = new S3(options, { records, table, blobs, outbox });
    s3.#sweeping = s3.#sweep(files);
    return s3;
  }

  /** @throws NoSuchBucket, AccessDenied when the caller expects another owner */
  bucket(name: string | undefined, expectedOwner?: string): BucketRecord {
    if (expectedOwner !== undefined && !/^\d{12}$/.test(expectedOwner)) {
      throw s3Fault(
        'InvalidBucketOwnerAWSAccountID',
        400,
        `The value of the expected bucket owner parameter must be an AWS Account ID... [${expectedOwner}]`,
      );
    }
    const bucket = this.records.get('bucket', '', name ?? '');
    if (bucket === undefined) throw noSuchBucket(name ?? '');
    if (expectedOwner !== undefined && expectedOwner !== bucket.account) throw s3Fault('AccessDenied', 403, 'Access Denied');
    return bucket;
  }

  /** Changes a bucket's record. */
  changeBucket(name: string, edit: (bucket: BucketRecord) => Partial<BucketRecord>): Promise<void> {
    return this.records.change((draft) => {
      const bucket = draft.get('bucket', '', name);
      if (bucket === undefined) throw noSuchBucket(name);
      draft.put('bucket', '', name, { ...bucket, ...edit(bucket) });
    });
  }

  /**
   * An object to read. A delete marker is nothing, and says so.
   *
   * @throws NoSuchKey, NoSuchVersion, MethodNotAllowed
   */
  async object(bucket: BucketRecord, key: string | undefined, versionId?: string, method = 'GET'): Promise<StoredObject> {
    const name = key ?? '';
    if (versionId !== undefined) checkVersionId(versionId);
    const object = await this.table.find(bucket.name, name, versionId);
    if (object === undefined && versionId !== undefined) checkIssued(versionId);
    if (object === undefined) throw versionId === undefined ? noSuchKey(name) : noSuchVersion(name, versionId);
    if (object.marker) {
      if (versionId !== undefined || method === 'PUT') throw deleteMarker(method, object.versionId);
      throw Object.assign(noSuchKey(name), { headers: { 'x-amz-delete-marker': 'true', 'x-amz-version-id': object.versionId } });
    }
    return object;
  }

  /**
   * Makes a new version the latest, with its notifications, in one step.
   *
   * @throws what the conditions say; the content is discarded then, unless it has another owner
   */
  async store(
    bucket: BucketRecord,
    key: string,
    content: Content,
    options: {
      readonly event: string;
      readonly who: Who;
      readonly conditions?: { readonly IfMatch?: string | undefined; readonly IfNoneMatch?: string | undefined };
      /** What else belongs to the same step. It may refuse as the conditions do. */
      readonly also?: (tx: Sql) => Promise<void>;
      /** The content has another owner until the step is made, and is not discarded when it is not. */
      readonly keepsContent?: boolean;
    },
  ): Promise<StoredObject> {
    const object: StoredObject = {
      bucket: bucket.name,
      key,
      versionId: this.#newVersionId(bucket),
      seq: this.table.nextSeq(),
      latest: true,
      marker: false,
      bytes: content.bytes,
      etag: content.etag,
      modifiedAtMs: Math.floor(this.clock.now()),
      segments: content.segments,
      meta: content.meta,
    };
    const staged = this.outbox.stage(this.#parcels(bucket, object, options.event, options.who));
    const { conditions } = options;
    try {
      const replaced = await this.table.change(async (tx) => {
        if (conditions?.IfMatch !== undefined || conditions?.IfNoneMatch !== undefined) {
          checkWrite(await this.table.find(bucket.name, key, undefined, tx), key, conditions);
        }
        this.bucket(bucket.name);
        await options.also?.(tx);
        await staged.write(tx);
        return insertLatest(tx, object);
      });
      if (replaced !== undefined) this.blobs.discard(replaced.segments);
    } catch (error) {
      if (options.keepsContent !== true) this.blobs.discard(content.segments);
      throw error;
    }
    staged.release();
    return object;
  }

  /** Deletes: a version for good, or the object behind a marker, or the object. What is not there is deleted. */
  async remove(
    bucket: BucketRecord,
    key: string,
    versionId: string | undefined,
    who: Who,
    conditions: Removal = {},
  ): Promise<{ readonly versionId?: string; readonly marker: boolean }> {
    if (versionId !== undefined) return this.#removeVersion(bucket, key, versionId, who, conditions);
    if (bucket.versioning === undefined) return this.#removeVersion(bucket, key, 'null', who, { ...conditions, silently: true });
    const marker: StoredObject = {
      bucket: bucket.name,
      key,
      versionId: this.#newVersionId(bucket),
      seq: this.table.nextSeq(),
      latest: true,
      marker: true,
      bytes: 0,
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      modifiedAtMs: Math.floor(this.clock.now()),
      segments: [],
      meta: { headers: {}, user: {}, tags: {} },
    };
    const { IfMatch, onlySeq, cause = 'ObjectRemoved' } = conditions;
    const staged = this.outbox.stage(this.#parcels(bucket, marker, `${cause}:DeleteMarkerCreated`, who));
    const done = await this.table.change(async (tx) => {
      const isConditional = IfMatch !== undefined || onlySeq !== undefined;
      const now = isConditional ? await this.table.find(bucket.name, key, undefined, tx) : undefined;
      if (IfMatch !== undefined) checkWrite(now, key, { IfMatch });
      if (onlySeq !== undefined && now?.seq !== onlySeq) return undefined;
      await staged.write(tx);
      return { replaced: await insertLatest(tx, marker) };
    });
    if (done === undefined) return { marker: false };
    staged.release();
    if (done.replaced !== undefined) this.blobs.discard(done.replaced.segments);
    return { versionId: marker.versionId, marker: true };
  }

  /** Changes what is kept beside the bytes. */
  async editMeta(
    object: StoredObject,
    edit: (meta: ObjectMeta) => ObjectMeta,
    event: { readonly bucket: BucketRecord; readonly name: string; readonly who: Who } | undefined,
  ): Promise<void> {
    const staged = this.outbox.stage(event === undefined ? [] : this.#parcels(event.bucket, object, event.name, event.who));
    await this.table.change(async (tx) => {
      const now = await this.table.find(object.bucket, object.key, object.versionId, tx);
      if (now === undefined) throw noSuchKey(object.key);
      await staged.write(tx);
      await updateMeta(tx, now, edit(now.meta));
    });
    staged.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sweeping;
    await this.outbox[Symbol.asyncDispose]();
    await this.table.settled();
    await this.records.settled();
    await this.blobs[Symbol.asyncDispose]();
  }

  /** @param files  those that were there before anything new could come */
  async #sweep(files: readonly string[]): Promise<void> {
    if (files.length === 0) return;
    try {
      const known = await this.table.knownBlobs();
      await this.blobs.sweep(files.filter((name) => !known.has(name)));
    } catch (error) {
      this.log.warn('Content files of an earlier crash could not be swept.', { error });
    }
  }

  async #removeVersion(
    bucket: BucketRecord,
    key: string,
    versionId: string,
    who: Who,
    options: Removal & { readonly silently?: boolean },
  ): Promise<{ readonly versionId?: string; readonly marker: boolean }> {
    checkVersionId(versionId);
    const found = await this.table.find(bucket.name, key, versionId);
    const told = options.silently === true ? {} : { versionId };
    if (found === undefined && options.IfMatch !== undefined) throw noSuchKey(key);
    if (found === undefined) checkIssued(versionId);
    if (found === undefined) return { ...told, marker: false };
    if (isLocked(found, this.clock.now(), options.bypassGovernance))
      throw s3Fault('AccessDenied', 403, 'Access Denied because object protected by object lock.');
    const gone = { ...found, seq: this.table.nextSeq() };
    const staged = this.outbox.stage(this.#parcels(bucket, gone, `${options.cause ?? 'ObjectRemoved'}:Delete`, who));
    const removed = await this.table.change(async (tx) => {
      const now = await this.table.find(bucket.name, key, versionId, tx);
      if (now === undefined || (options.onlySeq !== undefined && now.seq !== options.onlySeq)) return undefined;
      if (options.IfMatch !== undefined) checkWrite(now, key, { IfMatch: options.IfMatch });
      await staged.write(tx);
      await removeVersion(tx, now);
      return now;
    });
    if (removed !== undefined) {
      staged.release();
      this.blobs.discard(removed.segments);
    }
    return { ...told, marker: found.marker };
  }

  #newVersionId(bucket: BucketRecord): string {
    if (bucket.versioning !== 'Enabled') return 'null';
    const chance = Buffer.from(this.random.bytes(21)).toString('base64url').replaceAll('-', '.');
    return chance + checkOf(chance);
  }

  #parcels(bucket: BucketRecord, object: StoredObject, name: string, who: Who): Parcel[] {
    return parcelsOf(bucket, {
      name,
      object: {
        key: object.key,
        bytes: object.bytes,
        etag: object.etag,
        seq: object.seq,
        ...(bucket.versioning === undefined ? {} : { versionId: object.versionId }),
      },
      requestId: who.requestId,
      principalId: callerId(who as Call),
      ...traceOf({ headers: who.headers ?? {} }),
      account: who.account,
      atMs: this.clock.now(),
    });
  }
}

/** Four characters that tell an id which was given out from one that never was. */
const checkOf = (chance: string): string =>
  createHash('sha256').update(chance).digest('base64url').slice(0, 4).replaceAll('-', '.');

/** Of a version that is not there: it may be gone, or there never was one. @throws InvalidArgument for the latter */
function checkIssued(versionId: string): void {
  if (versionId !== 'null' && checkOf(versionId.slice(0, -4)) !== versionId.slice(-4))
    throw invalidArgument('Invalid version id specified', 'versionId', versionId);
}

/** @throws InvalidArgument */
function checkVersionId(versionId: string): void {
  if (versionId !== 'null' && !/^[A-Za-z0-9._-]{32}$/.test(versionId))
    throw invalidArgument('Invalid version id specified', 'versionId', versionId);
}
