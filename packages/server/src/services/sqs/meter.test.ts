import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-sqs';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { silentLogger, systemRandom } from '../../base/index.ts';
import { openSqs } from './index.ts';

suite('what queues measure', { timeout: 60_000 }, () => {
  test('is what happened to messages, and every minute how full a queue in use is', async (t: TestContext) => {
    await using database = new PlainDatabase();
    const clock = new VirtualClock({ epochMs: Date.now() });
    const sums = new Map<string, number>();
    const levels = new Map<string, number>();
    await using service = await openSqs({
      database,
      clock,
      random: systemRandom,
      log: silentLogger,
      metrics: {
        put: ({ name, value, dimensions }) => void levels.set(`${dimensions['QueueName']} ${name}`, value),
        putSummary: ({ name, summary }) => void sums.set(name, (sums.get(name) ?? 0) + summary.sum),
      },
    });
    await using street = await openStreet({ sqs: service.handlers });
    const sqs = new sdk.SQS(street.client);
    t.after(() => sqs.destroy());
    const { QueueUrl } = await sqs.createQueue({ QueueName: 'used' });
    await sqs.createQueue({ QueueName: 'unused' });
    await sqs.receiveMessage({ QueueUrl });
    for (const MessageBody of ['one', 'three']) await sqs.sendMessage({ QueueUrl, MessageBody });
    const { Messages = [] } = await sqs.receiveMessage({ QueueUrl, VisibilityTimeout: 600 });
    await sqs.sendMessage({ QueueUrl, MessageBody: 'x' });
    const [first] = Messages;
    await sqs.deleteMessage({ QueueUrl, ReceiptHandle: first?.ReceiptHandle });
    await clock.advance(1_000);
    t.assert.deepEqual(Object.fromEntries(sums), {
      NumberOfEmptyReceives: 1,
      NumberOfMessagesSent: 3,
      SentMessageSize: 9,
      NumberOfMessagesReceived: Messages.length,
      NumberOfMessagesDeleted: 1,
    });
    await clock.advance(60_000);
    const { length } = Messages;
    t.assert.deepEqual(Object.fromEntries(levels), {
      'used ApproximateNumberOfMessagesVisible': 3 - length,
      'used ApproximateNumberOfMessagesNotVisible': length - 1,
      'used ApproximateNumberOfMessagesDelayed': 0,
      'used ApproximateAgeOfOldestMessage': 60,
    });
  });
});
