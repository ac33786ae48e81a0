import { gunzipSync } from 'node:zlib';
import { after, before, suite, test, type TestContext } from 'node:test';
import {
  CloudWatchLogsClient,
  AssociateKmsKeyCommand,
  DeleteQueryDefinitionCommand,
  DescribeQueriesCommand,
  DescribeQueryDefinitionsCommand,
  DisassociateKmsKeyCommand,
  GetQueryResultsCommand,
  PutQueryDefinitionCommand,
  StartQueryCommand,
  StopQueryCommand,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DeleteLogStreamCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  DescribeMetricFiltersCommand,
  DescribeResourcePoliciesCommand,
  DescribeSubscriptionFiltersCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  ListTagsForResourceCommand,
  paginateFilterLogEvents,
  PutLogEventsCommand,
  PutMetricFilterCommand,
  PutResourcePolicyCommand,
  PutRetentionPolicyCommand,
  PutSubscriptionFilterCommand,
  TagResourceCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { clientOf, openDoor } from '../../../../../test/kit/door.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import type { Listener } from '../../api/index.ts';
import { silentLogger, systemClock, type AccountId, type Region } from '../../base/index.ts';
import type { MetricDatum } from '../kit/index.ts';
import { openLogs, type Delivery, type Logs } from './index.ts';

const place = { account: '123456789012' as AccountId, region: 'eu-west-1' as Region };
const dayMs = 86_400_000;

suite('logs, as SDK clients see them', { timeout: 60_000 }, () => {
  let database: PlainDatabase;
  let logs: Logs;
  let door: Listener;
  let client: CloudWatchLogsClient;
  const delivered: Delivery[] = [];
  let onDelivery = (): void => {};
  const measured: MetricDatum[] = [];

  before(async () => {
    database = new PlainDatabase();
    logs = await openLogs({
      database,
      clock: systemClock,
      log: silentLogger,
      metrics: { put: (datum) => void measured.push(datum) },
      deliver: (delivery) => {
        delivered.push(delivery);
        onDelivery();
        return Promise.resolve();
      },
    });
    door = await openDoor({ logs: logs.handlers });
    client = new CloudWatchLogsClient(clientOf(door));
  });
  after(async () => {
    client.destroy();
    await door[Symbol.asyncDispose]();
    await logs[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const fresh = async (logGroupName: string, logStreamName = 's'): Promise<{ logGroupName: string; logStreamName: string }> => {
    await client.send(new CreateLogGroupCommand({ logGroupName }));
    await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    return { logGroupName, logStreamName };
  };
  const put = async (stream: { logGroupName: string; logStreamName: string }, messages: readonly string[], fromMs = Date.now()) =>
    client.send(
      new PutLogEventsCommand({
        ...stream,
        logEvents: messages.map((message, index) => ({ timestamp: fromMs + index, message })),
      }),
    );

  test('a group is made once, described with its ARN, and gone when deleted', async (t: TestContext) => {
    await client.send(new CreateLogGroupCommand({ logGroupName: '/once', tags: { a: 'b' } }));
    await t.assert.rejects(client.send(new CreateLogGroupCommand({ logGroupName: '/once' })), {
      name: 'ResourceAlreadyExistsException',
      message: 'The specified log group already exists',
    });
    const { logGroups } = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/onc' }));
    t.assert.strictEqual(logGroups?.[0]?.arn, 'arn:aws:logs:eu-west-1:123456789012:log-group:/once:*');
    t.assert.strictEqual(logGroups?.[0]?.logGroupArn, 'arn:aws:logs:eu-west-1:123456789012:log-group:/once');
    await client.send(new DeleteLogGroupCommand({ logGroupName: '/once' }));
    t.assert.deepStrictEqual((await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/once' }))).logGroups, []);
    await t.assert.rejects(client.send(new DeleteLogGroupCommand({ logGroupName: '/once' })), {
      message: 'The specified log group does not exist.',
    });
  });

  test('a deleted group leaves nothing to a new one of its name', async (t: TestContext) => {
    await put(await fresh('/again'), ['old']);
    await client.send(new DeleteLogGroupCommand({ logGroupName: '/again' }));
    await fresh('/again');
    t.assert.deepStrictEqual((await client.send(new FilterLogEventsCommand({ logGroupName: '/again' }))).events, []);
  });

  test('groups are shown page by page', async (t: TestContext) => {
    for (const name of ['/p/a', '/p/b', '/p/c']) await client.send(new CreateLogGroupCommand({ logGroupName: name }));
    const first = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/p/', limit: 2 }));
    t.assert.deepStrictEqual(
      first.logGroups?.map(({ logGroupName }) => logGroupName),
      ['/p/a', '/p/b'],
    );
    const second = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/p/', nextToken: first.nextToken }));
    t.assert.deepStrictEqual(
      second.logGroups?.map(({ logGroupName }) => logGroupName),
      ['/p/c'],
    );
    t.assert.strictEqual(second.nextToken, undefined);
    await t.assert.rejects(client.send(new DescribeLogGroupsCommand({ nextToken: '!' })), {
      message: 'The specified nextToken is invalid.',
    });
  });

  test('tags are found by the ARN with its star and without it', async (t: TestContext) => {
    await client.send(new CreateLogGroupCommand({ logGroupName: '/tags', tags: { a: '1' } }));
    const arn = 'arn:aws:logs:eu-west-1:123456789012:log-group:/tags';
    await client.send(new TagResourceCommand({ resourceArn: `${arn}:*`, tags: { b: '2' } }));
    for (const resourceArn of [arn, `${arn}:*`]) {
      t.assert.deepStrictEqual((await client.send(new ListTagsForResourceCommand({ resourceArn }))).tags, { a: '1', b: '2' });
    }
  });

  test('what is put can be got, forwards until the same token comes back, and backwards again', async (t: TestContext) => {
    const stream = await fresh('/get');
    await put(stream, ['1', '2', '3', '4', '5']);
    const get = async (nextToken?: string) => {
      const answer = await client.send(new GetLogEventsCommand({ ...stream, limit: 2, startFromHead: true, nextToken }));
      return {
        texts: answer.events?.map(({ message }) => message),
        forward: answer.nextForwardToken,
        backward: answer.nextBackwardToken,
      };
    };
    const first = await get();
    const second = await get(first.forward);
    const third = await get(second.forward);
    const end = await get(third.forward);
    t.assert.deepStrictEqual([first.texts, second.texts, third.texts, end.texts], [['1', '2'], ['3', '4'], ['5'], []]);
    t.assert.strictEqual(end.forward, third.forward);
    t.assert.deepStrictEqual((await get(end.backward)).texts, ['4', '5']);
    t.assert.deepStrictEqual((await get(third.backward)).texts, ['3', '4']);
    const newest = await client.send(new GetLogEventsCommand({ ...stream, limit: 2 }));
    t.assert.deepStrictEqual(
      newest.events?.map(({ message }) => message),
      ['4', '5'],
    );
    await put(stream, ['6'], Date.now() + 1_000);
    t.assert.deepStrictEqual((await get(end.forward)).texts, ['6']);
    await t.assert.rejects(get('nonsense'), {
      name: 'InvalidParameterException',
      message: 'The specified nextToken is invalid.',
    });
  });

  test('a follower of an empty stream sees the first line that comes', async (t: TestContext) => {
    const stream = await fresh('/empty');
    const nothing = await client.send(new GetLogEventsCommand({ ...stream, startFromHead: true }));
    await put(stream, ['first']);
    const something = await client.send(new GetLogEventsCommand({ ...stream, nextToken: nothing.nextForwardToken }));
    t.assert.deepStrictEqual(
      something.events?.map(({ message }) => message),
      ['first'],
    );
  });

  test('events that are out of order, too old or too new are refused as AWS refuses them', async (t: TestContext) => {
    const stream = await fresh('/order');
    const now = Date.now();
    const send = (...times: number[]) =>
      client.send(new PutLogEventsCommand({ ...stream, logEvents: times.map((timestamp) => ({ timestamp, message: 'm' })) }));
    await t.assert.rejects(send(now, now - 1), {
      message: 'Log events in a single PutLogEvents request must be in chronological order.',
    });
    await t.assert.rejects(send(now - 30 * 3_600_000, now), /24 hours/);
    t.assert.deepStrictEqual((await send(now - 15 * dayMs)).rejectedLogEventsInfo, { tooOldLogEventEndIndex: 1 });
    t.assert.deepStrictEqual((await send(now, now + 3 * 3_600_000)).rejectedLogEventsInfo, { tooNewLogEventStartIndex: 1 });
    t.assert.strictEqual((await client.send(new GetLogEventsCommand(stream))).events?.length, 1);
    await t.assert.rejects(
      client.send(new PutLogEventsCommand({ ...stream, logStreamName: 'none', logEvents: [{ timestamp: now, message: 'm' }] })),
      {
        message: 'The specified log stream does not exist.',
      },
    );
  });

  test('filtering goes over streams in the order of time, page by page, each event once', async (t: TestContext) => {
    const a = await fresh('/filter', 'a');
    await client.send(new CreateLogStreamCommand({ logGroupName: '/filter', logStreamName: 'b' }));
    const b = { ...a, logStreamName: 'b' };
    const start = Date.now() - 100_000;
    for (let round = 0; round < 40; round += 1) {
      await put(a, [`a${round} ERROR`], start + 2 * round);
      await put(b, [`b${round} ERROR`, 'INFO'], start + 2 * round + 1);
    }
    const seen: string[] = [];
    const ids = new Set<string | undefined>();
    const pages = paginateFilterLogEvents(
      { client, pageSize: 7 },
      { logGroupName: '/filter', filterPattern: 'ERROR', startTime: start },
    );
    for await (const page of pages) {
      for (const event of page.events ?? []) {
        seen.push(event.message ?? '');
        ids.add(event.eventId);
      }
    }
    t.assert.deepStrictEqual(seen, Array.from({ length: 40 }, (_, round) => [`a${round} ERROR`, `b${round} ERROR`]).flat());
    t.assert.strictEqual(ids.size, 80);
    const one = await client.send(new FilterLogEventsCommand({ logGroupName: '/filter', logStreamNamePrefix: 'b', limit: 3 }));
    t.assert.deepStrictEqual(
      one.events?.map(({ logStreamName }) => logStreamName),
      ['b', 'b', 'b'],
    );
    const named = await client.send(
      new FilterLogEventsCommand({ logGroupName: '/filter', logStreamNames: ['a'], startTime: start + 78 }),
    );
    t.assert.deepStrictEqual(
      named.events?.map(({ message }) => message),
      ['a39 ERROR'],
    );
    await t.assert.rejects(client.send(new FilterLogEventsCommand({ logGroupName: '/filter', filterPattern: '{ $.x' })), {
      name: 'InvalidParameterException',
    });
  });

  test('a function that logs finds its group and stream made, and its lines readable at once', async (t: TestContext) => {
    const stream = { ...place, logGroup: '/aws/lambda/hello', logStream: '2026/11/24/[$LATEST]0123' };
    const atMs = Date.now();
    logs.sink.append(stream, { atMs, origin: 'platform', message: 'START RequestId: 1 Version: $LATEST' });
    logs.sink.append(stream, { atMs, origin: 'function', message: 'hello \u0000\ud800 world' });
    const { events } = await client.send(new FilterLogEventsCommand({ logGroupName: '/aws/lambda/hello' }));
    t.assert.deepStrictEqual(
      events?.map(({ message }) => message?.slice(0, 5)),
      ['START', 'hello'],
    );
    const { logStreams } = await client.send(
      new DescribeLogStreamsCommand({ logGroupName: '/aws/lambda/hello', orderBy: 'LastEventTime', descending: true }),
    );
    t.assert.strictEqual(logStreams?.[0]?.logStreamName, stream.logStream);
    t.assert.strictEqual(logStreams?.[0]?.lastEventTimestamp, atMs);
    t.assert.match(logStreams?.[0]?.arn ?? '', /:log-group:\/aws\/lambda\/hello:log-stream:2026/);
  });

  test('streams are ordered by name or by their last event, page by page', async (t: TestContext) => {
    const { logGroupName } = await fresh('/streams', 'a');
    for (const name of ['b', 'c']) await client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: name }));
    await put({ logGroupName, logStreamName: 'b' }, ['x'], Date.now() - 1_000);
    await put({ logGroupName, logStreamName: 'a' }, ['x']);
    const names: (string | undefined)[] = [];
    let nextToken: string | undefined;
    do {
      const page: { logStreams?: { logStreamName?: string | undefined }[] | undefined; nextToken?: string | undefined } =
        await client.send(
          new DescribeLogStreamsCommand({ logGroupName, orderBy: 'LastEventTime', descending: true, limit: 1, nextToken }),
        );
      names.push(...(page.logStreams ?? []).map(({ logStreamName }) => logStreamName));
      nextToken = page.nextToken;
    } while (nextToken !== undefined);
    t.assert.deepStrictEqual(names, ['a', 'b', 'c']);
    await client.send(new DeleteLogStreamCommand({ logGroupName, logStreamName: 'b' }));
    const left = await client.send(new DescribeLogStreamsCommand({ logGroupName }));
    t.assert.deepStrictEqual(
      left.logStreams?.map(({ logStreamName }) => logStreamName),
      ['a', 'c'],
    );
    await t.assert.rejects(client.send(new CreateLogStreamCommand({ logGroupName, logStreamName: 'a' })), {
      name: 'ResourceAlreadyExistsException',
    });
  });

  test('retention hides at once and takes from the disk what is older', async (t: TestContext) => {
    const stream = await fresh('/retention');
    await put(stream, ['old'], Date.now() - 2 * dayMs);
    await put(stream, ['new']);
    await t.assert.rejects(client.send(new PutRetentionPolicyCommand({ ...stream, retentionInDays: 2000 })), {
      name: 'InvalidParameterException',
    });
    await client.send(new PutRetentionPolicyCommand({ ...stream, retentionInDays: 1 }));
    const { events } = await client.send(new FilterLogEventsCommand({ logGroupName: '/retention' }));
    t.assert.deepStrictEqual(
      events?.map(({ message }) => message),
      ['new'],
    );
    const rows = () => database.all('SELECT seq FROM log_chunk WHERE body LIKE ?', ['%"old"%']);
    const before = (await rows()).length;
    await logs.trim();
    t.assert.strictEqual((await rows()).length, before - 1);
    t.assert.strictEqual(
      (await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/retention' }))).logGroups?.[0]?.retentionInDays,
      1,
    );
  });

  test('a subscription hands matching lines to its function, packed', async (t: TestContext) => {
    const stream = await fresh('/subscribed');
    const destinationArn = 'arn:aws:lambda:eu-west-1:123456789012:function:sink';
    await client.send(new PutSubscriptionFilterCommand({ ...stream, filterName: 'f', filterPattern: 'ERROR', destinationArn }));
    const described = await client.send(new DescribeSubscriptionFiltersCommand(stream));
    t.assert.strictEqual(described.subscriptionFilters?.[0]?.distribution, 'ByLogStream');
    const arrived = new Promise<void>((resolve) => (onDelivery = resolve));
    await put(stream, ['INFO a', 'ERROR b']);
    await arrived;
    const { awslogs } = JSON.parse(Buffer.from(delivered[0]?.payload ?? []).toString()) as { awslogs: { data: string } };
    const document = JSON.parse(gunzipSync(Buffer.from(awslogs.data, 'base64')).toString()) as {
      logEvents: { id: string; message: string }[];
      messageType: string;
    };
    const { events } = await client.send(new FilterLogEventsCommand({ logGroupName: '/subscribed', filterPattern: 'ERROR' }));
    t.assert.strictEqual(document.messageType, 'DATA_MESSAGE');
    t.assert.deepStrictEqual(
      document.logEvents.map(({ id, message }) => [id, message]),
      [[events?.[0]?.eventId, 'ERROR b']],
    );
    const third = (name: string) =>
      client.send(new PutSubscriptionFilterCommand({ ...stream, filterName: name, filterPattern: '', destinationArn }));
    await third('g');
    await t.assert.rejects(third('h'), { name: 'LimitExceededException', message: 'Resource limit exceeded.' });
  });

  test('metric filters and embedded metrics measure', async (t: TestContext) => {
    const stream = await fresh('/measured');
    await client.send(
      new PutMetricFilterCommand({
        ...stream,
        filterName: 'slow',
        filterPattern: '{ $.ms > 10 }',
        metricTransformations: [
          {
            metricName: 'Slow',
            metricNamespace: 'App',
            metricValue: '$.ms',
            dimensions: { route: '$.route' },
            unit: 'Milliseconds',
          },
        ],
      }),
    );
    const embedded = {
      _aws: {
        Timestamp: 1_700_000_000_000,
        CloudWatchMetrics: [{ Namespace: 'Emf', Dimensions: [['fn']], Metrics: [{ Name: 'latency', Unit: 'Milliseconds' }] }],
      },
      fn: 'f',
      latency: [1, 2],
    };
    await put(stream, ['{"ms":11,"route":"/a"}', '{"ms":9}', JSON.stringify(embedded)]);
    const mine = measured
      .filter(({ namespace }) => namespace === 'App' || namespace === 'Emf')
      .map(({ name, value, dimensions }) => [name, value, dimensions]);
    t.assert.deepStrictEqual(mine, [
      ['latency', 1, { fn: 'f' }],
      ['latency', 2, { fn: 'f' }],
      ['Slow', 11, { route: '/a' }],
    ]);
    const { metricFilters } = await client.send(new DescribeMetricFiltersCommand({ metricName: 'Slow', metricNamespace: 'App' }));
    t.assert.strictEqual(metricFilters?.[0]?.metricTransformations?.[0]?.metricValue, '$.ms');
  });

  test('resource policies are kept, ten at most', async (t: TestContext) => {
    const policyDocument = '{"Version":"2012-10-17","Statement":[]}';
    for (let index = 0; index < 10; index += 1)
      await client.send(new PutResourcePolicyCommand({ policyName: `p${index}`, policyDocument }));
    await t.assert.rejects(client.send(new PutResourcePolicyCommand({ policyName: 'p10', policyDocument })), {
      name: 'LimitExceededException',
    });
    t.assert.strictEqual((await client.send(new DescribeResourcePoliciesCommand({}))).resourcePolicies?.length, 10);
  });

  test('a query finds what it is asked for, behind the scenes, and is kept for another time', async (t: TestContext) => {
    const stream = await fresh('asked');
    await put(stream, ['{"level":"ERROR","ms":7}', '{"level":"INFO","ms":1}', '{"level":"ERROR","ms":9}']);
    const [startTime, endTime] = [Math.floor(Date.now() / 1000) - 60, Math.floor(Date.now() / 1000) + 60];
    const ask = async (queryString: string) => {
      const { queryId } = await client.send(new StartQueryCommand({ logGroupName: 'asked', startTime, endTime, queryString }));
      for (;;) {
        const answer = await client.send(new GetQueryResultsCommand({ queryId }));
        if (answer.status === 'Complete') return answer;
        t.assert.ok(answer.status === 'Scheduled' || answer.status === 'Running', answer.status);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const { results, statistics } = await ask('filter level = "ERROR" | fields ms | sort ms desc');
    t.assert.deepEqual(
      results?.map((row) => row.map(({ field, value }) => (field === '@ptr' ? '@ptr' : `${field}=${value}`))),
      [
        ['ms=9', '@ptr'],
        ['ms=7', '@ptr'],
      ],
    );
    t.assert.partialDeepStrictEqual(statistics, { recordsMatched: 2, recordsScanned: 3, logGroupsScanned: 1 });
    const { results: newest } = await ask('fields @message, @logStream | limit 1');
    t.assert.deepEqual(newest?.[0]?.map(({ value }) => value).slice(0, 2), ['{"level":"ERROR","ms":9}', 's']);
    const { queries } = await client.send(new DescribeQueriesCommand({ logGroupName: 'asked' }));
    t.assert.equal(
      queries?.[0]?.queryString,
      `SOURCE "asked" START=${startTime}000 END=${endTime}999 | fields @message, @logStream | limit 1`,
    );
    await t.assert.rejects(ask('fields |'), { name: 'MalformedQueryException', message: /position 7/ });
    const stop = new StopQueryCommand({ queryId: queries?.[0]?.queryId });
    await t.assert.rejects(client.send(stop), { name: 'InvalidParameterException' });
    const kept = { name: 'errors', queryString: 'filter level = "ERROR"', logGroupNames: ['asked'] };
    const { queryDefinitionId } = await client.send(new PutQueryDefinitionCommand(kept));
    const shown = await client.send(new DescribeQueryDefinitionsCommand({ queryDefinitionNamePrefix: 'err' }));
    t.assert.partialDeepStrictEqual(shown.queryDefinitions, [{ ...kept, queryDefinitionId, queryLanguage: 'CWLI' }]);
    await client.send(new DeleteQueryDefinitionCommand({ queryDefinitionId }));
    const again = client.send(new DeleteQueryDefinitionCommand({ queryDefinitionId }));
    await t.assert.rejects(again, { name: 'ResourceNotFoundException' });
  });

  test('a group says which key seals it', async (t: TestContext) => {
    const { logGroupName } = await fresh('sealed');
    const keyOf = async () =>
      (await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }))).logGroups?.[0]?.kmsKeyId;
    const kmsKeyId = 'arn:aws:kms:eu-west-1:123456789012:key/k';
    await client.send(new AssociateKmsKeyCommand({ logGroupName, kmsKeyId }));
    t.assert.equal(await keyOf(), kmsKeyId);
    await client.send(new DisassociateKmsKeyCommand({ logGroupName }));
    t.assert.equal(await keyOf(), undefined);
  });
});
