import { suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { Caller, inParallel, pause, percentile, slow } from './load.ts';

const schedules = slow ? 10_000 : 1_000;
const overSeconds = slow ? 60 : 10;
/** Until the first is due: all are there by then. */
const aheadMs = slow ? 60_000 : 12_000;
const lateMs = 5_000;

const scope = (service: string): string =>
  `AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`;

const sqs = async (caller: Caller, operation: string, input: object): Promise<Record<string, unknown>> => {
  const { status, text } = await caller.post('/', JSON.stringify(input), {
    'Content-Type': 'application/x-amz-json-1.0',
    'X-Amz-Target': `AmazonSQS.${operation}`,
  });
  if (status !== 200) throw new Error(`${operation}: ${status} ${text}`);
  return JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>;
};

interface Message {
  readonly Body: string;
  readonly ReceiptHandle: string;
  readonly Attributes: { readonly SentTimestamp: string };
}

suite('many schedules at once', { timeout: 300_000 }, () => {
  test(`${schedules} that are due within ${overSeconds} seconds: each once, and soon`, async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(folder.path);
    using caller = new Caller(server.origin, 16);
    const { QueueUrl } = await sqs(caller, 'CreateQueue', { QueueName: 'due' });
    // Schedules are due on whole seconds.
    const firstMs = Math.ceil((Date.now() + aheadMs) / 1000) * 1000;
    const dueMs = (index: number): number => firstMs + (index % overSeconds) * 1000;
    await inParallel(schedules, 16, async (index) => {
      const schedule = {
        ScheduleExpression: `at(${new Date(dueMs(index)).toISOString().slice(0, 19)})`,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: {
          Arn: 'arn:aws:sqs:us-east-1:000000000000:due',
          RoleArn: 'arn:aws:iam::000000000000:role/scheduler',
          Input: String(index),
        },
      };
      const { status, text } = await caller.post(`/schedules/s${index}`, JSON.stringify(schedule), {
        'Content-Type': 'application/json',
        Authorization: scope('scheduler'),
      });
      if (status !== 200) throw new Error(`CreateSchedule: ${status} ${text}`);
    });
    t.assert.ok(Date.now() < firstMs, 'all schedules are there before the first is due');

    const times = new Map<number, number>();
    const lateness: number[] = [];
    const lastMs = firstMs + overSeconds * 1000;
    // Some are waited for beyond the last one, so that a second message of a schedule would be seen.
    for (const untilMs = lastMs + 20_000; Date.now() < untilMs;) {
      const { Messages = [] } = (await sqs(caller, 'ReceiveMessage', {
        QueueUrl,
        MaxNumberOfMessages: 10,
        AttributeNames: ['SentTimestamp'],
      })) as { readonly Messages?: readonly Message[] };
      for (const { Body, Attributes } of Messages) {
        const index = Number(Body);
        times.set(index, (times.get(index) ?? 0) + 1);
        lateness.push(Number(Attributes.SentTimestamp) - dueMs(index));
      }
      if (Messages.length > 0) {
        const Entries = Messages.map(({ ReceiptHandle }, Id) => ({ Id: String(Id), ReceiptHandle }));
        await sqs(caller, 'DeleteMessageBatch', { QueueUrl, Entries });
      } else if (times.size === schedules && Date.now() > lastMs + 3_000) break;
      else await pause(20);
    }
    t.diagnostic(
      `late by p50 ${percentile(lateness, 0.5)}, p99 ${percentile(lateness, 0.99)}, at most ${Math.max(...lateness)} ms`,
    );
    t.assert.equal(times.size, schedules);
    t.assert.deepEqual(
      [...times].filter(([, count]) => count !== 1),
      [],
    );
    t.assert.ok(Math.min(...lateness) >= 0, 'none is early');
    t.assert.ok(percentile(lateness, 0.99) <= lateMs, `p99 ${percentile(lateness, 0.99)} ms late`);
  });
});
