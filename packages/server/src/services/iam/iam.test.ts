import { after, before, suite, test, type TestContext } from 'node:test';
import * as iam from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { clientOf, openDoor } from '../../../../../test/kit/door.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import type { Listener } from '../../api/index.ts';
import { systemClock, systemRandom } from '../../base/index.ts';
import { Keys } from '../keys/index.ts';
import { MasterKey } from '../kit/index.ts';
import { openSts } from '../sts/index.ts';
import { openIam, type Iam } from './index.ts';

const account = '123456789012';
const trust = (principal: unknown): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole' }] });
const byLambda = trust({ Service: 'lambda.amazonaws.com' });
const policyOf = (action: string, resource = '*'): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: action, Resource: resource }] });

suite('IAM, as SDK clients see it', { timeout: 60_000 }, () => {
  let database: PlainDatabase;
  let keys: Keys;
  let service: Iam;
  let door: Listener;
  let client: iam.IAMClient;
  let root: { accessKeyId: string; secretAccessKey: string };

  before(async () => {
    database = new PlainDatabase();
    keys = await Keys.open({
      database,
      masterKey: new MasterKey(new Uint8Array(32), systemRandom),
      clock: systemClock,
      random: systemRandom,
    });
    root = await keys.create({ account });
    service = await openIam({ database, keys, clock: systemClock, random: systemRandom });
    const sts = openSts({
      keys,
      clock: systemClock,
      role: (arn) => service.role(arn),
      mayAssume: (...question) => service.authority.mayAssume(...question),
    });
    door = await openDoor({ iam: service.handlers, sts: sts.handlers }, { signatures: keys });
    client = new iam.IAMClient(clientOf(door, root));
  });
  after(async () => {
    client.destroy();
    await door[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  test('a role is made once, read with its trust policy encoded, and listed without its tags', async (t: TestContext) => {
    const made = await client.send(
      new iam.CreateRoleCommand({
        RoleName: 'first',
        Path: '/app/',
        AssumeRolePolicyDocument: byLambda,
        Tags: [{ Key: 'a', Value: 'b' }],
      }),
    );
    t.assert.strictEqual(made.Role?.Arn, `arn:aws:iam::${account}:role/app/first`);
    t.assert.match(made.Role?.RoleId ?? '', /^AROA[A-Z2-7]{17}$/);
    t.assert.strictEqual(made.Role?.MaxSessionDuration, undefined);
    const { Role } = await client.send(new iam.GetRoleCommand({ RoleName: 'first' }));
    t.assert.strictEqual(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''), byLambda);
    t.assert.strictEqual(Role?.MaxSessionDuration, 3600);
    t.assert.deepStrictEqual(Role?.Tags, [{ Key: 'a', Value: 'b' }]);
    const { Roles, IsTruncated } = await client.send(new iam.ListRolesCommand({ PathPrefix: '/app/' }));
    t.assert.deepStrictEqual([Roles?.length, Roles?.[0]?.Tags, IsTruncated], [1, undefined, false]);
    await t.assert.rejects(client.send(new iam.CreateRoleCommand({ RoleName: 'First', AssumeRolePolicyDocument: byLambda })), {
      name: 'EntityAlreadyExistsException',
      message: 'Role with name First already exists.',
    });
    await t.assert.rejects(client.send(new iam.GetRoleCommand({ RoleName: 'none' })), {
      name: 'NoSuchEntityException',
      message: 'The role with name none cannot be found.',
    });
    await t.assert.rejects(client.send(new iam.CreateRoleCommand({ RoleName: 'x', AssumeRolePolicyDocument: '{' })), {
      name: 'MalformedPolicyDocumentException',
      message: 'This policy contains invalid Json',
    });
  });

  test('the life of a role and its policies, as Terraform lives it', async (t: TestContext) => {
    const RoleName = 'tf';
    const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
    await client.send(new iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: byLambda }));
    await client.send(new iam.PutRolePolicyCommand({ RoleName, PolicyName: 'in', PolicyDocument: policyOf('s3:*') }));
    await client.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }));
    await client.send(new iam.AttachRolePolicyCommand({ RoleName, PolicyArn }));
    t.assert.deepStrictEqual((await client.send(new iam.ListRolePoliciesCommand({ RoleName }))).PolicyNames, ['in']);
    t.assert.deepStrictEqual((await client.send(new iam.ListAttachedRolePoliciesCommand({ RoleName }))).AttachedPolicies, [
      { PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn },
    ]);
    const inline = await client.send(new iam.GetRolePolicyCommand({ RoleName, PolicyName: 'in' }));
    t.assert.strictEqual(decodeURIComponent(inline.PolicyDocument ?? ''), policyOf('s3:*'));
    await t.assert.rejects(client.send(new iam.GetRolePolicyCommand({ RoleName, PolicyName: 'out' })), {
      message: 'The role policy with name out cannot be found.',
    });
    t.assert.deepStrictEqual((await client.send(new iam.ListInstanceProfilesForRoleCommand({ RoleName }))).InstanceProfiles, []);
    const remove = () => client.send(new iam.DeleteRoleCommand({ RoleName }));
    await t.assert.rejects(remove(), {
      name: 'DeleteConflictException',
      message: 'Cannot delete entity, must detach all policies first.',
    });
    await client.send(new iam.DetachRolePolicyCommand({ RoleName, PolicyArn }));
    await t.assert.rejects(remove(), { message: 'Cannot delete entity, must delete policies first.' });
    await client.send(new iam.DeleteRolePolicyCommand({ RoleName, PolicyName: 'in' }));
    await remove();
    await t.assert.rejects(remove(), { name: 'NoSuchEntityException' });
  });

  test('policies that are none, or that nobody has, are refused in the words of AWS', async (t: TestContext) => {
    await client.send(new iam.CreateRoleCommand({ RoleName: 'attach', AssumeRolePolicyDocument: byLambda }));
    const attach = (PolicyArn: string) => client.send(new iam.AttachRolePolicyCommand({ RoleName: 'attach', PolicyArn }));
    await t.assert.rejects(attach('longer-than-twenty-letters'), {
      name: 'ValidationError',
      message: 'Invalid ARN:  Could not be parsed!',
    });
    const missing = `arn:aws:iam::${account}:policy/none`;
    await t.assert.rejects(attach(missing), {
      name: 'NoSuchEntityException',
      message: `Policy ${missing} does not exist or is not attachable.`,
    });
    await t.assert.rejects(client.send(new iam.DeletePolicyCommand({ PolicyArn: missing })), {
      message: `Policy ${missing} was not found.`,
    });
    const put = (PolicyDocument: string) =>
      client.send(new iam.PutRolePolicyCommand({ RoleName: 'attach', PolicyName: 'p', PolicyDocument }));
    await t.assert.rejects(put(byLambda), { message: 'Policy document should not specify a principal.' });
    await t.assert.rejects(put('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*"}]}'), {
      message: 'Policy statement must contain resources.',
    });
  });

  test('a managed policy has versions, one of them the default, five at most', async (t: TestContext) => {
    const { Policy } = await client.send(
      new iam.CreatePolicyCommand({ PolicyName: 'managed', PolicyDocument: policyOf('s3:GetObject') }),
    );
    const PolicyArn = Policy?.Arn ?? '';
    t.assert.strictEqual(PolicyArn, `arn:aws:iam::${account}:policy/managed`);
    await client.send(new iam.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: policyOf('s3:*'), SetAsDefault: true }));
    t.assert.strictEqual((await client.send(new iam.GetPolicyCommand({ PolicyArn }))).Policy?.DefaultVersionId, 'v2');
    const { PolicyVersion } = await client.send(new iam.GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }));
    t.assert.strictEqual(decodeURIComponent(PolicyVersion?.Document ?? ''), policyOf('s3:*'));
    const versions = await client.send(new iam.ListPolicyVersionsCommand({ PolicyArn }));
    t.assert.deepStrictEqual(
      versions.Versions?.map(({ VersionId, IsDefaultVersion }) => [VersionId, IsDefaultVersion]),
      [
        ['v2', true],
        ['v1', false],
      ],
    );
    for (let count = 2; count < 5; count += 1)
      await client.send(new iam.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: policyOf('s3:*') }));
    await t.assert.rejects(client.send(new iam.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: policyOf('s3:*') })), {
      name: 'LimitExceededException',
    });
    await t.assert.rejects(client.send(new iam.DeletePolicyVersionCommand({ PolicyArn, VersionId: 'v2' })), {
      message: 'Cannot delete the default version of a policy.',
    });
    await t.assert.rejects(client.send(new iam.DeletePolicyCommand({ PolicyArn })), { name: 'DeleteConflictException' });
    for (const VersionId of ['v1', 'v3', 'v4', 'v5'])
      await client.send(new iam.DeletePolicyVersionCommand({ PolicyArn, VersionId }));
    await client.send(new iam.DeletePolicyCommand({ PolicyArn }));
    await t.assert.rejects(client.send(new iam.GetPolicyCommand({ PolicyArn })), { name: 'NoSuchEntityException' });
  });

  test("AWS's own policies are there to be read and listed", async (t: TestContext) => {
    const names = new Set<string | undefined>();
    for await (const page of iam.paginateListPolicies({ client, pageSize: 10 }, { Scope: 'AWS' }))
      for (const { Arn } of page.Policies ?? []) names.add(Arn);
    t.assert.ok(names.size > 50);
    for (const name of [
      'AdministratorAccess',
      'service-role/AWSLambdaSQSQueueExecutionRole',
      'AWSLambda_FullAccess',
      'ReadOnlyAccess',
    ]) {
      t.assert.ok(names.has(`arn:aws:iam::aws:policy/${name}`), name);
    }
  });

  test('a user has keys that work, two at most, and is gone only without them', async (t: TestContext) => {
    const UserName = 'ann';
    await client.send(new iam.CreateUserCommand({ UserName }));
    const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName }));
    const credentials = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
    const who = await new STSClient(clientOf(door, credentials)).send(new GetCallerIdentityCommand({}));
    t.assert.strictEqual(who.Arn, `arn:aws:iam::${account}:user/ann`);
    const self = await new iam.IAMClient(clientOf(door, credentials)).send(new iam.GetUserCommand({}));
    t.assert.strictEqual(self.User?.UserName, 'ann');
    await client.send(new iam.CreateAccessKeyCommand({ UserName }));
    await t.assert.rejects(client.send(new iam.CreateAccessKeyCommand({ UserName })), {
      message: 'Cannot exceed quota for AccessKeysPerUser: 2',
    });
    await t.assert.rejects(client.send(new iam.DeleteUserCommand({ UserName })), {
      message: 'Cannot delete entity, must delete access keys first.',
    });
    const { AccessKeyMetadata } = await client.send(new iam.ListAccessKeysCommand({ UserName }));
    for (const { AccessKeyId } of AccessKeyMetadata ?? [])
      await client.send(new iam.DeleteAccessKeyCommand({ UserName, AccessKeyId }));
    await client.send(new iam.DeleteUserCommand({ UserName }));
    await t.assert.rejects(client.send(new iam.GetUserCommand({ UserName })), {
      message: 'The user with name ann cannot be found.',
    });
  });

  test('groups give their members what they hold', async (t: TestContext) => {
    await client.send(new iam.CreateGroupCommand({ GroupName: 'readers' }));
    await client.send(new iam.CreateUserCommand({ UserName: 'bob' }));
    await client.send(new iam.AddUserToGroupCommand({ GroupName: 'readers', UserName: 'bob' }));
    await client.send(
      new iam.PutGroupPolicyCommand({ GroupName: 'readers', PolicyName: 'p', PolicyDocument: policyOf('s3:GetObject') }),
    );
    t.assert.deepStrictEqual(
      (await client.send(new iam.GetGroupCommand({ GroupName: 'readers' }))).Users?.map(({ UserName }) => UserName),
      ['bob'],
    );
    t.assert.deepStrictEqual(
      (await client.send(new iam.ListGroupsForUserCommand({ UserName: 'bob' }))).Groups?.map(({ GroupName }) => GroupName),
      ['readers'],
    );
    const simulated = await client.send(
      new iam.SimulatePrincipalPolicyCommand({
        PolicySourceArn: `arn:aws:iam::${account}:user/bob`,
        ActionNames: ['s3:GetObject', 's3:PutObject'],
        ResourceArns: ['arn:aws:s3:::b/k'],
      }),
    );
    t.assert.deepStrictEqual(
      simulated.EvaluationResults?.map(({ EvalDecision }) => EvalDecision),
      ['allowed', 'implicitDeny'],
    );
    await t.assert.rejects(client.send(new iam.DeleteGroupCommand({ GroupName: 'readers' })), {
      message: 'Cannot delete entity, must remove users from group first.',
    });
  });

  test('who may assume a role is what its trust policy and the own policies say', async (t: TestContext) => {
    await client.send(new iam.CreateRoleCommand({ RoleName: 'shared', AssumeRolePolicyDocument: trust({ AWS: account }) }));
    await client.send(new iam.CreateUserCommand({ UserName: 'eve' }));
    const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName: 'eve' }));
    const eve = new STSClient(
      clientOf(door, { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' }),
    );
    const assume = (who: STSClient, role: string) =>
      who.send(new AssumeRoleCommand({ RoleArn: `arn:aws:iam::${account}:role/${role}`, RoleSessionName: 'test' }));
    await t.assert.rejects(assume(eve, 'shared'), { name: 'AccessDenied' });
    await client.send(
      new iam.PutUserPolicyCommand({ UserName: 'eve', PolicyName: 'p', PolicyDocument: policyOf('sts:AssumeRole') }),
    );
    t.assert.match((await assume(eve, 'shared')).AssumedRoleUser?.Arn ?? '', /:assumed-role\/shared\/test$/);
    await client.send(new iam.CreateRoleCommand({ RoleName: 'lambda-only', AssumeRolePolicyDocument: byLambda }));
    await t.assert.rejects(assume(eve, 'lambda-only'), { name: 'AccessDenied' });
    t.assert.strictEqual(
      service.authority.serviceMayAssume(`arn:aws:iam::${account}:role/lambda-only`, 'lambda.amazonaws.com'),
      true,
    );
    t.assert.strictEqual(
      service.authority.serviceMayAssume(`arn:aws:iam::${account}:role/shared`, 'lambda.amazonaws.com'),
      false,
    );
  });

  test('the authority answers for callers, sessions cut down included', async (t: TestContext) => {
    await client.send(new iam.CreateRoleCommand({ RoleName: 'wide', AssumeRolePolicyDocument: byLambda }));
    await client.send(
      new iam.AttachRolePolicyCommand({ RoleName: 'wide', PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' }),
    );
    const arn = `arn:aws:iam::${account}:role/wide`;
    const ask = (limits: object, action: string) => {
      const { accessKeyId, sessionToken } = keys.issueRoleCredentials(arn, 's', limits);
      const record = keys.find(accessKeyId, sessionToken);
      if (record === undefined) throw new Error('no session');
      const caller = { kind: 'signed', accessKeyId, account, arn: record.arn, userId: record.userId } as const;
      return service.authority.ask(
        { caller, account, headers: { 'x-amz-security-token': sessionToken } },
        { action, resource: 'arn:aws:s3:::b/k' },
      );
    };
    t.assert.strictEqual(ask({}, 's3:PutObject').allowed, true);
    t.assert.strictEqual(ask({ policies: [policyOf('s3:Get*')] }, 's3:GetObject').allowed, true);
    const refused = ask({ policies: [policyOf('s3:Get*')] }, 's3:PutObject');
    t.assert.strictEqual(refused.allowed, false);
    t.assert.match(refused.explanation.text, /because no session policy allows the s3:PutObject action$/);
  });

  test('service-linked roles have their names, paths and policies', async (t: TestContext) => {
    const { Role } = await client.send(new iam.CreateServiceLinkedRoleCommand({ AWSServiceName: 'ecs.amazonaws.com' }));
    t.assert.strictEqual(Role?.Arn, `arn:aws:iam::${account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS`);
    const { AttachedPolicies } = await client.send(new iam.ListAttachedRolePoliciesCommand({ RoleName: 'AWSServiceRoleForECS' }));
    t.assert.strictEqual(AttachedPolicies?.[0]?.PolicyArn, 'arn:aws:iam::aws:policy/aws-service-role/AmazonECSServiceRolePolicy');
    await t.assert.rejects(
      client.send(new iam.CreateServiceLinkedRoleCommand({ AWSServiceName: 'eks.amazonaws.com', CustomSuffix: 'x' })),
      {
        name: 'InvalidInputException',
        message: 'Custom suffix is not allowed for eks.amazonaws.com',
      },
    );
  });

  test('instance profiles hold one role, which cannot be deleted meanwhile', async (t: TestContext) => {
    const at = { InstanceProfileName: 'profile', RoleName: 'in-profile' };
    await client.send(new iam.CreateRoleCommand({ RoleName: at.RoleName, AssumeRolePolicyDocument: byLambda }));
    await client.send(new iam.CreateInstanceProfileCommand(at));
    await client.send(new iam.AddRoleToInstanceProfileCommand(at));
    const { InstanceProfile } = await client.send(new iam.GetInstanceProfileCommand(at));
    t.assert.strictEqual(InstanceProfile?.Roles?.[0]?.RoleName, at.RoleName);
    await t.assert.rejects(client.send(new iam.DeleteRoleCommand(at)), {
      message: 'Cannot delete entity, must remove roles from instance profile first.',
    });
    await client.send(new iam.RemoveRoleFromInstanceProfileCommand(at));
    await client.send(new iam.DeleteInstanceProfileCommand(at));
    await t.assert.rejects(client.send(new iam.GetInstanceProfileCommand(at)), {
      message: 'Instance Profile profile cannot be found.',
    });
  });

  test('a user has a way into the console, keys and credentials, which go before the user does', async (t: TestContext) => {
    const of = { UserName: 'holder' };
    await client.send(new iam.CreateUserCommand(of));
    await client.send(new iam.CreateLoginProfileCommand({ ...of, Password: 'secret word 1', PasswordResetRequired: true }));
    await t.assert.rejects(client.send(new iam.CreateLoginProfileCommand({ ...of, Password: 'secret word 1' })), {
      name: 'EntityAlreadyExistsException',
    });
    const { LoginProfile } = await client.send(new iam.GetLoginProfileCommand(of));
    t.assert.strictEqual(LoginProfile?.PasswordResetRequired, true);
    const body = `ssh-rsa ${Buffer.from('not much of a key').toString('base64')} me@here`;
    const { SSHPublicKey } = await client.send(new iam.UploadSSHPublicKeyCommand({ ...of, SSHPublicKeyBody: body }));
    t.assert.match(SSHPublicKey?.Fingerprint ?? '', /^([0-9a-f]{2}:){15}[0-9a-f]{2}$/);
    const create = new iam.CreateServiceSpecificCredentialCommand({ ...of, ServiceName: 'codecommit.amazonaws.com' });
    const { ServiceSpecificCredential: first } = await client.send(create);
    const { ServiceSpecificCredential: second } = await client.send(create);
    t.assert.deepStrictEqual(
      [first?.ServiceUserName, second?.ServiceUserName],
      [`holder-at-${account}`, `holder+1-at-${account}`],
    );
    await t.assert.rejects(client.send(create), { name: 'LimitExceededException' });
    const NewUserName = 'holder-2';
    await client.send(new iam.UpdateUserCommand({ ...of, NewUserName }));
    const renamed = { UserName: NewUserName };
    for (const credential of [first, second]) {
      const { ServiceSpecificCredentialId } = credential ?? {};
      await t.assert.rejects(client.send(new iam.DeleteUserCommand(renamed)), { name: 'DeleteConflictException' });
      await client.send(new iam.DeleteServiceSpecificCredentialCommand({ ...renamed, ServiceSpecificCredentialId }));
    }
    const { SSHPublicKeyId } = SSHPublicKey ?? {};
    await t.assert.rejects(client.send(new iam.DeleteUserCommand(renamed)), { message: /must delete login profile first/ });
    await client.send(new iam.DeleteLoginProfileCommand(renamed));
    await t.assert.rejects(client.send(new iam.DeleteUserCommand(renamed)), { message: /must delete public keys first/ });
    await client.send(new iam.DeleteSSHPublicKeyCommand({ ...renamed, SSHPublicKeyId }));
    await client.send(new iam.DeleteUserCommand(renamed));
  });

  test('what passwords have to be like is kept, and what is not said falls back', async (t: TestContext) => {
    const none = { message: `The Password Policy with domain name ${account} cannot be found.` };
    await t.assert.rejects(client.send(new iam.GetAccountPasswordPolicyCommand()), none);
    await client.send(new iam.UpdateAccountPasswordPolicyCommand({ MinimumPasswordLength: 12, MaxPasswordAge: 90 }));
    await client.send(new iam.UpdateAccountPasswordPolicyCommand({ RequireSymbols: true }));
    const { PasswordPolicy } = await client.send(new iam.GetAccountPasswordPolicyCommand());
    t.assert.deepStrictEqual(
      [PasswordPolicy?.MinimumPasswordLength, PasswordPolicy?.RequireSymbols, PasswordPolicy?.ExpirePasswords],
      [6, true, false],
    );
    await client.send(new iam.DeleteAccountPasswordPolicyCommand());
    await t.assert.rejects(client.send(new iam.GetAccountPasswordPolicyCommand()), none);
  });

  test('a group that is renamed keeps its users, and an account is told as a whole, page by page', async (t: TestContext) => {
    const GroupName = 'librarians';
    await client.send(new iam.CreateGroupCommand({ GroupName }));
    await client.send(new iam.CreateUserCommand({ UserName: 'reader' }));
    await client.send(new iam.AddUserToGroupCommand({ GroupName, UserName: 'reader' }));
    await client.send(new iam.UpdateGroupCommand({ GroupName, NewGroupName: 'writers', NewPath: '/team/' }));
    const { Group, Users } = await client.send(new iam.GetGroupCommand({ GroupName: 'writers' }));
    t.assert.deepStrictEqual(
      [Group?.Arn, Users?.map(({ UserName }) => UserName)],
      [`arn:aws:iam::${account}:group/team/writers`, ['reader']],
    );
    const names: (string | undefined)[] = [];
    let Marker: string | undefined;
    do {
      const page: iam.GetAccountAuthorizationDetailsResponse = await client.send(
        new iam.GetAccountAuthorizationDetailsCommand({ Filter: ['User', 'Group'], MaxItems: 1, Marker }),
      );
      names.push(...(page.UserDetailList ?? []).map(({ UserName }) => UserName));
      names.push(...(page.GroupDetailList ?? []).map(({ GroupName: name }) => name));
      Marker = page.Marker;
    } while (Marker !== undefined);
    t.assert.ok(names.includes('reader') && names.includes('writers'), names.join());
  });
});
