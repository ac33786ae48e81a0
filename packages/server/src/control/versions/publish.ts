import type { Change } from '../records/change.ts';
import type { Desk } from '../records/desk.ts';
import { creating, isUnderWay } from '../functions/preparation.ts';
import { latest, type FunctionRecord, type VersionRecord } from '../functions/record.ts';
import { checkStorage } from '../functions/storage-use.ts';
import type { Room } from '../room.ts';

/**
 * Copies `$LATEST` to the next number; what equals the newest version is that version. @source spec 1.4-01, 1.4-02
 *
 * @param source  `$LATEST` as it will be when this change is written
 * @throws CodeStorageExceededException
 */
export function publish(
  room: Room,
  desk: Desk,
  change: Change,
  options: {
    readonly fn: FunctionRecord;
    readonly source: VersionRecord;
    readonly description?: string | undefined;
    readonly moveLatestPublished?: boolean;
  },
): VersionRecord {
  const { fn, source } = options;
  const newest = newestOf(desk, fn.functionName);
  const isNew = newest?.publishedFrom !== source.configSha256;
  const record = isNew ? copy(room, String(fn.nextVersion), source, options.description) : newest;
  if (isNew) {
    const { code } = record.configuration;
    if (code.kind === 'zip') checkStorage(desk, code.sizeBytes, room.limits.codeStorageBytes);
    change.put('version', fn.functionName, record.version, record);
  }
  if (isNew || options.moveLatestPublished === true)
    change.put('function', fn.functionName, '', {
      ...fn,
      nextVersion: fn.nextVersion + (isNew ? 1 : 0),
      ...(options.moveLatestPublished === true ? { latestPublished: record.version } : {}),
    });
  return record;
}

function copy(room: Room, version: string, source: VersionRecord, description: string | undefined): VersionRecord {
  // Of an update that failed nobody knows yet whether it can run.
  const pending = isUnderWay(source) || source.lastUpdate?.status === 'Failed';
  return {
    version,
    configuration: description === undefined ? source.configuration : { ...source.configuration, description },
    configSha256: source.configSha256,
    publishedFrom: source.configSha256,
    incarnation: room.random.uuid(),
    ...(pending ? { state: 'Pending', stateReason: creating } : { state: source.state, lastUpdate: { status: 'Successful' } }),
    revisionId: room.random.uuid(),
    modifiedAt: room.clock.now(),
  };
}

function newestOf(desk: Desk, functionName: string): VersionRecord | undefined {
  let newest: VersionRecord | undefined;
  for (const record of desk.parts('version', functionName).values())
    if (record.version !== latest && Number(record.version) > Number(newest?.version ?? 0)) newest = record;
  return newest;
}
