import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import * as sdk from '@aws-sdk/client-sqs';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openStreet, type Street } from '../../../../../test/kit/street.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { silentLogger, systemClock, systemRandom, type Clock } from '../../base/index.ts';
import { openSqs, type SqsService } from './index.ts';

interface Town extends AsyncDisposable {
  readonly service: SqsService;
  readonly street: Street;
  readonly sqs: sdk.SQS;
  readonly database: PlainDatabase;
}

/** Queues behind a real listener. */
async function openTown(options: { readonly clock?: Clock; readonly file?: string } = {}): Promise<Town> {
  const database = new PlainDatabase(options.file);
  const service = await openSqs({ database, clock: options.clock ?? systemClock, random: systemRandom, log: silentLogger });
  const street = await openStreet({ sqs: service.handlers });
  const sqs = new sdk.SQS(street.client);
  return {
    service,
    street,
    sqs,
    database,
    async [Symbol.asyncDispose]() {
      sqs.destroy();
      service.close();
      await street[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const queue = async (sqs: sdk.SQS, QueueName: string, Attributes?: Record<string, string>): Promise<string> => {
  const { QueueUrl } = await sqs.createQueue({ QueueName, ...(Attributes === undefined ? {} : { Attributes }) });
  return QueueUrl ?? '';
};
const arnOf = (name: string): string => `arn:aws:sqs:us-east-1:000000000000:${name}`;
const bodies = ({ Messages = [] }: { Messages?: sdk.Message[] | undefined }): (string | undefined)[] =>
  Messages.map(({ Body }) => Body);

suite('SQS through its SDK', { timeout: 60_000 }, () => {
  test('a message is sent, received, hidden, and deleted', async (t: TestContext) => {
    await using town = await openTown();
    const { sqs } = town;
    const QueueUrl = await queue(sqs, 'orders');
    t.assert.strictEqual(QueueUrl, `${town.street.origin}/000000000000/orders`);
    // The SDK checks both sums by itself.
    const sent = await sqs.sendMessage({
      QueueUrl,
      MessageBody: 'one <&> ü',
      MessageAttributes: {
        kind: { DataType: 'String', StringValue: 'a' },
        raw: { DataType: 'Binary', BinaryValue: Buffer.from([0, 255]) },
      },
      MessageSystemAttributes: {
        AWSTraceHeader: { DataType: 'String', StringValue: 'Root=1-5759e988-bd862e3fe1be46a994272793' },
      },
    });
    const { Messages: [message] = [] } = await sqs.receiveMessage({
      QueueUrl,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    });
    t.assert.strictEqual(message?.MessageId, sent.MessageId);
    t.assert.strictEqual(message?.Body, 'one <&> ü');
    t.assert.strictEqual(message?.MD5OfMessageAttributes, sent.MD5OfMessageAttributes);
    t.assert.deepStrictEqual(Buffer.from(message?.MessageAttributes?.['raw']?.BinaryValue ?? []), Buffer.from([0, 255]));
    t.assert.strictEqual(message?.Attributes?.ApproximateReceiveCount, '1');
    t.assert.strictEqual(message?.Attributes?.AWSTraceHeader, 'Root=1-5759e988-bd862e3fe1be46a994272793');
    t.assert.deepStrictEqual(bodies(await sqs.receiveMessage({ QueueUrl })), []);
    const { Attributes } = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['All'] });
    t.assert.strictEqual(Attributes?.ApproximateNumberOfMessagesNotVisible, '1');
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: message?.ReceiptHandle });
    const after = await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['All'] });
    t.assert.strictEqual(after.Attributes?.ApproximateNumberOfMessagesNotVisible, '0');
  });

  test('a new queue has the recorded attributes', async (t: TestContext) => {
    await using town = await openTown();
    const QueueUrl = await queue(town.sqs, 'q.fifo', { FifoQueue: 'true' });
    const { Attributes = {} } = await town.sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['All'] });
    const { CreatedTimestamp: _created, LastModifiedTimestamp: _modified, ...rest } = Attributes;
    t.assert.deepStrictEqual(rest, {
      ApproximateNumberOfMessages: '0',
      ApproximateNumberOfMessagesDelayed: '0',
      ApproximateNumberOfMessagesNotVisible: '0',
      ContentBasedDeduplication: 'false',
      DeduplicationScope: 'queue',
      DelaySeconds: '0',
      FifoQueue: 'true',
      FifoThroughputLimit: 'perQueue',
      MaximumMessageSize: '1048576',
      MessageRetentionPeriod: '345600',
      QueueArn: arnOf('q.fifo'),
      ReceiveMessageWaitTimeSeconds: '0',
      SqsManagedSseEnabled: 'true',
      VisibilityTimeout: '30',
    });
  });

  test('a queue that is not there says so in the words of both protocols', async (t: TestContext) => {
    await using town = await openTown();
    const QueueUrl = `${town.street.origin}/000000000000/nobody`;
    await t.assert.rejects(town.sqs.getQueueAttributes({ QueueUrl }), (error: sdk.SQSServiceException) => {
      t.assert.ok(error instanceof sdk.QueueDoesNotExist);
      t.assert.strictEqual((error as { Code?: string }).Code, 'AWS.SimpleQueueService.NonExistentQueue');
      return true;
    });
    const form = new URLSearchParams({ Action: 'SendMessage', Version: '2012-11-05', QueueUrl, MessageBody: 'x' });
    const answer = await fetch(town.street.origin, { method: 'POST', body: form });
    t.assert.strictEqual(answer.status, 400);
    t.assert.match(await answer.text(), /<Code>AWS.SimpleQueueService.NonExistentQueue<\/Code>/);
  });

  const wrong: readonly (readonly [string, string, (sqs: sdk.SQS, QueueUrl: string) => Promise<unknown>, RegExp])[] = [
    [
      'eleven messages at once',
      'InvalidParameterValue',
      (sqs, QueueUrl) => sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 11 }),
      /^Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.$/,
    ],
    [
      'a wait of 21 seconds',
      'InvalidParameterValue',
      (sqs, QueueUrl) => sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 21 }),
      /^Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20, if provided.$/,
    ],
    [
      'an empty body',
      'MissingParameter',
      (sqs, QueueUrl) => sqs.sendMessage({ QueueUrl, MessageBody: '' }),
      /^The request must contain the parameter MessageBody.$/,
    ],
    [
      'a body of over a mebibyte',
      'InvalidParameterValue',
      (sqs, QueueUrl) => sqs.sendMessage({ QueueUrl, MessageBody: 'x'.repeat(1_048_577) }),
      /Message must be shorter than 1048576 bytes/,
    ],
    [
      'a batch of twenty',
      'TooManyEntriesInBatchRequest',
      (sqs, QueueUrl) =>
        sqs.deleteMessageBatch({
          QueueUrl,
          Entries: Array.from({ length: 20 }, (_each, index) => ({ Id: `${index}`, ReceiptHandle: 'x' })),
        }),
      /You have sent 20/,
    ],
    [
      'an attribute nobody knows',
      'InvalidAttributeName',
      (sqs, QueueUrl) => sqs.setQueueAttributes({ QueueUrl, Attributes: { FifoQueue: 'true' } }),
      /^Unknown Attribute FifoQueue.$/,
    ],
    [
      'a handle of nothing',
      'ReceiptHandleIsInvalid',
      (sqs, QueueUrl) => sqs.deleteMessage({ QueueUrl, ReceiptHandle: 'garbage' }),
      /not a valid receipt handle/,
    ],
    [
      'other attributes for an old name',
      'QueueNameExists',
      (sqs) => sqs.createQueue({ QueueName: 'q', Attributes: { DelaySeconds: '3' } }),
      /different value for attribute DelaySeconds$/,
    ],
  ];
  for (const [what, name, call, message] of wrong) {
    test(`${what} is refused as AWS does`, async (t: TestContext) => {
      await using town = await openTown();
      const QueueUrl = await queue(town.sqs, 'q');
      await t.assert.rejects(call(town.sqs, QueueUrl), { name, message });
    });
  }

  test('a batch fails entry by entry', async (t: TestContext) => {
    await using town = await openTown();
    const QueueUrl = await queue(town.sqs, 'q');
    const { Successful, Failed } = await town.sqs.sendMessageBatch({
      QueueUrl,
      Entries: [
        { Id: 'good', MessageBody: 'a' },
        { Id: 'bad', MessageBody: 'b', DelaySeconds: 901 },
      ],
    });
    t.assert.deepStrictEqual(
      Successful?.map(({ Id }) => Id),
      ['good'],
    );
    t.assert.deepStrictEqual(
      Failed?.map(({ Id, Code, SenderFault }) => [Id, Code, SenderFault]),
      [['bad', 'InvalidParameterValue', true]],
    );
  });

  test('a receive that waits is woken by a send, and answers with one message', async (t: TestContext) => {
    await using town = await openTown();
    const QueueUrl = await queue(town.sqs, 'q');
    const first = town.sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 });
    const second = town.sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 });
    await town.sqs.sendMessage({ QueueUrl, MessageBody: 'a' });
    const winner = await Promise.race([first, second]);
    t.assert.deepStrictEqual(bodies(winner), ['a']);
    await town.sqs.sendMessage({ QueueUrl, MessageBody: 'b' });
    t.assert.deepStrictEqual((await Promise.all([first, second])).flatMap(bodies).toSorted(), ['a', 'b']);
  });

  test('tags, permissions and dead-letter sources are listed', async (t: TestContext) => {
    await using town = await openTown();
    const { sqs } = town;
    await queue(sqs, 'dead');
    const QueueUrl = await queue(sqs, 'q', {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 3 }),
    });
    await sqs.tagQueue({ QueueUrl, Tags: { team: 'a', gone: 'b' } });
    await sqs.untagQueue({ QueueUrl, TagKeys: ['gone'] });
    t.assert.deepStrictEqual((await sqs.listQueueTags({ QueueUrl })).Tags, { team: 'a' });
    await sqs.addPermission({ QueueUrl, Label: 'l', AWSAccountIds: ['111111111111'], Actions: ['ReceiveMessage'] });
    const policy = (await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['Policy'] })).Attributes?.Policy ?? '{}';
    t.assert.deepStrictEqual(JSON.parse(policy), {
      Version: '2008-10-17',
      Id: `${arnOf('q')}/SQSDefaultPolicy`,
      Statement: [
        {
          Sid: 'l',
          Effect: 'Allow',
          Principal: { AWS: 'arn:aws:iam::111111111111:root' },
          Action: 'SQS:ReceiveMessage',
          Resource: arnOf('q'),
        },
      ],
    });
    await sqs.removePermission({ QueueUrl, Label: 'l' });
    t.assert.strictEqual((await sqs.getQueueAttributes({ QueueUrl, AttributeNames: ['Policy'] })).Attributes, undefined);
    const sources = await sqs.listDeadLetterSourceQueues({ QueueUrl: QueueUrl.replace(/q$/, 'dead') });
    t.assert.deepStrictEqual(sources.queueUrls, [QueueUrl]);
    const page = await sqs.listQueues({ MaxResults: 1 });
    t.assert.deepStrictEqual((await sqs.listQueues({ MaxResults: 1, NextToken: page.NextToken })).QueueUrls, [QueueUrl]);
  });

  test('a FIFO queue keeps each group in order, and takes a message once', async (t: TestContext) => {
    await using town = await openTown();
    const { sqs } = town;
    const QueueUrl = await queue(sqs, 'q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    const send = (MessageBody: string, MessageGroupId: string) => sqs.sendMessage({ QueueUrl, MessageBody, MessageGroupId });
    const first = await send('a1', 'a');
    const again = await send('a1', 'a');
    t.assert.strictEqual(again.MessageId, first.MessageId);
    t.assert.strictEqual(again.SequenceNumber, first.SequenceNumber);
    for (const body of ['a2', 'a3']) await send(body, 'a');
    await send('b1', 'b');
    const one = await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 2 });
    t.assert.deepStrictEqual(bodies(one), ['a1', 'a2']);
    t.assert.deepStrictEqual(
      bodies(await sqs.receiveMessage({ QueueUrl, MaxNumberOfMessages: 10 })),
      ['b1'],
      'the group of a is closed',
    );
    const waiting = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20 });
    for (const { ReceiptHandle } of one.Messages ?? []) await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
    t.assert.deepStrictEqual(bodies(await waiting), ['a3']);
  });

  test('a receive of a FIFO queue can be made again under its name', async (t: TestContext) => {
    await using town = await openTown();
    const { sqs } = town;
    const QueueUrl = await queue(sqs, 'q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    for (const MessageBody of ['1', '2']) await sqs.sendMessage({ QueueUrl, MessageBody, MessageGroupId: 'g' });
    const receive = (ReceiveRequestAttemptId: string) => sqs.receiveMessage({ QueueUrl, ReceiveRequestAttemptId });
    const first = await receive('a');
    t.assert.deepStrictEqual(bodies(await receive('b')), []);
    const again = await receive('a');
    t.assert.deepStrictEqual([bodies(again), again.Messages?.[0]?.ReceiptHandle], [['1'], first.Messages?.[0]?.ReceiptHandle]);
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: again.Messages?.[0]?.ReceiptHandle });
    t.assert.deepStrictEqual(bodies(await receive('a')), ['2'], 'what is deleted does not come again');
  });

  test('a message received too often goes to the dead letters, and a task brings it back', async (t: TestContext) => {
    await using town = await openTown();
    const { sqs } = town;
    const dead = await queue(sqs, 'dead');
    const QueueUrl = await queue(sqs, 'q', {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('dead'), maxReceiveCount: 1 }),
    });
    await sqs.sendMessage({ QueueUrl, MessageBody: 'poison' });
    t.assert.deepStrictEqual(bodies(await sqs.receiveMessage({ QueueUrl, VisibilityTimeout: 0 })), ['poison']);
    t.assert.deepStrictEqual(bodies(await sqs.receiveMessage({ QueueUrl })), []);
    const { Messages: [letter] = [] } = await sqs.receiveMessage({
      QueueUrl: dead,
      VisibilityTimeout: 0,
      AttributeNames: ['All'],
    });
    t.assert.strictEqual(letter?.Attributes?.ApproximateReceiveCount, '2');
    t.assert.strictEqual(letter?.Attributes?.DeadLetterQueueSourceArn, arnOf('q'));
    const back = sqs.receiveMessage({ QueueUrl, WaitTimeSeconds: 20, AttributeNames: ['All'] });
    await sqs.startMessageMoveTask({ SourceArn: arnOf('dead') });
    const { Messages: [returned] = [] } = await back;
    t.assert.strictEqual(returned?.Body, 'poison');
    t.assert.strictEqual(returned?.Attributes?.ApproximateReceiveCount, '1');
  });

  test('a task without a source of dead letters, or a second one, is refused', async (t: TestContext) => {
    await using town = await openTown();
    await queue(town.sqs, 'lonely');
    await t.assert.rejects(town.sqs.startMessageMoveTask({ SourceArn: arnOf('lonely') }), { message: /Dead Letter Queue/ });
    await t.assert.rejects(town.sqs.startMessageMoveTask({ SourceArn: arnOf('lonely'), DestinationArn: arnOf('none') }), {
      name: 'ResourceNotFoundException',
      message: "The resource that you specified for the DestinationArn parameter doesn't exist.",
    });
    await t.assert.rejects(town.sqs.cancelMessageMoveTask({ TaskHandle: 'x' }), {
      message: 'Value for parameter TaskHandle is invalid.',
    });
  });
});

suite('SQS in time', { timeout: 60_000 }, () => {
  const arn = arnOf('q');
  const options = { max: 10, waitMs: 0 };

  async function openPort(clock: Clock, file?: string, Attributes: Record<string, string> = {}) {
    const database = new PlainDatabase(file);
    const service = await openSqs({ database, clock, random: systemRandom, log: silentLogger });
    const call = { account: '000000000000', region: 'us-east-1', origin: 'http://here' } as Parameters<
      typeof service.handlers.CreateQueue
    >[1];
    await service.handlers.CreateQueue({ QueueName: 'q', Attributes }, call);
    return {
      port: service.port,
      service,
      database,
      call,
      [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]().then(() => database[Symbol.asyncDispose]()),
    };
  }

  test('a delayed message comes when its delay is over, to those who wait', async (t: TestContext) => {
    const clock = new VirtualClock();
    await using town = await openPort(clock);
    await town.port.send(arn, 'later', { delaySeconds: 5 });
    t.assert.deepStrictEqual(await town.port.receive(arn, options), []);
    const waiting = town.port.receive(arn, { max: 1, waitMs: 20_000 });
    await clock.advance(4999);
    const early = await Promise.race([waiting, Promise.resolve('nothing')]);
    t.assert.strictEqual(early, 'nothing');
    await clock.advance(2);
    t.assert.deepStrictEqual(
      (await waiting).map(({ body }) => body),
      ['later'],
    );
  });

  test('an unacknowledged message comes back, counted, and its visibility can be changed', async (t: TestContext) => {
    const clock = new VirtualClock();
    await using town = await openPort(clock);
    await town.port.send(arn, 'm');
    const [first] = await town.port.receive(arn, { ...options, visibilityMs: 10_000 });
    await clock.advance(9_000);
    await town.port.changeVisibility(arn, [first?.receiptHandle ?? ''], 10_000);
    await clock.advance(9_000);
    t.assert.deepStrictEqual(await town.port.receive(arn, options), []);
    await clock.advance(1_001);
    const [second] = await town.port.receive(arn, options);
    t.assert.strictEqual(second?.attributes['ApproximateReceiveCount'], '2');
    await town.port.delete(arn, [first?.receiptHandle ?? '']);
    await clock.advance(31_000);
    t.assert.deepStrictEqual(await town.port.receive(arn, options), [], 'an old handle deletes too');
  });

  test('an abort ends the wait and takes nothing', async (t: TestContext) => {
    await using town = await openPort(new VirtualClock());
    const gone = new AbortController();
    const waiting = town.port.receive(arn, { max: 1, waitMs: 20_000, signal: gone.signal });
    gone.abort();
    t.assert.deepStrictEqual(await waiting, []);
    await town.port.send(arn, 'm');
    t.assert.strictEqual((await town.port.receive(arn, options)).length, 1);
  });

  test('the same deduplication id is a new message after five minutes', async (t: TestContext) => {
    const clock = new VirtualClock();
    await using town = await openPort(clock);
    await town.service.handlers.CreateQueue({ QueueName: 'q.fifo', Attributes: { FifoQueue: 'true' } }, town.call);
    const fifo = arnOf('q.fifo');
    const send = () => town.port.send(fifo, 'm', { groupId: 'g', deduplicationId: 'd' });
    const [one, two] = await Promise.all([send(), send()]);
    t.assert.strictEqual(one.messageId, two.messageId, 'also when both come at once');
    await clock.advance(300_001);
    t.assert.notStrictEqual((await send()).messageId, one.messageId);
  });

  test('old messages go when their time is over', async (t: TestContext) => {
    const clock = new VirtualClock();
    await using town = await openPort(clock, undefined, { MessageRetentionPeriod: '60' });
    await town.port.send(arn, 'm');
    await clock.advance(121_000);
    t.assert.deepStrictEqual(await town.port.receive(arn, options), []);
  });

  test('a restart forgets nothing: messages, counts, hidden ones, groups and deduplication', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    const clock = new VirtualClock();
    const fifo = arnOf('q.fifo');
    let handle = '';
    {
      await using town = await openPort(clock, file);
      await town.service.handlers.CreateQueue({ QueueName: 'q.fifo', Attributes: { FifoQueue: 'true' } }, town.call);
      await town.port.send(arn, 'hidden', { attributes: { n: { DataType: 'Binary', BinaryValue: Buffer.from([1, 200]) } } });
      const [received] = await town.port.receive(arn, { ...options, visibilityMs: 60_000 });
      handle = received?.receiptHandle ?? '';
      await town.port.send(arn, 'plain');
      for (const id of ['1', '2']) await town.port.send(fifo, id, { groupId: 'g', deduplicationId: id });
      await town.port.receive(fifo, { ...options, max: 1, visibilityMs: 60_000 });
    }
    await using town = await openPort(clock, file);
    t.assert.deepStrictEqual(
      (await town.port.receive(arn, options)).map(({ body }) => body),
      ['plain'],
    );
    t.assert.deepStrictEqual(await town.port.receive(fifo, options), [], 'the group is still closed');
    t.assert.strictEqual(
      (await town.port.send(fifo, '1', { groupId: 'g', deduplicationId: '1' })).sequenceNumber !== undefined,
      true,
    );
    await clock.advance(60_001);
    const again = await town.port.receive(arn, options);
    const hidden = again.find(({ body }) => body === 'hidden');
    t.assert.strictEqual(hidden?.attributes['ApproximateReceiveCount'], '2');
    t.assert.deepStrictEqual(Buffer.from(hidden?.messageAttributes['n']?.BinaryValue ?? []), Buffer.from([1, 200]));
    await town.port.delete(arn, [handle]);
    t.assert.deepStrictEqual(
      (await town.port.receive(fifo, options)).map(({ body }) => body),
      ['1', '2'],
      'and a duplicate was not added',
    );
  });

  test('messages sent together share a sync, and one that storage refuses is not accepted', async (t: TestContext) => {
    await using town = await openPort(new VirtualClock());
    const before = town.database.commits;
    await Promise.all(Array.from({ length: 50 }, (_each, index) => town.port.send(arn, String(index))));
    t.assert.ok(town.database.commits - before <= 2, `${town.database.commits - before} commits`);
    town.database.failure = new Error('disk full');
    await t.assert.rejects(town.port.send(arn, 'lost'), /disk full/);
    town.database.failure = undefined;
    let seen = 0;
    for (let batch = await town.port.receive(arn, options); batch.length > 0; batch = await town.port.receive(arn, options)) {
      t.assert.ok(batch.every(({ body }) => body !== 'lost'));
      seen += batch.length;
    }
    t.assert.strictEqual(seen, 50);
  });

  test('storage is asked once for what comes together; what is received and deleted at once was not worth noting', async (t: TestContext) => {
    await using town = await openPort(new VirtualClock());
    const { database, port } = town;
    const batches = t.mock.method(database, 'batch');
    const others = [t.mock.method(database, 'transaction'), t.mock.method(database, 'run'), t.mock.method(database, 'all')];
    const asked = async (work: () => Promise<unknown>): Promise<readonly number[]> => {
      for (const { mock } of [batches, ...others]) mock.resetCalls();
      await work();
      // The plain database makes a transaction of each batch.
      const [transactions, ...rest] = others.map(({ mock }) => mock.callCount());
      t.assert.deepStrictEqual([transactions, rest], [batches.mock.callCount(), [0, 0]]);
      return batches.mock.calls.map(({ arguments: [statements] }) => statements.length);
    };
    t.assert.deepStrictEqual(
      await asked(() => Promise.all(Array.from({ length: 100 }, (_each, index) => port.send(arn, String(index))))),
      [100],
    );
    const handles: string[] = [];
    const received = await asked(async () => {
      for (const { receiptHandle } of await port.receive(arn, options)) handles.push(receiptHandle);
      await port.delete(arn, handles);
    });
    t.assert.strictEqual(handles.length, 10);
    t.assert.deepStrictEqual(received, [10]);
  });
});

const oldCli = '/usr/bin/aws';

suite('SQS through an old command line', { timeout: 60_000, skip: existsSync(oldCli) ? false : 'no /usr/bin/aws here' }, () => {
  test('the query protocol carries attributes both ways', async (t: TestContext) => {
    await using town = await openTown();
    const aws = async (...args: string[]): Promise<Record<string, unknown>> => {
      const { stdout } = await promisify(execFile)(
        oldCli,
        ['--endpoint-url', town.street.origin, '--output', 'json', 'sqs', ...args],
        { env: town.street.env },
      );
      return stdout === '' ? {} : (JSON.parse(stdout) as Record<string, unknown>);
    };
    const { QueueUrl } = (await aws(
      'create-queue',
      '--queue-name',
      'q',
      '--attributes',
      'VisibilityTimeout=7',
      '--tags',
      'a=b',
    )) as { QueueUrl: string };
    await aws(
      'send-message',
      '--queue-url',
      QueueUrl,
      '--message-body',
      'hello',
      '--message-attributes',
      '{"k":{"DataType":"Number","StringValue":"1"}}',
    );
    const { Messages } = (await aws(
      'receive-message',
      '--queue-url',
      QueueUrl,
      '--message-attribute-names',
      'All',
      '--attribute-names',
      'All',
    )) as {
      Messages: { Body: string; MessageAttributes: unknown; Attributes: Record<string, string> }[];
    };
    t.assert.strictEqual(Messages[0]?.Body, 'hello');
    t.assert.deepStrictEqual(Messages[0]?.MessageAttributes, { k: { DataType: 'Number', StringValue: '1' } });
    t.assert.strictEqual(Messages[0]?.Attributes['ApproximateReceiveCount'], '1');
    const { Attributes } = (await aws('get-queue-attributes', '--queue-url', QueueUrl, '--attribute-names', 'All')) as {
      Attributes: Record<string, string>;
    };
    t.assert.strictEqual(Attributes['VisibilityTimeout'], '7');
    t.assert.deepStrictEqual(await aws('list-queue-tags', '--queue-url', QueueUrl), { Tags: { a: 'b' } });
    await t.assert.rejects(aws('get-queue-url', '--queue-name', 'none'), /AWS.SimpleQueueService.NonExistentQueue/);
  });
});
