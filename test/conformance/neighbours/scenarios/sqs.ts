import { setTimeout as pause } from 'node:timers/promises';
import type { Answer } from '../../kit/stage.ts';
import type { Scenarios, Scene } from '../kit/stage.ts';
import { sqsCountScenarios } from './sqs-counts.ts';
import { both, firstIn, inForms, json, provider, query, receiptOf, type Attributes, type Play, type Queue } from './sqs-kit.ts';
import { moveTaskScenarios } from './sqs-move-tasks.ts';

const attribute = (DataType: string, StringValue: string): object => ({ DataType, StringValue });

const deduplicated =
  (given: Attributes, second: object): Play =>
  async (scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue.fifo', given);
    const MessageBody = '{"foo": "bar"}';
    const first =
      given['ContentBasedDeduplication'] === 'true'
        ? { MessageGroupId: 'g1' }
        : { MessageGroupId: 'g1', MessageDeduplicationId: 'd1' };
    await sqs.ok('SendMessage', { QueueUrl, MessageBody, ...first });
    const got = await sqs.check('get-messages', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 });
    await sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle: receiptOf(got) });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody, ...first, ...second });
    const last = ['get-messages-duplicate', 'get-dedup-messages'].find((name) => scene.recorded(name) !== undefined) ?? '';
    await sqs.check(last, 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 0 });
  };

const refused =
  (name: string, operation: string, given: Attributes, input: object, fifo = false): Play =>
  async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue(fifo ? 'queue.fifo' : 'queue', given);
    await sqs.check(name, operation, { QueueUrl, ...input });
  };

const many = (count: number, entry: (index: number) => object): object[] =>
  Array.from({ length: count }, (_, index) => ({ Id: String(index), ...entry(index) }));

const highThroughput = { DeduplicationScope: 'messageGroup', FifoThroughputLimit: 'perMessageGroupId' };
const regularThroughput = { DeduplicationScope: 'queue', FifoThroughputLimit: 'perQueue' };

/** Sends, receives and deletes, so that what follows is not behind it. */
async function sentAndTaken(
  scene: Scene,
  { sqs, QueueUrl }: Queue,
  name: string,
  MessageBody: string,
  group: string,
  id: string,
): Promise<void> {
  await sqs.ok('SendMessage', { QueueUrl, MessageBody, MessageGroupId: group, MessageDeduplicationId: id });
  const answer = await sqs.check(name, 'ReceiveMessage', {
    QueueUrl,
    WaitTimeSeconds: scene.recorded(name)['Messages'] === undefined ? 0 : 3,
  });
  if (firstIn(answer) !== undefined) await sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle: receiptOf(answer) });
}

const attributeNames: Play = async (scene, queue, sqs) => {
  const { QueueUrl } = await queue('queue', { VisibilityTimeout: '0' });
  const MessageAttributes = Object.fromEntries(
    [
      ['Hello', 'There'],
      ['General', 'Kenobi'],
      ['Help.Me', 'Me'],
    ].map(([name, value]) => [name, attribute('String', value ?? '')]),
  );
  await sqs.check('send_message_response', 'SendMessage', { QueueUrl, MessageBody: 'msg', MessageAttributes });
  const receive = (MessageAttributeNames: readonly string[]): Promise<Answer> =>
    sqs.ok('ReceiveMessage', { QueueUrl, MessageAttributeNames, WaitTimeSeconds: 2 });
  scene.match('empty_filter', await receive([]));
  scene.match('all_name', await receive(['All']));
  const ofOne = {
    all_wildcard_asterisk: ['*'],
    all_wildcard: ['.*'],
    only_non_existing_names: ['Foo', 'Help'],
    only_existing: ['Hello', 'General'],
    existing_and_non_existing: ['Foo', 'Hello'],
    prefix_filter: ['Hel.*'],
  };
  for (const [name, names] of Object.entries(ofOne)) scene.match(name, firstIn(await receive(names)));
  scene.match('illegal_name_1', await receive(['AWS.']));
  scene.match('illegal_name_2', await receive(['..foo']));
};

const systemNames =
  (member: string): Play =>
  async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue', { VisibilityTimeout: '0' });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'msg', MessageAttributes: { Foo: attribute('String', 'Bar') } });
    const receive = (name: string, names: readonly string[], more: object = {}): Promise<Answer> =>
      sqs.check(name, 'ReceiveMessage', { QueueUrl, [member]: names, WaitTimeSeconds: 2, ...more });
    await receive('all_attributes', ['All']);
    await receive('all_system_and_message_attributes', ['All'], { MessageAttributeNames: ['All'] });
    await receive('single_attribute', ['SenderId']);
    await receive('multiple_attributes', ['SenderId', 'SequenceNumber']);
  };

const bothNames =
  (differentSystem: readonly string[]): Play =>
  async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue', { VisibilityTimeout: '0' });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'msg' });
    await sqs.check('same_values', 'ReceiveMessage', {
      QueueUrl,
      AttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
      WaitTimeSeconds: 2,
    });
    await sqs.check('different_values', 'ReceiveMessage', {
      QueueUrl,
      AttributeNames: ['SenderId'],
      MessageSystemAttributeNames: differentSystem,
      WaitTimeSeconds: 2,
    });
  };

const permissions: Play = async (scene, queue, sqs) => {
  const { QueueUrl } = await queue('queue');
  const [Label, second] = ['crossaccountpermission', 'crossaccountpermission2'];
  const add = (label: string, AWSAccountIds: readonly string[]): Promise<Answer> =>
    sqs.call('AddPermission', { QueueUrl, Label: label, AWSAccountIds, Actions: ['ReceiveMessage'] });
  const policy = (name: string): Promise<Answer> =>
    sqs.check(name, 'GetQueueAttributes', { QueueUrl, AttributeNames: ['Policy'] });
  scene.match('add-permission-response', await add(Label, ['668614515564', scene.account]));
  await policy('get-queue-policy-attribute');
  await sqs.check('remove-permission-response', 'RemovePermission', { QueueUrl, Label });
  await policy('get-queue-policy-attribute-after-removal');
  await add(Label, [scene.account]);
  await policy('get-queue-policy-attribute-first-account-same-label');
  scene.match('get-queue-policy-attribute-second-account-same-label', await add(Label, ['668614515564']));
  await add(second, [scene.account]);
  await policy('get-queue-policy-attribute-second-account-different-label');
  await sqs.ok('RemovePermission', { QueueUrl, Label });
  await policy('get-queue-policy-attribute-delete-first-permission');
  await sqs.ok('RemovePermission', { QueueUrl, Label: second });
  await policy('get-queue-policy-attribute-delete-second-permission');
  await sqs.check('get-queue-policy-attribute-delete-non-existent-label', 'RemovePermission', { QueueUrl, Label: second });
};

const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';

const deadLetters: Play = async (scene, queue, sqs) => {
  const arnOf = async ({ QueueUrl }: Queue): Promise<string> => {
    const { Attributes } = (await sqs.ok('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] })) as {
      Attributes: { QueueArn: string };
    };
    return Attributes.QueueArn;
  };
  const dead = await queue('dead');
  const deadLetterTargetArn = await arnOf(dead);
  const source = await queue('source', {
    VisibilityTimeout: '1',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }),
  });
  scene.match('dlq-arn', deadLetterTargetArn);
  scene.match('sourcen-arn', await arnOf(source));
  const { QueueUrl } = source;
  const MessageSystemAttributes = { AWSTraceHeader: attribute('String', trace) };
  await sqs.ok('SendMessage', {
    QueueUrl,
    MessageBody: 'message-1',
    MessageAttributes: { MyAttribute: attribute('String', 'foobar') },
    MessageSystemAttributes,
  });
  await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'message-2' });
  const names = [
    'ApproximateFirstReceiveTimestamp',
    'ApproximateReceiveCount',
    'SentTimestamp',
    'AWSTraceHeader',
    'DeadLetterQueueSourceArn',
  ];
  const receive = {
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: names,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 1,
  };
  const byBody = (all: Answer[]): Answer[] =>
    all.sort((left, right) => String(left['Body']).localeCompare(String(right['Body'])));
  const taken = async (from: Queue): Promise<Answer[]> => {
    const all: Answer[] = [];
    while (all.length < 2) {
      all.push(
        ...(((await sqs.ok('ReceiveMessage', { QueueUrl: from.QueueUrl, ...receive }))['Messages'] as Answer[] | undefined) ??
          []),
      );
      if (from === dead && all.length < 2) await sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 1 });
    }
    return byBody(all);
  };
  scene.match('rec-pre-dlq', await taken(source));
  scene.match('dlq-messages', await taken(dead));
};

/** A message that stays hidden hides those behind it, not those before it. */
const groupVisibility: Play = async (_scene, queue, sqs) => {
  const { QueueUrl } = await queue('queue.fifo', { VisibilityTimeout: '1', ContentBasedDeduplication: 'true' });
  for (const MessageBody of ['foo', 'bar', 'baz']) await sqs.ok('SendMessage', { QueueUrl, MessageBody, MessageGroupId: 'g' });
  const got = await sqs.check('receive_all_messages', 'ReceiveMessage', {
    QueueUrl,
    MaxNumberOfMessages: 10,
    WaitTimeSeconds: 2,
  });
  await sqs.ok('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: receiptOf(got, 1), VisibilityTimeout: 20 });
  await sqs.check('some-messages-invisible', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 });
};

const pagination: Play = async (scene, queue, sqs) => {
  const base = '7f7df0f5-test-queue-';
  for (let index = 0; index < 10; index += 1) await queue(`${base}${index}`);
  const inTheirWords = (answer: Answer): Answer => ({
    ...answer,
    QueueUrls: (answer['QueueUrls'] as string[]).map(
      (url) => `http://sqs.${scene.region}.localhost.localstack.cloud:4566${new URL(url).pathname}`,
    ),
  });
  scene.stage.apart('NextToken');
  scene.match('list_all', inTheirWords(await sqs.ok('ListQueues', { QueueNamePrefix: base })));
  const page = await sqs.ok('ListQueues', { QueueNamePrefix: base, MaxResults: 2 });
  scene.match('list_two_max', inTheirWords(page));
  scene.match(
    'list_remaining',
    inTheirWords(await sqs.ok('ListQueues', { QueueNamePrefix: base, MaxResults: 8, NextToken: page['NextToken'] })),
  );
};

const encryption: Play = async (_scene, queue, sqs) => {
  const kms = await queue('kms', {
    KmsMasterKeyId: 'testKeyId',
    KmsDataKeyReusePeriodSeconds: '6000',
    SqsManagedSseEnabled: 'false',
  });
  await sqs.check('sse_kms_attributes', 'GetQueueAttributes', {
    QueueUrl: kms.QueueUrl,
    AttributeNames: ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled'],
  });
  const own = await queue('sse', { SqsManagedSseEnabled: 'true' });
  await sqs.check('sse_sqs_attributes', 'GetQueueAttributes', {
    QueueUrl: own.QueueUrl,
    AttributeNames: ['KmsMasterKeyId', 'KmsDataKeyReusePeriodSeconds', 'SqsManagedSseEnabled'],
  });
};

export const sqsScenarios: Scenarios = {
  ...sqsCountScenarios,
  ...moveTaskScenarios,
  ...inForms(
    provider('test_send_receive_max_number_of_messages'),
    json,
    refused('send_max_number_of_messages', 'ReceiveMessage', {}, { MaxNumberOfMessages: 11 }),
  ),
  ...inForms(
    provider('test_send_oversized_message'),
    query,
    refused('send_oversized_message', 'SendMessage', {}, { MessageBody: 'a'.repeat(1_048_577) }),
  ),
  ...inForms(
    provider('test_send_message_with_updated_maximum_message_size'),
    query,
    refused('send_oversized_message', 'SendMessage', { MaximumMessageSize: '1024' }, { MessageBody: 'a'.repeat(1025) }),
  ),
  ...inForms(
    provider('test_send_message_batch_with_oversized_contents'),
    json,
    refused(
      'send_oversized_message_batch',
      'SendMessageBatch',
      {},
      {
        Entries: [
          { Id: '1', MessageBody: 'a'.repeat(1_048_576) },
          { Id: '2', MessageBody: 'a' },
        ],
      },
    ),
  ),
  ...inForms(
    provider('test_send_message_batch_with_oversized_contents_with_updated_maximum_message_size'),
    query,
    async (_scene, queue, sqs) => {
      const { QueueUrl } = await queue('queue', { MaximumMessageSize: '2048' });
      // The name, the type and the value of the attribute count, too.
      const first = { Id: '1', MessageBody: 'a'.repeat(2048 - 1 - 6 - 1), MessageAttributes: { k: attribute('String', 'x') } };
      await sqs.check('send_oversized_message_batch', 'SendMessageBatch', {
        QueueUrl,
        Entries: [first, { Id: '2', MessageBody: 'a' }],
      });
    },
  ),
  ...inForms(provider('test_tag_untag_queue'), query, async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue');
    await sqs.ok('TagQueue', { QueueUrl, Tags: { tag1: 'value1', tag2: 'value2', tag3: '' } });
    await sqs.check('get-tag-1', 'ListQueueTags', { QueueUrl });
    await sqs.ok('UntagQueue', { QueueUrl, TagKeys: ['tag1', 'tag3'] });
    await sqs.check('get-tag-2', 'ListQueueTags', { QueueUrl });
    await sqs.ok('UntagQueue', { QueueUrl, TagKeys: ['tag2'] });
    await sqs.check('get-tag-after-untag', 'ListQueueTags', { QueueUrl });
  }),
  ...inForms(provider('test_create_fifo_queue_with_different_attributes_raises_error'), json, async (_scene, queue, sqs) => {
    await queue('queue.fifo', { ContentBasedDeduplication: 'true' });
    await sqs.check('queue-already-exists', 'CreateQueue', {
      QueueName: 'queue.fifo',
      Attributes: { FifoQueue: 'true', ContentBasedDeduplication: 'false' },
    });
  }),
  ...inForms(provider('test_create_queue_with_different_attributes_raises_exception'), json, async (_scene, queue, sqs) => {
    await queue('queue', { ReceiveMessageWaitTimeSeconds: '1', DelaySeconds: '1' });
    await sqs.check('create_queue_01', 'CreateQueue', { QueueName: 'queue', Attributes: { DelaySeconds: '2' } });
    await sqs.ok('SetQueueAttributes', {
      QueueUrl: (await sqs.ok('GetQueueUrl', { QueueName: 'queue' }))['QueueUrl'],
      Attributes: { DelaySeconds: '3' },
    });
    await sqs.check('create_queue_02', 'CreateQueue', {
      QueueName: 'queue',
      Attributes: { ReceiveMessageWaitTimeSeconds: '1', DelaySeconds: '1' },
    });
  }),
  ...inForms(provider('test_fifo_empty_message_groups_added_back_to_queue'), both, async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue.fifo', { ContentBasedDeduplication: 'true' });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'Message 1', MessageGroupId: '1' });
    const got = await sqs.check('inital-fifo-receive', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 });
    await sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle: receiptOf(got) });
    await sqs.check('empty-fifo-receive', 'ReceiveMessage', { QueueUrl });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'Message 2', MessageGroupId: '1' });
    await sqs.check('final-fifo-receive', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 });
  }),
  ...inForms(
    provider('test_fifo_queue_send_message_with_delay_seconds_fails'),
    both,
    refused(
      'send_message',
      'SendMessage',
      { ContentBasedDeduplication: 'true' },
      { MessageBody: 'm', MessageGroupId: '1', DelaySeconds: 2 },
      true,
    ),
  ),
  ...inForms(provider('test_fifo_delete_message_with_expired_receipt_handle'), query, async (scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue.fifo', { ContentBasedDeduplication: 'true', VisibilityTimeout: '1' });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'm', MessageGroupId: '1' });
    const ReceiptHandle = receiptOf(await sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 }));
    await pause(1100);
    const { Error: refusal } = (await sqs.call('DeleteMessage', { QueueUrl, ReceiptHandle })) as { Error?: Answer };
    scene.stage.same('the code', refusal?.['Code'], 'InvalidParameterValue');
  }),
  ...inForms(
    provider('test_invalid_batch_id'),
    json,
    refused('test_invalid_batch_id', 'SendMessageBatch', {}, { Entries: [{ Id: 'message:(', MessageBody: 'x' }] }),
  ),
  ...inForms(
    provider('test_send_batch_missing_deduplication_id_for_fifo_queue'),
    json,
    refused(
      'test_missing_deduplication_id_for_fifo_queue',
      'SendMessageBatch',
      {},
      { Entries: [{ Id: '1', MessageBody: 'x', MessageGroupId: 'g' }] },
      true,
    ),
  ),
  ...inForms(
    provider('test_send_batch_message_size'),
    [''],
    refused(
      'send-message-batch-result',
      'SendMessageBatch',
      { MaximumMessageSize: '1024' },
      {
        Entries: [
          { Id: 'one', MessageBody: 'a'.repeat(1025) },
          { Id: 'two', MessageBody: 'a'.repeat(1024) },
        ],
      },
    ),
  ),
  ...inForms(
    provider('test_send_batch_missing_message_group_id_for_fifo_queue'),
    query,
    refused(
      'test_missing_message_group_id_for_fifo_queue',
      'SendMessageBatch',
      {},
      { Entries: [{ Id: '1', MessageBody: 'x', MessageDeduplicationId: 'd' }] },
      true,
    ),
  ),
  ...inForms(
    provider('test_delete_message_batch_invalid_msg_id'),
    ['sqs-invalid:id'],
    refused('error_response', 'DeleteMessageBatch', {}, { Entries: [{ Id: 'invalid:id', ReceiptHandle: 'x' }] }),
  ),
  ...inForms(
    provider('test_delete_message_batch_invalid_msg_id'),
    ['sqs_query-'],
    refused('error_response', 'DeleteMessageBatch', {}, { Entries: [{ Id: '', ReceiptHandle: 'x' }] }),
  ),
  ...inForms(
    provider('test_delete_message_batch_with_too_large_batch'),
    both,
    refused('error_response', 'DeleteMessageBatch', {}, { Entries: many(20, () => ({ ReceiptHandle: 'x' })) }),
  ),
  ...inForms(
    provider('test_change_message_visibility_batch_with_too_large_batch'),
    json,
    refused(
      'error_response',
      'ChangeMessageVisibilityBatch',
      {},
      { Entries: many(20, () => ({ ReceiptHandle: 'x', VisibilityTimeout: 1 })) },
    ),
  ),
  ...inForms(provider('test_dead_letter_queue_message_attributes'), [''], deadLetters),
  ...inForms(provider('test_set_unsupported_attribute_fifo'), query, async (_scene, queue, sqs) => {
    const standard = await queue('queue');
    await sqs.check('invalid-attr-name-1', 'SetQueueAttributes', {
      QueueUrl: standard.QueueUrl,
      Attributes: { FifoQueue: 'true' },
    });
    const fifo = await queue('queue.fifo');
    await sqs.check('invalid-attr-name-2', 'SetQueueAttributes', { QueueUrl: fifo.QueueUrl, Attributes: { FifoQueue: 'false' } });
  }),
  ...inForms(
    provider('test_fifo_deduplication_arrives_once_after_delete'),
    ['sqs-True', 'sqs_query-True'],
    deduplicated({ ContentBasedDeduplication: 'true' }, {}),
  ),
  ...inForms(
    provider('test_fifo_deduplication_arrives_once_after_delete'),
    ['sqs-False', 'sqs_query-False'],
    deduplicated({}, {}),
  ),
  ...inForms(
    provider('test_fifo_deduplication_not_on_message_group_id'),
    ['sqs_query-False'],
    deduplicated({}, { MessageGroupId: 'g2' }),
  ),
  ...inForms(provider('test_successive_purge_calls_fail'), query, async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue');
    await sqs.ok('PurgeQueue', { QueueUrl });
    await sqs.check('purge_queue_error', 'PurgeQueue', { QueueUrl });
  }),
  ...inForms(provider('test_fifo_high_throughput_ordering'), both, async (scene, queue) => {
    const fifo = await queue('queue.fifo', highThroughput);
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-1', 'Test1', 'g1', 'd1');
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-2', 'Test2', 'g2', 'd1');
  }),
  ...inForms(provider('test_fifo_change_to_high_throughput_after_creation'), json, async (scene, queue, sqs) => {
    const fifo = await queue('queue.fifo');
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-1', 'Test1', 'g1', 'd1');
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-2', 'Test2', 'g2', 'd1');
    await sqs.ok('SetQueueAttributes', { QueueUrl: fifo.QueueUrl, Attributes: highThroughput });
    await sqs.check('set-to-high-throughput', 'GetQueueAttributes', { QueueUrl: fifo.QueueUrl, AttributeNames: ['All'] });
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-high-throughput', 'Test3', 'g1', 'd1');
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-high-throughput-2', 'Test4', 'g2', 'd1');
    await sentAndTaken(scene, fifo, 'new-dedup2-high-throughput', 'Test4', 'g1', 'd2');
    await sentAndTaken(scene, fifo, 'same-dedup2-high-throughput', 'Test5', 'g1', 'd2');
  }),
  ...inForms(provider('test_fifo_change_to_regular_throughput_after_creation'), both, async (scene, queue, sqs) => {
    const fifo = await queue('queue.fifo', highThroughput);
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-1', 'Test1', 'g1', 'd1');
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-2', 'Test2', 'g2', 'd1');
    await sqs.ok('SetQueueAttributes', { QueueUrl: fifo.QueueUrl, Attributes: regularThroughput });
    await sqs.check('set-to-regular-throughput', 'GetQueueAttributes', { QueueUrl: fifo.QueueUrl, AttributeNames: ['All'] });
    await sentAndTaken(scene, fifo, 'same-dedup-different-grp-regular-throughput', 'Test3', 'g3', 'd1');
  }),
  ...inForms(provider('test_sse_queue_attributes'), both, encryption),
  ...inForms(provider('test_receive_message_message_attribute_names_filters'), json, attributeNames),
  ...inForms(provider('test_receive_message_attribute_names_filters'), query, systemNames('AttributeNames')),
  ...inForms(
    provider('test_receive_message_message_system_attribute_names_filters'),
    json,
    systemNames('MessageSystemAttributeNames'),
  ),
  ...inForms(provider('test_message_system_attribute_names_with_attribute_names'), json, bothNames(['All'])),
  ...inForms(provider('test_message_system_attribute_names_with_attribute_names'), query, bothNames(['All'])),
  ...inForms(provider('test_sqs_permission_lifecycle'), query, permissions),
  ...inForms(provider('test_send_receive_wait_time_seconds'), query, async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue');
    await sqs.check('recieve_message_error_too_large', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 21 });
    await sqs.check('recieve_message_error_too_small', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: -1 });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'message' });
    await sqs.check('empty_short_poll_by_default_resp', 'ReceiveMessage', { QueueUrl });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'message' });
    await sqs.check('empty_short_poll_explicit_resp', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 0 });
  }),
  ...inForms(provider('test_send_empty_message'), both, refused('send_empty_message', 'SendMessage', {}, { MessageBody: '' })),
  ...inForms(provider('test_list_queues_pagination'), [''], pagination),
  ...inForms(provider('test_delete_after_visibility_timeout'), query, async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue', { VisibilityTimeout: '1' });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'foobar' });
    const ReceiptHandle = receiptOf(await sqs.ok('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 }));
    await pause(1100);
    await sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle });
    await sqs.check('delete_after_timeout_queue_empty', 'ReceiveMessage', { QueueUrl });
  }),
  ...inForms(provider('test_aws_trace_header_propagation'), query, async (scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue');
    const { AWSTraceHeader } = scene.recorded('xray-msg')['Attributes'] as { AWSTraceHeader: string };
    const MessageSystemAttributes = { AWSTraceHeader: attribute('String', AWSTraceHeader) };
    await sqs.ok('SendMessage', {
      QueueUrl,
      MessageBody: 'test',
      MessageAttributes: { timestamp: attribute('String', '1493147359900') },
      MessageSystemAttributes,
    });
    const got = await sqs.ok('ReceiveMessage', {
      QueueUrl,
      AttributeNames: ['SentTimestamp', 'AWSTraceHeader'],
      MessageAttributeNames: ['All'],
      WaitTimeSeconds: 2,
    });
    scene.stage.apart('MD5OfMessageAttributes');
    scene.match('xray-msg', { ...(firstIn(got) as Answer), MessageAttributes: { timestamp: 'timestamp' } });
  }),
  ...inForms(provider('test_fair_queue_with_message_group_id'), query, async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue');
    await sqs.check('send_message', 'SendMessage', { QueueUrl, MessageBody: 'message', MessageGroupId: 'test' });
    await sqs.check('get-message-with-deduplication-id', 'ReceiveMessage', {
      QueueUrl,
      AttributeNames: ['All'],
      WaitTimeSeconds: 2,
    });
  }),
  ...inForms(
    provider('test_send_message_to_standard_queue_with_invalid_message_group_id'),
    ['empty'],
    refused('error-response', 'SendMessage', {}, { MessageBody: 'm', MessageGroupId: '' }),
  ),
  ...inForms(
    provider('test_send_message_to_standard_queue_with_invalid_message_group_id'),
    ['too_long'],
    refused('error-response', 'SendMessage', {}, { MessageBody: 'm', MessageGroupId: 'a'.repeat(129) }),
  ),
  ...inForms(
    provider('test_message_deduplication_id_invalid'),
    ['empty'],
    refused('error-response', 'SendMessage', {}, { MessageBody: 'm', MessageGroupId: 'g', MessageDeduplicationId: '' }, true),
  ),
  ...inForms(
    provider('test_fifo_queue_send_message_with_zero_delay_defaults_to_queue_delay'),
    json,
    async (_scene, queue, sqs) => {
      const { QueueUrl } = await queue('queue.fifo', { ContentBasedDeduplication: 'true', DelaySeconds: '2' });
      await sqs.check('send_message_result', 'SendMessage', {
        QueueUrl,
        MessageBody: 'message-1',
        MessageGroupId: 'g',
        DelaySeconds: 0,
      });
      await sqs.check('receive_message_initial_result', 'ReceiveMessage', { QueueUrl });
      await sqs.check('receive_message_after_delay_result', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 5 });
    },
  ),
  ...inForms(provider('test_fifo_delete_after_visibility_timeout_extended'), query, async (_scene, queue, sqs) => {
    const { QueueUrl } = await queue('queue.fifo', { ContentBasedDeduplication: 'true', VisibilityTimeout: '1' });
    await sqs.ok('SendMessage', { QueueUrl, MessageBody: 'foobar', MessageGroupId: 'g' });
    const got = await sqs.check('received_sqs_message', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 2 });
    await sqs.ok('ChangeMessageVisibility', { QueueUrl, ReceiptHandle: receiptOf(got), VisibilityTimeout: 4 });
    await pause(1200);
    await sqs.ok('DeleteMessage', { QueueUrl, ReceiptHandle: receiptOf(got) });
    await sqs.check('delete_after_timeout_fifo_extended', 'ReceiveMessage', { QueueUrl });
  }),
  ...inForms(
    provider('test_fifo_group_visibility_extends_with_change_message_visibility'),
    ['sqs-1-invisible', 'sqs_query-1-invisible'],
    groupVisibility,
  ),
  ...inForms(
    provider('test_fifo_group_visibility_extends_with_change_message_visibility'),
    ['sqs-1-visible', 'sqs_query-1-visible'],
    groupVisibility,
  ),
};
