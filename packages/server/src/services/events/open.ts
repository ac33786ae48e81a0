import { notYet, type EventBridgeOperations, type Handlers } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { GroupCommit } from '../kit/group-commit.ts';
import { Records, repeating, type Sealer } from '../kit/index.ts';
import { Outbox, type Deliver } from '../kit/outbox.ts';
import type { TargetPorts } from '../kit/targets.ts';
import type { SecretKeeper } from '../secretsmanager/index.ts';
import { archiveHandlers } from './archive-handlers.ts';
import { ArchiveStore } from './archive-store.ts';
import { Authorizations } from './authorizations.ts';
import { Buses, busPlace, type Place } from './bus.ts';
import { busHandlers } from './bus-handlers.ts';
import { connectionHandlers } from './connection-handlers.ts';
import { Delivery } from './delivery.ts';
import { DestinationCalls } from './destination-call.ts';
import type { Desk } from './desk.ts';
import { eventTime } from './event.ts';
import { systemDestinationHttp, type DestinationHttp } from './http.ts';
import { Ingest } from './ingest.ts';
import type { EventKinds } from './kinds.ts';
import { putEvents } from './put-events.ts';
import { Replays } from './replays.ts';
import { ruleHandlers } from './rule-handlers.ts';
import { RuleSchedules } from './rule-schedules.ts';
import { tagHandlers } from './tag-handlers.ts';
import { targetHandlers } from './target-handlers.ts';

export interface EventBridgeOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** For the secrets of connections. */
  readonly sealer: Sealer;
  readonly ports: TargetPorts;
  /** Where the secrets of connections can be read, too. */
  readonly secrets?: SecretKeeper;
  readonly http?: DestinationHttp;
}

/** An event of one of this server's own services: `source` begins with `aws.`. */
export interface ServiceEvent {
  readonly source: string;
  readonly detailType: string;
  readonly detail: object;
  readonly resources?: readonly string[];
  readonly atMs?: number;
  /** Name or ARN; the default bus when absent. */
  readonly bus?: string;
}

export interface EventBridge extends AsyncDisposable {
  readonly handlers: Handlers<EventBridgeOperations>;
  /** Policy of a bus; undefined where there is none. */
  policy(busArn: string): string | undefined;
  /** For the other services. Resolves when it is on storage for its targets. @throws ResourceNotFoundException for a bus that is not here */
  put(place: Place, events: readonly ServiceEvent[]): Promise<void>;
}

const isDestination = (arn: string): boolean => /^arn:[^:]*:events:[^:]*:[^:]*:api-destination\//.test(arn);

const trimEveryMs = 3_600_000;
/** @source EventBridge User Guide, "Replaying archived events": replays are deleted after 90 days */
const replaysKeptMs = 90 * 86_400_000;

/** EventBridge: accepted events are on storage for each target before the answer, and delivered at least once. */
export async function openEventBridge(options: EventBridgeOptions): Promise<EventBridge> {
  const { database, clock, random, log, ports, sealer } = options;
  const records = await Records.open<EventKinds>(database, 'events');
  const archives = await ArchiveStore.open(database);
  const group = new GroupCommit(database);
  const buses = new Buses(records, clock.now());
  const ingest: Ingest = new Ingest({ buses, archives, group, clock, outbox: (arn) => (isDestination(arn) ? calls : outbox) });
  const endpoints = new DestinationCalls(options.http ?? systemDestinationHttp, clock);
  const delivery = new Delivery({
    buses,
    ingest,
    ports,
    calls: endpoints,
    sealer,
    clock,
    random,
    log,
  });
  const deliver: Deliver = (parcel, attempt, signal) => delivery.deliver(parcel, attempt, signal);
  const outbox: Outbox = await Outbox.open({ database, clock, log, service: 'events', deliver });
  // Endpoints out there may take seconds or want to be called seldom: nobody else should wait for them.
  const calls: Outbox = await Outbox.open({ database, clock, log, service: 'events-http', deliver });
  const schedules = await RuleSchedules.open({ database, buses, ingest, group, clock, random, log });
  const desk: Desk = { records, buses, ingest, archives, group, ports, secrets: options.secrets, sealer, clock, random, log };
  const replays = new Replays(desk);
  const authorizations = new Authorizations(desk, endpoints);
  const trimming = repeating(clock, trimEveryMs, async () => {
    for (const { value: archive } of [...records.all('archive')]) {
      if (archive.retentionDays === 0) continue;
      const beforeMs = clock.now() - archive.retentionDays * 86_400_000;
      await group
        .write((tx) => archives.drop(tx, archive.no, beforeMs))
        .catch((error: unknown) =>
          log.error('An archive of events could not be trimmed; the next try follows.', { archive: archive.arn, error }),
        );
    }
    await replays
      .forget(clock.now() - replaysKeptMs)
      .catch((error: unknown) => log.error('Old replays could not be forgotten.', { error }));
  });
  outbox.start();
  calls.start();

  return {
    handlers: {
      ...gaps,
      ...busHandlers(desk),
      ...ruleHandlers(desk, schedules),
      ...targetHandlers(desk),
      ...archiveHandlers(desk),
      ...replays.handlers(),
      ...connectionHandlers(desk, authorizations),
      ...tagHandlers(desk),
      PutEvents: putEvents(buses, ingest, { clock, random }),
    },
    policy(busArn) {
      const { bus, ...place } = busPlace({ account: '', region: '' }, busArn);
      const policy = buses.find(place, bus)?.policy;
      return policy === undefined ? undefined : JSON.stringify(policy);
    },
    put: async (from, events) =>
      ingest.accept(
        events.map(({ source, detailType, detail, resources = [], atMs = clock.now(), bus: busName }) => {
          const { bus, ...place } = busPlace(from, busName);
          buses.get(place, bus);
          const event = {
            version: '0',
            id: random.uuid(),
            'detail-type': detailType,
            source,
            account: from.account,
            time: eventTime(atMs),
            region: from.region,
            resources,
            detail,
          } as const;
          return { place, bus, event };
        }),
      ),
    async [Symbol.asyncDispose]() {
      await authorizations[Symbol.asyncDispose]();
      await schedules[Symbol.asyncDispose]();
      await replays[Symbol.asyncDispose]();
      await trimming[Symbol.asyncDispose]();
      await outbox[Symbol.asyncDispose]();
      await calls[Symbol.asyncDispose]();
      await group.settled();
      await records.settled();
    },
  };
}

const gaps = {
  ActivateEventSource: notYet('ActivateEventSource'),
  CreateEndpoint: notYet('CreateEndpoint'),
  CreatePartnerEventSource: notYet('CreatePartnerEventSource'),
  DeactivateEventSource: notYet('DeactivateEventSource'),
  DeleteEndpoint: notYet('DeleteEndpoint'),
  DeletePartnerEventSource: notYet('DeletePartnerEventSource'),
  DescribeEndpoint: notYet('DescribeEndpoint'),
  DescribeEventSource: notYet('DescribeEventSource'),
  DescribePartnerEventSource: notYet('DescribePartnerEventSource'),
  ListEndpoints: notYet('ListEndpoints'),
  ListEventSources: notYet('ListEventSources'),
  ListPartnerEventSourceAccounts: notYet('ListPartnerEventSourceAccounts'),
  ListPartnerEventSources: notYet('ListPartnerEventSources'),
  PutPartnerEvents: notYet('PutPartnerEvents'),
  UpdateEndpoint: notYet('UpdateEndpoint'),
};
