import type { Answer } from '../../kit/stage.ts';
import type { Scenarios, Service } from '../kit/stage.ts';
import { body, inBucket, type Play } from './s3-kit.ts';

type Context = Parameters<Play>[0];

/** What is told of people, requests and moments, and texts that were not recorded. */
const ours = ['sourceIPAddress', 'x-amz-id-2', 'x-amz-request-id', 'sequencer', 'principalId', 'eTag', 'size'];

/** A queue that hears of a bucket. */
async function listening(
  context: Context,
  Events: readonly string[],
  more: object = {},
): Promise<{ sqs: Service; QueueUrl: string }> {
  const { scene, ok } = context;
  scene.stage.apart(...ours);
  const sqs = scene.service('sqs');
  const { QueueUrl } = await sqs.ok('CreateQueue', { QueueName: 'heard' });
  await ok('PutBucketNotificationConfiguration', {
    NotificationConfiguration: { QueueConfigurations: [{ QueueArn: scene.arn('sqs', 'heard'), Events, ...more }] },
  });
  return { sqs, QueueUrl: String(QueueUrl) };
}

/** The records that a queue got, without the message that greets it, in the order of their sequence or moment. */
async function heard({ sqs, QueueUrl }: { sqs: Service; QueueUrl: string }, count: number): Promise<Answer[]> {
  const records: Answer[] = [];
  while (records.length < count) {
    const { Messages = [] } = await sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 5 });
    for (const { Body, ReceiptHandle } of Messages as { Body: string; ReceiptHandle: string }[]) {
      records.push(...((JSON.parse(Body) as { Records?: Answer[] }).Records ?? []));
      await sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle });
    }
  }
  const key = (record: Answer): string => {
    const { object } = record['s3'] as { object: { key: string; sequencer?: string } };
    return `${object.sequencer ?? String(record['eventTime'])} ${object.key}`;
  };
  return records.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

const recordedCount = ({ scene }: Context): number => (scene.recorded('receive_messages')['messages'] as Answer[]).length;

const afterwards =
  (Events: readonly string[], before: Play, act: Play): Play =>
  async (context) => {
    await before(context);
    const queue = await listening(context, Events);
    await act(context);
    context.scene.match('receive_messages', { messages: await heard(queue, recordedCount(context)) });
  };

const nothing: Play = () => Promise.resolve();
const putOne: Play = async ({ ok }) => void (await ok('PutObject', { Key: 'key-by-hostname', Body: body('something') }));

const refused: Play = async ({ scene, check }) => {
  const put = (name: string, arns: readonly string[], SkipDestinationValidation: boolean): Promise<Answer> =>
    check(name, 'PutBucketNotificationConfiguration', {
      NotificationConfiguration: {
        QueueConfigurations: arns.map((QueueArn, index) => ({
          Id: arns.length === 1 ? 'id123' : `id${index}`,
          QueueArn,
          Events: ['s3:ObjectCreated:*'],
        })),
      },
      SkipDestinationValidation,
    });
  const missing = [scene.arn('sqs', 'my-queue'), scene.arn('sqs', 'my-queue-2')];
  if (scene.recorded('invalid_not_skip') === undefined) {
    await put('two-queue-arns-invalid', ['invalid_arn', 'invalid_arn_2'], false);
    await put('one-queue-invalid-one-not-existent', [missing[0] ?? '', 'invalid_arn_2'], false);
    await put('multiple-queues-do-not-exist', missing, false);
    return;
  }
  await put('invalid_not_skip', ['invalid-queue'], false);
  await put('invalid_skip', ['invalid-queue'], true);
  await put('queue-does-not-exist', missing.slice(0, 1), false);
  await put('skip', missing.slice(0, 1), true);
};

const filters: Play = async (context) => {
  const { scene, check, ok } = context;
  const FilterRules = [
    { Name: 'prefix', Value: 'testupload/' },
    { Name: 'suffix', Value: 'testfile.txt' },
  ];
  const of = (Id: string, Events: readonly string[], rules?: readonly object[]): object => ({
    Id,
    QueueArn: scene.arn('sqs', 'heard'),
    Events,
    ...(rules === undefined ? {} : { Filter: { Key: { FilterRules: rules } } }),
  });
  const put = (...QueueConfigurations: readonly object[]): Promise<Answer> =>
    ok('PutBucketNotificationConfiguration', {
      NotificationConfiguration: QueueConfigurations.length === 0 ? {} : { QueueConfigurations },
    });
  const look = (name: string): Promise<Answer> => check(name, 'GetBucketNotificationConfiguration');
  const queue = await listening(context, ['s3:ObjectCreated:*']);
  await put(
    of('id0001', ['s3:ObjectCreated:*', 's3:ObjectRemoved:Delete'], FilterRules),
    of('id0002', ['s3:ObjectTagging:*'], FilterRules),
  );
  await look('config');
  for (const Key of ['testupload/other.txt', 'testupload/dir1/testfile.txt']) await ok('PutObject', { Key, Body: body('test') });
  scene.match('message', (await heard(queue, 1))[0]);
  await put();
  await look('config_empty');
  await put(of('id123456', ['s3:ObjectCreated:*']));
  await look('config_updated');
  await put(of('id123456', ['s3:ObjectCreated:*'], FilterRules.slice(0, 1)));
  await look('config_updated_filter');
};

export const s3NotificationScenarios: Scenarios = {
  'TestS3NotificationsToSQS.test_notifications_with_filter': inBucket(filters),
  'TestS3NotificationsToSQS.test_object_put_acl': inBucket(
    afterwards(
      ['s3:ObjectAcl:Put'],
      async ({ ok }) => {
        await ok('DeletePublicAccessBlock');
        await ok('PutObject', { Key: 'my_key_acl', Body: body('something') });
      },
      async ({ scene, ok }) => {
        // Both happen in one moment, so that they have to be alike to be told in their order.
        const count = (scene.recorded('receive_messages')['messages'] as Answer[]).length;
        for (const ACL of ['public-read', 'private', 'public-read'].slice(0, count))
          await ok('PutObjectAcl', { Key: 'my_key_acl', ACL });
      },
    ),
    { ObjectOwnership: 'ObjectWriter' },
  ),
  'TestS3NotificationsToSQS.test_object_created_put': inBucket(
    afterwards(['s3:ObjectCreated:*'], nothing, async ({ ok }) => {
      for (const [index, text] of ['something', 'something else'].entries())
        await ok('PutObject', { Key: `my_key_${index}`, Body: body(text) });
    }),
  ),
  'TestS3NotificationsToSQS.test_object_created_copy': inBucket(
    afterwards(['s3:ObjectCreated:Copy'], putOne, async ({ ok, Bucket }) => {
      await ok('CopyObject', { Key: 'copied', CopySource: `${Bucket}/key-by-hostname` });
    }),
  ),
  'TestS3NotificationsToSQS.test_key_encoding': inBucket(
    afterwards(
      ['s3:ObjectCreated:*'],
      nothing,
      async ({ ok }) => void (await ok('PutObject', { Key: 'a@b', Body: body('something') })),
    ),
  ),
  'TestS3NotificationsToSQS.test_object_tagging_put_event': inBucket(
    afterwards(['s3:ObjectTagging:Put'], putOne, async ({ ok }) => {
      const Tagging = { TagSet: [{ Key: 'swallow_type', Value: 'african' }] };
      await ok('PutObjectTagging', { Key: 'key-by-hostname', Tagging });
    }),
  ),
  'TestS3NotificationsToSQS.test_object_tagging_delete_event': inBucket(
    afterwards(['s3:ObjectTagging:Delete'], putOne, async ({ ok }) => {
      await ok('DeleteObjectTagging', { Key: 'key-by-hostname' });
    }),
  ),
  'TestS3NotificationsToSQS.test_delete_objects': inBucket(
    afterwards(
      ['s3:ObjectRemoved:*'],
      async ({ ok }) => {
        for (const Key of ['one', 'two', 'three']) await ok('PutObject', { Key });
      },
      async ({ scene, ok }) => {
        const count = (scene.recorded('receive_messages')['messages'] as Answer[]).length;
        const Objects = ['one', 'two', 'three'].slice(0, count).map((Key) => ({ Key }));
        await ok('DeleteObjects', { Delete: { Objects } });
      },
    ),
  ),
  'TestS3NotificationsToSQS.test_invalid_sqs_arn': inBucket(async (context) => {
    await refused({
      ...context,
      check: async (name, operation, input) => {
        if (name !== 'skip') return context.check(name, operation, input);
        await context.ok(operation, input);
        return context.check('skip_destination_validation', 'GetBucketNotificationConfiguration');
      },
    });
  }),
  'TestS3NotificationsToSQS.test_multiple_invalid_sqs_arns': inBucket(refused),
  'TestS3NotificationsToSQS.test_filter_rules_empty_value': inBucket(async (context) => {
    context.scene.stage.apart('QueueArn');
    const Filter = { Key: { FilterRules: [{ Name: 'suffix', Value: '' }] } };
    await listening(context, ['s3:ObjectCreated:*'], { Filter });
    await context.check('bucket_notification_configuration', 'GetBucketNotificationConfiguration');
  }),
};
