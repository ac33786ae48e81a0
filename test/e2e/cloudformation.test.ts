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

const withoutOutput = (text: string, name: string): string => {
  const { Outputs: outputs, ...rest } = JSON.parse(text) as { readonly Outputs: Readonly<Record<string, unknown>> };
  return JSON.stringify({ ...rest, Outputs: Object.fromEntries(Object.entries(outputs).filter(([key]) => key !== name)) });
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

  const role = { Role: { Type: 'AWS::IAM::Role', Properties: { AssumeRolePolicyDocument: trust } } };
  const functionOf = (ZipFile: string, runtime = 'nodejs24.x') => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      Runtime: runtime,
      Handler: 'index.handler',
      Timeout: 30,
      Role: { 'Fn::GetAtt': ['Role', 'Arn'] },
      Code: { ZipFile },
    },
  });

  test('a custom resource is made, changed and deleted by its function', async (t: TestContext) => {
    const code = `
      const response = require('cfn-response');
      exports.handler = async (event, context) => {
        const { Id, Word } = event.ResourceProperties;
        await response.send(event, context, 'SUCCESS', { Loud: Word.toUpperCase(), Type: event.RequestType, Was: event.OldResourceProperties?.Word }, Id);
      };`;
    const template = (Id: string, Word: string): string =>
      JSON.stringify({
        Resources: {
          ...role,
          Maker: functionOf(code),
          Thing: { Type: 'Custom::Thing', Properties: { ServiceToken: { 'Fn::GetAtt': ['Maker', 'Arn'] }, Id, Word } },
        },
        Outputs: Object.fromEntries(
          ['Loud', 'Type', 'Was'].map((name) => [name, { Value: { 'Fn::Join': ['', [{ 'Fn::GetAtt': ['Thing', name] }]] } }]),
        ),
      });
    const told = async () =>
      Object.fromEntries(
        ((await stack('custom'))?.Outputs ?? []).map(({ OutputKey: key = '', OutputValue: value }) => [key, value]),
      );
    await aws.stacks.createStack({
      StackName: 'custom',
      TemplateBody: withoutOutput(template('one', 'hello'), 'Was'),
      Capabilities,
    });
    t.assert.equal((await stack('custom'))?.StackStatus, 'CREATE_COMPLETE', (await stack('custom'))?.StackStatusReason);
    t.assert.deepEqual([await told(), await physical('custom', 'Thing')], [{ Loud: 'HELLO', Type: 'Create' }, 'one']);
    await aws.stacks.updateStack({ StackName: 'custom', TemplateBody: template('one', 'again'), Capabilities });
    t.assert.deepEqual(
      [await told(), await physical('custom', 'Thing')],
      [{ Loud: 'AGAIN', Type: 'Update', Was: 'hello' }, 'one'],
    );
    await aws.stacks.updateStack({ StackName: 'custom', TemplateBody: template('two', 'again'), Capabilities });
    t.assert.equal(await physical('custom', 'Thing'), 'two');
    const tales = (await tale('custom')).filter((each) => each.startsWith('Thing'));
    // Another id is another resource: the old one is deleted when the update is done.
    t.assert.deepEqual(tales.slice(-4), [
      'Thing UPDATE_IN_PROGRESS',
      'Thing UPDATE_COMPLETE',
      'Thing DELETE_IN_PROGRESS',
      'Thing DELETE_COMPLETE',
    ]);
    await aws.stacks.deleteStack({ StackName: 'custom' });
    await t.assert.rejects(stack('custom'), { message: 'Stack with id custom does not exist' });
  });

  test('a custom resource whose function fails, or says so, fails the stack', async (t: TestContext) => {
    const failing = {
      broken: [`exports.handler = async () => { throw new Error('out of paper'); };`, /out of paper/],
      refused: [
        `const r = require('cfn-response'); exports.handler = async (e, c) => r.send(e, c, e.RequestType === 'Delete' ? 'SUCCESS' : 'FAILED', {});`,
        /Received response status \[FAILED\]/,
      ],
    } as const;
    for (const [name, [code, reason]] of Object.entries(failing)) {
      const Thing = {
        Type: 'AWS::CloudFormation::CustomResource',
        Properties: { ServiceToken: { 'Fn::GetAtt': ['Maker', 'Arn'] } },
      };
      const TemplateBody = JSON.stringify({ Resources: { ...role, Maker: functionOf(code), Thing } });
      await aws.stacks.createStack({ StackName: name, TemplateBody, Capabilities });
      t.assert.match((await stack(name))?.StackStatus ?? '', /^ROLLBACK_COMPLETE$/, name);
      const { StackEvents: events = [] } = await aws.stacks.describeStackEvents({ StackName: name });
      t.assert.match(events.find(({ ResourceStatus: status }) => status === 'CREATE_FAILED')?.ResourceStatusReason ?? '', reason);
      await aws.stacks.deleteStack({ StackName: name });
    }
  });

  test('a wait condition waits for whoever has the URL of its handle', async (t: TestContext) => {
    const TemplateBody = JSON.stringify({
      Resources: {
        Handle: { Type: 'AWS::CloudFormation::WaitConditionHandle' },
        Waits: { Type: 'AWS::CloudFormation::WaitCondition', Properties: { Handle: { Ref: 'Handle' }, Timeout: 60, Count: 2 } },
      },
      Outputs: { Said: { Value: { 'Fn::GetAtt': ['Waits', 'Data'] } } },
    });
    const creating = aws.stacks.createStack({ StackName: 'waits', TemplateBody });
    const url = await (async () => {
      for (;;) {
        const found = await physical('waits', 'Handle').catch(() => undefined);
        if (found !== undefined) return found;
      }
    })();
    const say = (id: string) =>
      fetch(url, { method: 'PUT', body: JSON.stringify({ Status: 'SUCCESS', UniqueId: id, Data: `from ${id}`, Reason: '' }) });
    t.assert.equal((await fetch(`${url}x`, { method: 'PUT', body: '{}' })).status, 403);
    t.assert.equal((await say('a')).status, 200);
    t.assert.equal((await say('a')).status, 200);
    t.assert.equal((await stack('waits'))?.StackStatus, 'CREATE_IN_PROGRESS');
    t.assert.equal((await say('b')).status, 200);
    await creating;
    t.assert.equal((await stack('waits'))?.Outputs?.[0]?.OutputValue, '{"a":"from a","b":"from b"}');
    await aws.stacks.deleteStack({ StackName: 'waits' });
    t.assert.equal((await say('c')).status, 403);
  });

  test('a stack in a stack is made, changed and deleted with it', async (t: TestContext) => {
    await aws.s3.createBucket({ Bucket: 'nested' });
    const put = (Key: string, Body: string) => aws.s3.putObject({ Bucket: 'nested', Key, Body });
    const inner = (delay: unknown): string =>
      queueStack(
        { DelaySeconds: delay },
        { Parameters: { Delay: { Type: 'Number' } }, Outputs: { Url: { Value: { Ref: 'Queue' } } } },
      );
    await put('inner.json', inner({ Ref: 'Delay' }));
    const outer = (Delay: number): string =>
      JSON.stringify({
        Resources: {
          Inner: {
            Type: 'AWS::CloudFormation::Stack',
            Properties: { TemplateURL: `${server.origin}/nested/inner.json`, Parameters: { Delay } },
          },
        },
        Outputs: { Url: { Value: { 'Fn::GetAtt': ['Inner', 'Outputs.Url'] } } },
      });
    await aws.stacks.createStack({ StackName: 'outer', TemplateBody: outer(3) });
    const url = (await stack('outer'))?.Outputs?.[0]?.OutputValue;
    const delay = async () =>
      (await aws.sqs.getQueueAttributes({ QueueUrl: url, AttributeNames: ['DelaySeconds'] })).Attributes?.['DelaySeconds'];
    t.assert.equal(await delay(), '3');
    await aws.stacks.updateStack({ StackName: 'outer', TemplateBody: outer(4) });
    t.assert.equal(await delay(), '4');
    const innerId = (await physical('outer', 'Inner')) ?? '';
    t.assert.equal((await stack(innerId))?.StackStatus, 'UPDATE_COMPLETE');
    await aws.stacks.deleteStack({ StackName: 'outer' });
    t.assert.equal((await stack(innerId))?.StackStatus, 'DELETE_COMPLETE');
  });

  test('parameters are checked, secrets among them are not told, and those of the store are read', async (t: TestContext) => {
    const template = (definition: object): string =>
      queueStack({ DelaySeconds: { Ref: 'Given' } }, { Parameters: { Given: definition } });
    const refused = (definition: object, value: string, message: RegExp) =>
      t.assert.rejects(
        aws.stacks.createStack({
          StackName: 'given',
          TemplateBody: template(definition),
          Parameters: [{ ParameterKey: 'Given', ParameterValue: value }],
        }),
        { name: 'ValidationError', message },
      );
    await refused({ Type: 'Number' }, 'many', /^Parameter 'Given' must be a number\.$/);
    await refused({ Type: 'Number', MaxValue: 5 }, '6', /must be a number not greater than 5/);
    await refused({ Type: 'String', AllowedValues: ['1', '2'] }, '3', /^Parameter 'Given' must be one of AllowedValues$/);
    await refused({ Type: 'String', AllowedPattern: '[a-c]+', ConstraintDescription: 'letters only' }, '1', /letters only$/);
    await refused({ Type: 'AWS::SSM::Parameter::Value<String>' }, '/nowhere', /^Unable to fetch parameters \[\/nowhere\]/);
    await t.assert.rejects(aws.stacks.createStack({ StackName: 'given', TemplateBody: template({ Type: 'String' }) }), {
      message: 'Parameters: [Given] must have values',
    });
    await aws.stacks.createStack({
      StackName: 'given',
      TemplateBody: template({ Type: 'Number', NoEcho: true }),
      Parameters: [{ ParameterKey: 'Given', ParameterValue: '4' }],
    });
    t.assert.deepEqual((await stack('given'))?.Parameters, [{ ParameterKey: 'Given', ParameterValue: '****' }]);
    await aws.stacks.deleteStack({ StackName: 'given' });
  });

  test("a stack's policy keeps updates from what it names", async (t: TestContext) => {
    const body = (delay: number, more: object = {}): string =>
      JSON.stringify({ Resources: { Kept: { Type: 'AWS::SQS::Queue', Properties: { DelaySeconds: delay } }, ...more } });
    const policy = (...statements: object[]): string => JSON.stringify({ Statement: statements });
    const all = { Effect: 'Allow', Action: 'Update:*', Principal: '*', Resource: '*' };
    const deny = { Effect: 'Deny', Action: 'Update:*', Principal: '*', Resource: 'LogicalResourceId/Kept' };
    await aws.stacks.createStack({ StackName: 'guarded', TemplateBody: body(1), StackPolicyBody: policy(all, deny) });
    await t.assert.rejects(aws.stacks.setStackPolicy({ StackName: 'guarded', StackPolicyBody: '{"Statement":1}' }), {
      message: 'Error validating stack policy: Invalid stack policy',
    });
    await aws.stacks.updateStack({ StackName: 'guarded', TemplateBody: body(2, { More: { Type: 'AWS::SQS::Queue' } }) });
    t.assert.equal((await stack('guarded'))?.StackStatus, 'UPDATE_ROLLBACK_COMPLETE');
    const { StackEvents: events = [] } = await aws.stacks.describeStackEvents({ StackName: 'guarded' });
    t.assert.equal(
      events.find(({ ResourceStatus: status }) => status === 'UPDATE_FAILED')?.ResourceStatusReason,
      'Action denied by stack policy: Statement [#2] does not allow [Update:*] for resource [LogicalResourceId/Kept]',
    );
    await aws.stacks.updateStack({ StackName: 'guarded', TemplateBody: body(2), StackPolicyDuringUpdateBody: policy(all) });
    t.assert.equal((await stack('guarded'))?.StackStatus, 'UPDATE_COMPLETE');
    t.assert.equal((await aws.stacks.getStackPolicy({ StackName: 'guarded' })).StackPolicyBody, policy(all, deny));
    await aws.stacks.deleteStack({ StackName: 'guarded' });
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
