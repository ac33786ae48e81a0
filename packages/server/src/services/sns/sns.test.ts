import { createVerify, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-sns';
import { ServiceFault } from '@mayfly/wire';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { temporaryFolder } from '../../../../../test/kit/server.ts';
import { openStreet, type Street } from '../../../../../test/kit/street.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { silentLogger, systemClock, systemRandom, type Clock } from '../../base/index.ts';
import { outwardHttp } from '../kit/http.ts';
import { outward } from '../kit/outward.ts';
import { openSqs, type SqsPort } from '../sqs/index.ts';
import { httpDelayMs } from './delivery.ts';
import { openSns, type SnsPorts, type SnsService } from './index.ts';
import { defaultRetryPolicy } from './delivery-policy.ts';

interface Town extends AsyncDisposable {
  readonly street: Street;
  readonly sns: sdk.SNS;
  readonly service: SnsService;
  readonly queues: SqsPort;
  /** The first event a function got. */
  readonly invoked: Promise<string>;
  queue(name: string, attributes?: Record<string, string>): Promise<string>;
}

async function openTown(
  options: {
    readonly clock?: Clock;
    readonly file?: string;
    readonly lambda?: SnsPorts['lambda'];
    readonly logs?: SnsPorts['logs'];
    readonly origin?: string;
  } = {},
): Promise<Town> {
  const database = new PlainDatabase(options.file);
  const common = { database, clock: options.clock ?? systemClock, random: systemRandom, log: silentLogger };
  const sqs = await openSqs(common);
  const invoked = Promise.withResolvers<string>();
  const service = await openSns({
    ...common,
    ports: {
      sqs: sqs.port,
      lambda: options.lambda ?? {
        invokeAsync: (_arn, payload) => {
          invoked.resolve(payload);
          return Promise.resolve('request');
        },
      },
      ...(options.logs === undefined ? {} : { logs: options.logs }),
      origin: () => options.origin ?? 'http://127.0.0.1:4566',
      http: outwardHttp({ outward: outward(['localhost']) }),
    },
  });
  const street = await openStreet({ sns: service.handlers, sqs: sqs.handlers });
  const sns = new sdk.SNS(street.client);
  return {
    street,
    sns,
    service,
    queues: sqs.port,
    invoked: invoked.promise,
    async queue(name, attributes = {}) {
      const call = { account: '000000000000', region: 'us-east-1', origin: street.origin } as Parameters<
        typeof sqs.handlers.CreateQueue
      >[1];
      await sqs.handlers.CreateQueue({ QueueName: name, Attributes: attributes }, call);
      return `arn:aws:sqs:us-east-1:000000000000:${name}`;
    },
    async [Symbol.asyncDispose]() {
      sns.destroy();
      sqs.close();
      await street[Symbol.asyncDispose]();
      await service[Symbol.asyncDispose]();
      await sqs[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

const one = async (queues: SqsPort, arn: string, waitMs = 10_000) => {
  const [message] = await queues.receive(arn, { max: 1, waitMs });
  if (message !== undefined) await queues.delete(arn, [message.receiptHandle]);
  return message;
};
const functionArn = 'arn:aws:lambda:us-east-1:000000000000:function:f';

suite('SNS through its SDK', { timeout: 60_000 }, () => {
  test('a message reaches a queue in its envelope, signed with the certificate it names', async (t: TestContext) => {
    await using town = await openTown();
    const { sns } = town;
    const endpoint = await town.queue('q');
    const { TopicArn } = await sns.createTopic({ Name: 'news' });
    const { SubscriptionArn } = await sns.subscribe({ TopicArn, Protocol: 'sqs', Endpoint: endpoint });
    const { MessageId } = await sns.publish({
      TopicArn,
      Message: 'ö§a1"_ & <b>\nline',
      Subject: 'Hi',
      MessageAttributes: { n: { DataType: 'Number', StringValue: '99.12' } },
    });
    const message = JSON.parse((await one(town.queues, endpoint))?.body ?? '{}') as Record<string, string>;
    const { Signature = '', SigningCertURL = '', Timestamp = '', ...rest } = message;
    t.assert.deepStrictEqual(rest, {
      Type: 'Notification',
      MessageId,
      TopicArn,
      Subject: 'Hi',
      Message: 'ö§a1"_ & <b>\nline',
      SignatureVersion: '1',
      UnsubscribeURL: `${town.street.origin}/?Action=Unsubscribe&SubscriptionArn=${SubscriptionArn}`,
      MessageAttributes: { n: { Type: 'Number', Value: '99.12' } },
    });
    const pem = (await town.service.certificate(new URL(SigningCertURL).pathname)) ?? '';
    const certificate = new X509Certificate(pem);
    t.assert.ok(certificate.verify(certificate.publicKey), 'the certificate signs itself');
    const text = `Message\n${rest['Message']}\nMessageId\n${MessageId}\nSubject\nHi\nTimestamp\n${Timestamp}\nTopicArn\n${TopicArn}\nType\nNotification\n`;
    t.assert.ok(createVerify('sha1').update(text).verify(certificate.publicKey, Signature, 'base64'));
  });

  test('a function gets the event that its runtime knows', async (t: TestContext) => {
    await using town = await openTown();
    const { TopicArn } = await town.sns.createTopic({ Name: 'news' });
    const { SubscriptionArn } = await town.sns.subscribe({ TopicArn, Protocol: 'lambda', Endpoint: functionArn });
    await town.sns.publish({ TopicArn, Message: 'm' });
    const { Records: [record] = [] } = JSON.parse(await town.invoked) as {
      Records?: { EventSubscriptionArn: string; EventSource: string; EventVersion: string; Sns: Record<string, unknown> }[];
    };
    t.assert.strictEqual(record?.EventSource, 'aws:sns');
    t.assert.strictEqual(record?.EventVersion, '1.0');
    t.assert.strictEqual(record?.EventSubscriptionArn, SubscriptionArn);
    t.assert.deepStrictEqual(Object.keys(record?.Sns ?? {}), [
      'Type',
      'MessageId',
      'TopicArn',
      'Subject',
      'Message',
      'Timestamp',
      'SignatureVersion',
      'Signature',
      'SigningCertUrl',
      'UnsubscribeUrl',
      'MessageAttributes',
    ]);
    t.assert.strictEqual(record?.Sns['Subject'], null);
  });

  test('raw delivery keeps body and attributes, and filters let through what they name', async (t: TestContext) => {
    await using town = await openTown();
    const { sns } = town;
    const byAttribute = await town.queue('a');
    const byBody = await town.queue('b');
    const { TopicArn } = await sns.createTopic({ Name: 'news' });
    await sns.subscribe({
      TopicArn,
      Protocol: 'sqs',
      Endpoint: byAttribute,
      Attributes: { RawMessageDelivery: 'true', FilterPolicy: '{"kind":[{"prefix":"or"}],"n":[{"numeric":[">",5]}]}' },
    });
    const { SubscriptionArn } = await sns.subscribe({
      TopicArn,
      Protocol: 'sqs',
      Endpoint: byBody,
      Attributes: { RawMessageDelivery: 'true', FilterPolicyScope: 'MessageBody', FilterPolicy: '{"a":{"b":[1]}}' },
    });
    const send = (Message: string, kind: string, n: string) =>
      sns.publish({
        TopicArn,
        Message,
        MessageAttributes: {
          kind: { DataType: 'String', StringValue: kind },
          n: { DataType: 'Number', StringValue: n },
          raw: { DataType: 'Binary', BinaryValue: Buffer.from([2, 3, 4]) },
        },
      });
    await send('no', 'order', '5');
    await send('yes', 'order', '6');
    await send('{"a":{"b":1}}', 'x', '0');
    const first = await one(town.queues, byAttribute);
    t.assert.strictEqual(first?.body, 'yes');
    t.assert.deepStrictEqual(Buffer.from(first?.messageAttributes['raw']?.BinaryValue ?? []), Buffer.from([2, 3, 4]));
    t.assert.strictEqual((await one(town.queues, byBody))?.body, '{"a":{"b":1}}');
    const { Attributes } = await sns.getSubscriptionAttributes({ SubscriptionArn });
    t.assert.strictEqual(Attributes?.['FilterPolicyScope'], 'MessageBody');
    t.assert.strictEqual(Attributes?.['ConfirmationWasAuthenticated'], 'true');
    await sns.setSubscriptionAttributes({ SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: '{"c":{"d":["x"]}}' });
    await t.assert.rejects(
      sns.setSubscriptionAttributes({ SubscriptionArn, AttributeName: 'FilterPolicyScope', AttributeValue: 'MessageAttributes' }),
      {
        message: 'Invalid parameter: FilterPolicy: Filter policy scope MessageAttributes does not support nested filter policy',
      },
    );
    await sns.setSubscriptionAttributes({ SubscriptionArn, AttributeName: 'FilterPolicy', AttributeValue: '{}' });
    t.assert.strictEqual((await sns.getSubscriptionAttributes({ SubscriptionArn })).Attributes?.['FilterPolicy'], undefined);
    await t.assert.rejects(sns.setSubscriptionAttributes({ SubscriptionArn, AttributeName: 'Nonsense', AttributeValue: 'x' }), {
      message: 'Invalid parameter: AttributeName',
    });
  });

  test('an HTTP endpoint confirms itself, hears messages, and leaves by the link', async (t: TestContext) => {
    await using town = await openTown();
    const { sns } = town;
    const heard: { headers: Record<string, unknown>; body: Record<string, string> }[] = [];
    let onHeard = Promise.withResolvers<void>();
    const endpoint = createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      request.on('end', () => {
        heard.push({ headers: request.headers, body: JSON.parse(text) as Record<string, string> });
        response.end();
        onHeard.resolve();
      });
    }).listen(0, '127.0.0.1');
    await once(endpoint, 'listening');
    try {
      const { TopicArn } = await sns.createTopic({ Name: 'news' });
      const url = `http://127.0.0.1:${(endpoint.address() as AddressInfo).port}/hook`;
      t.assert.strictEqual(
        (await sns.subscribe({ TopicArn, Protocol: 'http', Endpoint: url })).SubscriptionArn,
        'pending confirmation',
      );
      await onHeard.promise;
      t.assert.strictEqual(heard[0]?.headers['x-amz-sns-message-type'], 'SubscriptionConfirmation');
      t.assert.strictEqual(
        (await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions?.[0]?.SubscriptionArn,
        'PendingConfirmation',
      );
      const confirmed = await fetch(heard[0]?.body['SubscribeURL'] ?? '');
      t.assert.match(
        await confirmed.text(),
        /<SubscriptionArn>arn:aws:sns:us-east-1:000000000000:news:[0-9a-f-]{36}<\/SubscriptionArn>/,
      );
      onHeard = Promise.withResolvers();
      await sns.publish({ TopicArn, Message: 'm' });
      await onHeard.promise;
      t.assert.strictEqual(heard[1]?.body['Message'], 'm');
      t.assert.match(String(heard[1]?.headers['x-amz-sns-subscription-arn']), /:news:/);
      t.assert.strictEqual((await fetch(heard[1]?.body['UnsubscribeURL'] ?? '')).status, 200);
      t.assert.deepStrictEqual((await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions, []);
      t.assert.strictEqual((await sns.getTopicAttributes({ TopicArn })).Attributes?.['SubscriptionsDeleted'], '1');
    } finally {
      endpoint.close();
      endpoint.closeAllConnections();
    }
  });

  test('what no function takes goes to the dead letters of the subscription', async (t: TestContext) => {
    await using town = await openTown({
      lambda: {
        invokeAsync: () => Promise.reject(new ServiceFault('ResourceNotFoundException', 'Function not found', { status: 404 })),
      },
    });
    const dead = await town.queue('dead');
    const { TopicArn } = await town.sns.createTopic({ Name: 'news' });
    await town.sns.subscribe({
      TopicArn,
      Protocol: 'lambda',
      Endpoint: functionArn,
      Attributes: { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead }) },
    });
    await town.sns.publish({ TopicArn, Message: 'lost' });
    t.assert.strictEqual((JSON.parse((await one(town.queues, dead))?.body ?? '{}') as { Message?: string }).Message, 'lost');
  });

  test('a FIFO topic keeps order and takes a message once', async (t: TestContext) => {
    await using town = await openTown();
    const endpoint = await town.queue('q.fifo', { FifoQueue: 'true' });
    const { TopicArn } = await town.sns.createTopic({
      Name: 't.fifo',
      Attributes: { FifoTopic: 'true', ContentBasedDeduplication: 'true' },
    });
    await town.sns.subscribe({ TopicArn, Protocol: 'sqs', Endpoint: endpoint, Attributes: { RawMessageDelivery: 'true' } });
    await t.assert.rejects(town.sns.subscribe({ TopicArn, Protocol: 'lambda', Endpoint: functionArn }), {
      name: 'InvalidParameterException',
    });
    for (const Message of ['1', '2', '2', '3']) await town.sns.publish({ TopicArn, Message, MessageGroupId: 'g' });
    const seen: (string | undefined)[] = [];
    for (let index = 0; index < 3; index += 1) seen.push((await one(town.queues, endpoint))?.body);
    t.assert.deepStrictEqual(seen, ['1', '2', '3']);
    t.assert.strictEqual(await one(town.queues, endpoint, 0), undefined);
  });

  test('topics show the recorded attributes, take tags, and are gone when deleted', async (t: TestContext) => {
    await using town = await openTown();
    const { sns } = town;
    const { TopicArn } = await sns.createTopic({ Name: 'news', Tags: [{ Key: 'a', Value: 'b' }] });
    const { Attributes = {} } = await sns.getTopicAttributes({ TopicArn });
    t.assert.strictEqual(Attributes['DisplayName'], '');
    t.assert.strictEqual(Attributes['Owner'], '000000000000');
    t.assert.strictEqual(
      (JSON.parse(Attributes['EffectiveDeliveryPolicy'] ?? '') as { http: { defaultHealthyRetryPolicy: { numRetries: number } } })
        .http.defaultHealthyRetryPolicy.numRetries,
      3,
    );
    t.assert.strictEqual((JSON.parse(Attributes['Policy'] ?? '') as { Id: string }).Id, '__default_policy_ID');
    await sns.setTopicAttributes({ TopicArn, AttributeName: 'DisplayName', AttributeValue: 'N' });
    t.assert.strictEqual((await sns.getTopicAttributes({ TopicArn })).Attributes?.['DisplayName'], 'N');
    await sns.tagResource({ ResourceArn: TopicArn, Tags: [{ Key: 'c', Value: 'd' }] });
    await sns.untagResource({ ResourceArn: TopicArn, TagKeys: ['a'] });
    t.assert.deepStrictEqual((await sns.listTagsForResource({ ResourceArn: TopicArn })).Tags, [{ Key: 'c', Value: 'd' }]);
    t.assert.deepStrictEqual((await sns.listTopics({})).Topics, [{ TopicArn }]);
    await sns.deleteTopic({ TopicArn });
    await t.assert.rejects(sns.getTopicAttributes({ TopicArn }), { name: 'NotFoundException', message: 'Topic does not exist' });
  });

  const wrong: readonly (readonly [string, (sns: sdk.SNS, TopicArn: string | undefined) => Promise<unknown>, RegExp])[] = [
    ['an empty message', (sns, TopicArn) => sns.publish({ TopicArn, Message: '' }), /^Invalid parameter: Empty message$/],
    ['an empty subject', (sns, TopicArn) => sns.publish({ TopicArn, Message: 'm', Subject: '' }), /^Invalid parameter: Subject$/],
    [
      'too long a message',
      (sns, TopicArn) => sns.publish({ TopicArn, Message: 'x'.repeat(262_145) }),
      /^Invalid parameter: Message too long$/,
    ],
    [
      'texts without a default',
      (sns, TopicArn) => sns.publish({ TopicArn, Message: '{}', MessageStructure: 'json' }),
      /No default entry in JSON message body$/,
    ],
    [
      'a queue by its URL',
      (sns, TopicArn) => sns.subscribe({ TopicArn, Protocol: 'sqs', Endpoint: 'http://h/1/q' }),
      /^Invalid parameter: SQS endpoint ARN$/,
    ],
    [
      'a filter that is none',
      (sns, TopicArn) =>
        sns.subscribe({
          TopicArn,
          Protocol: 'lambda',
          Endpoint: functionArn,
          Attributes: { FilterPolicy: '{"key":[{"suffix":100}]}' },
        }),
      /^Invalid parameter: Attributes Reason: FilterPolicy: suffix match pattern must be a string\n/,
    ],
    [
      'a subscription that is none',
      (sns) => sns.unsubscribe({ SubscriptionArn: 'x' }),
      /^Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1$/,
    ],
  ];
  for (const [what, call, message] of wrong) {
    test(`${what} is refused in the recorded words`, async (t: TestContext) => {
      await using town = await openTown();
      const { TopicArn } = await town.sns.createTopic({ Name: 'news' });
      await t.assert.rejects(call(town.sns, TopicArn), { message });
    });
  }

  test('a batch fails entry by entry, and what is not built says so with a 4xx', async (t: TestContext) => {
    await using town = await openTown();
    const { TopicArn } = await town.sns.createTopic({ Name: 'news' });
    const { Successful, Failed } = await town.sns.publishBatch({
      TopicArn,
      PublishBatchRequestEntries: [
        { Id: 'a', Message: 'm' },
        { Id: 'b', Message: '' },
      ],
    });
    t.assert.deepStrictEqual(
      [Successful?.map(({ Id }) => Id), Failed?.map(({ Id, Code }) => [Id, Code])],
      [['a'], [['b', 'InvalidParameter']]],
    );
    await t.assert.rejects(town.sns.verifySMSSandboxPhoneNumber({ PhoneNumber: '+15551234567', OneTimePassword: '123456' }), {
      name: 'NotImplementedException',
    });
  });
});

suite('SNS without push services and telephones', { timeout: 60_000 }, () => {
  const Attributes = { PlatformPrincipal: 'id', PlatformCredential: 'secret', EventDeliveryFailure: 'arn:x' };

  test('apps and their endpoints are kept, without the credentials, and outlive the server', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    let PlatformApplicationArn: string | undefined;
    let EndpointArn: string | undefined;
    {
      await using town = await openTown({ file });
      ({ PlatformApplicationArn } = await town.sns.createPlatformApplication({ Name: 'app', Platform: 'APNS', Attributes }));
      ({ EndpointArn } = await town.sns.createPlatformEndpoint({ PlatformApplicationArn, Token: 't', CustomUserData: 'me' }));
      await town.sns.setEndpointAttributes({ EndpointArn, Attributes: { Enabled: 'false' } });
    }
    await using town = await openTown({ file });
    const shown = { Enabled: 'true', EventDeliveryFailure: 'arn:x' };
    t.assert.deepStrictEqual(
      [
        (await town.sns.listPlatformApplications({})).PlatformApplications,
        (await town.sns.listEndpointsByPlatformApplication({ PlatformApplicationArn })).Endpoints,
      ],
      [
        [{ PlatformApplicationArn, Attributes: shown }],
        [{ EndpointArn, Attributes: { Enabled: 'false', Token: 't', CustomUserData: 'me' } }],
      ],
    );
    const publish = { TargetArn: EndpointArn, Message: 'm' };
    await t.assert.rejects(town.sns.publish(publish), { name: 'EndpointDisabledException', message: 'Endpoint is disabled' });
    await town.sns.setEndpointAttributes({ EndpointArn, Attributes: { Enabled: 'true' } });
    t.assert.match((await town.sns.publish(publish)).MessageId ?? '', /^[0-9a-f-]{36}$/);
    await town.sns.deletePlatformApplication({ PlatformApplicationArn });
    await t.assert.rejects(town.sns.getEndpointAttributes({ EndpointArn }), { message: 'Endpoint does not exist' });
    await t.assert.rejects(town.sns.publish(publish), { message: /No endpoint found for the target arn specified/ });
  });

  test('what is published to a telephone fails, and its report says so where one is wanted', async (t: TestContext) => {
    const written: [string, unknown][] = [];
    const logs: SnsPorts['logs'] = {
      write: (_place, name, { message }) => Promise.resolve(void written.push([name, JSON.parse(message)])),
    };
    await using town = await openTown({ logs });
    const publish = { PhoneNumber: '+15555550100', Message: 'm' };
    await town.sns.publish(publish);
    t.assert.deepEqual(written, []);
    await town.sns.setSMSAttributes({ attributes: { DeliveryStatusIAMRole: 'arn:aws:iam::000000000000:role/r' } });
    const { MessageId } = await town.sns.publish(publish);
    const [[group, report] = []] = written as [string, { notification: object; delivery: object; status: string }][];
    t.assert.equal(group, 'sns/us-east-1/000000000000/DirectPublishToPhoneNumber/Failure');
    t.assert.partialDeepStrictEqual(report, {
      notification: { messageId: MessageId },
      delivery: { destination: '+15555550100', smsType: 'Promotional' },
      status: 'FAILURE',
    });
    await t.assert.rejects(town.sns.publish({ ...publish, PhoneNumber: '5555' }), { name: 'InvalidParameterException' });
    await t.assert.rejects(town.sns.publish({ ...publish, Message: '' }), { message: /Empty message/ });
  });

  test('a dead-letter target is an ARN, and a tag has one value', async (t: TestContext) => {
    await using town = await openTown();
    const { TopicArn } = await town.sns.createTopic({ Name: 'news' });
    const subscribe = (RedrivePolicy: string): Promise<unknown> =>
      town.sns.subscribe({
        TopicArn,
        Protocol: 'sqs',
        Endpoint: 'arn:aws:sqs:us-east-1:000000000000:q',
        Attributes: { RedrivePolicy },
      });
    await t.assert.rejects(subscribe('x'), { message: /RedrivePolicy: failed to parse JSON\.$/ });
    await t.assert.rejects(subscribe('{"deadLetterTargetArn":"x"}'), { message: /deadLetterTargetArn is an invalid arn$/ });
    const Tags = ['a', 'b'].map((Value) => ({ Key: 'k', Value }));
    const twice = { message: 'Invalid parameter: Duplicated keys are not allowed.' };
    await t.assert.rejects(town.sns.tagResource({ ResourceArn: TopicArn, Tags }), twice);
    await t.assert.rejects(town.sns.createTopic({ Name: 'other', Tags }), twice);
  });

  test('an app needs both of its credentials, where its service has two', async (t: TestContext) => {
    await using town = await openTown();
    const create = (Platform: string, given: Record<string, string>): Promise<unknown> =>
      town.sns.createPlatformApplication({ Name: 'app', Platform, Attributes: given });
    await create('GCM', { PlatformCredential: 'secret' });
    await t.assert.rejects(create('APNS', { PlatformCredential: 'secret' }), { message: /provided without PlatformPrincipal/ });
    await t.assert.rejects(create('APNS', { EventDeliveryFailure: 'arn:x' }), { message: /PlatformPrincipal: cannot be empty/ });
  });

  test('the settings of text messages add up, and what they cannot be is refused', async (t: TestContext) => {
    await using town = await openTown();
    const set = (attributes: Record<string, string>): Promise<unknown> => town.sns.setSMSAttributes({ attributes });
    await set({ DefaultSenderID: 'Mayfly' });
    await set({ DefaultSMSType: 'Transactional' });
    t.assert.deepStrictEqual((await town.sns.getSMSAttributes({})).attributes, {
      MonthlySpendLimit: '1',
      DefaultSenderID: 'Mayfly',
      DefaultSMSType: 'Transactional',
    });
    await t.assert.rejects(set({ DefaultSMSType: 'Loud' }), { message: 'DefaultSMSType is invalid' });
    await t.assert.rejects(town.sns.optInPhoneNumber({ phoneNumber: 'x' }), { message: /input incorrectly formatted/ });
  });
});

suite('SNS over time', { timeout: 60_000 }, () => {
  test('a published message outlives the server that took it', async (t: TestContext) => {
    using folder = temporaryFolder();
    const file = `${folder.path}/db`;
    const stuck = {
      invokeAsync: () => Promise.reject(new ServiceFault('TooManyRequestsException', 'Rate exceeded', { status: 429 })),
    };
    {
      await using town = await openTown({ file, lambda: stuck });
      const { TopicArn } = await town.sns.createTopic({ Name: 'news' });
      await town.sns.subscribe({ TopicArn, Protocol: 'lambda', Endpoint: functionArn });
      await town.sns.publish({ TopicArn, Message: 'kept' });
    }
    const arrived = Promise.withResolvers<string>();
    await using _town = await openTown({
      file,
      lambda: {
        invokeAsync: (_arn, payload) => {
          arrived.resolve(payload);
          return Promise.resolve('request');
        },
      },
    });
    t.assert.match(await arrived.promise, /"Message":"kept"/);
  });

  test('an endpoint that fails is tried three more times, twenty seconds apart, and then no more', async (t: TestContext) => {
    const clock = new VirtualClock();
    let attempts = 0;
    const tried = Promise.withResolvers<void>();
    const database = new PlainDatabase();
    await using service = await openSns({
      database,
      clock,
      random: systemRandom,
      log: silentLogger,
      ports: {
        sqs: { send: () => Promise.reject(new Error('not asked')), describe: () => undefined },
        lambda: { invokeAsync: () => Promise.resolve('request') },
        http: {
          post: () => {
            attempts += 1;
            tried.resolve();
            return Promise.resolve({ status: 503 });
          },
        },
        origin: () => 'http://here',
      },
    });
    const call = {
      account: '000000000000',
      region: 'us-east-1',
      origin: 'http://here',
      caller: { kind: 'anonymous' },
    } as Parameters<typeof service.handlers.CreateTopic>[1];
    const { TopicArn } = await service.handlers.CreateTopic({ Name: 'news' }, call);
    await service.handlers.Subscribe({ TopicArn, Protocol: 'http', Endpoint: 'http://there/' }, call);
    await tried.promise;
    t.assert.strictEqual(attempts, 1);
    await clock.advance(19_999);
    t.assert.strictEqual(attempts, 1);
    await clock.advance(200_000);
    t.assert.strictEqual(attempts, 4);
  });

  test('a policy of retries has its four phases', (t: TestContext) => {
    const policy = {
      ...defaultRetryPolicy,
      minDelayTarget: 1,
      maxDelayTarget: 10,
      numRetries: 7,
      numNoDelayRetries: 1,
      numMinDelayRetries: 1,
      numMaxDelayRetries: 2,
    };
    t.assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 6, 7].map((attempt) => httpDelayMs(policy, attempt)),
      [0, 1000, 1000, 5500, 10_000, 10_000, 10_000],
    );
  });
});
