import { fromDocument, type BucketRecord } from './bucket.ts';
import { invalidArgument, invalidRequest, malformedXml } from './faults.ts';
import type { ObjectMeta, StoredObject } from './objects.ts';

interface DefaultRetention {
  readonly Mode?: string;
  readonly Days?: number;
  readonly Years?: number;
}
export interface LockConfiguration {
  readonly ObjectLockEnabled?: string;
  readonly Rule?: { readonly DefaultRetention?: DefaultRetention };
}

const dayMs = 86_400_000;
const modes = ['GOVERNANCE', 'COMPLIANCE'];

/** @throws MalformedXML, InvalidArgument */
export function checkLockConfiguration(given: LockConfiguration | undefined): void {
  if (given?.ObjectLockEnabled !== 'Enabled') throw malformedXml();
  if (given.Rule === undefined) return;
  const { Mode, Days, Years } = given.Rule.DefaultRetention ?? {};
  if (!modes.includes(Mode ?? '') || (Days === undefined) === (Years === undefined)) throw malformedXml();
  if ((Days ?? Years ?? 0) <= 0)
    throw invalidArgument(
      'Default retention period must be a positive integer value.',
      Days === undefined ? 'Years' : 'Days',
      String(Days ?? Years),
    );
}

interface GivenLock {
  readonly ObjectLockMode?: string | undefined;
  readonly ObjectLockRetainUntilDate?: Date | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
}

/** What a PUT wants locked. @throws InvalidArgument for half of it, and for what is none */
export function lockOf(given: GivenLock): Pick<ObjectMeta, 'retention' | 'legalHold'> {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: legalHold } = given;
  if ((mode === undefined) !== (until === undefined)) {
    throw invalidArgument(
      'x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied',
      `x-amz-object-lock-${mode === undefined ? 'mode' : 'retain-until-date'}`,
    );
  }
  if (mode !== undefined && !modes.includes(mode))
    throw invalidArgument('Unknown wormMode directive.', 'x-amz-object-lock-mode', mode);
  if (legalHold !== undefined && legalHold !== 'ON' && legalHold !== 'OFF')
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", 'x-amz-object-lock-legal-hold', legalHold);
  return {
    ...(mode === undefined || until === undefined ? {} : { retention: { mode, untilMs: until.getTime() } }),
    ...(legalHold === undefined ? {} : { legalHold }),
  };
}

/**
 * A new version as the bucket locks it: with what was asked for, else for the bucket's own time.
 *
 * @throws InvalidRequest in a bucket without locks, InvalidArgument for a time that is over
 */
export function withLock(bucket: BucketRecord, meta: ObjectMeta, nowMs: number): ObjectMeta {
  if (!bucket.objectLock) {
    if (meta.retention !== undefined || meta.legalHold !== undefined)
      throw invalidRequest('Bucket is missing Object Lock Configuration');
    return meta;
  }
  if (meta.retention !== undefined) {
    checkFuture(meta.retention.untilMs, nowMs, 'x-amz-object-lock-retain-until-date');
    return meta;
  }
  const kept = bucket.documents['objectLock'] as { readonly ObjectLockConfiguration?: unknown } | undefined;
  const { Rule } = (fromDocument(kept?.ObjectLockConfiguration ?? {}) as LockConfiguration | undefined) ?? {};
  const { Mode, Days, Years } = Rule?.DefaultRetention ?? {};
  if (Mode === undefined) return meta;
  const until = new Date(nowMs);
  if (Years === undefined) until.setTime(nowMs + (Days ?? 0) * dayMs);
  else until.setUTCFullYear(until.getUTCFullYear() + Years);
  return { ...meta, retention: { mode: Mode, untilMs: until.getTime() } };
}

/** @throws InvalidArgument */
export function checkFuture(untilMs: number, nowMs: number, name: string): void {
  if (untilMs <= nowMs)
    throw invalidArgument('The retain until date must be in the future!', name, new Date(untilMs).toUTCString());
}

/** @param bypassGovernance  whoever may, deletes what is only governed */
export function isLocked({ meta }: StoredObject, nowMs: number, bypassGovernance = false): boolean {
  if (meta.legalHold === 'ON') return true;
  if (meta.retention === undefined || meta.retention.untilMs <= nowMs) return false;
  return !(bypassGovernance && meta.retention.mode === 'GOVERNANCE');
}
