import { after, before, suite, test, type TestContext } from 'node:test';
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { clientOf, openDoor } from '../../../../../test/kit/door.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import type { Listener } from '../../api/index.ts';
import { systemRandom } from '../../base/index.ts';
import { Keys } from '../keys/index.ts';
import { MasterKey } from '../kit/index.ts';
import { openSts } from './index.ts';

const account = '123456789012';
const masterKey = new MasterKey(new Uint8Array(32).fill(7), systemRandom);
const roleArn = `arn:aws:iam::${account}:role/path/worker`;

suite('STS, with signatures verified', { timeout: 60_000 }, () => {
  let database: PlainDatabase;
  let keys: Keys;
  let door: Listener;
  let clock: VirtualClock;
  let root: { accessKeyId: string; secretAccessKey: string };
  const allowed = { yes: true };

  before(async () => {
    database = new PlainDatabase();
    clock = new VirtualClock({ epochMs: Date.now() });
    keys = await Keys.open({ database, masterKey, clock, random: systemRandom });
    const made = await keys.ensureRoot(account);
    if (made === undefined) throw new Error('no key');
    root = made;
    const sts = openSts({
      keys,
      clock,
      role: (arn) => (arn === roleArn ? { roleId: 'AROAAAAAAAAAAAAAAAAAA', maxSessionS: 7_200 } : undefined),
      mayAssume: () => allowed.yes,
    });
    door = await openDoor({ sts: sts.handlers }, { signatures: keys });
  });
  after(async () => {
    await door[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  const sts = (credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string } = root) =>
    new STSClient(clientOf(door, credentials));
  const usable = (
    given:
      | { AccessKeyId?: string | undefined; SecretAccessKey?: string | undefined; SessionToken?: string | undefined }
      | undefined,
  ) => ({
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  });

  test('tags that are to go on do, and nobody on the way overrides them', async (t: TestContext) => {
    const first = sts();
    const tag = (Key: string) => ({ Key, Value: `value of ${Key}` });
    const assume = { RoleArn: roleArn, RoleSessionName: 'one' };
    await t.assert.rejects(first.send(new AssumeRoleCommand({ ...assume, Tags: [tag('a'), tag('A')] })), {
      message: 'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
    });
    await t.assert.rejects(first.send(new AssumeRoleCommand({ ...assume, Tags: [tag('a')], TransitiveTagKeys: ['b'] })), {
      message: 'The specified transitive tag key must be included in the requested tags.',
    });
    const { Credentials } = await first.send(
      new AssumeRoleCommand({ ...assume, Tags: [tag('a'), tag('b')], TransitiveTagKeys: ['a'] }),
    );
    const second = sts(usable(Credentials));
    const { Credentials: next } = await second.send(new AssumeRoleCommand({ ...assume, Tags: [tag('c')] }));
    const session = keys.session(next?.AccessKeyId ?? '', next?.SessionToken ?? '');
    t.assert.deepStrictEqual([session?.tags, session?.transitiveTags], [{ a: 'value of a', c: 'value of c' }, ['a']]);
    const third = sts(usable(next));
    await t.assert.rejects(third.send(new AssumeRoleCommand({ ...assume, Tags: [tag('A')] })), {
      message: /conflicts with a transitive tag key from the calling session/,
    });
  });

  test('the root key is known, and a wrong secret is refused', async (t: TestContext) => {
    const who = await sts().send(new GetCallerIdentityCommand({}));
    t.assert.strictEqual(who.Arn, `arn:aws:iam::${account}:root`);
    await t.assert.rejects(sts({ ...root, secretAccessKey: 'wrong' }).send(new GetCallerIdentityCommand({})), {
      name: 'SignatureDoesNotMatch',
    });
    await t.assert.rejects(sts({ ...root, accessKeyId: 'AKIAUNKNOWNUNKNOWN22' }).send(new GetCallerIdentityCommand({})), {
      name: 'InvalidClientTokenId',
    });
  });

  test('credentials of an assumed role work, say who they are, and end', async (t: TestContext) => {
    const answer = await sts().send(
      new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'me@home', DurationSeconds: 900 }),
    );
    t.assert.deepStrictEqual(answer.AssumedRoleUser, {
      AssumedRoleId: 'AROAAAAAAAAAAAAAAAAAA:me@home',
      Arn: `arn:aws:sts::${account}:assumed-role/worker/me@home`,
    });
    const credentials = usable(answer.Credentials);
    const who = await sts(credentials).send(new GetCallerIdentityCommand({}));
    t.assert.deepStrictEqual(
      [who.Arn, who.UserId, who.Account],
      [answer.AssumedRoleUser?.Arn, 'AROAAAAAAAAAAAAAAAAAA:me@home', account],
    );
    const [first, ...rest] = credentials.sessionToken;
    const forged = { ...credentials, sessionToken: (first === 'A' ? 'B' : 'A') + rest.join('') };
    await t.assert.rejects(sts(forged).send(new GetCallerIdentityCommand({})), { name: 'InvalidClientTokenId' });
    t.assert.strictEqual(keys.find(credentials.accessKeyId), undefined, 'a session key without its token is nobody');
    const other = keys.issueRoleCredentials(roleArn, 'f');
    t.assert.strictEqual(keys.find(credentials.accessKeyId, other.sessionToken), undefined, 'nor with the token of another');
    await clock.advance(899_000);
    await sts(credentials).send(new GetCallerIdentityCommand({}));
  });

  test('credentials that have ended are refused', async (t: TestContext) => {
    const ended = keys.issueRoleCredentials(roleArn, 'f', { lifetimeMs: -1_000 });
    await t.assert.rejects(sts(ended).send(new GetCallerIdentityCommand({})), { name: 'ExpiredToken' });
  });

  test('credentials hold across a restart with the same master key, and with no other', async (t: TestContext) => {
    const { accessKeyId, sessionToken } = keys.issueRoleCredentials(roleArn, 'f');
    const again = await Keys.open({ database, masterKey, clock, random: systemRandom });
    t.assert.strictEqual(again.find(accessKeyId, sessionToken)?.arn, `arn:aws:sts::${account}:assumed-role/worker/f`);
    t.assert.strictEqual(again.find(root.accessKeyId)?.secretAccessKey, root.secretAccessKey);
    const stranger = await Keys.open({
      database,
      masterKey: new MasterKey(new Uint8Array(32).fill(8), systemRandom),
      clock,
      random: systemRandom,
    });
    t.assert.strictEqual(stranger.find(accessKeyId, sessionToken), undefined);
    t.assert.strictEqual(stranger.find(root.accessKeyId), undefined);
  });

  test('who may not assume a role, or asks too long or for none, is told so', async (t: TestContext) => {
    const assume = (more: object) => sts().send(new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: 'me', ...more }));
    await t.assert.rejects(assume({ RoleArn: `arn:aws:iam::${account}:role/missing` }), {
      name: 'AccessDenied',
      message: `User: arn:aws:iam::${account}:root is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::${account}:role/missing`,
    });
    await t.assert.rejects(assume({ DurationSeconds: 7_201 }), { name: 'ValidationError', message: /MaxSessionDuration/ });
    await t.assert.rejects(assume({ RoleArn: 'arn:a:::something/test-role' }), {
      name: 'ValidationError',
      message: 'arn:a:::something/test-role is invalid',
    });
    await t.assert.rejects(assume({ RoleSessionName: 'Session1:2' }), {
      name: 'ValidationError',
      message:
        "1 validation error detected: Value 'Session1:2' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*",
    });
    allowed.yes = false;
    await t.assert.rejects(assume({}), { name: 'AccessDenied' });
    allowed.yes = true;
  });

  test('a session of the caller is the caller', async (t: TestContext) => {
    const answer = await sts().send(new GetSessionTokenCommand({}));
    const who = await sts(usable(answer.Credentials)).send(new GetCallerIdentityCommand({}));
    t.assert.strictEqual(who.Arn, `arn:aws:iam::${account}:root`);
    const federated = await sts().send(new GetFederationTokenCommand({ Name: 'bob' }));
    t.assert.strictEqual(federated.FederatedUser?.Arn, `arn:aws:sts::${account}:federated-user/bob`);
  });

  test('a key tells its account', async (t: TestContext) => {
    t.assert.strictEqual((await sts().send(new GetAccessKeyInfoCommand({ AccessKeyId: root.accessKeyId }))).Account, account);
    // A key id of the public documentation, whose account is published with it.
    t.assert.strictEqual(
      (await sts().send(new GetAccessKeyInfoCommand({ AccessKeyId: 'ASIAQNZGKIQY56JQ7WML' }))).Account,
      '029608264753',
    );
  });

  test('a key that is switched off or deleted stops at once', async (t: TestContext) => {
    const key = await keys.create({ account, user: { name: 'ann', arn: `arn:aws:iam::${account}:user/ann`, id: 'AIDA' } });
    t.assert.strictEqual((await sts(key).send(new GetCallerIdentityCommand({}))).Arn, `arn:aws:iam::${account}:user/ann`);
    t.assert.strictEqual(keys.lastUsed(key.accessKeyId)?.service, 'sts');
    await keys.setActive(account, key.accessKeyId, false);
    await t.assert.rejects(sts(key).send(new GetCallerIdentityCommand({})), { name: 'InvalidClientTokenId' });
    await keys.setActive(account, key.accessKeyId, true);
    await keys.delete(account, key.accessKeyId);
    await t.assert.rejects(sts(key).send(new GetCallerIdentityCommand({})), { name: 'InvalidClientTokenId' });
    t.assert.deepStrictEqual(keys.list(account, 'ann'), []);
    t.assert.strictEqual(keys.list(account, null).length, 1);
  });

  test('no secret is on the disk in the clear', async (t: TestContext) => {
    const rows = await database.all("SELECT body FROM service_record WHERE service = 'keys'");
    t.assert.ok(rows.length > 0 && rows.every(({ body }) => !String(body).includes(root.secretAccessKey)));
  });
});

suite('STS, with signatures unchecked', { timeout: 60_000 }, () => {
  test('any role can be assumed, and the session is who it says', async (t: TestContext) => {
    await using database = new PlainDatabase();
    const clock = new VirtualClock({ epochMs: Date.now() });
    const keys = await Keys.open({ database, masterKey, clock, random: systemRandom });
    await using door = await openDoor({ sts: openSts({ keys, clock }).handlers }, { callers: keys });
    const RoleArn = `arn:aws:iam::999999999999:role/cdk-hnb659fds-deploy-role-999999999999-eu-west-1`;
    const { Credentials } = await new STSClient(clientOf(door)).send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'cdk' }));
    const who = await new STSClient(
      clientOf(door, {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      }),
    ).send(new GetCallerIdentityCommand({}));
    t.assert.strictEqual(who.Account, '999999999999');
    t.assert.match(who.Arn ?? '', /assumed-role\/cdk-hnb659fds-deploy-role-999999999999-eu-west-1\/cdk$/);
    const jwt = `e30.${Buffer.from(JSON.stringify({ iss: 'https://token.example', sub: 's', aud: ['a'] })).toString('base64url')}.x`;
    const web = await new STSClient(clientOf(door)).send(
      new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: 'web', WebIdentityToken: jwt }),
    );
    t.assert.deepStrictEqual([web.Provider, web.SubjectFromWebIdentityToken, web.Audience], ['token.example', 's', 'a']);
  });
});
