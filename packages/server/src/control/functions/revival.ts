import type { Logger, Random } from '../../base/index.ts';
import type { RuntimeCheck, RuntimeSupport } from '../catalog.ts';
import type { LayerFolders } from '../layers/folders.ts';
import type { Scope } from '../names.ts';
import type { Images } from '../ports.ts';
import type { Shelf } from '../records/shelf.ts';
import { isUnderWay, type Preparation } from './preparation.ts';
import type { Reason, VersionRecord } from './record.ts';

/**
 * After a start: goes on with what was Pending, tries again what had Failed, and looks whether what was
 * Active still can run. The host may have changed meanwhile: a runtime that can be fetched again makes its functions Pending, one
 * that cannot makes them Inactive with the line that would bring it back. @source spec 1.3-04
 */
export async function revive(room: Revived): Promise<void> {
  const checks = new Map<string, RuntimeCheck>();
  const check = (runtime: string): RuntimeCheck => {
    let known = checks.get(runtime);
    if (known === undefined) checks.set(runtime, (known = room.runtimes.check(runtime)));
    return known;
  };
  for (const scope of [...room.shelf.scopes()]) {
    const looked: Looked[] = [];
    for (const [name, version, record] of room.shelf.desk(scope).all('version'))
      looked.push({ name, version, record, state: await stateOf(room, check, scope, record) });
    await settle(room, scope, looked);
  }
}

/** An Inactive version was called: it may be able to run again by now. @source spec 1.3-04 */
export async function reviveOne(room: Revived, scope: Scope, name: string, version: string): Promise<void> {
  const record = room.shelf.desk(scope).get('version', name, version);
  if (record?.state !== 'Inactive') return;
  const state = await stateOf(room, (runtime) => room.runtimes.check(runtime), scope, record);
  await settle(room, scope, [{ name, version, record, state }]);
}

interface Revived {
  readonly shelf: Shelf;
  readonly runtimes: RuntimeSupport;
  readonly folders: LayerFolders;
  readonly images: Images | undefined;
  readonly preparation: Preparation;
  readonly random: Random;
  readonly log: Logger;
}

interface Looked {
  readonly name: string;
  readonly version: string;
  readonly record: VersionRecord;
  /** Absent = stays as it is. */
  readonly state: NextState | undefined;
}

interface NextState {
  readonly state: 'Pending' | 'Inactive';
  readonly stateReason: Reason;
}

async function stateOf(
  room: Revived,
  check: (runtime: string) => RuntimeCheck,
  scope: Scope,
  record: VersionRecord,
): Promise<NextState | undefined> {
  if (record.state === 'Deleting') return undefined;
  const { configuration } = record.serving ?? record;
  const can = configuration.runtime === undefined ? undefined : check(configuration.runtime);
  // What kept it from being prepared may be over: no network, a full disk.
  if (record.state === 'Failed') return can?.kind === 'unavailable' ? undefined : { state: 'Pending', stateReason: restoring };
  if (can?.kind === 'unavailable' && record.state !== 'Inactive')
    return {
      state: 'Inactive',
      stateReason: {
        code: 'InvalidRuntime',
        text: `The runtime ${configuration.runtime} is gone from this machine. ${can.remedy}`,
      },
    };
  if (can?.kind === 'unavailable' || record.state === 'Pending') return undefined;
  if (can?.kind === 'preparable' || record.state === 'Inactive') return { state: 'Pending', stateReason: restoring };
  // Its root may have been on its way to storage when the machine stopped.
  const { code } = configuration;
  if (code.kind === 'image' && room.images?.isReady(code.digest) === false) return { state: 'Pending', stateReason: restoring };
  try {
    await room.folders.prepare(scope.account, configuration.layers);
    return undefined;
  } catch (error) {
    room.log.warn('The layers of a function have to be merged again.', { error });
    return { state: 'Pending', stateReason: restoring };
  }
}

async function settle(room: Revived, scope: Scope, looked: readonly Looked[]): Promise<void> {
  const changed = looked.filter(({ state }) => state !== undefined);
  if (changed.length > 0)
    await room.shelf.change(scope, (desk, change) => {
      for (const { name, version, record, state } of changed)
        if (desk.get('version', name, version) === record)
          change.put('version', name, version, { ...record, ...state, revisionId: room.random.uuid() });
    });
  for (const { name, version } of looked) {
    const record = room.shelf.desk(scope).get('version', name, version);
    if (record !== undefined && isUnderWay(record)) room.preparation.begin(scope, name, version);
  }
}

const restoring: Reason = { code: 'Restoring', text: 'The function is being restored.' };
