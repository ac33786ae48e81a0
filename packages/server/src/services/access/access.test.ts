import { after, before, suite, test, type TestContext } from 'node:test';
import { loadApi, serviceNames, type Call, type Caller } from '@mayfly/wire';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import { readFunctionName } from '../../control/index.ts';
import { systemRandom, type Logger } from '../../base/index.ts';
import { openIam, type Iam } from '../iam/index.ts';
import { Keys } from '../keys/index.ts';
import { MasterKey } from '../kit/index.ts';
import { Access, rulesOf, type AccessOptions } from './index.ts';

const account = '123456789012';
const stranger = '999999999999';
/** Everybody may, who is known. */
const free = new Set([
  'sts GetCallerIdentity',
  'sts GetSessionToken',
  'sts AssumeRole',
  'sts AssumeRoleWithWebIdentity',
  'sts AssumeRoleWithSAML',
  'sns ConfirmSubscription',
]);
/** Also those who are not. */
const open = new Set(['sts AssumeRoleWithWebIdentity', 'sns ConfirmSubscription']);

const callerOf = (arn: string): Caller => ({
  kind: 'signed',
  accessKeyId: 'AKIA',
  arn,
  userId: 'AIDA',
  account: arn.split(':')[4] ?? '',
});

interface Told {
  readonly action: string;
  readonly resource: string;
  readonly why: string;
  readonly wouldAllow?: readonly { readonly kind: string; readonly statement: Readonly<Record<string, unknown>> }[];
}

suite('access', { timeout: 60_000 }, () => {
  let database: PlainDatabase;
  let keys: Keys;
  let iam: Iam;
  const told: Told[] = [];
  const log = { warn: (_text: string, facts: Told) => told.push(facts) } as unknown as Logger;
  const clock = new VirtualClock({ epochMs: Date.parse('2026-11-24T12:00:00Z') });

  before(async () => {
    database = new PlainDatabase();
    keys = await Keys.open({ database, masterKey: new MasterKey(new Uint8Array(32), systemRandom), clock, random: systemRandom });
    iam = await openIam({ database, keys, clock, random: systemRandom });
  });
  after(async () => {
    await iam[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const opened = (options: Partial<AccessOptions> = {}): Access =>
    new Access({
      rules: rulesOf({
        functionName: readFunctionName,
        functions: { role: () => undefined, mapping: () => undefined, callbackOwner: () => undefined },
        iamArn: () => undefined,
        secretArn: () => undefined,
        stackArn: () => undefined,
        partitionKeys: () => ['pk'],
        signingVersion: () => undefined,
      }),
      authority: iam.authority,
      guarded: () => undefined,
      clock,
      log,
      explain: true,
      soft: false,
      ...options,
    });
  const callOf = (service: string, operation: string, caller: Caller, headers: Call['headers'] = {}): Call => ({
    requestId: 'r',
    service,
    operation,
    account: caller.kind === 'signed' ? caller.account : account,
    region: 'us-east-1',
    caller,
    signal: new AbortController().signal,
    origin: 'http://127.0.0.1:4566',
    headers,
  });
  /** A user with these statements, and nothing else. */
  async function user(UserName: string, statements: readonly object[]): Promise<Caller> {
    const root = callOf('iam', '', callerOf(`arn:aws:iam::${account}:root`));
    const handlers = iam.handlers as unknown as Record<string, (input: object, call: Call) => Promise<unknown>>;
    await handlers['CreateUser']?.({ UserName }, root).catch(() => undefined);
    if (statements.length > 0)
      await handlers['PutUserPolicy']?.(
        { UserName, PolicyName: 'own', PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }) },
        root,
      );
    return callerOf(`arn:aws:iam::${account}:user/${UserName}`);
  }
  const may = (access: Access, service: string, operation: string, caller: Caller, input: object = {}): boolean => {
    try {
      access.check(callOf(service, operation, caller), input);
      return true;
    } catch {
      return false;
    }
  };

  test('every operation of every service is refused to whom no policy knows, and allowed to an administrator', async (t: TestContext) => {
    const access = opened({ explain: false });
    const nobody = await user('nobody', []);
    const admin = await user('admin', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    let seen = 0;
    for (const service of serviceNames)
      for (const operation of (await loadApi(service)).operations.keys()) {
        const name = `${service} ${operation}`;
        seen += 1;
        t.assert.strictEqual(may(access, service, operation, { kind: 'anonymous' }), open.has(name), `${name}, unsigned`);
        t.assert.strictEqual(may(access, service, operation, nobody), free.has(name), `${name}, without a policy`);
        t.assert.ok(may(access, service, operation, admin), `${name}, administrator`);
      }
    t.assert.ok(seen > 1_000, String(seen));
  });

  test('the statement that a refusal names is enough, for every operation', async (t: TestContext) => {
    const access = opened();
    for (const service of serviceNames)
      for (const operation of (await loadApi(service)).operations.keys()) {
        const statements: object[] = [];
        let caller = await user('narrow', []);
        for (let step = 0; step < 6; step += 1) {
          told.length = 0;
          if (may(access, service, operation, caller)) break;
          const [refused] = told;
          t.assert.match(refused?.why ?? '', /^User: arn:aws:iam::123456789012:user\/narrow is not authorized to perform: /);
          statements.push(...(refused?.wouldAllow ?? []).map(({ statement }) => statement));
          caller = await user('narrow', statements);
        }
        t.assert.ok(may(access, service, operation, caller), `${service} ${operation}: ${JSON.stringify(statements)}`);
        t.assert.ok(!statements.some((statement) => (statement as { Action: string }).Action === '*'));
        await user('narrow', [{ Effect: 'Allow', Action: 'nothing:AtAll', Resource: '*' }]);
      }
  });

  test('an ARN of another region or with an odd name is checked as what the handler makes of it', async (t: TestContext) => {
    const access = opened();
    const here = (service: string, rest: string): string => `arn:aws:${service}:us-east-1:${account}:${rest}`;
    const there = (service: string, rest: string): string => `arn:aws:${service}:eu-west-1:${account}:${rest}`;
    const demanded = (service: string, operation: string, input: object): string | undefined => {
      told.length = 0;
      may(access, service, operation, callerOf(`arn:aws:iam::${account}:user/nobody`), input);
      return told[0]?.resource;
    };
    for (const [service, operation, input, resource] of [
      ['dynamodb', 'GetItem', { TableName: there('dynamodb', 'table/t') }, here('dynamodb', 'table/t')],
      ['dynamodb', 'Query', { TableName: 't', IndexName: 'i' }, here('dynamodb', 'table/t/index/i')],
      ['kinesis', 'PutRecord', { StreamARN: there('kinesis', 'stream/s'), StreamName: 'allowed' }, here('kinesis', 'stream/s')],
      [
        'logs',
        'GetLogEvents',
        { logGroupName: 'allowed', logGroupIdentifier: there('logs', 'log-group:/g') },
        here('logs', 'log-group:/g:log-stream:'),
      ],
      ['ssm', 'GetParameter', { Name: `${there('ssm', 'parameter/a/b')}:3` }, here('ssm', 'parameter/a/b')],
      ['events', 'TagResource', { ResourceARN: there('events', 'rule/r') }, here('events', 'rule/r')],
      ['lambda', 'Invoke', { FunctionName: `${account}:function:f:live` }, here('lambda', 'function:f:live')],
      ['lambda', 'Invoke', { FunctionName: 'f:1' }, here('lambda', 'function:f:1')],
      ['sqs', 'SendMessage', { QueueUrl: `http://x/${account}/q` }, here('sqs', 'q')],
      ['sns', 'Unsubscribe', { SubscriptionArn: here('sns', 't:2f6a') }, here('sns', 't')],
      ['dynamodb', 'ExecuteStatement', { Statement: 'SELECT * FROM "t"."i" WHERE pk = 1' }, here('dynamodb', 'table/t/index/i')],
      ['dynamodb', 'ExecuteStatement', { Statement: '/* "t" */ SELECT 1' }, here('dynamodb', 'table/*')],
      ['s3', 'GetObject', { Bucket: 'b', Key: '../x', VersionId: 'v' }, 'arn:aws:s3:::b/../x'],
    ] as const)
      t.assert.strictEqual(demanded(service, operation, input), resource, `${service} ${operation}`);
  });

  test('everybody sees their own rows of a table, however the key is given, and no others', async (t: TestContext) => {
    const access = opened();
    const own = await user('rows', [
      {
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:BatchWriteItem', 'dynamodb:PartiQLSelect'],
        Resource: '*',
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['${aws:username}'] } },
      },
    ]);
    const ask = (operation: string, input: object): boolean =>
      may(access, 'dynamodb', operation, own, { TableName: 't', ...input });
    const key = (S: string) => ({ pk: { S }, sk: { S: 'x' } });
    t.assert.ok(ask('GetItem', { Key: key('rows') }));
    t.assert.ok(!ask('GetItem', { Key: key('others') }));
    const query = (KeyConditionExpression: string, more: object = {}) =>
      ask('Query', {
        KeyConditionExpression,
        ExpressionAttributeValues: { ':k': { S: 'rows' }, ':o': { S: 'others' } },
        ...more,
      });
    t.assert.ok(query('pk = :k AND sk > :o'));
    t.assert.ok(query('#p = :k', { ExpressionAttributeNames: { '#p': 'pk' } }));
    t.assert.ok(!query('pk = :o'));
    t.assert.ok(!query('sk = :k AND pk=:o'));
    t.assert.ok(!query(':k = pk'), 'what cannot be read is not allowed');
    const batch = (...keys: string[]) =>
      ask('BatchWriteItem', { RequestItems: { t: keys.map((each) => ({ PutRequest: { Item: key(each) } })) } });
    t.assert.ok(batch('rows', 'rows'));
    t.assert.ok(!batch('rows', 'others'));
    t.assert.ok(!ask('ExecuteStatement', { Statement: `SELECT * FROM "t" WHERE pk = 'rows'` }));
  });

  test("a resource policy that cannot be read keeps everybody out but the owner's root", async (t: TestContext) => {
    const access = opened({ guarded: () => ({ policies: ['{"Statement":[{"Effect":"Maybe"}]}'], account }) });
    const admin = await user('admin', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    t.assert.ok(!may(access, 's3', 'GetObject', admin, { Bucket: 'b', Key: 'k' }));
    t.assert.ok(may(access, 's3', 'PutBucketPolicy', callerOf(`arn:aws:iam::${account}:root`), { Bucket: 'b' }));
  });

  test('everybody gets what a public bucket gives, unsigned; elsewhere nothing is public', async (t: TestContext) => {
    const document = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: '*', Action: ['s3:GetObject', 'lambda:*'], Resource: '*' }],
    });
    const access = opened({ guarded: () => ({ policies: [document], account }) });
    t.assert.ok(may(access, 's3', 'GetObject', { kind: 'anonymous' }, { Bucket: 'b', Key: 'k' }));
    t.assert.ok(!may(access, 's3', 'PutObject', { kind: 'anonymous' }, { Bucket: 'b', Key: 'k' }));
    t.assert.throws(() => access.check(callOf('lambda', 'Invoke', { kind: 'anonymous' }), { FunctionName: 'f' }), {
      name: 'MissingAuthenticationTokenException',
    });
    t.assert.throws(() => access.check(callOf('sts', 'GetCallerIdentity', { kind: 'anonymous' }), {}), {
      name: 'MissingAuthenticationToken',
    });
  });

  test('a session cut down by a policy stays cut down, wherever its token stands', async (t: TestContext) => {
    const access = opened();
    const admin = await user('admin', [{ Effect: 'Allow', Action: '*', Resource: '*' }]);
    const arn = `arn:aws:iam::${account}:user/admin`;
    const only = JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }] });
    const { accessKeyId, sessionToken } = keys.issue(
      { account, arn, userId: 'AIDA', policies: [only], context: { 'lambda:SourceFunctionArn': 'f' } },
      60_000,
    );
    const cut: Caller = { kind: 'signed', accessKeyId, arn, userId: 'AIDA', account, sessionToken };
    t.assert.ok(may(access, 's3', 'ListBuckets', admin));
    t.assert.ok(!may(access, 's3', 'ListBuckets', cut));
    t.assert.ok(may(access, 'sqs', 'ListQueues', cut));
    t.assert.throws(() => access.check(callOf('s3', 'ListBuckets', cut, { 'x-amz-security-token': 'another' }), {}), {
      name: 'AccessDenied',
    });
  });

  test('soft: what would be refused is told, and done', async (t: TestContext) => {
    const access = opened({ soft: true });
    told.length = 0;
    t.assert.ok(may(access, 'lambda', 'DeleteFunction', callerOf(`arn:aws:iam::${account}:user/nobody`), { FunctionName: 'f' }));
    t.assert.strictEqual(told[0]?.action, 'lambda:DeleteFunction');
  });

  test("a call for another account's resource is handed on as if made there, once both sides allow it", async (t: TestContext) => {
    const resource = `arn:aws:lambda:us-east-1:${account}:function:f`;
    const document = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: stranger }, Action: 'lambda:InvokeFunction', Resource: resource }],
    });
    const root = callerOf(`arn:aws:iam::${stranger}:root`);
    const closed = opened();
    t.assert.throws(() => closed.check(callOf('lambda', 'Invoke', root), { FunctionName: resource }), {
      name: 'AccessDeniedException',
    });
    const access = opened({ guarded: () => ({ policies: [document] }) });
    const call = callOf('lambda', 'Invoke', root);
    const moved = access.check(call, { FunctionName: resource });
    t.assert.deepStrictEqual([moved.account, moved.caller, moved.signal], [account, root, call.signal]);
    t.assert.strictEqual(access.check(callOf('lambda', 'ListFunctions', root), {}).account, stranger);
  });
});
