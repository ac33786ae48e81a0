import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { CreateEventSourceMappingCommand, GetEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { Caller, inParallel, pause, seeded, seedOf, slow, until } from './load.ts';
import { Notebook } from './notebook.ts';

const shards = 8;
const records = slow ? 100_000 : 4_000;
const kills = slow ? 20 : 3;
const batch = 250;

/** Writes down what it is handed, in a file that no crash of ours can take back. */
const noting = `
  const { appendFileSync } = require('node:fs');
  exports.handler = async ({ Records }) => {
    appendFileSync(process.env.NOTES, Records.map(({ kinesis }) => Buffer.from(kinesis.data, 'base64') + '\\n').join(''));
  };`;

const kinesis = (caller: Caller, operation: string, input: object) =>
  caller.post('/', JSON.stringify(input), {
    'Content-Type': 'application/x-amz-json-1.1',
    'X-Amz-Target': `Kinesis_20131202.${operation}`,
  });

/** A number in the middle of a shard's part of the key space. */
const keyOf = (shard: number): string => String(((2n ** 128n / BigInt(shards)) * BigInt(2 * shard + 1)) / 2n);

suite('a stream whose server is killed', { timeout: slow ? 1_800_000 : 120_000 }, () => {
  test(`${records} records over ${shards} shards, ${kills} kills: none is skipped, and each shard keeps its order`, async (t: TestContext) => {
    const seed = seedOf();
    t.diagnostic(`seed ${seed}`);
    const chance = seeded(seed);
    using folder = temporaryFolder();
    const notes = new Notebook(folder.path);
    const dataDir = path.join(folder.path, 'data');
    let server = await RunningServer.start(dataDir, notes.flags);
    try {
      const client = lambdaClient(server.origin);
      await deploy(client, 'noting', { 'index.js': noting }, { ...notes.configuration, Timeout: 30, MemorySize: 512 });
      {
        using caller = new Caller(server.origin, 8);
        await kinesis(caller, 'CreateStream', { StreamName: 's', ShardCount: shards });
        await until(
          async () => (await kinesis(caller, 'DescribeStreamSummary', { StreamName: 's' })).text.includes('"ACTIVE"'),
          'the stream is active',
        );
      }
      const { UUID } = await client.send(
        new CreateEventSourceMappingCommand({
          FunctionName: 'noting',
          EventSourceArn: 'arn:aws:kinesis:us-east-1:000000000000:stream/s',
          StartingPosition: 'TRIM_HORIZON',
          BatchSize: 100,
        }),
      );
      await until(
        async () => (await client.send(new GetEventSourceMappingCommand({ UUID }))).State === 'Enabled',
        'the mapping is enabled',
      );
      client.destroy();

      const acknowledged = Array.from({ length: shards }, () => 0);
      /** Puts the next records of a shard; when the answer is lost nobody knows whether they are there, so they are put again. */
      const put = async (caller: Caller, shard: number, count: number): Promise<void> => {
        const from = acknowledged[shard] as number;
        const Records = Array.from({ length: count }, (_, index) => ({
          Data: Buffer.from(`${shard} ${from + index}`).toString('base64'),
          PartitionKey: `p${shard}`,
          ExplicitHashKey: keyOf(shard),
        }));
        if ((await kinesis(caller, 'PutRecords', { StreamName: 's', Records })).status === 200)
          acknowledged[shard] = from + count;
      };
      const each = records / shards;
      const killsAt = Array.from({ length: kills }, () => Math.floor(chance() * records * 0.95)).toSorted((a, b) => a - b);
      const sum = (): number => acknowledged.reduce((all, one) => all + one, 0);
      while (sum() < records || killsAt.length > 0) {
        using caller = new Caller(server.origin, shards);
        while (sum() < Math.min(records, killsAt[0] ?? records)) {
          await inParallel(shards, shards, (shard) => {
            const count = Math.min(batch, each - (acknowledged[shard] as number));
            return count > 0 ? put(caller, shard, count) : Promise.resolve();
          });
        }
        if (killsAt.shift() === undefined) continue;
        // Others are on their way while it dies, and the poller is in the middle of something.
        const stragglers = inParallel(shards, shards, (shard) => {
          const count = Math.min(10, each - (acknowledged[shard] as number));
          return count > 0 ? put(caller, shard, count) : Promise.resolve();
        });
        await pause(chance() * 50);
        await server.stop('SIGKILL');
        await stragglers;
        server = await RunningServer.start(dataDir, notes.flags);
      }
      const isThere = (): boolean => {
        const last = new Set(notes.lines());
        return acknowledged.every((count, shard) => last.has(`${shard} ${count - 1}`));
      };
      await until(isThere, 'the last record of each shard has come', slow ? 900_000 : 60_000);

      const highest = Array.from({ length: shards }, () => -1);
      const wrongs: string[] = [];
      let again = 0;
      for (const line of notes.lines()) {
        const [shard = 0, number = 0] = line.split(' ').map(Number);
        // What comes again after a crash is known already; what is new is the next one.
        if (number <= (highest[shard] as number)) again += 1;
        else if (number === (highest[shard] as number) + 1) highest[shard] = number;
        else {
          wrongs.push(`shard ${shard}: ${number} after ${highest[shard]}`);
          highest[shard] = number;
        }
      }
      t.diagnostic(`${sum()} records acknowledged, ${again} came again`);
      t.assert.deepEqual(wrongs, []);
      t.assert.deepEqual(
        highest,
        acknowledged.map((count) => count - 1),
      );
      // A batch on its way in each shard, and what was put again because its answer was lost.
      t.assert.ok(again <= kills * shards * (100 + batch), `${again} came again`);
    } finally {
      await server.stop('SIGKILL');
    }
  });
});
