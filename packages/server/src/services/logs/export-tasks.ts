import { pipeline, Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { ServiceFault, type Call } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { pageOf, scopeOf } from '../kit/index.ts';
import type { S3Port } from '../s3/index.ts';
import { badToken, invalid, limitExceeded, notFound } from './faults.ts';
import type { LogHandlers } from './group-handlers.ts';
import { groupNameOf, type ExportRecord, type Groups } from './groups.ts';
import { readEvents } from './reader.ts';
import type { LogStore } from './store.ts';

export interface ExportOptions {
  readonly groups: Groups;
  readonly store: LogStore;
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly buckets: Pick<S3Port, 'isBucket' | 'put'> | undefined;
  /** Resolves when lines appended so far can be read. */
  fresh(): Promise<void>;
}

const pageSize = 50;
const streamsAtOnce = 100;
/** Finished tasks that are still shown. */
const tasksKept = 1_000;
const usualPrefix = 'exportedlogs';
const active: readonly string[] = ['PENDING', 'RUNNING', 'PENDING_CANCEL'];

/** Copies of log groups in buckets: an object for each stream, packed. One task of an account runs at a time. */
export class ExportTasks implements AsyncDisposable {
  readonly #options: ExportOptions;
  readonly #running = new Map<string, { readonly stop: AbortController; readonly work: Promise<void> }>();

  private constructor(options: ExportOptions) {
    this.#options = options;
  }

  /** What an earlier server left unfinished has failed. */
  static async open(options: ExportOptions): Promise<ExportTasks> {
    const { records } = options.groups;
    const left = [...records.all('exportTask')].filter(({ value }) => active.includes(value.status));
    if (left.length > 0) {
      await records.change((draft) => {
        for (const { scope, name, value } of left)
          draft.put('exportTask', scope, name, { ...value, status: 'FAILED', message: 'The server was stopped.' });
      });
    }
    return new ExportTasks(options);
  }

  handlers() {
    const { groups, clock, random, buckets } = this.#options;
    const { records } = groups;
    return {
      CreateExportTask: async (input, call) => {
        const group = groups.get(call, groupNameOf(input.logGroupName));
        const [from, to] = [input.from ?? 0, input.to ?? 0];
        if (from >= to) throw invalid('The specified time range is not valid: from must be before to.');
        const bucket = input.destination ?? '';
        if (buckets?.isBucket(bucket) !== true)
          throw invalid('The given bucket does not exist. Please make sure the bucket is valid.');
        const task: ExportRecord = {
          id: random.uuid(),
          ...(input.taskName === undefined ? {} : { name: input.taskName }),
          group: group.name,
          ...(input.logStreamNamePrefix === undefined ? {} : { streams: input.logStreamNamePrefix }),
          from,
          to,
          bucket,
          prefix: input.destinationPrefix ?? usualPrefix,
          status: 'PENDING',
          createdAt: Math.floor(clock.now()),
        };
        await records.change((draft) => {
          const tasks = draft.list('exportTask', scopeOf(call));
          if (tasks.some(({ status }) => active.includes(status))) throw limitExceeded();
          const old = tasks.toSorted((a, b) => b.createdAt - a.createdAt).slice(tasksKept - 1);
          for (const { id } of old) draft.delete('exportTask', scopeOf(call), id);
          draft.put('exportTask', scopeOf(call), task.id, task);
        });
        this.#start(call, group.id, task);
        return { taskId: task.id };
      },

      DescribeExportTasks: async (input, call) => {
        const found = records
          .list('exportTask', scopeOf(call))
          .filter(({ id }) => input.taskId === undefined || id === input.taskId)
          .filter(({ status }) => input.statusCode === undefined || status === input.statusCode);
        const page = pageOf(found, {
          limit: input.limit ?? pageSize,
          token: input.nextToken,
          nameOf: ({ id }) => id,
          invalid: badToken,
        });
        return { exportTasks: page.items.map(shown), ...(page.next === undefined ? {} : { nextToken: page.next }) };
      },

      CancelExportTask: async (input, call) => {
        const task = await records.change((draft) => {
          const known = draft.get('exportTask', scopeOf(call), input.taskId ?? '');
          if (known === undefined) throw notFound('The specified export task does not exist.');
          if (!active.includes(known.status))
            throw new ServiceFault('InvalidOperationException', 'The specified export task has already finished', {
              status: 400,
            });
          draft.put('exportTask', scopeOf(call), known.id, { ...known, status: 'PENDING_CANCEL' });
          return known;
        });
        this.#running.get(task.id)?.stop.abort();
        await this.#running.get(task.id)?.work;
        return {};
      },
    } satisfies LogHandlers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([...this.#running.values()].map(({ work }) => work));
  }

  #start(call: Pick<Call, 'account' | 'region'>, groupId: number, task: ExportRecord): void {
    const scope = scopeOf(call);
    const stop = new AbortController();
    const work = this.#run(scope, groupId, task, stop.signal)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return this.#end(scope, task.id, 'CANCELLED');
        this.#options.log.warn('A log group could not be exported.', { group: task.group, error });
        return this.#end(scope, task.id, 'FAILED', error instanceof Error ? error.message : String(error));
      })
      .catch((error: unknown) => this.#options.log.error('The end of an export could not be noted.', { error }))
      .finally(() => this.#running.delete(task.id));
    this.#running.set(task.id, { stop, work });
  }

  async #run(scope: string, groupId: number, task: ExportRecord, signal: AbortSignal): Promise<void> {
    const { store, buckets, fresh } = this.#options;
    await this.#change(scope, task.id, (now) => (now.status === 'PENDING' ? { ...now, status: 'RUNNING' } : now));
    await fresh();
    await buckets?.put(task.bucket, `${task.prefix}/aws-logs-write-test`, Buffer.from('Permission Check Successful'));
    let after: { readonly name: string; readonly lastEventAt: number } | undefined;
    for (;;) {
      const streams = await store.streams(groupId, {
        by: 'name',
        descending: false,
        prefix: task.streams,
        after,
        limit: streamsAtOnce,
      });
      for (const { id, name } of streams) {
        const key = `${task.prefix}/${task.id}/${name.replaceAll('/', '-')}/000000.gz`;
        const packed = createGzip();
        // What fails ends both, and is told to whoever reads.
        pipeline(Readable.from(this.#lines(groupId, id, task, signal)), packed, () => undefined);
        await buckets?.put(task.bucket, key, packed, { contentType: 'application/x-gzip' });
        signal.throwIfAborted();
      }
      const last = streams.at(-1);
      if (last === undefined || streams.length < streamsAtOnce) break;
      after = { name: last.name, lastEventAt: last.lastEventAt ?? 0 };
    }
    await this.#end(scope, task.id, 'COMPLETED', 'Completed successfully');
  }

  /** Each with its moment before it. A stop ends them early; what was written of the object is whole as far as it goes. */
  async *#lines(groupId: number, streamId: number, { from, to }: ExportRecord, signal: AbortSignal): AsyncGenerator<string> {
    const range = { groupId, streamIds: [streamId], direction: 'forward', fromMs: from, toMs: to } as const;
    for await (const { events } of readEvents(this.#options.database, range)) {
      if (signal.aborted) return;
      for (const { atMs, message } of events) yield `${new Date(atMs).toISOString()} ${message}\n`;
    }
  }

  #end(scope: string, id: string, status: ExportRecord['status'], message?: string): Promise<void> {
    const endedAt = Math.floor(this.#options.clock.now());
    return this.#change(scope, id, (task) => ({ ...task, status, endedAt, ...(message === undefined ? {} : { message }) }));
  }

  async #change(scope: string, id: string, change: (task: ExportRecord) => ExportRecord): Promise<void> {
    await this.#options.groups.records.change((draft) => {
      const task = draft.get('exportTask', scope, id);
      if (task !== undefined) draft.put('exportTask', scope, id, change(task));
    });
  }
}

const shown = (task: ExportRecord) => ({
  taskId: task.id,
  ...(task.name === undefined ? {} : { taskName: task.name }),
  logGroupName: task.group,
  from: task.from,
  to: task.to,
  destination: task.bucket,
  destinationPrefix: task.prefix,
  status: { code: task.status, ...(task.message === undefined ? {} : { message: task.message }) },
  executionInfo: { creationTime: task.createdAt, ...(task.endedAt === undefined ? {} : { completionTime: task.endedAt }) },
});
