import { CloudFormation, type Parameter } from '@aws-sdk/client-cloudformation';
import { IAM } from '@aws-sdk/client-iam';
import { Lambda } from '@aws-sdk/client-lambda';
import { S3 } from '@aws-sdk/client-s3';
import { SQS } from '@aws-sdk/client-sqs';
import { execFile, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const run = promisify(execFile);
const Capabilities = ['CAPABILITY_NAMED_IAM' as const];
const trust = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
};

const clients = ({ origin }: RunningServer) => {
  const options = {
    endpoint: origin,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
  };
  return {
    stacks: new CloudFormation(options),
    iam: new IAM(options),
    lambda: new Lambda(options),
    s3: new S3(options),
    sqs: new SQS(options),
  };
};

const queueStack = (properties: object, more: object = {}): string =>
  JSON.stringify({ Resources: { Queue: { Type: 'AWS::SQS::Queue', Properties: properties } }, ...more });

suite('CloudFormation, asked by the real SDK client', { timeout: 280_000 }, () => {
  let folder: ReturnType<typeof temporaryFolder>;
  let server: RunningServer;
  let aws: ReturnType<typeof clients>;

  before(async () => {
    folder = temporaryFolder();
    server = await RunningServer.start(path.join(folder.path, 'data'), ['--isolation', 'none']);
    aws = clients(server);
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  const stack = async (name: string) => (await aws.stacks.describeStacks({ StackName: name })).Stacks?.[0];
  const physical = async (name: string, id: string) =>
    (await aws.stacks.describeStackResource({ StackName: name, LogicalResourceId: id })).StackResourceDetail?.PhysicalResourceId;
  const tale = async (name: string) =>
    ((await aws.stacks.describeStackEvents({ StackName: name })).StackEvents ?? [])
      .toReversed()
      .map(({ LogicalResourceId: id, ResourceStatus: status }) => `${id} ${status}`);

  test('a function with its role, queue and log group is there before the first question about it', async (t: TestContext) => {
    const TemplateBody = `
      AWSTemplateFormatVersion: 2010-09-09
      Parameters:
        Seconds: {Type: Number, Default: 30}
      Resources:
        Role:
          Type: AWS::IAM::Role
          Properties:
            AssumeRolePolicyDocument: ${JSON.stringify(trust)}
            Policies:
              - PolicyName: read
                PolicyDocument:
                  Version: 2012-10-17
                  Statement: [{Effect: Allow, Action: 'sqs:*', Resource: !GetAtt Queue.Arn}]
        Queue: {Type: AWS::SQS::Queue, Properties: {VisibilityTimeout: !Ref Seconds}}
        Logs: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: !Sub '/aws/lambda/\${Handler}', RetentionInDays: 7}}
        Handler:
          Type: AWS::Lambda::Function
          Properties:
            Runtime: nodejs24.x
            Handler: index.handler
            Role: !GetAtt Role.Arn
            Timeout: !Ref Seconds
            Environment: {Variables: {QUEUE: !Ref Queue}}
            Code: {ZipFile: 'exports.handler = async (event) => ({ ...event, queue: process.env.QUEUE })'}
        Source:
          Type: AWS::Lambda::EventSourceMapping
          Properties: {EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref Handler, BatchSize: 5}
      Outputs:
        Name: {Value: !Ref Handler}`;
    await aws.stacks.createStack({ StackName: 'whole', TemplateBody, Capabilities });
    const made = await stack('whole');
    t.assert.equal(made?.StackStatus, 'CREATE_COMPLETE', made?.StackStatusReason);
    const name = made?.Outputs?.[0]?.OutputValue ?? '';
    t.assert.match(name, /^whole-Handler-[A-Z0-9]{12}$/);
    const { Timeout: timeout, Role: role } = await aws.lambda.getFunctionConfiguration({ FunctionName: name });
    t.assert.equal(timeout, 30);
    t.assert.match(role ?? '', /role\/whole-Role-/);
    const answer = await aws.lambda.invoke({ FunctionName: name, Payload: '{"n":1}' });
    const { n, queue } = JSON.parse(Buffer.from(answer.Payload ?? []).toString()) as Record<string, unknown>;
    t.assert.deepEqual([n, queue], [1, await physical('whole', 'Queue')]);
    await aws.stacks.deleteStack({ StackName: 'whole' });
    await t.assert.rejects(stack('whole'), { name: 'ValidationError', message: 'Stack with id whole does not exist' });
    await t.assert.rejects(aws.lambda.getFunction({ FunctionName: name }), { name: 'ResourceNotFoundException' });
    t.assert.deepEqual((await aws.sqs.listQueues({ QueueNamePrefix: 'whole' })).QueueUrls ?? [], []);
  });

  test('a resource that cannot be made takes the others with it, and says why', async (t: TestContext) => {
    const TemplateBody = JSON.stringify({
      Resources: {
        First: { Type: 'AWS::SQS::Queue' },
        Wrong: { Type: 'AWS::SQS::Queue', DependsOn: 'First', Properties: { VisibilityTimeout: 1_000_000 } },
        Last: { Type: 'AWS::SQS::Queue', DependsOn: 'Wrong' },
      },
    });
    await aws.stacks.createStack({ StackName: 'wrong', TemplateBody });
    const made = await stack('wrong');
    t.assert.equal(made?.StackStatus, 'ROLLBACK_COMPLETE');
    t.assert.equal(made?.StackStatusReason, 'The following resource(s) failed to create: [Wrong]. Rollback requested by user.');
    t.assert.deepEqual(await tale('wrong'), [
      'wrong CREATE_IN_PROGRESS',
      'First CREATE_IN_PROGRESS',
      'First CREATE_IN_PROGRESS',
      'First CREATE_COMPLETE',
      'Wrong CREATE_IN_PROGRESS',
      'Wrong CREATE_FAILED',
      'wrong ROLLBACK_IN_PROGRESS',
      'Wrong DELETE_IN_PROGRESS',
      'Wrong DELETE_COMPLETE',
      'First DELETE_IN_PROGRESS',
      'First DELETE_COMPLETE',
      'wrong ROLLBACK_COMPLETE',
    ]);
    t.assert.deepEqual((await aws.sqs.listQueues({ QueueNamePrefix: 'wrong' })).QueueUrls ?? [], []);
    await aws.stacks.deleteStack({ StackName: 'wrong' });
  });

  test('an update changes in place what it can, replaces what it must, and deletes what is gone', async (t: TestContext) => {
    const template = (fifo: boolean, seconds: number, extra: boolean): string =>
      JSON.stringify({
        Resources: {
          Same: { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: 1 } },
          Changed: { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: seconds } },
          Replaced: { Type: 'AWS::SQS::Queue', Properties: fifo ? { FifoQueue: true } : {} },
          ...(extra ? { Extra: { Type: 'AWS::SQS::Queue' } } : {}),
        },
        Outputs: { Url: { Value: { Ref: 'Replaced' } } },
      });
    await aws.stacks.createStack({ StackName: 'update', TemplateBody: template(false, 2, true) });
    const ids = (): Promise<(string | undefined)[]> =>
      Promise.all(['Same', 'Changed', 'Replaced'].map((id) => physical('update', id)));
    const [same, changed, replaced] = await ids();
    await aws.stacks.updateStack({ StackName: 'update', TemplateBody: template(true, 3, false) });
    t.assert.equal((await stack('update'))?.StackStatus, 'UPDATE_COMPLETE');
    const [sameNow, changedNow, replacedNow] = await ids();
    t.assert.deepEqual([sameNow, changedNow], [same, changed]);
    t.assert.notEqual(replacedNow, replaced);
    t.assert.match(replacedNow ?? '', /\.fifo$/);
    t.assert.equal((await stack('update'))?.Outputs?.[0]?.OutputValue, replacedNow);
    const { Attributes: attributes } = await aws.sqs.getQueueAttributes({ QueueUrl: changed, AttributeNames: ['DelaySeconds'] });
    t.assert.equal(attributes?.['DelaySeconds'], '3');
    const left = (await aws.sqs.listQueues({ QueueNamePrefix: 'update' })).QueueUrls ?? [];
    t.assert.deepEqual(left.toSorted(), [same, changed, replacedNow].toSorted());
    await t.assert.rejects(aws.stacks.updateStack({ StackName: 'update', TemplateBody: template(true, 3, false) }), {
      message: 'No updates are to be performed.',
    });
    await aws.stacks.deleteStack({ StackName: 'update' });
  });

  test('an update that fails leaves everything as it was', async (t: TestContext) => {
    const template = (changed: boolean): string =>
      JSON.stringify({
        Resources: {
          Changed: { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: changed ? 5 : 1 } },
          Replaced: { Type: 'AWS::SQS::Queue', DependsOn: 'Changed', Properties: changed ? { FifoQueue: true } : {} },
          ...(changed
            ? { Wrong: { Type: 'AWS::SQS::Queue', DependsOn: 'Replaced', Properties: { VisibilityTimeout: 1_000_000 } } }
            : {}),
        },
      });
    await aws.stacks.createStack({ StackName: 'undone', TemplateBody: template(false) });
    const before = await Promise.all(['Changed', 'Replaced'].map((id) => physical('undone', id)));
    await aws.stacks.updateStack({ StackName: 'undone', TemplateBody: template(true) });
    const now = await stack('undone');
    t.assert.equal(now?.StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
    t.assert.deepEqual(await Promise.all(['Changed', 'Replaced'].map((id) => physical('undone', id))), before);
    const left = (await aws.sqs.listQueues({ QueueNamePrefix: 'undone' })).QueueUrls ?? [];
    t.assert.deepEqual(left.toSorted(), before.toSorted());
    const { Attributes: attributes } = await aws.sqs.getQueueAttributes({
      QueueUrl: before[0],
      AttributeNames: ['DelaySeconds'],
    });
    t.assert.equal(attributes?.['DelaySeconds'], '1');
    await aws.stacks.deleteStack({ StackName: 'undone' });
  });

  test('a stack that may not be rolled back stays as it failed, and an update mends it', async (t: TestContext) => {
    await aws.stacks.createStack({
      StackName: 'mended',
      TemplateBody: queueStack({ DelaySeconds: 100_000 }),
      DisableRollback: true,
    });
    t.assert.equal((await stack('mended'))?.StackStatus, 'CREATE_FAILED');
    await aws.stacks.updateStack({ StackName: 'mended', TemplateBody: queueStack({ DelaySeconds: 1 }) });
    t.assert.equal((await stack('mended'))?.StackStatus, 'UPDATE_COMPLETE');
    await aws.stacks.deleteStack({ StackName: 'mended' });
  });

  test('change sets show what will be, and are carried out when somebody says so', async (t: TestContext) => {
    const change = (name: string, kind: 'CREATE' | 'UPDATE', TemplateBody: string, Parameters: Parameter[] = []) =>
      aws.stacks.createChangeSet({ StackName: 'reviewed', ChangeSetName: name, ChangeSetType: kind, TemplateBody, Parameters });
    const at = { StackName: 'reviewed' };
    const template = (fifo: boolean): string =>
      JSON.stringify({
        Parameters: { Delay: { Type: 'Number', Default: 1 } },
        Resources: {
          Queue: {
            Type: 'AWS::SQS::Queue',
            Properties: { DelaySeconds: { Ref: 'Delay' }, ...(fifo ? { FifoQueue: true } : {}) },
          },
        },
      });
    await t.assert.rejects(change('one', 'UPDATE', template(false)), { message: 'Stack [reviewed] does not exist' });
    await change('one', 'CREATE', template(false));
    t.assert.equal((await stack('reviewed'))?.StackStatus, 'REVIEW_IN_PROGRESS');
    const first = await aws.stacks.describeChangeSet({ ...at, ChangeSetName: 'one' });
    t.assert.deepEqual([first.Status, first.ExecutionStatus], ['CREATE_COMPLETE', 'AVAILABLE']);
    t.assert.deepEqual(
      first.Changes?.map(({ ResourceChange: each }) => [each?.Action, each?.LogicalResourceId]),
      [['Add', 'Queue']],
    );
    await aws.stacks.executeChangeSet({ ...at, ChangeSetName: 'one' });
    t.assert.equal((await stack('reviewed'))?.StackStatus, 'CREATE_COMPLETE');
    await t.assert.rejects(change('again', 'CREATE', template(false)), {
      message: 'Stack [reviewed] already exists and cannot be created again with the changeSet [again].',
    });
    await change('none', 'UPDATE', template(false));
    const none = await aws.stacks.describeChangeSet({ ...at, ChangeSetName: 'none' });
    t.assert.deepEqual([none.Status, none.ExecutionStatus], ['FAILED', 'UNAVAILABLE']);
    t.assert.match(none.StatusReason ?? '', /^The submitted information didn't contain changes\./);
    await t.assert.rejects(aws.stacks.executeChangeSet({ ...at, ChangeSetName: 'none' }), {
      name: 'InvalidChangeSetStatusException',
    });
    await aws.stacks.deleteChangeSet({ ...at, ChangeSetName: 'none' });
    await change('two', 'UPDATE', template(true), [{ ParameterKey: 'Delay', ParameterValue: '7' }]);
    const two = await aws.stacks.describeChangeSet({ ...at, ChangeSetName: 'two' });
    t.assert.deepEqual(
      two.Changes?.map(({ ResourceChange: each }) => [
        each?.Action,
        each?.Replacement,
        [...new Set(each?.Details?.map(({ Target: target }) => target?.Name))],
      ]),
      [['Modify', 'True', ['DelaySeconds', 'FifoQueue']]],
    );
    await aws.stacks.executeChangeSet({ ChangeSetName: two.ChangeSetId });
    t.assert.equal((await stack('reviewed'))?.StackStatus, 'UPDATE_COMPLETE');
    await t.assert.rejects(aws.stacks.describeChangeSet({ ...at, ChangeSetName: 'nobody' }), {
      name: 'ChangeSetNotFoundException',
      message: 'ChangeSet [nobody] does not exist',
    });
    await aws.stacks.deleteStack(at);
  });

  test('what one stack exports another imports, and then it has to stay', async (t: TestContext) => {
    const giver = queueStack({}, { Outputs: { Url: { Value: { Ref: 'Queue' }, Export: { Name: 'the-queue' } } } });
    const taker = JSON.stringify({
      Resources: { Group: { Type: 'AWS::Logs::LogGroup' } },
      Outputs: { Same: { Value: { 'Fn::ImportValue': 'the-queue' } } },
    });
    await aws.stacks.createStack({ StackName: 'taker', TemplateBody: taker });
    t.assert.equal((await stack('taker'))?.StackStatus, 'ROLLBACK_COMPLETE');
    await aws.stacks.deleteStack({ StackName: 'taker' });
    await aws.stacks.createStack({ StackName: 'giver', TemplateBody: giver });
    await aws.stacks.createStack({ StackName: 'taker', TemplateBody: taker });
    const url = await physical('giver', 'Queue');
    t.assert.equal((await stack('taker'))?.Outputs?.[0]?.OutputValue, url);
    t.assert.deepEqual(
      (await aws.stacks.listExports({})).Exports?.map(({ Name, Value }) => [Name, Value]),
      [['the-queue', url]],
    );
    t.assert.deepEqual((await aws.stacks.listImports({ ExportName: 'the-queue' })).Imports, ['taker']);
    await aws.stacks.deleteStack({ StackName: 'giver' });
    t.assert.deepEqual(
      [(await stack('giver'))?.StackStatus, (await stack('giver'))?.StackStatusReason],
      ['DELETE_FAILED', 'Export the-queue cannot be deleted as it is in use by taker'],
    );
    await aws.stacks.deleteStack({ StackName: 'taker' });
    await aws.stacks.deleteStack({ StackName: 'giver' });
    t.assert.deepEqual((await aws.stacks.listExports({})).Exports ?? [], []);
  });

  test('deletion keeps what is to be kept, and asks first where it is protected', async (t: TestContext) => {
    const TemplateBody = JSON.stringify({
      Resources: { Kept: { Type: 'AWS::SQS::Queue', DeletionPolicy: 'Retain' }, Gone: { Type: 'AWS::SQS::Queue' } },
    });
    await aws.stacks.createStack({ StackName: 'kept', TemplateBody, EnableTerminationProtection: true });
    const [kept, gone] = await Promise.all(['Kept', 'Gone'].map((id) => physical('kept', id)));
    await t.assert.rejects(aws.stacks.deleteStack({ StackName: 'kept' }), {
      message: 'Stack [kept] cannot be deleted while TerminationProtection is enabled',
    });
    await aws.stacks.updateTerminationProtection({ StackName: 'kept', EnableTerminationProtection: false });
    const id = (await stack('kept'))?.StackId ?? '';
    await aws.stacks.deleteStack({ StackName: 'kept' });
    t.assert.equal((await stack(id))?.StackStatus, 'DELETE_COMPLETE');
    const { QueueUrls: left = [] } = await aws.sqs.listQueues({ QueueNamePrefix: 'kept' });
    t.assert.deepEqual([left.includes(kept ?? ''), left.includes(gone ?? '')], [true, false]);
    await aws.sqs.deleteQueue({ QueueUrl: kept });
  });

  test('what is wrong with a template is said before anything is made', async (t: TestContext) => {
    const refused = async (TemplateBody: string, message: string | RegExp, name = 'ValidationError'): Promise<void> => {
      await t.assert.rejects(aws.stacks.createStack({ StackName: 'refused', TemplateBody }), { name, message });
    };
    await refused('{"a":', /^Template format error: JSON not well-formed\. \(line 1, column \d+\)$/);
    await refused('a: [', /^Template format error: YAML not well-formed\./);
    await refused('{}', 'Template format error: At least one Resources member must be defined.');
    await refused(
      '{"Resources":{"A":{}}}',
      'Template format error: [/Resources/A] Every Resources object must contain a Type member.',
    );
    await refused(
      queueStack({ Colour: 'red' }),
      /Properties validation failed for resource Queue[^]*extraneous key \[Colour\] is not permitted/,
    );
    await refused(
      '{"Resources":{"A":{"Type":"AWS::Quantum::Computer"}}}',
      'Template format error: Unrecognized resource types: [AWS::Quantum::Computer]',
    );
    await refused(
      queueStack({ QueueName: { Ref: 'Nobody' } }),
      'Template format error: Unresolved resource dependencies [Nobody] in the Resources block of the template',
    );
    const ring = { A: { Type: 'AWS::SQS::Queue', DependsOn: 'B' }, B: { Type: 'AWS::SQS::Queue', DependsOn: 'A' } };
    await refused(JSON.stringify({ Resources: ring }), 'Circular dependency between resources: [A, B]');
    const role = { Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust } } };
    await refused(
      JSON.stringify({ Resources: role }),
      'Requires capabilities : [CAPABILITY_IAM]',
      'InsufficientCapabilitiesException',
    );
    const bomb = [
      'a: &a [1,1,1,1,1,1,1,1]',
      ...[...'bcdefghij'].map((name, at) => `${name}: &${name} [${Array(8).fill(`*${'abcdefghij'[at]}`).join()}]`),
    ];
    await refused(bomb.join('\n'), /^Template format error: the template is nested deeper than/);
    await refused(`{"Resources":${'['.repeat(10_000)}${']'.repeat(10_000)}}`, /^Template format error/);
    await t.assert.rejects(stack('refused'), { message: 'Stack with id refused does not exist' });
  });

  test('a template may lie in a bucket', async (t: TestContext) => {
    await aws.s3.createBucket({ Bucket: 'templates' });
    await aws.s3.putObject({ Bucket: 'templates', Key: 'of/queue.json', Body: queueStack({}) });
    for (const TemplateURL of [
      `${server.origin}/templates/of/queue.json`,
      'https://templates.s3.us-east-1.amazonaws.com/of/queue.json',
    ]) {
      await aws.stacks.createStack({ StackName: 'fetched', TemplateURL });
      t.assert.equal((await stack('fetched'))?.StackStatus, 'CREATE_COMPLETE');
      await aws.stacks.deleteStack({ StackName: 'fetched' });
    }
    for (const TemplateURL of [`${server.origin}/templates/nothing`, 'https://example.com/a/b'])
      await t.assert.rejects(aws.stacks.createStack({ StackName: 'fetched', TemplateURL }), { message: /^S3 error: / });
  });

  const cli = [...(process.env['PATH'] ?? '').split(':').map((each) => path.join(each, 'aws')), '/usr/bin/aws'].find((each) =>
    (spawnSync(each, ['--version'], { encoding: 'utf8' }).stdout ?? '').startsWith('aws-cli/1.'),
  );
  test(
    'aws cloudformation package and deploy',
    { skip: cli === undefined ? 'AWS CLI v1 is not on this machine' : false },
    async (t: TestContext) => {
      const ask = (...args: string[]) =>
        run(cli ?? '', args, {
          cwd: folder.path,
          env: {
            ...process.env,
            AWS_ENDPOINT_URL: server.origin,
            AWS_ACCESS_KEY_ID: '000000000000',
            AWS_SECRET_ACCESS_KEY: 'x',
            AWS_DEFAULT_REGION: 'us-east-1',
          },
        });
      await aws.s3.createBucket({ Bucket: 'packages' });
      writeFileSync(path.join(folder.path, 'index.js'), 'exports.handler = async () => "deployed"');
      writeFileSync(
        path.join(folder.path, 'template.yaml'),
        `Resources:
  Role: {Type: AWS::IAM::Role, Properties: {AssumeRolePolicyDocument: ${JSON.stringify(trust)}}}
  Handler:
    Type: AWS::Lambda::Function
    Properties: {Runtime: nodejs24.x, Handler: index.handler, Role: !GetAtt Role.Arn, Code: ./index.js}
Outputs:
  Name: {Value: !Ref Handler}
`,
      );
      await ask(
        'cloudformation',
        'package',
        '--template-file',
        'template.yaml',
        '--s3-bucket',
        'packages',
        '--output-template-file',
        'packed.yaml',
      );
      const deploy = () =>
        ask(
          'cloudformation',
          'deploy',
          '--template-file',
          'packed.yaml',
          '--stack-name',
          'by-cli',
          '--no-fail-on-empty-changeset',
          '--capabilities',
          'CAPABILITY_IAM',
        );
      const since = performance.now();
      t.assert.match((await deploy()).stdout, /Successfully created\/updated stack - by-cli/);
      t.assert.ok(performance.now() - since < 25_000, 'the client slept before it asked again');
      t.assert.match((await deploy()).stdout, /No changes to deploy/);
      const FunctionName = (await stack('by-cli'))?.Outputs?.[0]?.OutputValue;
      const { Payload: payload } = await aws.lambda.invoke({ FunctionName });
      t.assert.equal(Buffer.from(payload ?? []).toString(), '"deployed"');
      await aws.stacks.deleteStack({ StackName: 'by-cli' });
    },
  );
});
