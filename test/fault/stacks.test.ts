import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { S3 } from '@aws-sdk/client-s3';
import { SQS } from '@aws-sdk/client-sqs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { pause, seeded, seedOf, slow } from './load.ts';

const rounds = slow ? 30 : 3;

/** Things that wait for each other in threes, so that a kill finds some made, some being made and some not begun. */
const template = (round: number, groups: number): string =>
  JSON.stringify({
    Resources: Object.fromEntries(
      Array.from({ length: groups }, (_, index) => [
        [`Queue${index}`, { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: round % 900 } }],
        [
          `Bucket${index}`,
          {
            Type: 'AWS::S3::Bucket',
            DependsOn: `Queue${index}`,
            Properties: { VersioningConfiguration: { Status: round % 2 === 0 ? 'Enabled' : 'Suspended' } },
          },
        ],
        [
          // Its key is another in every round: each update replaces it.
          `Table${index}`,
          {
            Type: 'AWS::DynamoDB::Table',
            DependsOn: `Bucket${index}`,
            Properties: {
              BillingMode: 'PAY_PER_REQUEST',
              AttributeDefinitions: [{ AttributeName: `key${round}`, AttributeType: 'S' }],
              KeySchema: [{ AttributeName: `key${round}`, KeyType: 'HASH' }],
            },
          },
        ],
      ]).flat(),
    ),
  });

suite('stacks of a server that is killed', { timeout: 600_000 }, () => {
  test(`${rounds} kills in the middle of creations, updates and deletions: every stack is what it was asked to be, and nothing else is left`, async (t: TestContext) => {
    const seed = seedOf();
    t.diagnostic(`seed ${seed}`);
    const chance = seeded(seed);
    using folder = temporaryFolder();
    const start = () => RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none', '--drain-ms', '0']);
    let server = await start();
    const clients = () => {
      const options = {
        endpoint: server.origin,
        region: 'us-east-1',
        maxAttempts: 1,
        credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
      };
      return { stacks: new CloudFormation(options), dynamodb: new DynamoDB(options), s3: new S3(options), sqs: new SQS(options) };
    };
    let aws = clients();
    const statusOf = async (name: string): Promise<string | undefined> =>
      (await aws.stacks.describeStacks({ StackName: name }).catch(() => undefined))?.Stacks?.[0]?.StackStatus;
    /** Asks for something, kills the server a moment after, starts another, and waits until the stack is at rest. */
    const killedWhile = async (
      name: string,
      ask: () => Promise<unknown>,
    ): Promise<{ interrupted: boolean; status: string | undefined }> => {
      const asking = { answered: false };
      const asked = ask().then(
        () => (asking.answered = true),
        () => undefined,
      );
      // Not before it is known to have begun, so that each kill finds something to interrupt.
      while (!asking.answered && (await statusOf(name))?.endsWith('_IN_PROGRESS') !== true) await pause(1);
      await pause(chance() * 60);
      const interrupted = !asking.answered;
      await server.stop('SIGKILL');
      await asked;
      server = await start();
      aws = clients();
      let status = await statusOf(name);
      while (status?.endsWith('_IN_PROGRESS') === true) {
        await pause(10);
        status = await statusOf(name);
      }
      return { interrupted, status };
    };
    const left = async () => {
      const [tables, buckets, queues] = await Promise.all([
        aws.dynamodb.listTables({}),
        aws.s3.listBuckets({}),
        aws.sqs.listQueues({}),
      ]);
      return [tables.TableNames?.length ?? 0, buckets.Buckets?.length ?? 0, queues.QueueUrls?.length ?? 0];
    };
    try {
      const groups = 8;
      let interruptions = 0;
      for (let round = 0; round < rounds; round += 1) {
        const name = `round${round}`;
        const steps: (readonly [string | undefined, readonly number[], () => Promise<unknown>])[] = [
          [
            'CREATE_COMPLETE',
            [groups, groups, groups],
            () => aws.stacks.createStack({ StackName: name, TemplateBody: template(2 * round, groups) }),
          ],
          [
            'UPDATE_COMPLETE',
            [groups, groups, groups],
            () => aws.stacks.updateStack({ StackName: name, TemplateBody: template(2 * round + 1, groups) }),
          ],
          [undefined, [0, 0, 0], () => aws.stacks.deleteStack({ StackName: name })],
        ];
        for (const [wanted, things, ask] of steps) {
          const { interrupted, status } = await killedWhile(name, ask);
          if (interrupted) interruptions += 1;
          t.assert.equal(status, wanted, `round ${round}`);
          t.assert.deepEqual(await left(), things, `round ${round}, ${wanted}`);
        }
      }
      t.diagnostic(`${interruptions} of ${3 * rounds} operations were interrupted`);
      t.assert.ok(interruptions > 0, 'no kill interrupted anything');
    } finally {
      await server.stop();
    }
  });
});
