import { suite, test, type TestContext } from 'node:test';
import { CloudWatchLogs, type FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { RunningServer, temporaryFolder } from '../../../../test/kit/server.ts';

suite('a log group as a target', { timeout: 60_000 }, () => {
  test('gets each event of a rule in a stream of its own', async (t: TestContext) => {
    using folder = temporaryFolder();
    await using server = await RunningServer.start(folder.path, ['--log-level', 'error']);
    const settings = {
      endpoint: server.origin,
      region: 'us-east-1',
      credentials: { accessKeyId: 'a', secretAccessKey: 'x' },
      maxAttempts: 1,
    };
    const [logs, events] = [new CloudWatchLogs(settings), new EventBridge(settings)];
    await logs.createLogGroup({ logGroupName: '/aws/events/all' });
    await events.putRule({ Name: 'all', EventPattern: '{"source":["shop"]}' });
    const { FailedEntryCount } = await events.putTargets({
      Rule: 'all',
      Targets: [{ Id: 'log', Arn: 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/events/all' }],
    });
    t.assert.strictEqual(FailedEntryCount, 0);
    await events.putEvents({
      Entries: [1, 2].map((n) => ({ Source: 'shop', DetailType: 'order', Detail: JSON.stringify({ n }) })),
    });
    let seen: readonly FilteredLogEvent[] = [];
    while (seen.length < 2) ({ events: seen = [] } = await logs.filterLogEvents({ logGroupName: '/aws/events/all' }));
    t.assert.deepStrictEqual(
      seen.map(({ message = '' }) => (JSON.parse(message) as { detail: { n: number } }).detail.n).sort(),
      [1, 2],
    );
    t.assert.strictEqual(new Set(seen.map(({ logStreamName }) => logStreamName)).size, 2);
    logs.destroy();
    events.destroy();
  });
});
