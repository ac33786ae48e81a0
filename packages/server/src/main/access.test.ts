import { suite, test, type TestContext } from 'node:test';
import type { Call } from '@mayfly/wire';
import { PlainDatabase } from '../../../../test/kit/plain-database.ts';
import { silentLogger, systemClock, systemRandom } from '../base/index.ts';
import { Keys, MasterKey, openIam } from '../services/index.ts';
import { openGatekeeper, type Gatekeeper } from './access.ts';

const account = '123456789012';
const functionArn = `arn:aws:lambda:us-east-1:${account}:function:f`;
const queueArn = `arn:aws:sqs:us-east-1:${account}:q`;
const roleArn = `arn:aws:iam::${account}:role/r`;
const policy = (statement: object): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', ...statement }] });

/** A gatekeeper over a real IAM, one function of role `r`, and one queue. */
async function open(t: TestContext, queuePolicy?: string) {
  const database = new PlainDatabase();
  const keys = await Keys.open({
    database,
    masterKey: new MasterKey(new Uint8Array(32), systemRandom),
    clock: systemClock,
    random: systemRandom,
  });
  const iam = await openIam({ database, keys, clock: systemClock, random: systemRandom });
  t.after(async () => {
    await iam[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  const ask = (operation: string, input: object): Promise<unknown> => {
    const handlers = iam.handlers as unknown as Record<string, (input: object, call: Call) => Promise<unknown>>;
    const call = {
      account,
      region: 'us-east-1',
      caller: { kind: 'signed', account, arn: `arn:aws:iam::${account}:root`, userId: account, accessKeyId: 'AKIA' },
    };
    return handlers[operation]?.(input, call as unknown as Call) ?? Promise.reject(new Error(operation));
  };
  await ask('CreateRole', {
    RoleName: 'r',
    AssumeRolePolicyDocument: policy({ Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }),
  });
  const gatekeeper: Gatekeeper = openGatekeeper({
    config: { auth: 'strict', explainDenials: false },
    neighbours: {
      authority: iam.authority,
      guarded: () => ({ policies: queuePolicy === undefined ? [] : [queuePolicy] }),
      readers: {
        iamArn: () => undefined,
        secretArn: () => undefined,
        stackArn: () => undefined,
        partitionKeys: () => [],
        signingVersion: () => undefined,
      },
    },
    control: {
      policy: () => [],
      layerPolicy: () => [],
      executionRole: (_account, _region, name) => (name === 'f' ? roleArn : undefined),
      mappings: { all: () => [] } as never,
    },
    clock: systemClock,
    log: silentLogger,
  });
  return { gatekeeper, ask };
}

suite('what is brought without a caller', { timeout: 60_000 }, () => {
  test("a destination gets what the function's role may send, as the role is at that moment", async (t: TestContext) => {
    const { gatekeeper, ask } = await open(t);
    const refused = {
      name: 'AccessDeniedException',
      message: `${roleArn} is not authorized to perform: sqs:SendMessage on resource: ${queueArn}`,
    };
    t.assert.throws(() => gatekeeper.admitOf(functionArn, queueArn), refused);
    await ask('PutRolePolicy', {
      RoleName: 'r',
      PolicyName: 'p',
      PolicyDocument: policy({ Action: 'sqs:SendMessage', Resource: queueArn }),
    });
    gatekeeper.admitOf(functionArn, queueArn);
    await ask('DeleteRolePolicy', { RoleName: 'r', PolicyName: 'p' });
    t.assert.throws(() => gatekeeper.admitOf(functionArn, queueArn), refused);
    t.assert.throws(() => gatekeeper.admitOf(`${functionArn}-gone`, queueArn), { name: 'AccessDeniedException' });
  });

  test('a service is let in for the source and the account that the policy names, and for no other', async (t: TestContext) => {
    const Condition = { ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::b*' }, StringEquals: { 'aws:SourceAccount': account } };
    const { gatekeeper } = await open(
      t,
      policy({ Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:SendMessage', Resource: queueArn, Condition }),
    );
    const from = { service: 's3.amazonaws.com', sourceArn: 'arn:aws:s3:::bucket', sourceAccount: account };
    gatekeeper.admit(from, queueArn);
    for (const other of [
      { sourceArn: 'arn:aws:s3:::other' },
      { sourceAccount: '999999999999' },
      { service: 'sns.amazonaws.com' },
    ])
      t.assert.throws(() => gatekeeper.admit({ ...from, ...other }, queueArn), { name: 'AccessDeniedException' });
    // A bucket's name can be taken by anybody once it is free: without a condition on the account the name is all that counts.
    const { gatekeeper: trusting } = await open(
      t,
      policy({ Principal: { Service: 's3.amazonaws.com' }, Action: 'sqs:*', Resource: queueArn }),
    );
    trusting.admit({ ...from, sourceAccount: '999999999999' }, queueArn);
  });

  test("what is brought in the name of a role is the role's to bring", async (t: TestContext) => {
    const { gatekeeper, ask } = await open(t);
    const from = {
      service: 'scheduler.amazonaws.com',
      sourceArn: 'arn:aws:scheduler:us-east-1:123456789012:schedule/default/s',
      sourceAccount: account,
      roleArn,
    };
    t.assert.throws(() => gatekeeper.admit(from, functionArn), { name: 'AccessDeniedException' });
    await ask('PutRolePolicy', {
      RoleName: 'r',
      PolicyName: 'p',
      PolicyDocument: policy({ Action: 'lambda:InvokeFunction', Resource: functionArn }),
    });
    gatekeeper.admit(from, functionArn);
  });

  test('an alarm reaches a topic that has only the policy every topic has; other services and other accounts do not', async (t: TestContext) => {
    const topicArn = `arn:aws:sns:us-east-1:${account}:t`;
    const { gatekeeper } = await open(
      t,
      policy({
        Principal: { AWS: '*' },
        Action: ['SNS:Publish'],
        Resource: topicArn,
        Condition: { StringEquals: { 'AWS:SourceOwner': account } },
      }),
    );
    const alarm = {
      service: 'cloudwatch.amazonaws.com',
      sourceArn: `arn:aws:cloudwatch:us-east-1:${account}:alarm:a`,
      sourceAccount: account,
    };
    gatekeeper.admit(alarm, topicArn);
    for (const other of [{ service: 's3.amazonaws.com' }, { sourceAccount: '999999999999' }])
      t.assert.throws(() => gatekeeper.admit({ ...alarm, ...other }, topicArn), { name: 'AccessDeniedException' });
  });
});
