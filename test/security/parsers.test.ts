import { after, before, suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

/** Texts that a service reads by a grammar of its own: each is refused or understood, soon, and never an error of ours. */
suite('the parsers of the services against what is made to break them', { timeout: 90_000 }, () => {
  const folder = temporaryFolder();
  let server: RunningServer;
  /** Statuses seen, so that a suite which reaches nobody is noticed. */
  let seen: number[] = [];

  before(async () => {
    server = await RunningServer.start(folder.path, ['--pool-size', '0', '--isolation', 'none']);
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const deep = (open: string, close: string, times: number, core = ''): string => open.repeat(times) + core + close.repeat(times);
  const nested = (times: number, wrap: (inner: object) => object): object =>
    Array.from({ length: times }).reduce<object>((inner) => wrap(inner), { S: 'x' });
  const credential = (service: string): Record<string, string> => ({
    authorization: `AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0`,
  });

  async function tell(t: TestContext, what: string, path: string, init: RequestInit): Promise<number> {
    const since = performance.now();
    const answer = await fetch(server.origin + path, { ...init, signal: AbortSignal.timeout(20_000) });
    const text = await answer.text();
    const name = `${what} ${String(init.body ?? path).slice(0, 120)}`;
    t.assert.ok(answer.status < 500, `${name}: ${answer.status} ${text.slice(0, 200)}`);
    t.assert.ok(performance.now() - since < 5_000, `${name}: took ${(performance.now() - since).toFixed()} ms`);
    seen.push(answer.status);
    return answer.status;
  }
  const json = (t: TestContext, target: string, body: object, version = '1.1'): Promise<number> =>
    tell(t, target, '/', {
      method: 'POST',
      headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amz-target': target },
      body: JSON.stringify(body),
    });
  const dynamo = (t: TestContext, operation: string, body: object): Promise<number> =>
    json(t, `DynamoDB_20120810.${operation}`, body, '1.0');
  const form = (t: TestContext, body: string): Promise<number> =>
    tell(t, 'form', '/', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body });
  const s3 = (t: TestContext, method: string, path: string, body = '', headers: Record<string, string> = {}): Promise<number> =>
    tell(t, method, path, { method, headers: { ...credential('s3'), ...headers }, ...(method === 'GET' ? {} : { body }) });
  /** Some were understood or known, and most refused. */
  const sane = (t: TestContext): void => {
    const refused = seen.filter((status) => status >= 400).length;
    t.assert.ok(refused > seen.length / 4, `${refused} of ${seen.length} were refused`);
    seen = [];
  };

  test('expressions and values of DynamoDB', async (t: TestContext) => {
    const table = {
      TableName: 'tab',
      KeySchema: [{ AttributeName: 'k', KeyType: 'HASH' }],
      AttributeDefinitions: [{ AttributeName: 'k', AttributeType: 'S' }],
      BillingMode: 'PAY_PER_REQUEST',
    };
    t.assert.strictEqual(await dynamo(t, 'CreateTable', table), 200);
    const expressions = [
      deep('(', ')', 2_000, 'k = :a'),
      `${'NOT '.repeat(1_000)}k = :a`,
      `${'k = :a AND '.repeat(300)}k = :a`,
      `a${'[0]'.repeat(1_300)}`,
      `a${'.a'.repeat(2_000)}`,
      deep('size(', ')', 700, 'k'),
      '__proto__ = :a',
      'constructor.prototype = :a',
      '#__proto__ = :a',
      ':a',
      '',
      ' '.repeat(4_000),
      `k IN (${':a,'.repeat(1_000)}:a)`,
      'k BETWEEN :a AND',
      '\0',
      '"',
      'toString(k)',
    ];
    const places = [
      ['PutItem', 'ConditionExpression'],
      ['Scan', 'FilterExpression'],
      ['Query', 'KeyConditionExpression'],
      ['UpdateItem', 'UpdateExpression'],
      ['Scan', 'ProjectionExpression'],
    ] as const;
    for (const expression of expressions)
      for (const [operation, member] of places)
        await dynamo(t, operation, {
          TableName: 'tab',
          [operation === 'PutItem' ? 'Item' : 'Key']: { k: { S: 'x' } },
          [member]: operation === 'UpdateItem' ? `SET a = ${expression}` : expression,
          ExpressionAttributeValues: { ':a': { S: 'x' } },
        });
    for (const name of ['__proto__', 'constructor', 'toString']) {
      await dynamo(t, 'PutItem', {
        TableName: 'tab',
        Item: JSON.parse(`{"k":{"S":"x"},"${name}":{"M":{"${name}":{"S":"x"}}}}`) as object,
      });
      await dynamo(t, 'UpdateItem', {
        TableName: 'tab',
        Key: { k: { S: 'x' } },
        UpdateExpression: 'SET #a.#a.#a = :a',
        ExpressionAttributeNames: { '#a': name },
        ExpressionAttributeValues: { ':a': { S: 'x' } },
      });
      await dynamo(t, 'GetItem', { TableName: name, Key: { k: { S: 'x' } } });
    }
    for (const v of [
      nested(40, (inner) => ({ L: [inner] })),
      nested(25, (inner) => ({ M: { a: inner } })),
      { N: '1e999999' },
      { N: '9'.repeat(100_000) },
      { N: '0x10' },
      { B: '!!!' },
      { SS: [] },
      { S: 'x', N: '1' },
      {},
    ])
      await dynamo(t, 'PutItem', { TableName: 'tab', Item: { k: { S: 'y' }, v } });
    for (const Statement of [
      `SELECT * FROM "tab" WHERE ${deep('(', ')', 2_000, 'k=1')}`,
      `INSERT INTO tab VALUE ${deep("{'a':", '}', 500, '1')}`,
      'DELETE',
      ';',
      'SELECT '.repeat(500),
    ])
      await dynamo(t, 'ExecuteStatement', { Statement });
    sane(t);
  });

  test('A45: patterns of events and of logs, and schedules', async (t: TestContext) => {
    const patterns = [
      deep('{"a":', '}', 500, '["x"]'),
      `{"a":[${'"x",'.repeat(3_000)}"x"]}`,
      `{"a":[{"wildcard":"${'*a'.repeat(500)}*"}]}`,
      '{"a":[{"wildcard":"*a*a*a*a*b"}]}',
      `{"$or":${deep('[{"$or":', '}]', 200, '[{"a":["x"]},{"b":["y"]}]')}}`,
      '{"__proto__":["x"]}',
      '{"a":[{"__proto__":["x"]}]}',
      '{"a":[{"numeric":[">","x"]}]}',
      '{"a":[{"cidr":"999.1.1.1/99"}]}',
      '{"a":[{"anything-but":{"wildcard":["***"]}}]}',
      '[]',
      'null',
      '{"a":[null,true,1e400]}',
    ];
    const Event = JSON.stringify({
      id: '1',
      account: '1',
      source: 's',
      time: '2020-01-01T00:00:00Z',
      region: 'r',
      resources: [],
      'detail-type': 't',
      detail: {},
      a: 'a'.repeat(1_000_000),
    });
    for (const EventPattern of patterns) {
      await json(t, 'AWSEvents.PutRule', { Name: 'r', EventPattern });
      await json(t, 'AWSEvents.TestEventPattern', { EventPattern, Event });
    }
    const schedules = [
      'rate(0 minutes)',
      'rate(99999999999999 days)',
      'cron(* * * * ? *)',
      'cron(0/0 * * * ? *)',
      'cron(0 0 31 2 ? *)',
      'cron(0 0 ? * 6#6 *)',
      `cron(${'1,'.repeat(100)}1 * * * ? *)`,
      'cron(L L L L L L)',
      'at(9999-99-99T99:99:99)',
      'cron()',
    ];
    for (const [index, ScheduleExpression] of schedules.entries()) {
      await json(t, 'AWSEvents.PutRule', { Name: 's', ScheduleExpression });
      const body = JSON.stringify({
        ScheduleExpression,
        FlexibleTimeWindow: { Mode: 'OFF' },
        Target: { Arn: 'arn:aws:sqs:us-east-1:000000000000:q', RoleArn: 'arn:aws:iam::000000000000:role/r' },
      });
      await tell(t, 'schedule', `/schedules/s${index}`, { method: 'POST', headers: credential('scheduler'), body });
    }
    const filters = [
      `{ $.a = ${'('.repeat(500)}`,
      `{${' ($.a = 1) &&'.repeat(70)} $.a = 1 }`,
      '{ $.__proto__.a = 1 }',
      `[${'a,'.repeat(500)}b]`,
      '%(a+)+b%',
      '%(a*)*(a*)*(a*)*c%',
      '%[%',
      '{ $.a = %(a+)+$% }',
      `{ ${deep('(', ')', 480, '$.a = 1')} }`,
      '{ $.a[99999999999] = 1 }',
    ];
    for (const filterPattern of filters)
      await json(t, 'Logs_20140328.TestMetricFilter', {
        filterPattern,
        logEventMessages: ['a'.repeat(50_000), `{"a":"${'a'.repeat(50_000)}"}`, '{"a":'.repeat(5_000), '{"__proto__":{"a":1}}'],
      });
    sane(t);
  });

  test('policies, wherever one is taken', async (t: TestContext) => {
    const policies = [
      deep('[', ']', 2_000),
      deep('{"Statement":', '}', 500, '1'),
      '{"Statement":{"__proto__":1}}',
      'x',
      '',
      JSON.stringify({
        Version: '2012-10-17',
        Statement: Array.from({ length: 500 }, () => ({ Effect: 'Allow', Action: '*'.repeat(50), Resource: '*' })),
      }),
      '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"a*a*a*a*a*b","Resource":"*","Condition":{"__proto__":{"a":"b"},"StringLike":{"constructor":"*"}}}]}',
    ];
    for (const policy of policies) {
      const text = encodeURIComponent(policy);
      await form(t, `Action=CreatePolicy&Version=2010-05-08&PolicyName=p&PolicyDocument=${text}`);
      await form(t, `Action=CreateRole&Version=2010-05-08&RoleName=r&AssumeRolePolicyDocument=${text}`);
      await form(
        t,
        `Action=CreateTopic&Version=2010-03-31&Name=t&Attributes.entry.1.key=Policy&Attributes.entry.1.value=${text}`,
      );
      await json(t, 'AmazonSQS.CreateQueue', { QueueName: 'q', Attributes: { Policy: policy, RedrivePolicy: policy } }, '1.0');
      await json(t, 'secretsmanager.PutResourcePolicy', { SecretId: 'x', ResourcePolicy: policy });
    }
    sane(t);
  });

  test('documents, headers and queries of S3', async (t: TestContext) => {
    await s3(t, 'PUT', '/buck');
    const documents = [
      '',
      '<',
      '<a/>',
      deep('<a>', '</a>', 3_000),
      '<?xml version="1.0"?><LifecycleConfiguration><Rule><ID>__proto__</ID></Rule></LifecycleConfiguration>',
      `{"a":${'['.repeat(5_000)}`,
    ];
    for (const resource of [
      'lifecycle',
      'cors',
      'tagging',
      'versioning',
      'notification',
      'policy',
      'website',
      'encryption',
      'delete',
      'replication',
      'object-lock',
      'metrics&id=__proto__',
    ])
      for (const document of documents) await s3(t, resource === 'delete' ? 'POST' : 'PUT', `/buck?${resource}`, document);
    const headers: readonly Record<string, string>[] = [
      { range: 'bytes=0-0,'.repeat(200) },
      { range: 'bytes=-0' },
      { range: 'bytes=99999999999999999999-' },
      { 'if-modified-since': 'x'.repeat(5_000) },
      { 'x-amz-copy-source': '../../../etc/passwd' },
      { 'x-amz-copy-source': '%00' },
      { 'x-amz-copy-source': 'buck/%ff' },
      { 'content-encoding': 'aws-chunked', 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' },
      { 'content-md5': 'x' },
      { 'x-amz-checksum-crc32': '!' },
      { 'x-amz-tagging': '%zz=&=&a' },
      { 'x-amz-decoded-content-length': '-1' },
    ];
    for (const each of headers) {
      await s3(t, 'PUT', '/buck/key', 'body', each);
      await s3(t, 'GET', '/buck/key', '', each);
    }
    for (const query of [
      'list-type=2&max-keys=-1',
      'list-type=2&continuation-token=%00',
      'prefix=%ff',
      `delimiter=${'x'.repeat(3_000)}`,
      'uploads&max-uploads=99999999999',
      'versions&key-marker=%00',
      'list-type=__proto__',
      'response-content-type=a%0d%0ab',
      'versionId=__proto__',
    ])
      await s3(t, 'GET', `/buck?${query}`);
    seen = [];
  });

  test('A51: tokens and ids that nobody was given', async (t: TestContext) => {
    const forged = Buffer.from('{"__proto__":1}').toString('base64');
    const everything = {
      NextToken: forged,
      nextToken: 'f/__proto__',
      ShardIterator: forged,
      Path: '/../..',
      SecretId: '__proto__',
      QueueUrl: 'http://[::',
      logGroupName: 'g',
      logStreamName: 's',
      StreamName: 'x',
      repositoryName: '../x',
      ReceiptHandle: forged,
      VisibilityTimeout: 1e9,
      Name: '/__proto__',
      Value: '\0',
      Type: 'String',
    };
    for (const target of [
      'AmazonSSM.GetParametersByPath',
      'AmazonSSM.PutParameter',
      'secretsmanager.GetSecretValue',
      'secretsmanager.ListSecrets',
      'AmazonSQS.ReceiveMessage',
      'AmazonSQS.ChangeMessageVisibility',
      'Logs_20140328.GetLogEvents',
      'Kinesis_20131202.GetRecords',
      'Kinesis_20131202.ListShards',
      'DynamoDBStreams_20120810.GetRecords',
      'AWSEvents.ListRules',
    ])
      for (const body of [everything, { ...everything, NextToken: '\0', ShardIterator: 'A'.repeat(500), nextToken: '' }, []])
        await json(t, target, body, target.startsWith('AmazonSQS') || target.startsWith('DynamoDB') ? '1.0' : '1.1');
    for (const path of [
      '/2015-03-31/functions/?Marker=',
      '/2018-10-31/layers?Marker=',
      '/2015-03-31/event-source-mappings/?Marker=',
      '/2015-03-31/functions/?MaxItems=',
    ])
      for (const token of [forged, '%00', '-1', '1e9', '../..']) await tell(t, 'list', path + token, {});
    sane(t);
    t.assert.strictEqual((await fetch(`${server.origin}/_mayfly/health`)).status, 200);
  });
});
