import type { Call, EventBridgeOperations, Handlers } from '@mayfly/wire';
import { scopeOf } from '../kit/index.ts';
import { busPlace } from './bus.ts';
import { checkPattern, given, paged, tokenOf, type Desk } from './desk.ts';
import { exists, invalid, notFound } from './faults.ts';
import type { Archive } from './kinds.ts';

type ArchiveHandlers = Pick<
  Handlers<EventBridgeOperations>,
  'CreateArchive' | 'DescribeArchive' | 'UpdateArchive' | 'DeleteArchive' | 'ListArchives'
>;

export function archiveHandlers(desk: Desk): ArchiveHandlers {
  const { records, buses, archives, group, ingest, clock } = desk;
  const nextNo = numbers(desk);
  const find = (call: Call, name: string | undefined): Archive => {
    const archive = records.get('archive', scopeOf(call), name ?? '');
    if (archive === undefined) throw notFound(`Archive ${name} does not exist.`);
    return archive;
  };
  const described = async (archive: Archive) => {
    const { events, bytes } = await archives.count(archive.no);
    return {
      ArchiveName: archive.name,
      EventSourceArn: archive.busArn,
      State: 'ENABLED' as const,
      RetentionDays: archive.retentionDays,
      SizeBytes: bytes,
      EventCount: events,
      CreationTime: new Date(archive.createdAtMs),
    };
  };
  return {
    async CreateArchive(input, call) {
      const name = input.ArchiveName ?? '';
      const { bus, ...place } = busPlace(call, input.EventSourceArn);
      buses.get(place, bus);
      checkPattern(input.EventPattern);
      const archive = await records.change((draft) => {
        if (draft.get('archive', scopeOf(call), name) !== undefined) throw exists(`Archive ${name} already exists.`);
        const made: Archive = {
          no: nextNo(),
          name,
          arn: `arn:aws:events:${call.region}:${call.account}:archive/${name}`,
          busArn: input.EventSourceArn ?? '',
          ...given('description', input.Description),
          ...given('pattern', input.EventPattern),
          retentionDays: input.RetentionDays ?? 0,
          createdAtMs: Math.floor(clock.now()),
        };
        draft.put('archive', scopeOf(call), name, made);
        return made;
      });
      ingest.changed(place, bus);
      return { ArchiveArn: archive.arn, State: 'ENABLED', CreationTime: new Date(archive.createdAtMs) };
    },

    async DescribeArchive(input, call) {
      const archive = find(call, input.ArchiveName);
      return {
        ArchiveArn: archive.arn,
        ...(await described(archive)),
        ...given('Description', archive.description),
        ...given('EventPattern', archive.pattern),
      };
    },

    async UpdateArchive(input, call) {
      if (input.EventPattern === undefined && input.RetentionDays === undefined && input.Description === undefined) {
        throw invalid('At least one of EventPattern, RetentionDays or Description must be provided.');
      }
      checkPattern(input.EventPattern);
      const archive: Archive = {
        ...find(call, input.ArchiveName),
        ...given('description', input.Description),
        ...given('pattern', input.EventPattern),
        ...given('retentionDays', input.RetentionDays),
      };
      await records.change((draft) => draft.put('archive', scopeOf(call), archive.name, archive));
      const { bus, ...place } = busPlace(call, archive.busArn);
      ingest.changed(place, bus);
      return { ArchiveArn: archive.arn, State: 'ENABLED', CreationTime: new Date(archive.createdAtMs) };
    },

    async DeleteArchive(input, call) {
      const archive = find(call, input.ArchiveName);
      await records.change((draft) => draft.delete('archive', scopeOf(call), archive.name));
      const { bus, ...place } = busPlace(call, archive.busArn);
      ingest.changed(place, bus);
      await group.write((tx) => archives.drop(tx, archive.no));
      return {};
    },

    async ListArchives(input, call) {
      const all = records
        .list('archive', scopeOf(call))
        .filter(({ busArn }) => input.EventSourceArn === undefined || busArn === input.EventSourceArn)
        .filter(() => input.State === undefined || input.State === 'ENABLED');
      const page = paged(all, input, input.NamePrefix);
      return { Archives: await Promise.all(page.items.map(described)), ...tokenOf(page) };
    },
  };
}

/** Numbers follow the clock, so that one of a deleted archive does not come back. */
function numbers({ records, clock }: Desk): () => number {
  let last = Math.max(0, ...[...records.all('archive')].map(({ value }) => value.no));
  // Counted here, because archives that are made at once see each other only in their drafts.
  return () => (last = Math.max(last + 1, Math.floor(clock.now())));
}
