import { after, before, suite, test, type TestContext } from 'node:test';
import { CreateAccessKeyCommand, CreateRoleCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';

const account = '000000000000';

/** A server that lets nobody do what no policy allows, and the clients that its operator makes. */
suite('with --auth strict', { timeout: 120_000 }, () => {
  const folder = temporaryFolder();
  let server: RunningServer;
  let root: Keys;

  before(async () => {
    server = await RunningServer.start(folder.path, ['--auth', 'strict', '--pool-size', '0']);
    root = server.started.firstKey ?? nobody;
  });
  after(async () => {
    await server.stop();
    folder[Symbol.dispose]();
  });

  const to = (credentials: Keys = root) => ({ endpoint: server.origin, region: 'us-east-1', maxAttempts: 1, credentials });
  const iam = () => new IAMClient(to());

  async function user(name: string, ...statements: readonly object[]): Promise<Keys> {
    await iam().send(new CreateUserCommand({ UserName: name }));
    if (statements.length > 0)
      await iam().send(new PutUserPolicyCommand({ UserName: name, PolicyName: 'own', PolicyDocument: policy(...statements) }));
    const { AccessKey } = await iam().send(new CreateAccessKeyCommand({ UserName: name }));
    return { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
  }

  test('a role is assumed by those whom its trust policy names, and by nobody else', async (t: TestContext) => {
    const ann = await user('ann');
    const ben = await user('ben');
    await iam().send(
      new CreateRoleCommand({
        RoleName: 'for-ann',
        AssumeRolePolicyDocument: policy({ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:user/ann` }, Action: 'sts:AssumeRole' }),
      }),
    );
    const RoleArn = `arn:aws:iam::${account}:role/for-ann`;
    const assume = (who: Keys, arn = RoleArn) => new STSClient(to(who)).send(new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'it' }));
    const { Credentials } = await assume(ann);
    const session = new STSClient(to(usable(Credentials)));
    t.assert.strictEqual((await session.send(new GetCallerIdentityCommand({}))).Arn, `arn:aws:sts::${account}:assumed-role/for-ann/it`);
    await t.assert.rejects(assume(ben), {
      name: 'AccessDenied',
      message: `User: arn:aws:iam::${account}:user/ben is not authorized to perform: sts:AssumeRole on resource: ${RoleArn}`,
    });
    await t.assert.rejects(assume(ann, `arn:aws:iam::${account}:role/none`), { name: 'AccessDenied' }, 'a role that does not exist');
  });
});

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}
const nobody: Keys = { accessKeyId: '', secretAccessKey: '' };

const policy = (...statements: readonly object[]): string => JSON.stringify({ Version: '2012-10-17', Statement: statements });

const usable = (given: { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined; SessionToken?: string | undefined } | undefined): Keys => ({
  accessKeyId: given?.AccessKeyId ?? '',
  secretAccessKey: given?.SecretAccessKey ?? '',
  sessionToken: given?.SessionToken ?? '',
});
