import { conflict, functionNotFound, staleRevision } from '../faults.ts';
import { arnOf, isVersion, qualifiedArn, type Scope } from '../names.ts';
import type { Desk } from '../records/desk.ts';
import { isUnderWay } from './preparation.ts';
import { latest, latestPublished, type FunctionRecord, type VersionRecord } from './record.ts';

export interface Found {
  readonly functionName: string;
  readonly fn: FunctionRecord;
  readonly record: VersionRecord;
  /** As asked: with the qualifier, if one was given. */
  readonly arn: string;
}

/**
 * The version a name and qualifier mean.
 *
 * @throws ResourceNotFoundException naming it as asked. @source spec 1.2-14, 9.4-06
 */
export function find(desk: Desk, scope: Scope, { functionName, qualifier }: { functionName: string; qualifier?: string }): Found {
  const arn = qualifiedArn(scope, functionName, qualifier);
  const fn = desk.get('function', functionName);
  const version = fn && versionOf(desk, fn, qualifier);
  const record = version === undefined ? undefined : desk.get('version', functionName, version);
  if (fn === undefined || record === undefined) throw functionNotFound(arn);
  return { functionName, fn, record, arn };
}

/** The function alone. @throws ResourceNotFoundException naming the unqualified ARN */
export function findFunction(desk: Desk, scope: Scope, functionName: string): FunctionRecord {
  const fn = desk.get('function', functionName);
  if (fn === undefined) throw functionNotFound(arnOf(scope, functionName));
  return fn;
}

const versionOf = (desk: Desk, fn: FunctionRecord, qualifier: string | undefined): string | undefined => {
  if (qualifier === undefined || qualifier === latest) return latest;
  if (qualifier === latestPublished) return fn.latestPublished;
  return isVersion(qualifier) ? qualifier : desk.get('alias', fn.functionName, qualifier)?.functionVersion;
};

/**
 * `$LATEST` may be changed or published now.
 *
 * @throws ResourceConflictException, PreconditionFailedException. @source spec 1.2-20, 1.2-21, 1.4-03
 */
export function checkChangeable(scope: Scope, functionName: string, record: VersionRecord, revisionId: string | undefined): void {
  if (record.state === 'Pending' || record.state === 'Failed' || record.state === 'Deleting')
    throw conflict(
      `The operation cannot be performed at this time. The function is currently in the following state: ${record.state}`,
    );
  if (isUnderWay(record)) throw updateInProgress(scope, functionName);
  if (revisionId !== undefined && revisionId !== record.revisionId) throw staleRevision('GetFunction/GetAlias');
}

/** @source spec 1.2-20 */
export const updateInProgress = (scope: Scope, functionName: string): Error =>
  conflict(
    `The operation cannot be performed at this time. An update is in progress for resource: ${arnOf(scope, functionName)}`,
  );
