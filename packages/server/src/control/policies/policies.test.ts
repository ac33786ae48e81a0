import { suite, test, type TestContext } from 'node:test';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  DeleteResourcePolicyCommand,
  GetPolicyCommand,
  GetResourcePolicyCommand,
  PutResourcePolicyCommand,
  RemovePermissionCommand,
  type AddPermissionCommandInput,
} from '@aws-sdk/client-lambda';
import type { AccountId, Region } from '../../base/index.ts';
import { account, arn, openFrontDesk, role, zip, type FrontDesk } from '../../../../../test/kit/front-desk.ts';

async function openWithFunction(): Promise<FrontDesk> {
  const desk = await openFrontDesk();
  await desk.client.send(
    new CreateFunctionCommand({
      FunctionName: 'f',
      Role: role,
      Runtime: 'nodejs24.x',
      Handler: 'i.h',
      Code: { ZipFile: zip() },
      Publish: true,
    }),
  );
  await desk.control.idle();
  await desk.client.send(new CreateAliasCommand({ FunctionName: 'f', Name: 'live', FunctionVersion: '1' }));
  return desk;
}
const add = (rest: Partial<AddPermissionCommandInput>) =>
  new AddPermissionCommand({
    FunctionName: 'f',
    StatementId: 's',
    Action: 'lambda:InvokeFunction',
    Principal: 's3.amazonaws.com',
    ...rest,
  });

suite('resource policies', { timeout: 60_000 }, () => {
  const cases: [string, Partial<AddPermissionCommandInput>, string][] = [
    [
      'anyone, from one account',
      { Principal: '*', SourceAccount: account },
      `"Principal":"*","Action":"lambda:InvokeFunction","Resource":"${arn('function:f')}","Condition":{"StringEquals":{"AWS:SourceAccount":"${account}"}}`,
    ],
    [
      'a service, for one source',
      { SourceArn: 'arn:aws:s3:::b' },
      `"Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"${arn('function:f')}","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}`,
    ],
    [
      'an account',
      { Principal: account },
      `"Principal":{"AWS":"arn:aws:iam::${account}:root"},"Action":"lambda:InvokeFunction","Resource":"${arn('function:f')}"`,
    ],
    [
      'everything at once',
      {
        Principal: '*',
        Action: 'lambda:InvokeFunctionUrl',
        FunctionUrlAuthType: 'NONE',
        SourceAccount: account,
        SourceArn: 'arn:aws:s3:::b',
        PrincipalOrgID: 'o-1234567890',
      },
      `"Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"${arn('function:f')}","Condition":{"StringEquals":{"AWS:SourceAccount":"${account}","lambda:FunctionUrlAuthType":"NONE","aws:PrincipalOrgID":"o-1234567890"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}`,
    ],
    [
      'a URL alone',
      { Principal: '*', InvokedViaFunctionUrl: true },
      `"Principal":"*","Action":"lambda:InvokeFunction","Resource":"${arn('function:f')}","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}`,
    ],
  ];
  for (const [who, input, expected] of cases)
    test(`a statement for ${who} is written as Lambda writes it`, async (t: TestContext) => {
      await using desk = await openWithFunction();
      const added = await desk.client.send(add(input));
      t.assert.strictEqual(added.$metadata.httpStatusCode, 201);
      t.assert.strictEqual(added.Statement, `{"Sid":"s","Effect":"Allow",${expected}}`);
      const got = await desk.client.send(new GetPolicyCommand({ FunctionName: 'f' }));
      t.assert.strictEqual(got.Policy, `{"Version":"2012-10-17","Id":"default","Statement":[${added.Statement}]}`);
    });

  test('the function, a version and an alias have a policy each, and lose it with the last statement', async (t: TestContext) => {
    await using desk = await openWithFunction();
    for (const Qualifier of [undefined, '1', 'live']) {
      await t.assert.rejects(desk.client.send(new GetPolicyCommand({ FunctionName: 'f', Qualifier })), {
        name: 'ResourceNotFoundException',
        message: 'The resource you requested does not exist.',
      });
      await desk.client.send(add({ Qualifier }));
      const [statement] = desk.control.policy(account as AccountId, 'us-east-1' as Region, 'f', Qualifier);
      t.assert.strictEqual(statement?.Resource, arn(`function:f${Qualifier === undefined ? '' : `:${Qualifier}`}`));
    }
    const { RevisionId } = await desk.client.send(new GetPolicyCommand({ FunctionName: 'f', Qualifier: '1' }));
    await t.assert.rejects(desk.client.send(add({ Qualifier: '1', StatementId: 's2', RevisionId: 'x' })), {
      name: 'PreconditionFailedException',
      message:
        'The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id',
    });
    await desk.client.send(add({ Qualifier: '1', StatementId: 's2', RevisionId }));
    const next = await desk.client.send(new GetPolicyCommand({ FunctionName: 'f', Qualifier: '1' }));
    t.assert.notStrictEqual(next.RevisionId, RevisionId);
    for (const StatementId of ['s', 's2'])
      t.assert.strictEqual(
        (await desk.client.send(new RemovePermissionCommand({ FunctionName: 'f', Qualifier: '1', StatementId }))).$metadata
          .httpStatusCode,
        204,
      );
    await t.assert.rejects(desk.client.send(new GetPolicyCommand({ FunctionName: 'f', Qualifier: '1' })), {
      name: 'ResourceNotFoundException',
    });
  });

  test('refusals have the words of Lambda', async (t: TestContext) => {
    await using desk = await openWithFunction();
    await desk.client.send(add({}));
    const refused = (command: AddPermissionCommand | RemovePermissionCommand, message: string) =>
      t.assert.rejects(desk.client.send(command as AddPermissionCommand), { message });
    await refused(add({ Qualifier: '$LATEST' }), 'We currently do not support adding policies for $LATEST.');
    await refused(
      add({ StatementId: 'x', Principal: 'invalid.nonaws.com' }),
      'The provided principal was invalid. Please check the principal and try again.',
    );
    await refused(
      add({}),
      'The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.',
    );
    await refused(add({ FunctionName: 'none' }), `Function not found: ${arn('function:none')}`);
    await refused(add({ Qualifier: '42' }), `Function not found: ${arn('function:f:42')}`);
    await refused(add({ Qualifier: 'no' }), `Cannot find alias arn: ${arn('function:f:no')}`);
    await refused(add({ Qualifier: 'valid-with-$-but' }), `Function not found: ${arn('function:f:valid-with-$-but')}`);
    const remove = (rest: object) => new RemovePermissionCommand({ FunctionName: 'f', StatementId: 'no', ...rest });
    await refused(remove({}), 'Statement no is not found in resource policy.');
    await refused(remove({ Qualifier: '1' }), 'No policy is associated with the given resource.');
    await refused(remove({ FunctionName: 'none' }), `No policy found for: ${arn('function:none')}`);
  });

  test('a policy does not outgrow its bound', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const big = `arn:aws:s3:::${'b'.repeat(9000)}`;
    await desk.client.send(add({ StatementId: 'a', SourceArn: big }));
    await desk.client.send(add({ StatementId: 'b', SourceArn: big }));
    await t.assert.rejects(desk.client.send(add({ StatementId: 'c', SourceArn: big })), {
      name: 'PolicyLengthExceededException',
    });
  });

  test('a whole document replaces what statements made, and statements add to it', async (t: TestContext) => {
    await using desk = await openWithFunction();
    const at = { ResourceArn: arn('function:f') };
    await desk.client.send(add({}));
    const statement = { Sid: 'no', Effect: 'Deny', Principal: { AWS: '*' }, Action: 'lambda:*', Resource: arn('function:f') };
    const put = await desk.client.send(
      new PutResourcePolicyCommand({ ...at, Policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }) }),
    );
    t.assert.deepStrictEqual(JSON.parse(put.Policy ?? ''), { Version: '2012-10-17', Id: 'default', Statement: [statement] });
    await desk.client.send(add({ StatementId: 's2' }));
    const got = await desk.client.send(new GetResourcePolicyCommand(at));
    t.assert.deepStrictEqual(
      (JSON.parse(got.Policy ?? '') as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid),
      ['no', 's2'],
    );
    await t.assert.rejects(desk.client.send(new DeleteResourcePolicyCommand({ ...at, RevisionId: put.RevisionId })), {
      name: 'PreconditionFailedException',
    });
    await desk.client.send(new DeleteResourcePolicyCommand({ ...at, RevisionId: got.RevisionId }));
    await t.assert.rejects(desk.client.send(new GetResourcePolicyCommand(at)), {
      message: 'The resource you requested does not exist.',
    });
    for (const Policy of ['{', '[]', '{"Statement":[{"Effect":"Maybe"}]}'])
      await t.assert.rejects(desk.client.send(new PutResourcePolicyCommand({ ...at, Policy })), {
        name: 'InvalidParameterValueException',
      });
  });
});
