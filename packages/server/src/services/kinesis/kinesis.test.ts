import {
  DeleteResourcePolicyCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  CreateStreamCommand,
  DecreaseStreamRetentionPeriodCommand,
  DeleteStreamCommand,
  DescribeStreamCommand,
  DescribeStreamSummaryCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  IncreaseStreamRetentionPeriodCommand,
  KinesisClient,
  ListShardsCommand,
  MergeShardsCommand,
  PutRecordCommand,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  DescribeStreamConsumerCommand,
  SplitShardCommand,
  SubscribeToShardCommand,
  UpdateShardCountCommand,
  type ShardIteratorType,
} from '@aws-sdk/client-kinesis';
import { execFile } from 'node:child_process';
import { suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { silentLogger, systemClock } from '../../base/index.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { openStreet } from '../../../../../test/kit/street.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { openKinesis } from './index.ts';

/** Kinesis behind a door, on a virtual clock. */
async function openTown() {
  const stack = new AsyncDisposableStack();
  const clock = new VirtualClock();
  const database = stack.use(new PlainDatabase());
  const kinesis = stack.use(await openKinesis({ database, clock, log: silentLogger }));
  const street = stack.use(await openStreet({ kinesis: kinesis.handlers }));
  const client = new KinesisClient(street.client);
  stack.defer(() => client.destroy());
  const StreamName = 'stream';
  return {
    clock,
    database,
    kinesis,
    client,
    put: (data: string, key = 'k', hash?: string) =>
      client.send(new PutRecordCommand({ StreamName, Data: Buffer.from(data), PartitionKey: key, ExplicitHashKey: hash })),
    iterator: async (
      type: ShardIteratorType,
      more: { StartingSequenceNumber?: string | undefined; Timestamp?: Date; ShardId?: string } = {},
    ) =>
      (
        await client.send(
          new GetShardIteratorCommand({ StreamName, ShardId: 'shardId-000000000000', ShardIteratorType: type, ...more }),
        )
      ).ShardIterator,
    read: async (iterator: string | undefined, limit?: number) => {
      const answer = await client.send(new GetRecordsCommand({ ShardIterator: iterator, Limit: limit }));
      return { ...answer, text: (answer.Records ?? []).map(({ Data: data }) => Buffer.from(data ?? []).toString()).join(' ') };
    },
    shards: async () => (await client.send(new ListShardsCommand({ StreamName }))).Shards ?? [],
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

suite('Kinesis, asked by the real SDK client', { timeout: 60_000 }, () => {
  test('records come back in order, with all they carried', async (t) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    const { SequenceNumber: first } = await town.put('');
    await town.put('ünicödé 统一码 💣');
    const { Records: many } = await town.client.send(
      new PutRecordsCommand({
        StreamName: 'stream',
        Records: [1, 2].map((n) => ({ Data: Buffer.from(`n${n}`), PartitionKey: `p${n}` })),
      }),
    );
    t.assert.equal(many?.length, 2);
    const { text, Records: records, MillisBehindLatest: behind } = await town.read(await town.iterator('TRIM_HORIZON'));
    t.assert.equal(text, ' ünicödé 统一码 💣 n1 n2');
    t.assert.deepEqual(
      records?.map(({ PartitionKey: key }) => key),
      ['k', 'k', 'p1', 'p2'],
    );
    t.assert.equal(records?.[0]?.SequenceNumber, first);
    t.assert.equal(records?.[0]?.ApproximateArrivalTimestamp?.getTime(), town.clock.now());
    t.assert.equal(behind, 0);
  });

  test('iterators of all five types start where they say, and expire', async (t: TestContext) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    await town.put('a');
    await town.clock.advance(1000);
    const between = new Date(town.clock.now() - 500);
    const { SequenceNumber: second } = await town.put('b');
    const latest = await town.iterator('LATEST');
    await town.put('c');
    const at = async (...args: Parameters<typeof town.iterator>) => (await town.read(await town.iterator(...args))).text;
    t.assert.equal(await at('TRIM_HORIZON'), 'a b c');
    t.assert.equal((await town.read(latest)).text, 'c');
    t.assert.equal(await at('AT_SEQUENCE_NUMBER', { StartingSequenceNumber: second }), 'b c');
    t.assert.equal(await at('AFTER_SEQUENCE_NUMBER', { StartingSequenceNumber: second }), 'c');
    t.assert.equal(await at('AT_TIMESTAMP', { Timestamp: between }), 'b c');
    const one = await town.read(await town.iterator('TRIM_HORIZON'), 1);
    t.assert.deepEqual([one.text, one.MillisBehindLatest], ['a', 1000]);
    t.assert.equal((await town.read(one.NextShardIterator)).text, 'b c');
    await town.clock.advance(300_001);
    await t.assert.rejects(town.read(latest), { name: 'ExpiredIteratorException' });
    await t.assert.rejects(town.read('nonsense'), { name: 'InvalidArgumentException' });
  });

  test('a record lands in the shard of its hash key', async (t: TestContext) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 2 }));
    t.assert.equal((await town.put('low', 'k', '0')).ShardId, 'shardId-000000000000');
    t.assert.equal((await town.put('high', 'k', String(2n ** 128n - 1n))).ShardId, 'shardId-000000000001');
    await t.assert.rejects(town.put('no', 'k', String(2n ** 128n)), { name: 'InvalidArgumentException' });
    // MD5 of "a" begins with 0x0c, that of "c" with 0x4a, that of "b" with 0x92.
    t.assert.deepEqual(await Promise.all(['a', 'c', 'b'].map(async (key) => (await town.put('x', key)).ShardId?.at(-1))), [
      '0',
      '0',
      '1',
    ]);
  });

  test('a split and a merge leave parents that end and children that follow', async (t: TestContext) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    await town.put('before');
    await town.client.send(
      new SplitShardCommand({
        StreamName: 'stream',
        ShardToSplit: 'shardId-000000000000',
        NewStartingHashKey: String(2n ** 127n),
      }),
    );
    t.assert.equal((await town.put('after', 'k', '1')).ShardId, 'shardId-000000000001');
    const parent = await town.read(await town.iterator('TRIM_HORIZON'));
    t.assert.deepEqual([parent.text, parent.NextShardIterator], ['before', undefined]);
    t.assert.deepEqual(
      parent.ChildShards?.map(({ ShardId: id }) => id?.at(-1)),
      ['1', '2'],
    );
    await town.client.send(
      new MergeShardsCommand({
        StreamName: 'stream',
        ShardToMerge: 'shardId-000000000001',
        AdjacentShardToMerge: 'shardId-000000000002',
      }),
    );
    const shards = await town.shards();
    t.assert.deepEqual(
      shards.map(({ ParentShardId: one, AdjacentParentShardId: two, SequenceNumberRange: range }) => [
        one?.at(-1),
        two?.at(-1),
        range?.EndingSequenceNumber !== undefined,
      ]),
      [
        [undefined, undefined, true],
        ['0', undefined, true],
        ['0', undefined, true],
        ['1', '2', false],
      ],
    );
    await t.assert.rejects(
      town.client.send(
        new SplitShardCommand({ StreamName: 'stream', ShardToSplit: 'shardId-000000000000', NewStartingHashKey: '7' }),
      ),
      { name: 'ResourceInUseException' },
    );
    const latest = await town.client.send(new ListShardsCommand({ StreamName: 'stream', ShardFilter: { Type: 'AT_LATEST' } }));
    t.assert.deepEqual(
      latest.Shards?.map(({ ShardId: id }) => id?.at(-1)),
      ['3'],
    );
  });

  test('a stream is rescaled evenly, in steps that have two parents at most', async (t) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 2 }));
    await town.client.send(
      new UpdateShardCountCommand({ StreamName: 'stream', TargetShardCount: 3, ScalingType: 'UNIFORM_SCALING' }),
    );
    const open = (await town.shards()).filter(({ SequenceNumberRange: range }) => range?.EndingSequenceNumber === undefined);
    const starts = open
      .map(({ HashKeyRange: range }) => BigInt(range?.StartingHashKey ?? ''))
      .toSorted((a, b) => (a < b ? -1 : 1));
    t.assert.deepEqual(starts, [0n, 2n ** 128n / 3n, 2n ** 129n / 3n]);
  });

  test('shards are listed in pages', async (t) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 5 }));
    const one = await town.client.send(new ListShardsCommand({ StreamName: 'stream', MaxResults: 3 }));
    const two = await town.client.send(new ListShardsCommand({ NextToken: one.NextToken }));
    t.assert.deepEqual([one.Shards?.length, two.Shards?.length, two.NextToken], [3, 2, undefined]);
  });

  test('records stay as long as the retention says', async (t: TestContext) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    await town.put('old');
    await town.client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName: 'stream', RetentionPeriodHours: 48 }));
    await town.clock.advance(25 * 3_600_000);
    t.assert.equal((await town.read(await town.iterator('TRIM_HORIZON'))).text, 'old');
    await town.client.send(new DecreaseStreamRetentionPeriodCommand({ StreamName: 'stream', RetentionPeriodHours: 24 }));
    t.assert.equal((await town.read(await town.iterator('TRIM_HORIZON'))).text, '');
    await town.clock.advance(600_000);
    t.assert.deepEqual(await town.database.all('SELECT seq FROM kinesis_record'), []);
    await t.assert.rejects(
      town.client.send(new IncreaseStreamRetentionPeriodCommand({ StreamName: 'stream', RetentionPeriodHours: 23 })),
      { name: 'InvalidArgumentException' },
    );
  });

  test('records are as large as the stream allows, and no larger', async (t: TestContext) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    const many = Array.from({ length: 9 }, () => ({ Data: new Uint8Array(1_048_576), PartitionKey: 'k' }));
    await town.client.send(new PutRecordsCommand({ StreamName: 'stream', Records: many }));
    await t.assert.rejects(
      town.client.send(new PutRecordCommand({ StreamName: 'stream', Data: new Uint8Array(1_048_577), PartitionKey: 'k' })),
      { name: 'ValidationException', message: /less than or equal to 1048576$/ },
    );
    const page = await town.client.send(new GetRecordsCommand({ ShardIterator: await town.iterator('TRIM_HORIZON') }));
    t.assert.equal(page.Records?.length, 9);
  });

  test('a stream that is not there has its own words', async (t: TestContext) => {
    await using town = await openTown();
    await t.assert.rejects(town.put('x'), {
      name: 'ResourceNotFoundException',
      message: 'Stream stream under account 000000000000 not found.',
    });
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', StreamModeDetails: { StreamMode: 'ON_DEMAND' } }));
    await t.assert.rejects(town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 })), {
      name: 'ResourceInUseException',
    });
    const { StreamDescription: stream } = await town.client.send(new DescribeStreamCommand({ StreamName: 'stream' }));
    t.assert.deepEqual([stream?.StreamStatus, stream?.Shards?.length, stream?.EncryptionType], ['ACTIVE', 4, 'NONE']);
  });

  test('a deleted stream takes its records along, thousands of them', async (t) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    for (let round = 0; round < 5; round += 1) {
      const records = Array.from({ length: 500 }, (_, n) => ({ Data: Buffer.from('x'), PartitionKey: String(n) }));
      await town.client.send(new PutRecordsCommand({ StreamName: 'stream', Records: records }));
    }
    await town.client.send(new DeleteStreamCommand({ StreamName: 'stream' }));
    t.assert.deepEqual(await town.database.all('SELECT seq FROM kinesis_record'), []);
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    t.assert.equal((await town.read(await town.iterator('TRIM_HORIZON'))).text, '');
  });

  test('consumers are registered, described and pushed to', async (t) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    const { StreamDescriptionSummary: summary } = await town.client.send(
      new DescribeStreamSummaryCommand({ StreamName: 'stream' }),
    );
    const { Consumer: consumer } = await town.client.send(
      new RegisterStreamConsumerCommand({ StreamARN: summary?.StreamARN, ConsumerName: 'c' }),
    );
    const { ConsumerDescription: described } = await town.client.send(
      new DescribeStreamConsumerCommand({ ConsumerARN: consumer?.ConsumerARN }),
    );
    t.assert.deepEqual([described?.ConsumerStatus, described?.StreamARN], ['ACTIVE', summary?.StreamARN]);
    await town.put('early');
    const { EventStream: events } = await town.client.send(
      new SubscribeToShardCommand({
        ConsumerARN: consumer?.ConsumerARN,
        ShardId: 'shardId-000000000000',
        StartingPosition: { Type: 'TRIM_HORIZON' },
      }),
    );
    const seen: string[] = [];
    for await (const { SubscribeToShardEvent: event } of events ?? []) {
      seen.push(...(event?.Records ?? []).map(({ Data: data }) => Buffer.from(data ?? []).toString()));
      if (seen.length === 2) break;
      await town.put('late');
    }
    t.assert.deepEqual(seen, ['early', 'late']);
  });

  test('a stream and a consumer have a policy each, and lose it', async (t) => {
    await using town = await openTown();
    const { client } = town;
    await client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    const stream = 'arn:aws:kinesis:us-east-1:000000000000:stream/stream';
    const { Consumer } = await client.send(new RegisterStreamConsumerCommand({ StreamARN: stream, ConsumerName: 'c' }));
    const get = async (ResourceARN: string) => (await client.send(new GetResourcePolicyCommand({ ResourceARN }))).Policy;
    t.assert.equal(await get(stream), '{}');
    const Policy = '{"Version":"2012-10-17","Statement":[]}';
    for (const ResourceARN of [stream, Consumer?.ConsumerARN]) {
      await client.send(new PutResourcePolicyCommand({ ResourceARN, Policy }));
      t.assert.equal(await get(ResourceARN ?? ''), Policy);
      t.assert.equal(town.kinesis.policy(ResourceARN ?? ''), Policy);
      await client.send(new DeleteResourcePolicyCommand({ ResourceARN }));
      const again = client.send(new DeleteResourcePolicyCommand({ ResourceARN }));
      await t.assert.rejects(again, { name: 'ResourceNotFoundException' });
    }
  });

  test('a poller in this process is woken and reads what a function will get', async (t) => {
    await using town = await openTown();
    await town.client.send(new CreateStreamCommand({ StreamName: 'stream', ShardCount: 1 }));
    const arn = 'arn:aws:kinesis:us-east-1:000000000000:stream/stream';
    let woken = 0;
    using _held = town.kinesis.streams.onRecords(arn, () => (woken += 1));
    await town.put('hello');
    const batch = await town.kinesis.streams.read(arn, 'shardId-000000000000', { at: 'trimHorizon' }, 10);
    const event = batch.records[0]?.event as { kinesis: { data: string; approximateArrivalTimestamp: number }; eventID: string };
    t.assert.deepEqual(
      [woken, event.kinesis.data, event.kinesis.approximateArrivalTimestamp],
      [1, 'aGVsbG8=', town.clock.now() / 1000],
    );
    t.assert.match(event.eventID, /^shardId-000000000000:4966\d{52}$/);
  });
});

const script = `
import boto3
client = boto3.client('kinesis')
client.create_stream(StreamName='s', ShardCount=1)
client.get_waiter('stream_exists').wait(StreamName='s')
arn = client.describe_stream_summary(StreamName='s')['StreamDescriptionSummary']['StreamARN']
consumer = client.register_stream_consumer(StreamARN=arn, ConsumerName='c')['Consumer']['ConsumerARN']
client.put_record(StreamName='s', Data=b'one', PartitionKey='k')
stream = client.subscribe_to_shard(ConsumerARN=consumer, ShardId='shardId-000000000000', StartingPosition={'Type': 'TRIM_HORIZON'})['EventStream']
seen = []
for event in stream:
    seen += [record['Data'] for record in event['SubscribeToShardEvent']['Records']]
    if len(seen) == 1:
        client.put_record(StreamName='s', Data=b'two', PartitionKey='k')
    if len(seen) == 2:
        break
print(seen)
stream.close()
`;

suite('Kinesis, asked by boto3', { timeout: 60_000 }, () => {
  test('a subscription to a shard pushes records over HTTP/1.1', async (t) => {
    await using database = new PlainDatabase();
    await using kinesis = await openKinesis({ database, clock: systemClock, log: silentLogger });
    await using street = await openStreet({ kinesis: kinesis.handlers });
    const { stdout } = await promisify(execFile)('python3', ['-c', script], { env: street.env });
    t.assert.equal(stdout.trim(), "[b'one', b'two']");
  });
});
