import type { Clock } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { readToken, writeToken } from '../kit/index.ts';
import { bounds } from './bounds.ts';
import { badToken, invalid, noStream } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import { floorOf, groupNameOf, type Groups } from './groups.ts';
import { PatternError, toPattern, type Pattern } from './pattern/index.ts';
import { beginning, eventId, positionOf, type Position } from './position.ts';
import { readEvents, type ReadRange, type StoredEvent } from './reader.ts';
import type { LogStore } from './store.ts';

interface ReadOptions {
  readonly database: Database;
  readonly groups: Groups;
  readonly store: LogStore;
  readonly clock: Clock;
  /** Resolves when lines appended so far can be read. */
  fresh(): Promise<void>;
}

const latest = Number.MAX_SAFE_INTEGER;

export function readHandlers(options: ReadOptions) {
  const { groups, store, database } = options;

  return {
    async GetLogEvents(input, call) {
      await options.fresh();
      const group = groups.get(call, groupNameOf(input.logGroupName, input.logGroupIdentifier));
      const stream = await store.stream(group.id, input.logStreamName ?? '');
      if (stream === undefined) throw noStream();
      const token = input.nextToken === undefined ? undefined : readDirection(input.nextToken);
      const direction = token?.direction ?? (input.startFromHead === true ? 'forward' : 'backward');
      const page = await readPage(
        database,
        {
          groupId: group.id,
          streamIds: [stream.id],
          direction,
          fromMs: Math.max(input.startTime ?? 0, floorOf(group, options.clock.now())),
          // The end is exclusive here, and inclusive in FilterLogEvents. @source CloudWatch Logs API reference
          toMs: input.endTime === undefined ? latest : input.endTime - 1,
          ...(token === undefined ? {} : { after: token.position }),
        },
        { limit: input.limit ?? bounds.answerEvents, scanBytes: Infinity },
      );
      const events = direction === 'forward' ? page.events : page.events.toReversed();
      return {
        events: events.map(({ atMs, message, ingestedAt }) => ({ timestamp: atMs, message, ingestionTime: ingestedAt })),
        ...tokensAround(events, token, direction),
      };
    },

    async FilterLogEvents(input, call) {
      await options.fresh();
      const group = groups.get(call, groupNameOf(input.logGroupName, input.logGroupIdentifier));
      const pattern = patternOf(input.filterPattern);
      if (input.logStreamNames !== undefined && input.logStreamNamePrefix !== undefined) {
        throw invalid('LogStreamNamePrefix and LogStreamNames are mutually exclusive parameters.');
      }
      if (input.startTime !== undefined && input.endTime !== undefined && input.startTime > input.endTime) {
        throw invalid('startTime must be less than or equal to endTime.');
      }
      const streams = new Streams(store, group.id);
      const streamIds = await streams.chosen(input.logStreamNames, input.logStreamNamePrefix);
      const after = input.nextToken === undefined ? undefined : positionOf(readToken(input.nextToken, badToken));
      if (input.nextToken !== undefined && after === undefined) throw badToken();
      const backward = input.startFromHead === false;
      const page = await readPage(
        database,
        {
          groupId: group.id,
          ...(streamIds === undefined ? {} : { streamIds }),
          direction: backward ? 'backward' : 'forward',
          fromMs: Math.max(input.startTime ?? 0, floorOf(group, options.clock.now())),
          toMs: input.endTime ?? latest,
          ...(after === undefined ? {} : { after }),
        },
        { limit: input.limit ?? bounds.answerEvents, scanBytes: bounds.scanBytes, pattern },
      );
      const names = await streams.names(page.events);
      return {
        events: page.events.map((event) => ({
          logStreamName: names.get(event.streamId) ?? '',
          timestamp: event.atMs,
          message: event.message,
          ingestionTime: event.ingestedAt,
          eventId: eventId(event),
        })),
        searchedLogStreams: [],
        ...(page.next === undefined ? {} : { nextToken: writeToken(eventId(page.next)) }),
      };
    },

    TestMetricFilter(input) {
      const pattern = patternOf(input.filterPattern);
      const matches = (input.logEventMessages ?? []).flatMap((eventMessage, index) => {
        const match = pattern.match(eventMessage);
        return match === undefined
          ? []
          : [{ eventNumber: index + 1, eventMessage, extractedValues: Object.fromEntries(match.columns) }];
      });
      return Promise.resolve({ matches });
    },
  } satisfies LogHandlers;
}

/** @throws InvalidParameterException */
export function patternOf(text: string | undefined): Pattern {
  try {
    return toPattern(text ?? '');
  } catch (error) {
    if (error instanceof PatternError) throw invalid(`Invalid filter pattern: ${error.message}.`);
    throw error;
  }
}

interface EventPage {
  readonly events: StoredEvent[];
  /** Where the next page begins; absent at the end. */
  readonly next?: Position;
}

/** Reads until the answer is full, enough has been looked at, or there is no more. */
async function readPage(
  database: Database,
  range: ReadRange,
  bound: { readonly limit: number; readonly scanBytes: number; readonly pattern?: Pattern },
): Promise<EventPage> {
  const events: StoredEvent[] = [];
  let bytes = 0;
  let scanned = 0;
  let last: Position | undefined;
  for await (const step of readEvents(database, range)) {
    scanned += step.scanned;
    for (const event of step.events) {
      if (events.length >= bound.limit) return last === undefined ? { events } : { events, next: last };
      if (bound.pattern === undefined || bound.pattern.match(event.message) !== undefined) {
        const size = event.message.length + 26;
        if (events.length > 0 && bytes + size > bounds.answerBytes)
          return last === undefined ? { events } : { events, next: last };
        bytes += size;
        events.push(event);
      }
      last = event;
    }
    if (scanned >= bound.scanBytes && last !== undefined) return { events, next: last };
  }
  return { events };
}

interface Direction {
  readonly direction: 'forward' | 'backward';
  readonly position: Position;
}

function readDirection(token: string): Direction {
  const found = /^([fb])\/(\d{56})\/s$/.exec(token);
  const position = positionOf(found?.[2] ?? '');
  if (position === undefined) throw badToken();
  return { direction: found?.[1] === 'f' ? 'forward' : 'backward', position };
}

/**
 * A token is the event that its page does not repeat. At an end the token given comes back, which is how
 * clients notice; the other one then turns round and begins with the event they saw last.
 */
function tokensAround(events: readonly StoredEvent[], token: Direction | undefined, direction: Direction['direction']) {
  const write = (letter: 'f' | 'b', position: Position): string => `${letter}/${eventId(position)}/s`;
  const [first, last] = [events[0], events.at(-1)];
  if (first !== undefined && last !== undefined)
    return { nextForwardToken: write('f', last), nextBackwardToken: write('b', first) };
  const { position } = token ?? { position: beginning };
  if (direction === 'forward')
    return { nextForwardToken: write('f', position), nextBackwardToken: write('b', { ...position, index: position.index + 1 }) };
  return {
    nextForwardToken: write('f', { ...position, index: Math.max(0, position.index - 1) }),
    nextBackwardToken: write('b', position),
  };
}

/** Names and ids of streams, as one request needs them. */
class Streams {
  readonly #store: LogStore;
  readonly #groupId: number;

  constructor(store: LogStore, groupId: number) {
    this.#store = store;
    this.#groupId = groupId;
  }

  /** Ids of the streams named; undefined = all. @throws ResourceNotFoundException for a name that is none */
  async chosen(names: readonly string[] | undefined, prefix: string | undefined): Promise<number[] | undefined> {
    if (names !== undefined && names.length > 0) {
      const rows = await Promise.all(names.map((name) => this.#store.stream(this.#groupId, name)));
      return rows.map((row) => {
        if (row === undefined) throw noStream();
        return row.id;
      });
    }
    return prefix === undefined ? undefined : this.#store.streamIds(this.#groupId, prefix);
  }

  names(events: readonly StoredEvent[]): Promise<ReadonlyMap<number, string>> {
    return this.#store.names([...new Set(events.map(({ streamId }) => streamId))]);
  }
}
