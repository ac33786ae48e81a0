import { ServiceFault, type Call, type Handlers, type SqsOperations } from '@mayfly/wire';
import { pageOf } from '../kit/pages.ts';
import { byCodeUnits, scopeOf } from '../kit/records.ts';
import { attributeOf, checkName, queueArn, redrivePolicyOf, settable, withAttributes, type QueueRecord } from './attributes.ts';
import { invalidParameter, invalidValue, queueDoesNotExist, unknownAttribute } from './faults.ts';
import type { QueueHouse } from './house.ts';
import { listedQueues, type MoveTasks } from './move-tasks.ts';
import { withoutPermission, withPermission } from './permissions.ts';
import type { Sqs } from './sqs.ts';

type Names =
  | 'CreateQueue'
  | 'DeleteQueue'
  | 'GetQueueUrl'
  | 'ListQueues'
  | 'GetQueueAttributes'
  | 'SetQueueAttributes'
  | 'PurgeQueue'
  | 'TagQueue'
  | 'UntagQueue'
  | 'ListQueueTags'
  | 'AddPermission'
  | 'RemovePermission'
  | 'ListDeadLetterSourceQueues'
  | 'StartMessageMoveTask'
  | 'CancelMessageMoveTask'
  | 'ListMessageMoveTasks';

const purgeEveryMs = 60_000;
const mostTags = 50;

/** The URL follows the address under which the caller reached us, so that it works where the caller is. */
const urlOf = (call: Call, queue: { readonly account: string; readonly name: string }): string =>
  `${call.origin}/${queue.account}/${queue.name}`;

/** The queue a URL names: its last two segments, in the caller's region. @throws QueueDoesNotExist */
export function houseOf(sqs: Sqs, call: Call, url: string | undefined): QueueHouse {
  const [name, account] = (url ?? '').split('/').toReversed();
  if (name === undefined || name === '') throw queueDoesNotExist();
  const owner = account !== undefined && /^\d{12}$/.test(account) ? account : call.account;
  return sqs.house(queueArn({ region: call.region, account: owner, name }));
}

/** Everything that is about queues rather than messages. */
export function queueHandlers(sqs: Sqs, tasks: MoveTasks): Pick<Handlers<SqsOperations>, Names> {
  const { records } = sqs;
  const change = async (house: QueueHouse, edit: (record: QueueRecord) => Partial<QueueRecord>): Promise<void> => {
    const { account, region, name } = house.record;
    house.record = await records.change((draft) => {
      const current = draft.get('queue', `${account}/${region}`, name);
      if (current === undefined) throw queueDoesNotExist();
      const next: QueueRecord = { ...current, ...edit(current) };
      draft.put('queue', `${account}/${region}`, name, next);
      return next;
    });
  };
  const setAttributes = (house: QueueHouse, changes: Readonly<Record<string, string | undefined>>): Promise<void> =>
    change(house, (record) => {
      const attributes = withAttributes(record.attributes, changes, { fifo: record.fifo, isNew: false });
      checkRedrive(sqs, attributes, record);
      return { attributes, modifiedAtMs: Math.floor(sqs.clock.now()) };
    });

  return {
    async CreateQueue(input, call) {
      const name = input.QueueName ?? '';
      const given = input.Attributes ?? {};
      const fifo = given.FifoQueue === 'true';
      checkName(name, fifo);
      const scope = scopeOf(call);
      const nowMs = Math.floor(sqs.clock.now());
      const made = await records.change((draft) => {
        const existing = draft.get('queue', scope, name);
        if (existing !== undefined) {
          checkSame(existing, given);
          return undefined;
        }
        const attributes = withAttributes({}, given, { fifo, isNew: true });
        const record: QueueRecord = {
          id: sqs.random.uuid(),
          name,
          account: call.account,
          region: call.region,
          fifo,
          createdAtMs: nowMs,
          modifiedAtMs: nowMs,
          attributes,
          tags: checkedTags(input.tags ?? {}),
        };
        checkRedrive(sqs, attributes, record);
        draft.put('queue', scope, name, record);
        return record;
      });
      if (made !== undefined) sqs.built(made);
      return { QueueUrl: urlOf(call, { account: call.account, name }) };
    },

    async DeleteQueue(input, call) {
      const { record } = houseOf(sqs, call, input.QueueUrl);
      await records.change((draft) => void draft.delete('queue', `${record.account}/${record.region}`, record.name));
      await sqs.demolish(queueArn(record));
      return {};
    },

    async GetQueueUrl(input, call) {
      const account = input.QueueOwnerAWSAccountId ?? call.account;
      const { record } = sqs.house(queueArn({ region: call.region, account, name: input.QueueName ?? '' }));
      return { QueueUrl: urlOf(call, record) };
    },

    async ListQueues(input, call) {
      const prefix = input.QueueNamePrefix ?? '';
      const queues = records.list('queue', scopeOf(call)).filter(({ name }) => name.startsWith(prefix));
      const limit = input.MaxResults ?? 1000;
      if (limit < 1 || limit > 1000) throw invalidValue(limit, 'MaxResults', 'MaxResults must be an integer between 1 and 1000.');
      const page = pageOf(queues, { limit, token: input.NextToken, nameOf: ({ name }) => name, invalid: invalidToken });
      return {
        ...(page.items.length === 0 ? {} : { QueueUrls: page.items.map((queue) => urlOf(call, queue)) }),
        // Only a caller who asks for pages is told of the next. @source Amazon SQS API Reference, ListQueues, read 2026-11
        ...(page.next === undefined || input.MaxResults === undefined ? {} : { NextToken: page.next }),
      };
    },

    async GetQueueAttributes(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      const all = describe(sqs, house);
      const names = input.AttributeNames ?? [];
      if (names.includes('All')) return { Attributes: all };
      for (const name of names) if (!describable.has(name)) throw unknownAttribute(name);
      const wanted = Object.entries(all).filter(([name]) => (names as readonly string[]).includes(name));
      return wanted.length === 0 ? {} : { Attributes: Object.fromEntries(wanted) };
    },

    async SetQueueAttributes(input, call) {
      await setAttributes(houseOf(sqs, call, input.QueueUrl), input.Attributes ?? {});
      return {};
    },

    async PurgeQueue(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      const nowMs = sqs.clock.monotonic();
      if (nowMs - house.purgedAtMs < purgeEveryMs) {
        throw new ServiceFault(
          'PurgeQueueInProgress',
          `Only one PurgeQueue operation on ${house.record.name} is allowed every 60 seconds.`,
        );
      }
      house.purgedAtMs = nowMs;
      await sqs.purge(house);
      return {};
    },

    async TagQueue(input, call) {
      await change(houseOf(sqs, call, input.QueueUrl), ({ tags }) => ({ tags: checkedTags({ ...tags, ...input.Tags }) }));
      return {};
    },
    async UntagQueue(input, call) {
      const gone = new Set(input.TagKeys);
      await change(houseOf(sqs, call, input.QueueUrl), ({ tags }) => ({
        tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))),
      }));
      return {};
    },
    async ListQueueTags(input, call) {
      const { tags } = houseOf(sqs, call, input.QueueUrl).record;
      return Object.keys(tags).length === 0 ? {} : { Tags: { ...tags } };
    },

    async AddPermission(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      const grant = { label: input.Label ?? '', accounts: input.AWSAccountIds ?? [], actions: input.Actions ?? [] };
      await setAttributes(house, { Policy: withPermission(house.record.attributes['Policy'], queueArn(house.record), grant) });
      return {};
    },
    async RemovePermission(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      await setAttributes(house, {
        Policy: withoutPermission(house.record.attributes['Policy'], queueArn(house.record), input.Label ?? ''),
      });
      return {};
    },

    async ListDeadLetterSourceQueues(input, call) {
      const houses = listedQueues(sqs, queueArn(houseOf(sqs, call, input.QueueUrl).record));
      const page = pageOf(houses, {
        limit: input.MaxResults ?? 1000,
        token: input.NextToken,
        nameOf: ({ record }) => queueArn(record),
        invalid: invalidToken,
      });
      return {
        queueUrls: page.items.map(({ record }) => urlOf(call, record)),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    async StartMessageMoveTask(input) {
      return { TaskHandle: await tasks.start({ ...input, SourceArn: input.SourceArn ?? '' }) };
    },
    async CancelMessageMoveTask(input) {
      return { ApproximateNumberOfMessagesMoved: await tasks.cancel(input.TaskHandle ?? '') };
    },
    async ListMessageMoveTasks(input) {
      if (sqs.find(input.SourceArn ?? '') === undefined) {
        throw new ServiceFault(
          'ResourceNotFoundException',
          "The resource that you specified for the SourceArn parameter doesn't exist.",
        );
      }
      return {
        Results: tasks.list(input.SourceArn ?? '', input.MaxResults ?? 1).map((task) => ({
          ...(task.handle === undefined ? {} : { TaskHandle: task.handle }),
          Status: task.status,
          SourceArn: task.sourceArn,
          ...(task.destinationArn === undefined ? {} : { DestinationArn: task.destinationArn }),
          ...(task.maxPerSecond === undefined ? {} : { MaxNumberOfMessagesPerSecond: task.maxPerSecond }),
          ApproximateNumberOfMessagesMoved: task.moved,
          ApproximateNumberOfMessagesToMove: task.toMove,
          ...(task.failure === undefined ? {} : { FailureReason: task.failure }),
          StartedTimestamp: task.startedAtMs,
        })),
      };
    },
  };
}

const invalidToken = (): ServiceFault => invalidParameter('Invalid or expired next token.');

const computed = [
  'QueueArn',
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
  'CreatedTimestamp',
  'LastModifiedTimestamp',
];
const describable = new Set<string>([...settable, ...computed]);

function describe(sqs: Sqs, house: QueueHouse): Record<string, string> {
  const { queue, record } = house;
  queue.advance(sqs.clock.monotonic());
  const set = settable.flatMap((name) => {
    const value = attributeOf(record, name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    QueueArn: queueArn(record),
    ApproximateNumberOfMessages: String(queue.visible),
    ApproximateNumberOfMessagesNotVisible: String(queue.inFlight),
    ApproximateNumberOfMessagesDelayed: String(queue.delayed),
    CreatedTimestamp: String(Math.floor(record.createdAtMs / 1000)),
    LastModifiedTimestamp: String(Math.floor(record.modifiedAtMs / 1000)),
    ...Object.fromEntries(set),
  };
}

/** @throws QueueNameExists when an attribute is asked for that the queue has otherwise */
function checkSame(existing: QueueRecord, given: Readonly<Record<string, string | undefined>>): void {
  for (const name of Object.keys(given).toSorted(byCodeUnits)) {
    if (given[name] === undefined || sameText(attributeOf(existing, name), given[name])) continue;
    throw new ServiceFault(
      'QueueNameExists',
      `A queue already exists with the same name and a different value for attribute ${name}`,
    );
  }
}

/** Policies are the same whatever their spaces. */
function sameText(a: string | undefined, b: string): boolean {
  if (a === b || (a === undefined && b === '')) return true;
  try {
    return a?.startsWith('{') === true && JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
  } catch {
    return false;
  }
}

/** @throws InvalidParameterValue when dead letters would have nowhere to go */
function checkRedrive(sqs: Sqs, attributes: Readonly<Record<string, string>>, record: QueueRecord): void {
  const policy = redrivePolicyOf(attributes);
  if (policy === undefined) return;
  const invalid = (reason: string): ServiceFault => invalidValue(attributes['RedrivePolicy'], 'RedrivePolicy', reason);
  if (policy.deadLetterTargetArn === queueArn(record)) throw invalid('Dead letter target is the queue itself.');
  const target = sqs.find(policy.deadLetterTargetArn);
  if (target === undefined) throw invalid('Dead letter target does not exist.');
  if (target.record.fifo !== record.fifo) throw invalid('Dead letter target must be of the same type as the queue.');
}

function checkedTags(tags: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(tags).flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  if (entries.length > mostTags)
    throw invalidParameter(`Too many tags added for queue: ${entries.length}, the most is ${mostTags}.`);
  for (const [key, value] of entries) {
    if (key.length < 1 || key.length > 128 || value.length > 256)
      throw invalidParameter('Tag keys have 1 to 128 characters and values up to 256.');
  }
  return Object.fromEntries(entries);
}
