import { s3Fault } from './faults.ts';
import type { ObjectMeta } from './objects.ts';

const dayMs = 86_400_000;

/** Classes whose objects have to be fetched before they can be read. Here they are where the others are. */
const archives: ReadonlySet<string> = new Set(['GLACIER', 'DEEP_ARCHIVE']);

const isArchived = ({ headers }: ObjectMeta): boolean => archives.has(headers['StorageClass'] ?? '');

/** @throws InvalidObjectState for what is put away and was not fetched */
export function checkReadable(
  meta: ObjectMeta,
  nowMs: number,
  message = "The operation is not valid for the object's storage class",
): void {
  if (!isArchived(meta) || (meta.restoredUntilMs ?? 0) > nowMs) return;
  throw s3Fault('InvalidObjectState', 403, message, {
    StorageClass: meta.headers['StorageClass'],
  });
}

/**
 * What an object is once it is fetched: at once, since nothing is far away.
 *
 * @throws InvalidObjectState for what was never put away
 */
export function restored(meta: ObjectMeta, days: number, nowMs: number): ObjectMeta {
  if (!isArchived(meta))
    throw s3Fault('InvalidObjectState', 403, "Restore is not allowed for the object's current storage class");
  // Until the midnight after so many days.
  return { ...meta, restoredUntilMs: Math.ceil(nowMs / dayMs + days) * dayMs };
}

/** `x-amz-restore`, as HEAD and GET tell it. */
export const restoreMember = ({ restoredUntilMs }: ObjectMeta): { Restore?: string } =>
  restoredUntilMs === undefined
    ? {}
    : { Restore: `ongoing-request="false", expiry-date="${new Date(restoredUntilMs).toUTCString()}"` };
