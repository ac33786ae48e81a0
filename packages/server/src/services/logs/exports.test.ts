import { gunzipSync } from 'node:zlib';
import { suite, test, type TestContext } from 'node:test';
import * as sdk from '@aws-sdk/client-cloudwatch-logs';
import { openStreet } from '../../../../../test/kit/street.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { silentLogger, systemClock } from '../../base/index.ts';
import { openLogs, type Delivery } from './index.ts';

/** A port that keeps what it is given, and may be held. */
class Buckets {
  readonly objects = new Map<string, Buffer>();
  gate: Promise<void> = Promise.resolve();
  isBucket(name: string): boolean {
    return name === 'bucket';
  }
  async put(_bucket: string, key: string, body: Uint8Array | AsyncIterable<Uint8Array>): Promise<{ readonly etag: string }> {
    await this.gate;
    const chunks: Uint8Array[] = [];
    for await (const chunk of body instanceof Uint8Array ? [body] : body) chunks.push(chunk);
    this.objects.set(key, Buffer.concat(chunks));
    return { etag: '' };
  }
}

async function openTown() {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(new PlainDatabase());
  const buckets = new Buckets();
  const delivered = Promise.withResolvers<Delivery>();
  const deliver = (delivery: Delivery): Promise<void> => {
    if (delivery.logGroup !== '') delivered.resolve(delivery);
    return Promise.resolve();
  };
  const service = stack.use(await openLogs({ database, clock: systemClock, log: silentLogger, buckets, deliver }));
  const street = stack.use(await openStreet({ logs: service.handlers }));
  const logs = new sdk.CloudWatchLogs(street.client);
  stack.defer(() => logs.destroy());
  const town = { logs, buckets, delivered: delivered.promise };
  const move = stack.move();
  return { ...town, [Symbol.asyncDispose]: () => move.disposeAsync() };
}

const write = async (logs: sdk.CloudWatchLogs, logStreamName: string, ...messages: string[]): Promise<number> => {
  const timestamp = Date.now() - 60_000;
  await logs.createLogStream({ logGroupName: 'group', logStreamName });
  const logEvents = messages.map((message, index) => ({ timestamp: timestamp + index, message }));
  await logs.putLogEvents({ logGroupName: 'group', logStreamName, logEvents });
  return timestamp;
};

suite('what leaves a log group', { timeout: 60_000 }, () => {
  test('an export is an object for each stream, packed, with a moment before each line', async (t: TestContext) => {
    await using town = await openTown();
    const { logs, buckets } = town;
    await logs.createLogGroup({ logGroupName: 'group' });
    const at = await write(logs, 'a/1', 'one', 'two');
    await write(logs, 'b', 'three');
    const task = { logGroupName: 'group', from: 0, to: Date.now(), destination: 'bucket', destinationPrefix: 'p' };
    const { taskId } = await logs.createExportTask(task);
    let status: string | undefined;
    while (status !== 'COMPLETED') {
      const { exportTasks: [found] = [] } = await logs.describeExportTasks({ taskId });
      status = found?.status?.code;
      t.assert.ok(status !== 'FAILED', found?.status?.message);
    }
    t.assert.deepEqual(
      [...buckets.objects]
        .filter(([key]) => key.endsWith('.gz'))
        .map(([key, body]) => [key, gunzipSync(body).toString().length > 0]),
      [
        [`p/${taskId}/a-1/000000.gz`, true],
        [`p/${taskId}/b/000000.gz`, true],
      ],
    );
    t.assert.equal(
      gunzipSync(buckets.objects.get(`p/${taskId}/a-1/000000.gz`) ?? '').toString(),
      `${new Date(at).toISOString()} one\n${new Date(at + 1).toISOString()} two\n`,
    );
    await t.assert.rejects(logs.cancelExportTask({ taskId }), { name: 'InvalidOperationException' });
  });

  test('one export runs at a time, and can be cancelled', async (t: TestContext) => {
    await using town = await openTown();
    const { logs, buckets } = town;
    await logs.createLogGroup({ logGroupName: 'group' });
    await write(logs, 's', 'one');
    const gate = Promise.withResolvers<void>();
    buckets.gate = gate.promise;
    const task = { logGroupName: 'group', from: 0, to: Date.now(), destination: 'bucket' };
    const { taskId } = await logs.createExportTask(task);
    await t.assert.rejects(logs.createExportTask(task), { name: 'LimitExceededException' });
    const status = async () => (await logs.describeExportTasks({ taskId })).exportTasks?.[0]?.status?.code;
    const cancelled = logs.cancelExportTask({ taskId });
    while ((await status()) !== 'PENDING_CANCEL');
    gate.resolve();
    await cancelled;
    t.assert.equal(await status(), 'CANCELLED');
    await logs.createExportTask(task);
    await t.assert.rejects(logs.createExportTask({ ...task, from: task.to }), { name: 'InvalidParameterException' });
  });

  test('what goes to a destination goes to its stream', async (t: TestContext) => {
    await using town = await openTown();
    const { logs } = town;
    await logs.createLogGroup({ logGroupName: 'group' });
    const targetArn = 'arn:aws:kinesis:us-east-1:000000000000:stream/s';
    const { destination } = await logs.putDestination({
      destinationName: 'd',
      targetArn,
      roleArn: 'arn:aws:iam::000000000000:role/r',
    });
    const filter = { logGroupName: 'group', filterName: 'f', filterPattern: '', destinationArn: destination?.arn };
    await logs.putSubscriptionFilter(filter);
    const missing = logs.putSubscriptionFilter({ ...filter, destinationArn: `${destination?.arn}x` });
    await t.assert.rejects(missing, { name: 'ResourceNotFoundException' });
    await write(logs, 's', 'hello');
    t.assert.equal((await town.delivered).destinationArn, targetArn);
    await logs.deleteDestination({ destinationName: 'd' });
    await t.assert.rejects(logs.deleteDestination({ destinationName: 'd' }), { name: 'ResourceNotFoundException' });
  });

  test('a delivery keeps its source and its destination from being deleted', async (t: TestContext) => {
    await using town = await openTown();
    const { logs } = town;
    const { deliveryDestination } = await logs.putDeliveryDestination({
      name: 'd',
      deliveryDestinationConfiguration: { destinationResourceArn: 'arn:aws:s3:::bucket' },
      tags: { a: 'b' },
    });
    const resourceArn = 'arn:aws:bedrock:us-east-1:000000000000:knowledge-base/k';
    await logs.putDeliverySource({ name: 's', resourceArn, logType: 'APPLICATION_LOGS' });
    const link = { deliverySourceName: 's', deliveryDestinationArn: deliveryDestination?.arn };
    const { delivery } = await logs.createDelivery(link);
    t.assert.equal(delivery?.deliveryDestinationType, 'S3');
    await t.assert.rejects(logs.createDelivery(link), { name: 'ConflictException' });
    await t.assert.rejects(logs.deleteDeliverySource({ name: 's' }), { name: 'ConflictException' });
    await t.assert.rejects(logs.deleteDeliveryDestination({ name: 'd' }), { name: 'ConflictException' });
    await logs.deleteDelivery({ id: delivery?.id });
    await logs.deleteDeliverySource({ name: 's' });
    await logs.deleteDeliveryDestination({ name: 'd' });
    await t.assert.rejects(logs.getDelivery({ id: delivery?.id }), { name: 'ResourceNotFoundException' });
  });
});
