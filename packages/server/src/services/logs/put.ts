import type { Clock } from '../../base/index.ts';
import { bounds } from './bounds.ts';
import { invalid, noStream } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import { groupNameOf, type GroupRecord, type Groups } from './groups.ts';
import type { LogStore, Written } from './store.ts';
import { sequenceToken } from './stream-handlers.ts';

interface Rejected {
  tooNewLogEventStartIndex?: number;
  tooOldLogEventEndIndex?: number;
  expiredLogEventEndIndex?: number;
}

/** Lines that clients bring themselves. Answered when they are on disk. */
export function putHandlers(options: {
  readonly groups: Groups;
  readonly store: LogStore;
  readonly clock: Clock;
  written(
    from: { account: string; region: string; logGroup: string; logStream: string },
    group: GroupRecord,
    chunks: readonly Written[],
  ): void;
}) {
  const { groups, store, clock } = options;
  return {
    async PutLogEvents(input, call) {
      const logGroup = groupNameOf(input.logGroupName);
      const logStream = input.logStreamName ?? '';
      const events = (input.logEvents ?? []).map(({ timestamp, message }) => ({ atMs: timestamp ?? 0, message: message ?? '' }));
      check(events);
      const group = groups.get(call, logGroup);
      if ((await store.stream(group.id, logStream)) === undefined) throw noStream();
      const { rejected, first, end } = accepted(events, clock.now(), group.retentionDays);
      const lines = events.slice(first, end);
      if (lines.length > 0) {
        const [chunks = []] = await store.write([{ groupId: group.id, stream: logStream, lines }]);
        options.written({ account: call.account, region: call.region, logGroup, logStream }, group, chunks);
      }
      return { nextSequenceToken: sequenceToken, ...(rejected === undefined ? {} : { rejectedLogEventsInfo: rejected }) };
    },
  } satisfies LogHandlers;
}

type Line = { readonly atMs: number; readonly message: string };

function check(events: readonly Line[]): void {
  if (events.length > bounds.putEvents) {
    throw invalid(
      `1 validation error detected: Value at 'logEvents' failed to satisfy constraint: Member must have length less than or equal to ${bounds.putEvents}`,
    );
  }
  let bytes = 0;
  let lastMs = 0;
  for (const { atMs, message } of events) {
    if (!Number.isSafeInteger(atMs) || atMs < 0) throw invalid('A timestamp is milliseconds since the epoch, at least 0.');
    if (atMs < lastMs) throw invalid('Log events in a single PutLogEvents request must be in chronological order.');
    lastMs = atMs;
    bytes += Buffer.byteLength(message) + bounds.putOverheadBytes;
  }
  if (bytes > bounds.putBytes) throw invalid(`Upload too large: ${bytes} bytes exceeds limit of ${bounds.putBytes}`);
  if (lastMs - (events[0]?.atMs ?? lastMs) > bounds.putSpanMs) {
    throw invalid('The batch of log events in a single PutLogEvents request cannot span more than 24 hours.');
  }
}

/** The events that are neither too old nor too new; they are in order, so it is one range. */
function accepted(
  events: readonly Line[],
  nowMs: number,
  retentionDays: number | undefined,
): { rejected: Rejected | undefined; first: number; end: number } {
  const rejected: Rejected = {};
  const count = (before: number): number => {
    const index = events.findIndex(({ atMs }) => atMs >= before);
    return index === -1 ? events.length : index;
  };
  const tooOld = count(nowMs - bounds.pastMs);
  const expired = retentionDays === undefined ? 0 : count(nowMs - retentionDays * 86_400_000);
  const end = count(nowMs + bounds.futureMs + 1);
  if (tooOld > 0) rejected.tooOldLogEventEndIndex = tooOld;
  if (expired > tooOld) rejected.expiredLogEventEndIndex = expired;
  if (end < events.length) rejected.tooNewLogEventStartIndex = end;
  return { rejected: Object.keys(rejected).length === 0 ? undefined : rejected, first: Math.max(tooOld, expired), end };
}
