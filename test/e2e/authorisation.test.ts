import { after, before, suite, test, type TestContext } from 'node:test';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { IAM } from '@aws-sdk/client-iam';
import { Kinesis } from '@aws-sdk/client-kinesis';
import { Lambda, waitUntilFunctionActiveV2 } from '@aws-sdk/client-lambda';
import { S3 } from '@aws-sdk/client-s3';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { SNS } from '@aws-sdk/client-sns';
import { SQS } from '@aws-sdk/client-sqs';
import { SSM } from '@aws-sdk/client-ssm';
import { STS } from '@aws-sdk/client-sts';
import { silentLogger, type Logger } from '../../packages/server/src/base/index.ts';
import { readConfig, serve, type Started } from '../../packages/server/src/main/index.ts';
import { mayfly, RunningServer, temporaryFolder } from '../kit/server.ts';
import { presigned, signedFetch } from '../kit/sign.ts';
import { zipOf } from '../kit/zip.ts';

const account = '000000000000';
const stranger = '111122223333';

/** A server that lets nobody do what no policy allows, and the clients that its operator makes. */
suite('with --auth strict', { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  let server: RunningServer;
  let root: Keys;
  /** Root of another account. */
  let other: Keys;

  before(async () => {
    server = await RunningServer.start(folder.path, ['--auth', 'strict', '--pool-size', '0']);
    root = server.started.firstKey ?? nobody;
    const made = await mayfly(['accounts', 'create', stranger, '--json'], envOf(server, root));
    other = JSON.parse(made.out) as Keys;
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  const to = (credentials: Keys = root) => ({
    endpoint: server.origin,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials,
    forcePathStyle: true,
  });
  const iam = (credentials?: Keys) => new IAM(to(credentials));

  test('the operator makes accounts, each once; others are told whose business that is', async (t: TestContext) => {
    const run = (args: readonly string[], who: Keys) => mayfly(['accounts', ...args, '--json'], envOf(server, who));
    t.assert.deepEqual(JSON.parse((await run([], root)).out), [account, stranger]);
    for (const [args, who, code, words] of [
      [['create', stranger], root, 4, /is there already/],
      [['create', '12'], root, 4, /twelve digits/],
      [['create', '222233334444'], other, 4, /root of account 000000000000/],
      [[], other, 4, /root of account 000000000000/],
      [[], await user('accountant', { Effect: 'Allow', Action: '*', Resource: '*' }), 4, /root of the account/],
    ] as const) {
      const ran = await run(args, who);
      t.assert.equal(ran.code, code);
      t.assert.match(ran.out + ran.err, words);
    }
    t.assert.equal((await new STS(to(other)).getCallerIdentity({})).Account, stranger);
  });

  async function user(UserName: string, ...statements: readonly object[]): Promise<Keys> {
    await iam().createUser({ UserName });
    if (statements.length > 0) await iam().putUserPolicy({ UserName, PolicyName: 'own', PolicyDocument: policy(...statements) });
    const { AccessKey } = await iam().createAccessKey({ UserName });
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  }

  async function role(RoleName: string, principal: object, ...statements: readonly object[]): Promise<string> {
    const { Role } = await iam().createRole({
      RoleName,
      AssumeRolePolicyDocument: policy({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }),
    });
    if (statements.length > 0) await iam().putRolePolicy({ RoleName, PolicyName: 'own', PolicyDocument: policy(...statements) });
    return Role?.Arn ?? '';
  }

  async function func(FunctionName: string, Role: string, code: string, credentials?: Keys, more: object = {}): Promise<void> {
    const ZipFile = await zipOf({ 'index.mjs': code });
    const client = new Lambda(to(credentials));
    await client.createFunction({
      FunctionName,
      Role,
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Timeout: 20,
      Code: { ZipFile },
      ...more,
    });
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { FunctionName });
  }

  const call = async (FunctionName: string, payload: object = {}, credentials?: Keys): Promise<unknown> => {
    const { Payload } = await new Lambda(to(credentials)).invoke({ FunctionName, Payload: JSON.stringify(payload) });
    return JSON.parse(Buffer.from(Payload ?? []).toString());
  };

  const refused = (
    t: TestContext,
    doing: Promise<unknown>,
    said: string | RegExp,
    name = 'AccessDeniedException',
  ): Promise<void> =>
    t.assert.rejects(doing, (error: Error) => {
      t.assert.strictEqual(error.name, name);
      if (typeof said === 'string') t.assert.strictEqual(error.message, said);
      else t.assert.match(error.message, said);
      return true;
    });

  test('checkpoints are for the role of a function, callbacks for whoever may answer that execution', async (t: TestContext) => {
    const waiting = `
      import { CheckpointDurableExecutionCommand, LambdaClient } from '@aws-sdk/client-lambda';
      const client = new LambdaClient({});
      export const handler = async ({ DurableExecutionArn, CheckpointToken, InitialExecutionState: { Operations } }) => {
        const answered = Operations.find(({ Id, Status }) => Id === 'c' && Status === 'SUCCEEDED');
        if (answered) return { Status: 'SUCCEEDED', Result: answered.CallbackDetails.Result };
        const Updates = [{ Id: 'c', Type: 'CALLBACK', Action: 'START' }];
        try {
          await client.send(new CheckpointDurableExecutionCommand({ DurableExecutionArn, CheckpointToken, Updates }));
        } catch ({ name, message }) {
          return { Status: 'FAILED', Error: { ErrorType: name, ErrorMessage: message } };
        }
        return { Status: 'PENDING' };
      };`;
    const trust = { Service: 'lambda.amazonaws.com' };
    const bare = await role('durable-bare', trust);
    const able = await role('durable-able', trust, {
      Effect: 'Allow',
      Action: 'lambda:CheckpointDurableExecution',
      Resource: '*',
    });
    const durable = { DurableConfig: { ExecutionTimeout: 60 } };
    await func('durable-bare', bare, waiting, undefined, durable);
    await func('durable-able', able, waiting, undefined, durable);
    const lambda = new Lambda(to());
    const refusal = await lambda.invoke({ FunctionName: 'durable-bare', Qualifier: '$LATEST', Payload: '{}' });
    t.assert.match(Buffer.from(refusal.Payload ?? []).toString(), /not authorized to perform: lambda:CheckpointDurableExecution/);

    const { DurableExecutionArn: arn = '' } = await lambda.invoke({
      FunctionName: 'durable-able',
      Qualifier: '$LATEST',
      InvocationType: 'Event',
    });
    const callbackOf = async (): Promise<string> => {
      for (;;) {
        const { Events = [] } = await lambda.getDurableExecutionHistory({ DurableExecutionArn: arn });
        const started = Events.find(({ EventType }) => EventType === 'CallbackStarted');
        if (started !== undefined) return started.CallbackStartedDetails?.CallbackId ?? '';
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    };
    const CallbackId = await callbackOf();
    const answers = (FunctionName: string): object => ({
      Effect: 'Allow',
      Action: 'lambda:SendDurableExecutionCallbackSuccess',
      Resource: `arn:aws:lambda:us-east-1:${account}:function:${FunctionName}:*/durable-execution/*`,
    });
    const other = await user('answers-other', answers('durable-bare'));
    const boss = await user('answers', answers('durable-able'));
    const answer = (who: Keys): Promise<unknown> =>
      new Lambda(to(who)).sendDurableExecutionCallbackSuccess({ CallbackId, Result: Buffer.from('"yes"') });
    await refused(
      t,
      answer(other),
      /not authorized to perform: lambda:SendDurableExecutionCallbackSuccess on resource: .*durable-able/,
    );
    await refused(t, new Lambda(to(boss)).getDurableExecution({ DurableExecutionArn: arn }), /lambda:GetDurableExecution/);
    await answer(boss);
    for (;;) {
      const { Status: status, Result: result } = await lambda.getDurableExecution({ DurableExecutionArn: arn });
      if (status === 'RUNNING') continue;
      t.assert.deepStrictEqual([status, result], ['SUCCEEDED', '"yes"']);
      return;
    }
  });

  test('a role is assumed by those whom its trust policy names, and by nobody else', async (t: TestContext) => {
    const ann = await user('ann');
    const ben = await user('ben');
    const RoleArn = await role('for-ann', { AWS: `arn:aws:iam::${account}:user/ann` });
    const assume = (who: Keys, arn = RoleArn) => new STS(to(who)).assumeRole({ RoleArn: arn, RoleSessionName: 'it' });
    const { Credentials } = await assume(ann);
    t.assert.strictEqual(
      (await new STS(to(usable(Credentials))).getCallerIdentity({})).Arn,
      `arn:aws:sts::${account}:assumed-role/for-ann/it`,
    );
    const said = `User: arn:aws:iam::${account}:user/ben is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`;
    await refused(t, assume(ben), said, 'AccessDenied');
    await t.assert.rejects(
      assume(ann, `arn:aws:iam::${account}:role/none`),
      { name: 'AccessDenied' },
      'a role that does not exist',
    );
  });

  test('a user may do what a policy of theirs says, and hears from each service in its words what they may not', async (t: TestContext) => {
    const carl = await user('carl', { Effect: 'Allow', Action: 'lambda:List*', Resource: '*' });
    const lambda = new Lambda(to(carl));
    t.assert.ok(Array.isArray((await lambda.listFunctions({})).Functions));
    const me = `arn:aws:iam::${account}:user/carl`;
    const says = (action: string, resource: string): string =>
      `User: ${me} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
    const arn = (service: string, rest: string): string => `arn:aws:${service}:us-east-1:${account}:${rest}`;
    await refused(
      t,
      lambda.getFunction({ FunctionName: 'nothing' }),
      says('lambda:GetFunction', arn('lambda', 'function:nothing')),
    );
    await refused(
      t,
      new DynamoDB(to(carl)).getItem({ TableName: 'tt', Key: { k: { S: '1' } } }),
      says('dynamodb:GetItem', arn('dynamodb', 'table/tt')),
    );
    await refused(
      t,
      new Kinesis(to(carl)).deleteStream({ StreamName: 'ss' }),
      says('kinesis:DeleteStream', arn('kinesis', 'stream/ss')),
    );
    await refused(
      t,
      new SSM(to(carl)).getParameters({ Names: ['/a/b'] }),
      says('ssm:GetParameters', arn('ssm', 'parameter/a/b')),
    );
    await refused(
      t,
      new SecretsManager(to(carl)).getSecretValue({ SecretId: 'pin' }),
      says('secretsmanager:GetSecretValue', arn('secretsmanager', 'secret:pin')),
    );
    await refused(
      t,
      new SQS(to(carl)).createQueue({ QueueName: 'qq' }),
      says('sqs:CreateQueue', arn('sqs', 'qq')),
      'AccessDenied',
    );
    await refused(
      t,
      new SNS(to(carl)).publish({ TopicArn: arn('sns', 'tt'), Message: 'm' }),
      says('sns:Publish', arn('sns', 'tt')),
      'AuthorizationErrorException',
    );
    await refused(
      t,
      iam(carl).createUser({ UserName: 'mallory' }),
      says('iam:CreateUser', `arn:aws:iam::${account}:user/mallory`),
      'AccessDenied',
    );
    await refused(
      t,
      new S3(to(carl)).getObject({ Bucket: 'bb0', Key: 'k' }),
      says('s3:GetObject', 'arn:aws:s3:::bb0/k').replace(/(arn:aws:s3\S+)/, '"$1"'),
      'AccessDenied',
    );
    t.assert.strictEqual((await new STS(to(carl)).getCallerIdentity({})).Arn, me, 'who one is needs no policy');
  });

  test('a role is handed to a function only by whom iam:PassRole lets, and only when Lambda can assume it', async (t: TestContext) => {
    const arn = await role('for-functions', { Service: 'lambda.amazonaws.com' });
    const human = await role('for-humans', { AWS: account });
    const maker = await user('maker', { Effect: 'Allow', Action: 'lambda:*', Resource: '*' });
    await refused(
      t,
      func('f', arn, ok, maker),
      `User: arn:aws:iam::${account}:user/maker is not authorized to perform: iam:PassRole on resource: ${arn} because no identity-based policy allows the iam:PassRole action`,
    );
    const pass = {
      Effect: 'Allow',
      Action: 'iam:PassRole',
      Resource: '*',
      Condition: { StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' } },
    };
    await iam().putUserPolicy({ UserName: 'maker', PolicyName: 'pass', PolicyDocument: policy(pass) });
    const cannot = 'The role defined for the function cannot be assumed by Lambda.';
    await refused(t, func('f', human, ok, maker), cannot, 'InvalidParameterValueException');
    await refused(t, func('f', `arn:aws:iam::${account}:role/none`, ok, maker), cannot, 'InvalidParameterValueException');
    await func('f', arn, ok, maker);
    t.assert.strictEqual(await call('f', {}, maker), 'ok');
  });

  test('a function inside may do what its role may, and no more', async (t: TestContext) => {
    await new S3(to()).createBucket({ Bucket: 'data' });
    await new S3(to()).putObject({ Bucket: 'data', Key: 'open/a', Body: 'A' });
    await new S3(to()).putObject({ Bucket: 'data', Key: 'closed/b', Body: 'B' });
    const arn = await role(
      'reader',
      { Service: 'lambda.amazonaws.com' },
      { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/open/*' },
    );
    await func(
      'reads',
      arn,
      `import { S3 } from '@aws-sdk/client-s3';
       const s3 = new S3({ forcePathStyle: true, maxAttempts: 1 });
       export const handler = async ({ Key }) => s3.getObject({ Bucket: 'data', Key }).then(({ Body }) => Body.transformToString(), ({ name, message }) => name + ': ' + message);`,
    );
    t.assert.strictEqual(await call('reads', { Key: 'open/a' }), 'A');
    t.assert.strictEqual(
      await call('reads', { Key: 'closed/b' }),
      `AccessDenied: User: arn:aws:sts::${account}:assumed-role/reader/reads is not authorized to perform: s3:GetObject on resource: "arn:aws:s3:::data/closed/b" because no identity-based policy allows the s3:GetObject action`,
    );
    await iam().deleteRolePolicy({ RoleName: 'reader', PolicyName: 'own' });
    t.assert.match(
      String(await call('reads', { Key: 'open/a' })),
      /^AccessDenied/,
      'what is taken from the role is gone at once',
    );
  });

  test('a bucket policy lets in and keeps out; what it denies is denied to everybody', async (t: TestContext) => {
    const bucket = new S3(to());
    await bucket.createBucket({ Bucket: 'guarded' });
    await bucket.putObject({ Bucket: 'guarded', Key: 'k', Body: 'K' });
    const dora = await user('dora');
    const read = (who: Keys) => new S3(to(who)).getObject({ Bucket: 'guarded', Key: 'k' });
    await refused(t, read(dora), /no identity-based policy allows the s3:GetObject action$/, 'AccessDenied');
    const lets = {
      Sid: 'lets',
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${account}:user/dora` },
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::guarded/*',
    };
    await bucket.putBucketPolicy({ Bucket: 'guarded', Policy: policy(lets) });
    t.assert.strictEqual(await (await read(dora)).Body?.transformToString(), 'K');
    const keeps = { Sid: 'keeps', Effect: 'Deny', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::guarded/k' };
    await bucket.putBucketPolicy({ Bucket: 'guarded', Policy: policy(lets, keeps) });
    for (const who of [dora, root])
      await refused(t, read(who), /with an explicit deny in a resource-based policy$/, 'AccessDenied');
    await refused(t, new S3(to(dora)).putObject({ Bucket: 'guarded', Key: 'k', Body: 'X' }), /s3:PutObject/, 'AccessDenied');
  });

  test('a listing is allowed by its prefix, a copy by both of its ends, and a batch by each of its objects', async (t: TestContext) => {
    await new S3(to()).createBucket({ Bucket: 'homes' });
    await new S3(to()).putObject({ Bucket: 'homes', Key: 'eve/x', Body: 'X' });
    await new S3(to()).putObject({ Bucket: 'homes', Key: 'bob/y', Body: 'Y' });
    const eve = await user(
      'eve',
      {
        Effect: 'Allow',
        Action: 's3:ListBucket',
        Resource: 'arn:aws:s3:::homes',
        Condition: { StringLike: { 's3:prefix': '${aws:username}/*' } },
      },
      {
        Effect: 'Allow',
        Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject'],
        Resource: 'arn:aws:s3:::homes/${aws:username}/*',
      },
    );
    const s3 = new S3(to(eve));
    t.assert.deepStrictEqual(
      (await s3.listObjectsV2({ Bucket: 'homes', Prefix: 'eve/' })).Contents?.map(({ Key }) => Key),
      ['eve/x'],
    );
    await refused(t, s3.listObjectsV2({ Bucket: 'homes' }), /s3:ListBucket/, 'AccessDenied');
    await refused(t, s3.listObjectsV2({ Bucket: 'homes', Prefix: 'bob/' }), /s3:ListBucket/, 'AccessDenied');
    await refused(
      t,
      s3.copyObject({ Bucket: 'homes', Key: 'eve/y', CopySource: 'homes/bob/y' }),
      /s3:GetObject on resource: "arn:aws:s3:::homes\/bob\/y"/,
      'AccessDenied',
    );
    await refused(
      t,
      s3.copyObject({ Bucket: 'homes', Key: 'eve/y', CopySource: '/homes/%62ob/y' }),
      /s3:GetObject on resource: "arn:aws:s3:::homes\/bob\/y"/,
      'AccessDenied',
    );
    await refused(
      t,
      s3.deleteObjects({ Bucket: 'homes', Delete: { Objects: [{ Key: 'eve/x' }, { Key: 'bob/y' }] } }),
      /s3:DeleteObject on resource: "arn:aws:s3:::homes\/bob\/y"/,
      'AccessDenied',
    );
    await s3.copyObject({ Bucket: 'homes', Key: 'eve/z', CopySource: 'homes/eve/x' });
  });

  test('an explicit deny wins over every allow, also over one of the resource', async (t: TestContext) => {
    const { QueueUrl = '' } = await new SQS(to()).createQueue({
      QueueName: 'wanted',
      Attributes: {
        Policy: policy({
          Effect: 'Allow',
          Principal: { AWS: account },
          Action: 'sqs:*',
          Resource: `arn:aws:sqs:us-east-1:${account}:wanted`,
        }),
      },
    });
    const frank = await user(
      'frank',
      { Effect: 'Allow', Action: '*', Resource: '*' },
      { Effect: 'Deny', Action: 'sqs:SendMessage', NotResource: `arn:aws:sqs:*:*:other` },
    );
    const sqs = new SQS(to(frank));
    await sqs.getQueueAttributes({ QueueUrl });
    const deny = /with an explicit deny in an identity-based policy$/;
    await refused(t, sqs.sendMessage({ QueueUrl, MessageBody: 'm' }), deny, 'AccessDenied');
    await refused(t, sqs.sendMessageBatch({ QueueUrl, Entries: [{ Id: '1', MessageBody: 'm' }] }), deny, 'AccessDenied');
  });

  test('another account gets in where the policy of a queue, a bucket or a function says so and its own policies do not object', async (t: TestContext) => {
    const queueArn = `arn:aws:sqs:us-east-1:${account}:shared`;
    const { QueueUrl = '' } = await new SQS(to()).createQueue({ QueueName: 'shared' });
    const send = (who: Keys) => new SQS(to(who)).sendMessage({ QueueUrl, MessageBody: 'from afar' });
    await refused(t, send(other), /no resource-based policy allows the sqs:SendMessage action$/, 'AccessDenied');
    await new SQS(to()).setQueueAttributes({
      QueueUrl,
      Attributes: {
        Policy: policy({ Effect: 'Allow', Principal: { AWS: stranger }, Action: 'sqs:SendMessage', Resource: queueArn }),
      },
    });
    await send(other);
    await iam(other).createUser({ UserName: 'gus' });
    const { AccessKey } = await iam(other).createAccessKey({ UserName: 'gus' });
    const gus = usable(AccessKey);
    await refused(t, send(gus), /no identity-based policy allows the sqs:SendMessage action$/, 'AccessDenied');
    const { Messages } = await new SQS(to()).receiveMessage({ QueueUrl });
    t.assert.deepStrictEqual(
      Messages?.map(({ Body }) => Body),
      ['from afar'],
    );

    await func('shared', await role('shared', { Service: 'lambda.amazonaws.com' }), ok);
    const FunctionName = `arn:aws:lambda:us-east-1:${account}:function:shared`;
    const lambda = new Lambda(to());
    await refused(
      t,
      call(FunctionName, {}, other),
      /lambda:InvokeFunction on resource: \S+:function:shared because no resource-based policy allows/,
    );
    await lambda.publishVersion({ FunctionName: 'shared' });
    await lambda.createAlias({ FunctionName: 'shared', Name: 'live', FunctionVersion: '1' });
    await lambda.addPermission({
      FunctionName: 'shared',
      Qualifier: 'live',
      StatementId: 's',
      Action: 'lambda:InvokeFunction',
      Principal: stranger,
    });
    t.assert.strictEqual(await call(`${FunctionName}:live`, {}, other), 'ok');
    for (const name of [FunctionName, `${FunctionName}:1`, `${FunctionName}:$LATEST`])
      await refused(t, call(name, {}, other), /no resource-based policy allows/);
    await refused(t, new Lambda(to(other)).deleteFunction({ FunctionName: `${FunctionName}:live` }), /lambda:DeleteFunction/);
    const there = await new Lambda(to(other)).getFunction({ FunctionName }).catch(({ message }: Error) => message);
    const nowhere = await new Lambda(to(other))
      .getFunction({ FunctionName: `${FunctionName}-none` })
      .catch(({ message }: Error) => message);
    t.assert.strictEqual(String(there), String(nowhere).replace('-none', ''), 'whether it exists is not told');
  });

  test('layers and secrets of another account are had where their policies say so', async (t: TestContext) => {
    const there = new Lambda(to(other));
    const { LayerVersionArn = '' } = await there.publishLayerVersion({
      LayerName: 'shared',
      Content: { ZipFile: await zipOf({ 'nodejs/x.js': 'x' }) },
    });
    const arn = await role('layered', { Service: 'lambda.amazonaws.com' });
    const create = async () =>
      new Lambda(to()).createFunction({
        FunctionName: 'layered',
        Role: arn,
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Layers: [LayerVersionArn],
        Code: { ZipFile: await zipOf({ 'index.mjs': ok }) },
      });
    await refused(t, create(), /lambda:GetLayerVersion on resource: \S+:layer:shared:1 because no resource-based policy allows/);
    await refused(t, new Lambda(to()).getLayerVersionByArn({ Arn: LayerVersionArn }), /lambda:GetLayerVersion/);
    await there.addLayerVersionPermission({
      LayerName: 'shared',
      VersionNumber: 1,
      StatementId: 's',
      Action: 'lambda:GetLayerVersion',
      Principal: account,
    });
    t.assert.strictEqual((await create()).Layers?.[0]?.Arn, LayerVersionArn);
    t.assert.strictEqual((await new Lambda(to()).getLayerVersionByArn({ Arn: LayerVersionArn })).Version, 1);

    const theirs = new SecretsManager(to(other));
    const { ARN: SecretId = '' } = await theirs.createSecret({ Name: 'pin', SecretString: '1234' });
    const read = (credentials: Keys) => new SecretsManager(to(credentials)).getSecretValue({ SecretId });
    const kim = await user('kim', {
      Effect: 'Allow',
      Action: 'secretsmanager:GetSecretValue',
      Resource: `arn:aws:secretsmanager:us-east-1:${stranger}:secret:pin-??????`,
    });
    await refused(t, read(kim), /no resource-based policy allows the secretsmanager:GetSecretValue action$/);
    await theirs.putResourcePolicy({
      SecretId,
      ResourcePolicy: policy({
        Effect: 'Allow',
        Principal: { AWS: account },
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
      }),
    });
    t.assert.strictEqual((await read(kim)).SecretString, '1234');
    await refused(t, new SecretsManager(to(kim)).deleteSecret({ SecretId }), /secretsmanager:DeleteSecret/);
  });

  test('a service brings events to a function or a queue only from the source that its policy names', async (t: TestContext) => {
    const functionArn = `arn:aws:lambda:us-east-1:${account}:function:told`;
    const s3 = new S3(to());
    const sns = new SNS(to());
    const sqs = new SQS(to());
    const lambda = new Lambda(to());
    const { QueueUrl = '' } = await sqs.createQueue({ QueueName: 'heard' });
    const queueArn = `arn:aws:sqs:us-east-1:${account}:heard`;
    // The function says into a queue who called it.
    await func(
      'told',
      await role(
        'teller',
        { Service: 'lambda.amazonaws.com' },
        { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn },
      ),
      `import { SQS } from '@aws-sdk/client-sqs';
       const sqs = new SQS({ maxAttempts: 1, useQueueUrlAsEndpoint: false });
       export const handler = async (event) => {
         const [record] = event.Records;
         await sqs.sendMessage({ QueueUrl: ${JSON.stringify(QueueUrl)}, MessageBody: record.s3?.object.key ?? record.Sns.Message });
       };`,
    );
    const heard = async (WaitTimeSeconds = 20): Promise<string | undefined> => {
      const { Messages } = await sqs.receiveMessage({ QueueUrl, WaitTimeSeconds });
      for (const { ReceiptHandle } of Messages ?? []) await sqs.deleteMessage({ QueueUrl, ReceiptHandle });
      return Messages?.[0]?.Body;
    };
    for (const Bucket of ['told-of', 'not-told-of']) {
      await s3.createBucket({ Bucket });
      await s3.putBucketNotificationConfiguration({
        Bucket,
        NotificationConfiguration: {
          LambdaFunctionConfigurations: [{ LambdaFunctionArn: functionArn, Events: ['s3:ObjectCreated:*'] }],
        },
      });
    }
    await lambda.addPermission({
      FunctionName: 'told',
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: 'arn:aws:s3:::told-of',
      SourceAccount: account,
    });
    // Deliveries of a service keep their order, so what comes second tells that the first was refused.
    await s3.putObject({ Bucket: 'not-told-of', Key: 'first', Body: '1' });
    await s3.putObject({ Bucket: 'told-of', Key: 'second', Body: '2' });
    t.assert.strictEqual(await heard(), 'second');

    const { TopicArn = '' } = await sns.createTopic({ Name: 'news' });
    await sns.subscribe({ TopicArn, Protocol: 'lambda', Endpoint: functionArn });
    const { QueueUrl: lost = '' } = await sqs.createQueue({
      QueueName: 'lost',
      Attributes: {
        Policy: policy({
          Effect: 'Allow',
          Principal: { Service: 'sns.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Resource: '*',
          Condition: { ArnEquals: { 'aws:SourceArn': TopicArn } },
        }),
      },
    });
    const [subscription] = (await sns.listSubscriptionsByTopic({ TopicArn })).Subscriptions ?? [];
    await sns.setSubscriptionAttributes({
      SubscriptionArn: subscription?.SubscriptionArn ?? '',
      AttributeName: 'RedrivePolicy',
      AttributeValue: JSON.stringify({ deadLetterTargetArn: `arn:aws:sqs:us-east-1:${account}:lost` }),
    });
    await sns.publish({ TopicArn, Message: 'refused' });
    const { Messages } = await sqs.receiveMessage({ QueueUrl: lost, WaitTimeSeconds: 20 });
    t.assert.match(Messages?.[0]?.Body ?? '', /"refused"/, 'the queue of the lost lets the topic in');
    await lambda.addPermission({
      FunctionName: 'told',
      StatementId: 'sns',
      Action: 'lambda:InvokeFunction',
      Principal: 'sns.amazonaws.com',
      SourceArn: TopicArn,
    });
    await sns.publish({ TopicArn, Message: 'let in' });
    t.assert.strictEqual(await heard(), 'let in');
  });

  test('a function URL without signatures needs both permissions for everybody, one with signatures those of its caller', async (t: TestContext) => {
    const lambda = new Lambda(to());
    await func('page', await role('page', { Service: 'lambda.amazonaws.com' }), ok);
    const { FunctionUrl = '' } = await lambda.createFunctionUrlConfig({ FunctionName: 'page', AuthType: 'NONE' });
    const status = async (): Promise<number> => (await fetch(FunctionUrl)).status;
    const signed = async (credentials: Keys): Promise<number> =>
      (await signedFetch(FunctionUrl, { service: 'lambda', credentials })).status;
    const answer = await fetch(FunctionUrl);
    t.assert.deepStrictEqual([answer.status, answer.headers.get('x-amzn-errortype')], [403, 'AccessDeniedException']);
    t.assert.match(await answer.text(), /^\{"Message":"Forbidden\. For troubleshooting Function URL/);
    const add = (StatementId: string, rest: object) =>
      lambda.addPermission({ FunctionName: 'page', StatementId, Principal: '*', Action: 'lambda:InvokeFunction', ...rest });
    await add('url', { Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' });
    t.assert.strictEqual(await status(), 403, 'one of two');
    await add('function', { InvokedViaFunctionUrl: true });
    t.assert.strictEqual(await status(), 200);
    const hal = await user('hal');
    await refused(t, call(`arn:aws:lambda:us-east-1:${account}:function:page`, {}, hal), /lambda:InvokeFunction/);

    await lambda.updateFunctionUrlConfig({ FunctionName: 'page', AuthType: 'AWS_IAM' });
    t.assert.strictEqual(await status(), 403, 'nobody signed');
    t.assert.strictEqual(await signed(hal), 403);
    await iam().putUserPolicy({
      UserName: 'hal',
      PolicyName: 'own',
      PolicyDocument: policy({ Effect: 'Allow', Action: 'lambda:InvokeFunctionUrl', Resource: '*' }),
    });
    t.assert.strictEqual(await signed(hal), 200, 'the second comes from the function, for whoever calls by its URL');
    await lambda.removePermission({ FunctionName: 'page', StatementId: 'function' });
    t.assert.strictEqual(await signed(hal), 403);
    await iam().putUserPolicy({
      UserName: 'hal',
      PolicyName: 'own',
      PolicyDocument: policy({ Effect: 'Allow', Action: ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'], Resource: '*' }),
    });
    t.assert.strictEqual(await signed(hal), 200);
  });

  test('a function is given to read, and hands on, only what its role may', async (t: TestContext) => {
    const lambda = new Lambda(to());
    await new SQS(to()).createQueue({ QueueName: 'source', Attributes: { VisibilityTimeout: '60' } });
    const EventSourceArn = `arn:aws:sqs:us-east-1:${account}:source`;
    await func('worker', await role('worker', { Service: 'lambda.amazonaws.com' }), ok);
    const map = () => lambda.createEventSourceMapping({ FunctionName: 'worker', EventSourceArn });
    const failed = { FunctionName: 'worker', DestinationConfig: { OnFailure: { Destination: EventSourceArn } } };
    const says = (verb: string): string => `The provided execution role does not have permissions to call ${verb} on SQS`;
    await refused(t, map(), says('ReceiveMessage'), 'InvalidParameterValueException');
    await refused(t, lambda.putFunctionEventInvokeConfig(failed), says('SendMessage'), 'InvalidParameterValueException');
    await refused(
      t,
      lambda.updateFunctionConfiguration({ FunctionName: 'worker', DeadLetterConfig: { TargetArn: EventSourceArn } }),
      says('SendMessage'),
      'InvalidParameterValueException',
    );
    await iam().attachRolePolicy({
      RoleName: 'worker',
      PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole',
    });
    await map();
    await iam().putRolePolicy({
      RoleName: 'worker',
      PolicyName: 'own',
      PolicyDocument: policy({ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: EventSourceArn }),
    });
    await lambda.putFunctionEventInvokeConfig(failed);

    const { QueueUrl: ends = '' } = await new SQS(to()).createQueue({ QueueName: 'done' });
    await func(
      'teller',
      await role('done', { Service: 'lambda.amazonaws.com' }, { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: '*' }),
      ok,
    );
    await lambda.putFunctionEventInvokeConfig({
      FunctionName: 'teller',
      DestinationConfig: { OnSuccess: { Destination: `arn:aws:sqs:us-east-1:${account}:done` } },
    });
    await lambda.invoke({ FunctionName: 'teller', InvocationType: 'Event', Payload: JSON.stringify({ id: 'allowed' }) });
    const first = await new SQS(to()).receiveMessage({ QueueUrl: ends, WaitTimeSeconds: 20 });
    t.assert.match(first.Messages?.[0]?.Body ?? '', /"id":"allowed"/);
  });

  test("nobody gets in with no key, another's token, an ended session or a key that was taken away", async (t: TestContext) => {
    const functions = `${server.origin}/2015-03-31/functions/`;
    const of = async (answer: Response): Promise<unknown> => [
      answer.status,
      answer.headers.get('x-amzn-errortype') ?? /<Code>(\w+)/.exec(await answer.text())?.[1],
    ];
    t.assert.deepStrictEqual(await of(await fetch(functions)), [403, 'MissingAuthenticationTokenException']);
    const form = {
      method: 'POST',
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    t.assert.deepStrictEqual(await of(await fetch(server.origin, form)), [403, 'MissingAuthenticationToken']);
    t.assert.strictEqual((await fetch(`${server.origin}/data`)).status, 403);

    const admin = { Effect: 'Allow', Action: '*', Resource: '*' };
    const ida = await user('ida', admin);
    const list = async (credentials: Keys) => (await signedFetch(functions, { service: 'lambda', credentials })).status;
    t.assert.strictEqual(await list(ida), 200);
    const session = async (Policy?: string): Promise<Keys> => {
      const RoleArn = await role(`for-ida-${Policy === undefined ? 'whole' : 'cut'}`, { AWS: account }, admin);
      return usable(
        (await new STS(to(ida)).assumeRole({ RoleArn, RoleSessionName: 'ida', ...(Policy === undefined ? {} : { Policy }) }))
          .Credentials,
      );
    };
    const whole = await session();
    const cut = await session(policy({ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }));
    t.assert.strictEqual(await list(whole), 200);
    t.assert.strictEqual(await list(cut), 403, 'a session policy takes away');
    const { sessionToken: _none, ...bare } = whole;
    t.assert.strictEqual(await list(bare), 403, 'without its token');
    t.assert.strictEqual(await list({ ...cut, sessionToken: whole.sessionToken ?? '' }), 403, 'with the token of another');
    const address = await presigned(functions, { service: 'lambda', credentials: whole });
    t.assert.strictEqual((await fetch(address)).status, 200);
    t.assert.strictEqual(
      (await fetch(await presigned(functions, { service: 'lambda', credentials: cut }))).status,
      403,
      'the token of an address counts, too',
    );
    t.assert.strictEqual((await fetch(address, { method: 'POST' })).status, 403, 'another method');
    t.assert.strictEqual(
      (await fetch(address, { headers: { authorization: 'AWS4-HMAC-SHA256 Credential=x' } })).status,
      400,
      'two signatures',
    );
    t.assert.notStrictEqual(
      (await fetch(await presigned(functions, { service: 'lambda', credentials: whole, expiresS: 604_800 }))).status,
      403,
    );

    await iam().updateAccessKey({ UserName: 'ida', AccessKeyId: ida.accessKeyId, Status: 'Inactive' });
    t.assert.strictEqual(await list(ida), 403, 'at once');
    await iam().putRolePolicy({
      RoleName: 'for-ida-whole',
      PolicyName: 'own',
      PolicyDocument: policy({ Effect: 'Deny', Action: '*', Resource: '*' }),
    });
    t.assert.strictEqual(await list(whole), 403, 'what is denied to a role is denied to its sessions at once');
  });

  test('a bucket that is open to everybody needs no signature to read, and one to write', async (t: TestContext) => {
    const s3 = new S3(to());
    await s3.createBucket({ Bucket: 'site' });
    await s3.putObject({ Bucket: 'site', Key: 'index.html', Body: 'hello' });
    const page = `${server.origin}/site/index.html`;
    t.assert.strictEqual((await fetch(page)).status, 403);
    await s3.putBucketPolicy({
      Bucket: 'site',
      Policy: policy({ Effect: 'Allow', Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::site/*' }),
    });
    t.assert.strictEqual(await (await fetch(page)).text(), 'hello');
    t.assert.strictEqual((await fetch(page, { method: 'PUT', body: 'mine now' })).status, 403);
    const from = (...networks: readonly string[]) => ({
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:GetObject',
      Resource: 'arn:aws:s3:::site/*',
      Condition: { IpAddress: { 'aws:SourceIp': networks } },
    });
    await s3.putBucketPolicy({ Bucket: 'site', Policy: policy(from('10.0.0.0/8')) });
    t.assert.strictEqual((await fetch(page)).status, 403, 'from another network');
    await s3.putBucketPolicy({ Bucket: 'site', Policy: policy(from('10.0.0.0/8', '127.0.0.0/8')) });
    t.assert.strictEqual((await fetch(page)).status, 200);
    t.assert.strictEqual((await fetch(`${server.origin}/site?list-type=2`)).status, 403);
  });

  test('mayfly deploy works with a key of the server, and makes the role and the permissions that its page needs', async (t: TestContext) => {
    using project = temporaryFolder();
    writeFileSync(path.join(project.path, 'index.mjs'), ok);
    writeFileSync(path.join(project.path, 'mayfly.json'), JSON.stringify({ name: 'deployed', url: 'NONE' }));
    const env = {
      AWS_ENDPOINT_URL: server.origin,
      AWS_ACCESS_KEY_ID: root.accessKeyId,
      AWS_SECRET_ACCESS_KEY: root.secretAccessKey,
    };
    const { code, out, err } = await mayfly(['deploy', project.path, '--json'], env);
    t.assert.strictEqual(code, 0, err);
    const answer = await fetch((JSON.parse(out) as { url: string }).url);
    t.assert.deepStrictEqual([answer.status, await answer.text()], [200, 'ok']);
  });
});

suite('with --auth soft', { timeout: 60_000 }, () => {
  test('what would be refused is done, and logged with the statement that would allow it', async (t: TestContext) => {
    using folder = temporaryFolder();
    const heard: Record<string, unknown>[] = [];
    const stop = new AbortController();
    const started = Promise.withResolvers<Started>();
    const config = readConfig({
      flags: { port: 0, dataDir: folder.path, auth: 'soft', poolSize: 0, isolation: 'none' },
      env: {},
    });
    const log: Logger = { ...silentLogger, warn: (message, facts) => void heard.push({ message, ...facts }) };
    const serving = serve(config, { signal: stop.signal, log, onStarted: (it) => started.resolve(it) });
    const { origin, firstKey = nobody } = await started.promise;
    const to = (credentials: Keys) => ({ endpoint: origin, region: 'us-east-1', maxAttempts: 1, credentials });
    await new IAM(to(firstKey)).createUser({ UserName: 'jo' });
    const { AccessKey } = await new IAM(to(firstKey)).createAccessKey({ UserName: 'jo' });
    await new SQS(to(usable(AccessKey))).createQueue({ QueueName: 'qq' });
    await t.assert.rejects(
      new SQS(to({ ...usable(AccessKey), secretAccessKey: 'wrong' })).listQueues({}),
      'signatures are verified',
    );
    stop.abort();
    await serving;
    const [told] = heard.filter(({ action }) => action === 'sqs:CreateQueue');
    const resource = `arn:aws:sqs:us-east-1:${account}:qq`;
    t.assert.strictEqual(told?.['message'], 'This would have been refused.');
    t.assert.deepStrictEqual(told['wouldAllow'], [
      { kind: 'identity', statement: { Effect: 'Allow', Action: 'sqs:CreateQueue', Resource: resource } },
    ]);
  });
});

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
const ok = "export const handler = async () => 'ok';";
const nobody: Keys = { accessKeyId: '', secretAccessKey: '' };

const policy = (...statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });

const usable = (
  given:
    | { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined; SessionToken?: string | undefined }
    | undefined,
): Keys => ({
  accessKeyId: given?.AccessKeyId ?? '',
  secretAccessKey: given?.SecretAccessKey ?? '',
  sessionToken: given?.SessionToken ?? '',
});

/** A key of an account's root, written into a data folder before a server opens it. */
/** For the command line. */
const envOf = (server: RunningServer, { accessKeyId, secretAccessKey }: Keys): Readonly<Record<string, string>> => ({
  AWS_ENDPOINT_URL: server.origin,
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
