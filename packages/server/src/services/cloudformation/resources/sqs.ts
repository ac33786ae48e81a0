import { documentText, listOf } from './pick.ts';
import { behaviours, tagChanges, tagMap, type Making, type Properties, type ResourceType } from './type.ts';

/** Attributes of a queue, and what one that is no longer there goes back to. */
const attributes: Readonly<Record<string, string>> = {
  ContentBasedDeduplication: 'false',
  DeduplicationScope: 'queue',
  DelaySeconds: '0',
  FifoThroughputLimit: 'perQueue',
  KmsDataKeyReusePeriodSeconds: '300',
  KmsMasterKeyId: '',
  MaximumMessageSize: '1048576',
  MessageRetentionPeriod: '345600',
  ReceiveMessageWaitTimeSeconds: '0',
  RedriveAllowPolicy: '',
  RedrivePolicy: '',
  SqsManagedSseEnabled: 'true',
  VisibilityTimeout: '30',
};

const texts = (properties: Properties): Record<string, string> =>
  Object.fromEntries(
    Object.keys(attributes)
      .filter((name) => properties[name] !== undefined)
      .map((name) => [name, typeof properties[name] === 'object' ? JSON.stringify(properties[name]) : String(properties[name])]),
  );

/** @source CloudFormation Template Reference, AWS::SQS::Queue, read 2026-11 */
const queue: ResourceType = {
  properties: behaviours({ replaces: 'QueueName FifoQueue', updates: `${Object.keys(attributes).join(' ')} Tags` }),
  attributes: ['Arn', 'QueueName', 'QueueUrl'],
  name: { property: 'QueueName', most: 80, suffix: ({ FifoQueue: fifo }) => (String(fifo) === 'true' ? '.fifo' : '') },
  exists: (QueueName, { aws }) => aws.sqs.GetQueueUrl({ QueueName }),
  async create(properties, making) {
    const { aws, name, region, account } = making;
    const { QueueUrl: url = '' } = await aws.sqs.CreateQueue({
      QueueName: name,
      Attributes: { ...texts(properties), ...(String(properties['FifoQueue']) === 'true' ? { FifoQueue: 'true' } : {}) },
      tags: tagMap(properties['Tags'], making),
    });
    return { id: url, attributes: { Arn: `arn:aws:sqs:${region}:${account}:${name}`, QueueName: name, QueueUrl: url } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const [now, then] = [texts(properties), texts(before)];
    const changed = Object.keys({ ...now, ...then }).filter((name) => now[name] !== then[name]);
    if (changed.length > 0)
      await aws.sqs.SetQueueAttributes({
        QueueUrl: id,
        Attributes: Object.fromEntries(changed.map((name) => [name, now[name] ?? attributes[name] ?? ''])),
      });
    const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    if (Object.keys(set).length > 0) await aws.sqs.TagQueue({ QueueUrl: id, Tags: set });
    if (gone.length > 0) await aws.sqs.UntagQueue({ QueueUrl: id, TagKeys: [...gone] });
    return { id };
  },
  delete: async (id, _properties, { aws }) => aws.sqs.DeleteQueue({ QueueUrl: await urlOf(id, aws) }),
};

/** A queue that was only half made is known by its name. */
const urlOf = async (id: string, aws: Making['aws']): Promise<string | undefined> =>
  /^https?:/.test(id) ? id : (await aws.sqs.GetQueueUrl({ QueueName: id })).QueueUrl;

/** @source CloudFormation Template Reference, AWS::SQS::QueuePolicy, read 2026-11 */
const queuePolicy: ResourceType = {
  properties: behaviours({ updates: 'PolicyDocument Queues' }),
  required: ['PolicyDocument', 'Queues'],
  attributes: ['Id'],
  async create(properties, making) {
    await apply(properties, {}, making);
    return { id: making.name, attributes: { Id: making.name } };
  },
  async update(id, properties, before, making) {
    await apply(properties, before, making);
    return { id };
  },
  delete: (_id, properties, making) => apply({}, properties, making),
};

async function apply(properties: Properties, before: Properties, { aws }: Making): Promise<void> {
  const [now, then] = [listOf<string>(properties['Queues']), listOf<string>(before['Queues'])];
  for (const QueueUrl of now)
    await aws.sqs.SetQueueAttributes({ QueueUrl, Attributes: { Policy: documentText(properties['PolicyDocument']) } });
  for (const QueueUrl of then)
    if (!now.includes(QueueUrl)) await aws.sqs.SetQueueAttributes({ QueueUrl, Attributes: { Policy: '' } });
}

/** @source CloudFormation Template Reference, AWS::SQS::QueueInlinePolicy, read 2026-11 */
const queueInlinePolicy: ResourceType = {
  properties: behaviours({ replaces: 'Queue', updates: 'PolicyDocument' }),
  required: ['PolicyDocument', 'Queue'],
  async create({ PolicyDocument: document, Queue: url }, making) {
    await apply({ PolicyDocument: document, Queues: [url] }, {}, making);
    return { id: url };
  },
  async update(id, { PolicyDocument: document }, _before, making) {
    await apply({ PolicyDocument: document, Queues: [id] }, {}, making);
    return { id };
  },
  delete: (id, _properties, making) => apply({}, { Queues: [id] }, making),
};

export const sqs: Readonly<Record<string, ResourceType>> = {
  'AWS::SQS::Queue': queue,
  'AWS::SQS::QueueInlinePolicy': queueInlinePolicy,
  'AWS::SQS::QueuePolicy': queuePolicy,
};
