import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { silentLogger, systemClock, systemRandom } from '../../packages/server/src/base/index.ts';
import { openS3 } from '../../packages/server/src/services/s3/index.ts';
import { openSns } from '../../packages/server/src/services/sns/index.ts';
import { openSqs } from '../../packages/server/src/services/sqs/index.ts';
import { PlainDatabase } from './plain-database.ts';

export const queueArn = 'arn:aws:sqs:us-east-1:000000000000:q';
export const topicQueueArn = 'arn:aws:sqs:us-east-1:000000000000:from-topic';

/** Queues, a topic that feeds one of them, and a bucket, on a folder of their own. */
export async function openTrio(dir: string) {
  const database = new PlainDatabase(path.join(dir, 'db'));
  const common = { database, clock: systemClock, random: systemRandom, log: silentLogger };
  const sqs = await openSqs(common);
  const sns = await openSns({
    ...common,
    ports: { sqs: sqs.port, lambda: { invokeAsync: () => Promise.resolve('request') }, origin: () => 'http://here' },
  });
  const s3 = await openS3({ ...common, dir: path.join(dir, 's3') });
  const call = {
    account: '000000000000',
    region: 'us-east-1',
    origin: 'http://here',
    requestId: 'r',
    caller: { kind: 'anonymous' },
  } as Parameters<typeof sqs.handlers.CreateQueue>[1];
  for (const QueueName of ['q', 'from-topic']) await sqs.handlers.CreateQueue({ QueueName }, call);
  const { TopicArn = '' } = await sns.handlers.CreateTopic({ Name: 't' }, call);
  await sns.handlers.Subscribe(
    { TopicArn, Protocol: 'sqs', Endpoint: topicQueueArn, Attributes: { RawMessageDelivery: 'true' } },
    call,
  );
  await s3.handlers.CreateBucket({ Bucket: 'bucket' }, call);
  return {
    sqs,
    sns,
    s3,
    topicArn: TopicArn,
    async [Symbol.asyncDispose]() {
      await s3[Symbol.asyncDispose]();
      await sns[Symbol.asyncDispose]();
      await sqs[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** Sends, publishes and puts without end, and says what was accepted, until somebody kills it. */
async function main(dir: string, prefix: string): Promise<void> {
  const say = (line: string): void => void process.stdout.write(line + '\n');
  const { sqs, sns, s3, topicArn } = await openTrio(dir);
  const forever = async (work: (id: string) => Promise<unknown>, word: string): Promise<void> => {
    for (let number = 0; ; number += 1) {
      await work(`${prefix}-${number}`);
      say(`${word} ${prefix}-${number}`);
    }
  };
  await Promise.all([
    forever((id) => sqs.port.send(queueArn, id), 'sent'),
    forever((id) => sns.port.publish(topicArn, { message: id }), 'published'),
    forever((id) => s3.port.put('bucket', id, Buffer.from(id.repeat(1000))), 'put'),
  ]);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  await main(process.argv[2] ?? '', process.argv[3] ?? '');
}
