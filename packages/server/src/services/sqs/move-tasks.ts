import { ServiceFault } from '@mayfly/wire';
import { queueArn, redrivePolicyOf } from './attributes.ts';
import { invalidParameter } from './faults.ts';
import type { QueueHouse } from './house.ts';
import type { Message } from './message.ts';
import type { Sqs } from './sqs.ts';

/** A redrive of dead letters, kept for a day of listings. */
export interface MoveTaskRecord {
  readonly id: string;
  readonly sourceArn: string;
  readonly destinationArn?: string;
  readonly maxPerSecond?: number;
  readonly status: 'RUNNING' | 'CANCELLING' | 'CANCELLED' | 'COMPLETED' | 'FAILED';
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly moved: number;
  readonly toMove: number;
  readonly failure?: string;
}

/** Tasks of one queue that are remembered. @source Amazon SQS API Reference, ListMessageMoveTasks, read 2026-11 */
const keptTasks = 10;
const batch = 100;

/** Moves dead letters back to where they came from, or elsewhere. One task a queue at a time. */
export class MoveTasks implements AsyncDisposable {
  readonly #sqs: Sqs;
  readonly #stop = new AbortController();
  readonly #running = new Map<string, { readonly stop: AbortController; moved: number; done: Promise<void> }>();

  constructor(sqs: Sqs) {
    this.#sqs = sqs;
    // What a stopped server left running goes on.
    for (const { value } of sqs.records.all('moveTask')) if (value.status === 'RUNNING') this.#run(value);
  }

  async start(input: {
    readonly SourceArn: string;
    readonly DestinationArn?: string | undefined;
    readonly MaxNumberOfMessagesPerSecond?: number | undefined;
  }): Promise<string> {
    const { SourceArn: sourceArn, DestinationArn: destinationArn, MaxNumberOfMessagesPerSecond: perSecond } = input;
    const source = this.#existing(sourceArn, 'SourceArn');
    if (destinationArn !== undefined) this.#existing(destinationArn, 'DestinationArn');
    if (perSecond !== undefined && (perSecond < 1 || perSecond > 500)) {
      throw invalidParameter(
        `Value ${perSecond} for parameter MaxNumberOfMessagesPerSecond is invalid. Reason: Must be between 1 and 500, if provided.`,
      );
    }
    const feeds = [...this.#sqs.houses()].some(
      (house) => redrivePolicyOf(house.record.attributes)?.deadLetterTargetArn === sourceArn,
    );
    if (!feeds) throw invalidParameter('Source queue must be configured as a Dead Letter Queue.');
    if (this.list(sourceArn, 1).some(({ status }) => status === 'RUNNING')) {
      throw invalidParameter(
        'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
      );
    }
    const task: MoveTaskRecord = {
      id: this.#sqs.random.uuid(),
      sourceArn,
      ...(destinationArn === undefined ? {} : { destinationArn }),
      ...(perSecond === undefined ? {} : { maxPerSecond: perSecond }),
      status: 'RUNNING',
      startedAtMs: Math.floor(this.#sqs.clock.now()),
      moved: 0,
      toMove: source.queue.messages.size,
    };
    await this.#save(task);
    this.#run(task);
    return writeTaskHandle(task);
  }

  /** @returns messages moved before the end */
  async cancel(handle: string): Promise<number> {
    const { id, sourceArn } = readTaskHandle(handle);
    const running = this.#running.get(id);
    if (running === undefined) {
      this.#existing(sourceArn, 'SourceArn');
      throw new ServiceFault('ResourceNotFoundException', 'The task is not running.');
    }
    running.stop.abort();
    await running.done;
    return running.moved;
  }

  /** Newest first. */
  list(sourceArn: string, max: number): readonly (MoveTaskRecord & { readonly handle?: string })[] {
    return this.#sqs.records
      .list('moveTask', sourceArn)
      .toSorted((a, b) => b.startedAtMs - a.startedAtMs)
      .slice(0, max)
      .map((task) => ({
        ...task,
        moved: this.#running.get(task.id)?.moved ?? task.moved,
        ...(task.status === 'RUNNING' ? { handle: writeTaskHandle(task) } : {}),
      }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#running.values()].map(({ done }) => done));
  }

  #existing(arn: string, parameter: string): QueueHouse {
    const house = this.#sqs.find(arn);
    if (house !== undefined) return house;
    throw new ServiceFault(
      'ResourceNotFoundException',
      `The resource that you specified for the ${parameter} parameter doesn't exist.`,
    );
  }

  #run(task: MoveTaskRecord): void {
    const stop = new AbortController();
    const running = { stop, moved: task.moved, done: Promise.resolve() };
    this.#running.set(task.id, running);
    running.done = this.#work(task, AbortSignal.any([stop.signal, this.#stop.signal]), (count) => (running.moved += count))
      .then((): Partial<MoveTaskRecord> => ({ status: stop.signal.aborted ? 'CANCELLED' : 'COMPLETED' }))
      .catch((error: unknown): Partial<MoveTaskRecord> => ({
        status: 'FAILED',
        failure: error instanceof Error ? error.message : String(error),
      }))
      .then(async (ending) => {
        const cut = this.#stop.signal.aborted && !stop.signal.aborted;
        await this.#save({ ...task, ...(cut ? {} : ending), moved: running.moved });
      })
      .catch((error: unknown) => this.#sqs.log.error('A move task could not be noted.', { error }))
      .finally(() => this.#running.delete(task.id));
  }

  async #work(task: MoveTaskRecord, signal: AbortSignal, count: (moved: number) => void): Promise<void> {
    const atOnce = task.maxPerSecond === undefined ? batch : Math.min(batch, task.maxPerSecond);
    let left = task.toMove - task.moved;
    while (left > 0 && !signal.aborted) {
      const source = this.#sqs.find(task.sourceArn);
      const messages = source?.queue.take(Math.min(atOnce, left), this.#sqs.clock.monotonic(), 0, undefined) ?? [];
      if (source === undefined || messages.length === 0) return;
      await Promise.all(messages.map((message) => this.#move(task, source, message)));
      left -= messages.length;
      count(messages.length);
      if (task.maxPerSecond !== undefined && left > 0) {
        await this.#sqs.clock.sleep((1000 * messages.length) / task.maxPerSecond, { signal }).catch(() => undefined);
      }
    }
  }

  async #move(task: MoveTaskRecord, source: QueueHouse, message: Message): Promise<void> {
    const target = this.#sqs.find(task.destinationArn ?? message.sourceArn ?? '');
    if (target === undefined) throw new Error(`The queue that ${message.messageId} came from does not exist.`);
    source.queue.remove(message);
    await this.#sqs.move(message, target, { sourceArn: undefined, receiveCount: 0 });
  }

  #save(task: MoveTaskRecord): Promise<void> {
    return this.#sqs.records.change((draft) => {
      draft.put('moveTask', task.sourceArn, task.id, task);
      const old = draft.list('moveTask', task.sourceArn).toSorted((a, b) => b.startedAtMs - a.startedAtMs);
      for (const { id } of old.slice(keptTasks)) draft.delete('moveTask', task.sourceArn, id);
    });
  }
}

const writeTaskHandle = (task: MoveTaskRecord): string =>
  Buffer.from(JSON.stringify({ taskId: task.id, sourceArn: task.sourceArn })).toString('base64');

function readTaskHandle(handle: string): { readonly id: string; readonly sourceArn: string } {
  try {
    const { taskId, sourceArn } = JSON.parse(Buffer.from(handle, 'base64').toString('utf8')) as Record<string, unknown>;
    if (typeof taskId === 'string' && typeof sourceArn === 'string') return { id: taskId, sourceArn };
  } catch {
    // Falls through: not one of ours.
  }
  throw invalidParameter('Value for parameter TaskHandle is invalid.');
}

export const listedQueues = (sqs: Sqs, targetArn: string): readonly QueueHouse[] =>
  [...sqs.houses()]
    .filter((house) => redrivePolicyOf(house.record.attributes)?.deadLetterTargetArn === targetArn)
    .toSorted((a, b) => (queueArn(a.record) < queueArn(b.record) ? -1 : 1));
