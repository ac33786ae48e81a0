import { ServiceFault } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { conflict, invalid, notFound, unavailable } from '../faults.ts';
import { latest } from '../functions/record.ts';
import { arnOf, parseFunctionName, qualifiedArn, type FunctionName, type Scope } from '../names.ts';
import { page } from '../pages.ts';
import type { SourceKind } from '../ports.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { checkTags } from '../tags/checks.ts';
import type { MappingBook } from './book.ts';
import { isMoving, type MappingRecord } from './record.ts';
import { changedSettings, checkDurable, checkSettings, grouped, newSettings } from './settings.ts';
import { show } from './show.ts';
import { sourceKind } from './sources.ts';

/** Polled where nobody said what is. */
const usual: ReadonlySet<SourceKind> = new Set(['sqs', 'kinesis', 'dynamodb']);
/** Returned at once, though more may be asked for. @source spec 0.3-02 */
const listCap = 100;
/** Of an account in a region; ours, so that what polls has a bound. */
const mostMappings = 10_000;

/** @source spec 1.12 */
export function mappingHandlers(
  room: Room,
  book: MappingBook,
): Operations<
  | 'CreateEventSourceMapping'
  | 'GetEventSourceMapping'
  | 'ListEventSourceMappings'
  | 'UpdateEventSourceMapping'
  | 'DeleteEventSourceMapping'
> {
  const check = async (
    desk: Desk,
    record: Pick<MappingRecord, 'kind' | 'eventSourceArn' | 'functionName' | 'qualifier'>,
  ): Promise<void> => {
    const { sources } = room.ports;
    if (!(sources?.kinds ?? usual).has(record.kind))
      throw unavailable(`nothing on this server polls ${record.kind} sources yet.`);
    const version = desk.get('version', record.functionName, latest);
    checkDurable(version?.configuration.durable);
    const arn = record.eventSourceArn ?? '';
    try {
      await sources?.check({ kind: record.kind, arn, functionTimeoutMs: version?.configuration.timeoutMs ?? 3000 });
    } catch (error) {
      // As the stream's own service words it. @source spec 9.3-30
      if (error instanceof ServiceFault && error.code === 'ResourceNotFoundException') throw invalid(`Stream not found: ${arn}`);
      throw error;
    }
  };

  return {
    async CreateEventSourceMapping(input, call) {
      const scope = scopeOf(call);
      checkTags(input.Tags);
      const name = parseFunctionName(input.FunctionName ?? '', undefined, scope);
      const desk = room.shelf.desk(scope);
      const kind = sourceKind(input.EventSourceArn, input);
      exists(desk, name);
      const settings = newSettings(kind, input.EventSourceArn, input);
      const uuid = room.random.uuid();
      const draft = compact<MappingRecord>({
        uuid,
        kind,
        eventSourceArn: input.EventSourceArn,
        ...name,
        enabled: input.Enabled ?? true,
        state: 'Creating',
        settings: grouped(kind, settings, uuid),
        tags: { ...input.Tags },
        modifiedAt: room.clock.now(),
      });
      await check(desk, draft);
      const record = await room.shelf.change(scope, (now, change) => {
        exists(now, name);
        checkTwin(now, scope, draft);
        if (now.count('mapping') >= mostMappings) throw invalid(`An account can have ${mostMappings} event source mappings.`);
        change.put('mapping', draft.uuid, '', draft);
        return draft;
      });
      return show(scope, record, undefined);
    },

    async GetEventSourceMapping(input, call) {
      const scope = scopeOf(call);
      const record = found(room.shelf.desk(scope), input.UUID);
      return show(scope, record, book.lastResult(record.uuid));
    },

    async ListEventSourceMappings(input, call) {
      const scope = scopeOf(call);
      const desk = room.shelf.desk(scope);
      const name = input.FunctionName === undefined ? undefined : parseFunctionName(input.FunctionName, undefined, scope);
      const records = desk
        .names('mapping')
        .flatMap((uuid) => desk.get('mapping', uuid) ?? [])
        .filter(
          (record) =>
            (input.EventSourceArn === undefined || record.eventSourceArn === input.EventSourceArn) &&
            (name === undefined || (record.functionName === name.functionName && record.qualifier === name.qualifier)),
        );
      const { rows, ...rest } = page(
        records,
        (record) => record.uuid,
        { ...input, MaxItems: input.MaxItems ?? listCap },
        listCap,
      );
      return { EventSourceMappings: rows.map((record) => show(scope, record, book.lastResult(record.uuid))), ...rest };
    },

    async UpdateEventSourceMapping(input, call) {
      const scope = scopeOf(call);
      const before = found(room.shelf.desk(scope), input.UUID);
      const name = input.FunctionName === undefined ? undefined : parseFunctionName(input.FunctionName, undefined, scope);
      checkSettings(before.kind, input);
      if (input.Enabled === true && !before.enabled) await check(room.shelf.desk(scope), before);
      const record = await room.shelf.change(scope, (desk, change) => {
        const current = found(desk, input.UUID);
        if (isMoving(current)) throw inUse(current.uuid);
        if (name !== undefined) exists(desk, name);
        const { qualifier: _qualifier, functionName: _functionName, ...rest } = current;
        const target = name ?? current;
        const next = compact<MappingRecord>({
          ...rest,
          functionName: target.functionName,
          qualifier: target.qualifier,
          enabled: input.Enabled ?? current.enabled,
          state: 'Updating',
          settings: grouped(
            current.kind,
            changedSettings(current.kind, current.eventSourceArn, current.settings, input),
            current.uuid,
          ),
          modifiedAt: room.clock.now(),
        });
        if (name !== undefined) checkTwin(desk, scope, next);
        change.put('mapping', next.uuid, '', next);
        return next;
      });
      return show(scope, record, book.lastResult(record.uuid));
    },

    /** @source spec 1.12-04 */
    async DeleteEventSourceMapping(input, call) {
      const scope = scopeOf(call);
      const record = await room.shelf.change(scope, (desk, change) => {
        const current = found(desk, input.UUID);
        if (isMoving(current)) throw inUse(current.uuid);
        change.delete('mapping', current.uuid);
        return current;
      });
      return show(scope, record, undefined, 'Deleting');
    },
  };
}

/** @source spec 1.12-03 */
const inUse = (uuid: string): Error =>
  new ServiceFault('ResourceInUseException', `Cannot update the event source mapping with UUID ${uuid} because it is in use.`);

function found(desk: Desk, uuid = ''): MappingRecord {
  const record = desk.get('mapping', uuid);
  if (record === undefined) throw notFound('The resource you requested does not exist.');
  return record;
}

/** @source spec 1.12-07 */
function exists(desk: Desk, { functionName, qualifier }: FunctionName): void {
  const there =
    desk.get('function', functionName) !== undefined &&
    (qualifier === undefined ||
      desk.get('version', functionName, qualifier) !== undefined ||
      desk.get('alias', functionName, qualifier) !== undefined);
  if (!there) throw invalid('Function does not exist');
  if (desk.get('version', functionName, latest)?.configuration.tenantIsolation !== undefined)
    throw invalid('Event source mappings are not supported for functions with tenant isolation.');
}

/** @source spec 9.4-03 */
function checkTwin(desk: Desk, scope: Scope, draft: MappingRecord): void {
  const key = (record: MappingRecord): string =>
    JSON.stringify([
      record.functionName,
      record.qualifier,
      record.eventSourceArn,
      record.settings.broker.SelfManagedEventSource?.Endpoints,
      record.settings.broker.Topics,
      record.settings.broker.Queues,
    ]);
  for (const [uuid, , other] of desk.all('mapping')) {
    if (uuid === draft.uuid || key(other) !== key(draft)) continue;
    const advice = `already exists. Please update or delete the existing mapping with UUID ${uuid}`;
    if (draft.kind === 'sqs')
      throw conflict(
        `An event source mapping with SQS arn (" ${draft.eventSourceArn} ") and function (" ${draft.functionName} ") ${advice}`,
      );
    if (draft.kind === 'kafka' || draft.kind === 'msk') {
      const servers =
        draft.settings.broker.SelfManagedEventSource?.Endpoints?.KAFKA_BOOTSTRAP_SERVERS?.join(',') ?? draft.eventSourceArn;
      const arn =
        draft.qualifier === undefined
          ? arnOf(scope, draft.functionName)
          : qualifiedArn(scope, draft.functionName, draft.qualifier);
      throw conflict(
        `An event source mapping with event source ("${servers}"), function ("${arn}"), topics ("${draft.settings.broker.Topics?.join(',')}") ${advice}`,
      );
    }
    throw conflict(
      `The event source arn (" ${draft.eventSourceArn} ") and function (" ${draft.functionName} ") provided mapping ${advice}`,
    );
  }
}
