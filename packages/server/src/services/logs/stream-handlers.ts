import { readToken, writeToken } from '../kit/index.ts';
import { badToken, exists, invalid, noGroup, noStream } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import { groupArn, groupNameOf, type Groups } from './groups.ts';
import type { LogStore, StreamRow } from './store.ts';

const pageSize = 50;

export function streamHandlers({
  groups,
  store,
  fresh,
}: {
  readonly groups: Groups;
  readonly store: LogStore;
  fresh(): Promise<void>;
}) {
  return {
    async CreateLogStream(input, call) {
      const group = groups.find(call, groupNameOf(input.logGroupName));
      if (group === undefined) throw noGroup();
      if (!(await store.createStream(group.id, input.logStreamName ?? ''))) throw exists('log stream');
      return {};
    },

    async DeleteLogStream(input, call) {
      const group = groups.get(call, groupNameOf(input.logGroupName));
      if (!(await store.deleteStream(group.id, input.logStreamName ?? ''))) throw noStream();
      return {};
    },

    async DescribeLogStreams(input, call) {
      await fresh();
      const name = groupNameOf(input.logGroupName, input.logGroupIdentifier);
      const group = groups.get(call, name);
      const by = input.orderBy === 'LastEventTime' ? 'lastEvent' : 'name';
      if (by === 'lastEvent' && input.logStreamNamePrefix !== undefined)
        throw invalid('Cannot order by LastEventTime with a logStreamNamePrefix.');
      const limit = input.limit ?? pageSize;
      const rows = await store.streams(group.id, {
        by,
        descending: input.descending ?? false,
        prefix: input.logStreamNamePrefix,
        after: input.nextToken === undefined ? undefined : readPlace(input.nextToken),
        limit: limit + 1,
      });
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        logStreams: shown.map((row) => describe(`${groupArn(call, name)}:log-stream:`, row)),
        ...(rows.length > limit && last !== undefined ? { nextToken: writeToken(`${last.lastEventAt ?? 0}/${last.name}`) } : {}),
      };
    },
  } satisfies LogHandlers;
}

const describe = (arn: string, row: StreamRow) => ({
  logStreamName: row.name,
  creationTime: row.createdAt,
  ...(row.firstEventAt === undefined ? {} : { firstEventTimestamp: row.firstEventAt }),
  ...(row.lastEventAt === undefined ? {} : { lastEventTimestamp: row.lastEventAt }),
  ...(row.lastIngestionAt === undefined ? {} : { lastIngestionTime: row.lastIngestionAt }),
  // Nothing was put into it yet: there is no token, as recorded.
  ...(row.lastIngestionAt === undefined ? {} : { uploadSequenceToken: sequenceToken }),
  arn: arn + row.name,
  // Zero for every stream since 2019.
  storedBytes: 0,
});

/** Ignored since 2023, and still asked for by old agents. */
export const sequenceToken = '49039859574658354532389583235245876322223412345678901234';

function readPlace(token: string): { name: string; lastEventAt: number } {
  const found = /^(\d{1,16})\/(.*)$/s.exec(readToken(token, badToken));
  if (found === null) throw badToken();
  return { lastEventAt: Number(found[1]), name: found[2] ?? '' };
}
