import { CloudFormation } from '@aws-sdk/client-cloudformation';
import { IAM } from '@aws-sdk/client-iam';
import { S3 } from '@aws-sdk/client-s3';
import { SQS } from '@aws-sdk/client-sqs';
import { after, before, suite, test, type TestContext } from 'node:test';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

const policy = (...statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });
const allow = (Action: string, Resource = '*') => ({ Effect: 'Allow', Action, Resource });
const TemplateBody = JSON.stringify({ Resources: { Queue: { Type: 'AWS::SQS::Queue' } } });

suite('stacks with --auth strict', { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  let server: RunningServer;
  let root: Keys;

  before(async () => {
    server = await RunningServer.start(folder.path, ['--auth', 'strict', '--isolation', 'none']);
    root = server.started.firstKey ?? { accessKeyId: '', secretAccessKey: '' };
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  const to = (credentials: Keys) => ({
    endpoint: server.origin,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials,
    forcePathStyle: true,
  });
  async function user(UserName: string, ...statements: readonly object[]): Promise<CloudFormation> {
    const iam = new IAM(to(root));
    await iam.createUser({ UserName });
    await iam.putUserPolicy({ UserName, PolicyName: 'own', PolicyDocument: policy(...statements) });
    const { AccessKey: key } = await iam.createAccessKey({ UserName });
    return new CloudFormation(to({ accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' }));
  }
  async function role(RoleName: string, service: string, ...statements: readonly object[]): Promise<string> {
    const iam = new IAM(to(root));
    const trust = { Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' };
    const { Role: made } = await iam.createRole({ RoleName, AssumeRolePolicyDocument: policy(trust) });
    await iam.putRolePolicy({ RoleName, PolicyName: 'own', PolicyDocument: policy(...statements) });
    return made?.Arn ?? '';
  }
  const denied = (action: string) => ({ name: 'AccessDenied', message: new RegExp(`is not authorized to perform: ${action}`) });

  test('are made with what their caller may, and no more', async (t: TestContext) => {
    const poor = await user('poor', allow('cloudformation:*'));
    await poor.createStack({ StackName: 'poor', TemplateBody });
    const { Stacks: [stack] = [] } = await poor.describeStacks({ StackName: 'poor' });
    t.assert.equal(stack?.StackStatus, 'ROLLBACK_FAILED');
    const { StackEvents: events = [] } = await poor.describeStackEvents({ StackName: 'poor' });
    const reason = events.find(({ ResourceStatus: status }) => status === 'CREATE_FAILED')?.ResourceStatusReason;
    t.assert.match(reason ?? '', /user\/poor is not authorized to perform: sqs:CreateQueue/i);
    const able = await user('able', allow('cloudformation:*'), allow('sqs:*'));
    await able.createStack({ StackName: 'able', TemplateBody });
    t.assert.equal((await able.describeStacks({ StackName: 'able' })).Stacks?.[0]?.StackStatus, 'CREATE_COMPLETE');
  });

  test('are made in the name of a role that the caller may hand over', async (t: TestContext) => {
    const RoleARN = await role('builder', 'cloudformation.amazonaws.com', allow('sqs:*'));
    const other = await role('of-lambda', 'lambda.amazonaws.com', allow('sqs:*'));
    const stranger = await user('stranger', allow('cloudformation:*'));
    await t.assert.rejects(stranger.createStack({ StackName: 'by-role', TemplateBody, RoleARN }), denied('iam:PassRole'));
    const trusted = await user('trusted', allow('cloudformation:*'), allow('iam:PassRole'));
    await t.assert.rejects(trusted.createStack({ StackName: 'by-role', TemplateBody, RoleARN: other }));
    await trusted.createStack({ StackName: 'by-role', TemplateBody, RoleARN });
    const { Stacks: [stack] = [] } = await trusted.describeStacks({ StackName: 'by-role' });
    t.assert.deepEqual([stack?.StackStatus, stack?.RoleARN], ['CREATE_COMPLETE', RoleARN]);
    // The role that made it deletes it, too.
    await trusted.deleteStack({ StackName: 'by-role' });
    await t.assert.rejects(trusted.describeStacks({ StackName: 'by-role' }), { message: 'Stack with id by-role does not exist' });
  });

  test('are shown, changed and deleted by those who may, whatever name is used for them', async (t: TestContext) => {
    const owner = new CloudFormation(to(root));
    await owner.createStack({ StackName: 'secret', TemplateBody });
    const { Id: ChangeSetName } = await owner.createChangeSet({
      StackName: 'secret',
      ChangeSetName: 'later',
      TemplateBody: JSON.stringify({ Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: 5 } } } }),
    });
    const { Stacks: [stack] = [] } = await owner.describeStacks({ StackName: 'secret' });
    const mine = await user(
      'mine',
      allow('cloudformation:*', 'arn:aws:cloudformation:us-east-1:000000000000:stack/mine/*'),
      allow('sqs:*'),
    );
    for (const StackName of ['secret', stack?.StackId]) {
      await t.assert.rejects(mine.describeStacks({ StackName }), denied('cloudformation:DescribeStacks'));
      await t.assert.rejects(mine.getTemplate({ StackName }), denied('cloudformation:GetTemplate'));
      await t.assert.rejects(mine.updateStack({ StackName, TemplateBody }), denied('cloudformation:UpdateStack'));
      await t.assert.rejects(mine.deleteStack({ StackName }), denied('cloudformation:DeleteStack'));
    }
    await t.assert.rejects(mine.describeChangeSet({ ChangeSetName }), denied('cloudformation:DescribeChangeSet'));
    await t.assert.rejects(mine.executeChangeSet({ ChangeSetName }), denied('cloudformation:ExecuteChangeSet'));
    await t.assert.rejects(
      mine.executeChangeSet({ ChangeSetName, StackName: 'mine' }),
      denied('cloudformation:ExecuteChangeSet'),
    );
    await mine.createStack({ StackName: 'mine', TemplateBody });
    t.assert.equal((await mine.describeStacks({ StackName: 'mine' })).Stacks?.[0]?.StackStatus, 'CREATE_COMPLETE');
    t.assert.equal((await new SQS(to(root)).listQueues({ QueueNamePrefix: 'mine' })).QueueUrls?.length, 1);
  });

  test('have templates only of buckets that their caller may read', async (t: TestContext) => {
    const s3 = new S3(to(root));
    await s3.createBucket({ Bucket: 'closed' });
    await s3.putObject({ Bucket: 'closed', Key: 'template.json', Body: TemplateBody });
    const TemplateURL = `${server.origin}/closed/template.json`;
    const reader = await user('reader', allow('cloudformation:*'), allow('s3:GetObject', 'arn:aws:s3:::closed/*'));
    const blind = await user('blind', allow('cloudformation:*'));
    t.assert.deepEqual((await reader.validateTemplate({ TemplateURL })).Parameters ?? [], []);
    await t.assert.rejects(blind.validateTemplate({ TemplateURL }), { name: 'ValidationError', message: /^S3 error: / });
  });
});
