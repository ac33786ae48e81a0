import type { Handlers, S3Operations } from '@mayfly/wire';
import { restored } from './archive.ts';
import { checkAclAllowed, requiredAcl, shownAcl } from './acl.ts';
import { tagsOf, type BucketRecord } from './bucket.ts';
import { invalidRequest, malformedXml, s3Fault } from './faults.ts';
import { checkFuture } from './lock.ts';
import { versionMember } from './naming.ts';
import type { S3 } from './s3.ts';

type Names =
  | 'GetObjectTagging'
  | 'PutObjectTagging'
  | 'DeleteObjectTagging'
  | 'GetObjectAcl'
  | 'PutObjectAcl'
  | 'RestoreObject'
  | 'GetObjectRetention'
  | 'PutObjectRetention'
  | 'GetObjectLegalHold'
  | 'PutObjectLegalHold';

/** @throws InvalidRequest */
function checkLocks(bucket: BucketRecord): void {
  if (!bucket.objectLock) throw invalidRequest('Bucket is missing Object Lock Configuration');
}

/** What is kept beside an object's bytes and changed without them: tags, access lists, locks. */
export function besideHandlers(s3: S3): Pick<Handlers<S3Operations>, Names> {
  return {
    async GetObjectTagging(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const object = await s3.object(bucket, input.Key, input.VersionId);
      return {
        TagSet: Object.entries(object.meta.tags)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([Key, Value]) => ({ Key, Value })),
        ...versionMember(bucket, object),
      };
    },
    async PutObjectTagging(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const object = await s3.object(bucket, input.Key, input.VersionId);
      const tags = tagsOf(input.Tagging?.TagSet, 10);
      await s3.editMeta(object, (meta) => ({ ...meta, tags }), { bucket, name: 'ObjectTagging:Put', who: call });
      return versionMember(bucket, object);
    },
    async DeleteObjectTagging(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const object = await s3.object(bucket, input.Key, input.VersionId);
      await s3.editMeta(object, (meta) => ({ ...meta, tags: {} }), { bucket, name: 'ObjectTagging:Delete', who: call });
      return versionMember(bucket, object);
    },

    async GetObjectAcl(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const object = await s3.object(bucket, input.Key, input.VersionId);
      return shownAcl(bucket.account, object.meta.acl);
    },
    async PutObjectAcl(input, call) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const object = await s3.object(bucket, input.Key, input.VersionId, 'PUT');
      const acl = requiredAcl(input);
      checkAclAllowed(bucket, acl);
      await s3.editMeta(object, (meta) => ({ ...meta, acl }), { bucket, name: 'ObjectAcl:Put', who: call });
      return {};
    },

    async RestoreObject(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const object = await s3.object(bucket, input.Key, input.VersionId);
      const days = input.RestoreRequest?.Days;
      if (days === undefined || days < 1) throw malformedXml();
      restored(object.meta, days, s3.clock.now());
      await s3.editMeta(object, (meta) => restored(meta, days, s3.clock.now()), undefined);
      return {};
    },

    async GetObjectRetention(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      checkLocks(bucket);
      const { meta } = await s3.object(bucket, input.Key, input.VersionId);
      if (meta.retention === undefined)
        throw s3Fault('NoSuchObjectLockConfiguration', 404, 'The specified object does not have a ObjectLock configuration');
      return { Retention: { Mode: meta.retention.mode as 'GOVERNANCE', RetainUntilDate: new Date(meta.retention.untilMs) } };
    },
    async PutObjectRetention(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const object = await s3.object(bucket, input.Key, input.VersionId);
      const { Mode, RetainUntilDate } = input.Retention ?? {};
      checkLocks(bucket);
      const nowMs = s3.clock.now();
      if ((Mode === undefined) !== (RetainUntilDate === undefined)) throw malformedXml();
      if (Mode !== undefined && Mode !== 'GOVERNANCE' && Mode !== 'COMPLIANCE') throw malformedXml();
      if (RetainUntilDate !== undefined) checkFuture(RetainUntilDate.getTime(), nowMs, 'RetainUntilDate');
      const held = object.meta.retention;
      const loosens = held !== undefined && held.untilMs > nowMs && (RetainUntilDate?.getTime() ?? 0) < held.untilMs;
      if (loosens && (held.mode === 'COMPLIANCE' || input.BypassGovernanceRetention !== true))
        throw s3Fault('AccessDenied', 403, 'Access Denied because object protected by object lock.');
      const { retention: _old, ...rest } = object.meta;
      const retention =
        Mode === undefined || RetainUntilDate === undefined
          ? {}
          : { retention: { mode: Mode, untilMs: RetainUntilDate.getTime() } };
      await s3.editMeta(object, () => ({ ...rest, ...retention }), undefined);
      return {};
    },
    async GetObjectLegalHold(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      checkLocks(bucket);
      const { meta } = await s3.object(bucket, input.Key, input.VersionId);
      if (meta.legalHold === undefined)
        throw s3Fault('NoSuchObjectLockConfiguration', 404, 'The specified object does not have a ObjectLock configuration');
      return { LegalHold: { Status: meta.legalHold as 'ON' } };
    },
    async PutObjectLegalHold(input) {
      const bucket = s3.bucket(input.Bucket, input.ExpectedBucketOwner);
      const object = await s3.object(bucket, input.Key, input.VersionId);
      checkLocks(bucket);
      const status = input.LegalHold?.Status;
      if (status !== 'ON' && status !== 'OFF') throw malformedXml();
      await s3.editMeta(object, (meta) => ({ ...meta, legalHold: status }), undefined);
      return {};
    },
  };
}
