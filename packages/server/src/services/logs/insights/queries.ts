import { setImmediate as turn } from 'node:timers/promises';
import { ServiceFault, type Call } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../../base/index.ts';
import type { Database } from '../../../storage/index.ts';
import { PatternError } from '../../kit/index.ts';
import { invalid, notFound } from '../faults.ts';
import type { LogHandlers } from '../group-handlers.ts';
import { floorOf, groupNameOf, type GroupRecord, type Groups } from '../groups.ts';
import { eventId } from '../position.ts';
import { readEvents, type StoredEvent } from '../reader.ts';
import type { LogStore } from '../store.ts';
import { readQuery, type Query } from './query.ts';
import { Row, textOf } from './row.ts';
import { QueryError } from './tokens.ts';

export interface QueryOptions {
  readonly groups: Groups;
  readonly store: LogStore;
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Resolves when lines appended so far can be read. */
  fresh(): Promise<void>;
}

interface Run {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly groups: readonly GroupRecord[];
  readonly text: string;
  readonly query: Query;
  readonly fromMs: number;
  readonly toMs: number;
  readonly createdAtMs: number;
  readonly stop: AbortController;
  status: 'Scheduled' | 'Running' | 'Complete' | 'Failed' | 'Cancelled' | 'Timeout';
  results: { field: string; value: string }[][];
  readonly seen: { records: number; matched: number; bytes: number };
}

/** Runs that are remembered, and that go on at once. What they found is kept in memory alone. */
const mostRuns = 1_000;
const atOnce = 2;
/** Events that one run looks at. */
const mostEvents = 5_000_000;
/** Events between two turns of the event loop. */
const eventsATurn = 500;

/** Queries of Logs Insights: read at once, run behind the scenes, two at a time. */
export class Queries implements AsyncDisposable {
  readonly #options: QueryOptions;
  readonly #runs = new Map<string, Run>();
  readonly #waiting: Run[] = [];
  readonly #running = new Set<Promise<void>>();

  constructor(options: QueryOptions) {
    this.#options = options;
  }

  handlers() {
    const { groups, clock, random } = this.#options;
    return {
      StartQuery: (input, call) => {
        const text = input.queryString ?? '';
        const names = [
          ...(input.logGroupName === undefined ? [] : [input.logGroupName]),
          ...(input.logGroupNames ?? []),
          ...(input.logGroupIdentifiers ?? []).map((identifier) => groupNameOf(undefined, identifier)),
        ];
        if (names.length === 0) throw invalid('Log groups must be provided.');
        const found = names.map((name) => {
          const group = groups.find(call, name);
          if (group === undefined) throw notFound(`Log group '${name}' does not exist for account ID '${call.account}'`);
          return group;
        });
        const { startTime = 0, endTime = 0 } = input;
        if (endTime < startTime) throw invalid('End time should not be less than start time.');
        const limit = input.limit === undefined ? '' : ` | limit ${input.limit}`;
        const run: Run = {
          id: random.uuid(),
          account: call.account,
          region: call.region,
          groups: found,
          text: `SOURCE ${names.map((name) => `"${name}"`).join(' ')} START=${startTime}000 END=${endTime}999 | ${text}`,
          query: understood(/\|\s*limit\s+\d+\s*$/i.test(text) ? text : text + limit, found.length > 1),
          fromMs: startTime * 1000,
          toMs: endTime * 1000 + 999,
          createdAtMs: Math.floor(clock.now()),
          stop: new AbortController(),
          status: 'Scheduled',
          results: [],
          seen: { records: 0, matched: 0, bytes: 0 },
        };
        this.#runs.set(run.id, run);
        if (this.#runs.size > mostRuns) this.#runs.delete(this.#runs.keys().next().value ?? '');
        this.#waiting.push(run);
        this.#pump();
        return Promise.resolve({ queryId: run.id });
      },

      GetQueryResults: (input, call) => {
        const { results, seen, status, groups: of } = this.#get(call, input.queryId);
        return Promise.resolve({
          queryLanguage: 'CWLI' as const,
          results,
          statistics: {
            recordsMatched: seen.matched,
            recordsScanned: seen.records,
            estimatedRecordsSkipped: 0,
            bytesScanned: seen.bytes,
            estimatedBytesSkipped: 0,
            logGroupsScanned: of.length,
          },
          status,
        });
      },

      StopQuery: (input, call) => {
        const run = this.#get(call, input.queryId);
        if (run.status !== 'Running' && run.status !== 'Scheduled')
          throw invalid(`Query with ID ${run.id} has already ended with status ${run.status}.`);
        run.status = 'Cancelled';
        run.stop.abort();
        return Promise.resolve({ success: true });
      },

      DescribeQueries: (input, call) => {
        const found = [...this.#runs.values()]
          .toReversed()
          .filter((run) =>
            [
              run.account === call.account && run.region === call.region,
              input.logGroupName === undefined || run.groups.some(({ name }) => name === input.logGroupName),
              input.status === undefined || run.status === input.status,
            ].every(Boolean),
          );
        return Promise.resolve({
          queries: found.slice(0, input.maxResults ?? mostRuns).map((run) => ({
            queryLanguage: 'CWLI' as const,
            queryId: run.id,
            queryString: run.text,
            status: run.status,
            createTime: run.createdAtMs,
            logGroupName: run.groups[0]?.name,
          })),
        });
      },
    } satisfies LogHandlers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#waiting.length = 0;
    for (const run of this.#runs.values()) run.stop.abort();
    await Promise.all(this.#running);
  }

  #get(call: Call, id: string | undefined): Run {
    const run = this.#runs.get(id ?? '');
    if (run?.account !== call.account || run.region !== call.region) throw notFound(`Query with ID ${id} does not exist.`);
    return run;
  }

  #pump(): void {
    while (this.#running.size < atOnce) {
      const run = this.#waiting.shift();
      if (run === undefined) return;
      if (run.status !== 'Scheduled') continue;
      const running: Promise<void> = this.#run(run).finally(() => {
        this.#running.delete(running);
        this.#pump();
      });
      this.#running.add(running);
    }
  }

  async #run(run: Run): Promise<void> {
    run.status = 'Running';
    try {
      await this.#options.fresh();
      const isWhole = await this.#read(run);
      if (!run.stop.signal.aborted) run.status = isWhole ? 'Complete' : 'Timeout';
    } catch (error) {
      this.#options.log.error('A query of logs failed for a reason of ours.', { queryId: run.id, error });
      run.status = 'Failed';
    }
  }

  /** @returns whether all there is was looked at */
  async #read(run: Run): Promise<boolean> {
    const { query, seen } = run;
    const results: Run['results'] = [];
    const sink = query.run((row) => void results.push(shown(row, query)));
    for (const group of run.groups) {
      const range = {
        groupId: group.id,
        direction: 'backward',
        fromMs: Math.max(run.fromMs, floorOf(group, this.#options.clock.now())),
        toMs: run.toMs,
      } as const;
      for await (const { events, scanned } of readEvents(this.#options.database, range)) {
        seen.bytes += scanned;
        const names = await this.#options.store.names([...new Set(events.map(({ streamId }) => streamId))]);
        for (const [index, event] of events.entries()) {
          if (index % eventsATurn === eventsATurn - 1) await turn();
          if (run.stop.signal.aborted) return false;
          if (seen.records >= mostEvents) return false;
          seen.records += 1;
          sink.push(rowOf(event, group, names.get(event.streamId) ?? '', run.account));
          if (sink.full) break;
        }
        if (sink.full) break;
      }
    }
    sink.end();
    run.results = results;
    seen.matched = query.groups ? seen.records : results.length;
    return true;
  }
}

/** @throws MalformedQueryException */
function understood(text: string, merges: boolean): Query {
  try {
    return readQuery(text, { merges });
  } catch (error) {
    if (!(error instanceof QueryError) && !(error instanceof PatternError)) throw error;
    const at = error instanceof QueryError ? { startCharOffset: error.from, endCharOffset: error.to } : undefined;
    throw new ServiceFault('MalformedQueryException', error.message, {
      status: 400,
      members: { queryCompileError: { ...(at === undefined ? {} : { location: at }), message: error.message } },
    });
  }
}

const rowOf = (event: StoredEvent, group: GroupRecord, stream: string, account: string): Row =>
  new Row([
    ['@timestamp', new Date(event.atMs)],
    ['@message', event.message],
    ['@logStream', stream],
    ['@log', `${account}:${group.name}`],
    ['@ingestionTime', new Date(event.ingestedAt)],
    ['@ptr', Buffer.from(`${group.name} ${eventId(event)}`).toString('base64')],
  ]);

/** What is not there is not shown; events have a pointer to themselves. */
const shown = (row: Row, { columns, groups }: Query): { field: string; value: string }[] =>
  (groups ? columns : [...columns, '@ptr']).flatMap((field) => {
    const value = row.get(field);
    return value === undefined ? [] : [{ field, value: textOf(value) }];
  });
