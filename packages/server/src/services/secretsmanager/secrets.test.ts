import { after, before, suite, test, type TestContext } from 'node:test';
import * as sm from '@aws-sdk/client-secrets-manager';
import { clientOf, openDoor } from '../../../../../test/kit/door.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import { VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import type { Listener } from '../../api/index.ts';
import { silentLogger, systemRandom } from '../../base/index.ts';
import { MasterKey } from '../kit/index.ts';
import { openSecretsManager, type SecretsManager } from './index.ts';

suite('Secrets Manager, as SDK clients see it', { timeout: 60_000 }, () => {
  let database: PlainDatabase;
  let clock: VirtualClock;
  let service: SecretsManager;
  let door: Listener;
  let client: sm.SecretsManagerClient;
  before(async () => {
    database = new PlainDatabase();
    clock = new VirtualClock();
    const masterKey = new MasterKey(new Uint8Array(32).fill(2), systemRandom);
    service = await openSecretsManager({ database, masterKey, clock, random: systemRandom, log: silentLogger });
    door = await openDoor({ secretsmanager: service.handlers });
    client = new sm.SecretsManagerClient(clientOf(door));
  });
  after(async () => {
    client.destroy();
    await door[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  const value = async (SecretId: string, more: Partial<sm.GetSecretValueCommandInput> = {}) =>
    (await client.send(new sm.GetSecretValueCommand({ SecretId, ...more }))).SecretString;

  test('a secret is found by name, by ARN and by ARN without its end', async (t: TestContext) => {
    const made = await client.send(new sm.CreateSecretCommand({ Name: 'db/pass-word', SecretString: 'hunter2' }));
    t.assert.match(made.ARN ?? '', /^arn:aws:secretsmanager:eu-west-1:123456789012:secret:db\/pass-word-[A-Za-z0-9]{6}$/);
    for (const id of ['db/pass-word', made.ARN ?? '', (made.ARN ?? '').slice(0, -7)])
      t.assert.strictEqual(await value(id), 'hunter2');
    await t.assert.rejects(client.send(new sm.CreateSecretCommand({ Name: 'db/pass-word', SecretString: 'x' })), {
      name: 'ResourceExistsException',
      message: 'The operation failed because the secret db/pass-word already exists.',
    });
    await t.assert.rejects(value('none'), {
      name: 'ResourceNotFoundException',
      message: "Secrets Manager can't find the specified secret.",
    });
    const rows = await database.all("SELECT body FROM service_record WHERE service = 'secretsmanager'");
    t.assert.ok(rows.every(({ body }) => !String(body).includes('hunter2')));
  });

  test('a new value makes the old one previous', async (t: TestContext) => {
    const first = await client.send(new sm.CreateSecretCommand({ Name: 'staged', SecretString: '1' }));
    const second = await client.send(new sm.PutSecretValueCommand({ SecretId: 'staged', SecretString: '2' }));
    t.assert.deepStrictEqual(second.VersionStages, ['AWSCURRENT']);
    t.assert.deepStrictEqual([await value('staged'), await value('staged', { VersionStage: 'AWSPREVIOUS' })], ['2', '1']);
    await client.send(new sm.UpdateSecretCommand({ SecretId: 'staged', SecretString: '3', Description: 'd' }));
    t.assert.strictEqual(await value('staged', { VersionStage: 'AWSPREVIOUS' }), '2');
    const { VersionIdsToStages, Description } = await client.send(new sm.DescribeSecretCommand({ SecretId: 'staged' }));
    t.assert.strictEqual(Description, 'd');
    t.assert.deepStrictEqual(
      Object.values(VersionIdsToStages ?? {})
        .flat()
        .toSorted(),
      ['AWSCURRENT', 'AWSPREVIOUS'],
    );
    t.assert.strictEqual(await value('staged', { VersionId: first.VersionId }), '1');
    await t.assert.rejects(value('staged', { VersionStage: 'NOPE' }), {
      message: "Secrets Manager can't find the specified secret value for staging label: NOPE",
    });
  });

  test('a stage of one’s own is moved by hand, as rotation does it', async (t: TestContext) => {
    const first = await client.send(new sm.CreateSecretCommand({ Name: 'rotated', SecretString: 'old' }));
    const pending = await client.send(
      new sm.PutSecretValueCommand({ SecretId: 'rotated', SecretString: 'new', VersionStages: ['AWSPENDING'] }),
    );
    t.assert.strictEqual(await value('rotated'), 'old');
    const move = (more: object) =>
      client.send(
        new sm.UpdateSecretVersionStageCommand({
          SecretId: 'rotated',
          VersionStage: 'AWSCURRENT',
          MoveToVersionId: pending.VersionId,
          ...more,
        }),
      );
    await t.assert.rejects(move({}), { name: 'InvalidParameterException' });
    await move({ RemoveFromVersionId: first.VersionId });
    t.assert.deepStrictEqual([await value('rotated'), await value('rotated', { VersionStage: 'AWSPREVIOUS' })], ['new', 'old']);
  });

  test('the same token twice is one version, and another value under it is refused', async (t: TestContext) => {
    const ClientRequestToken = '11111111-2222-3333-4444-555555555555';
    const create = (SecretString: string) =>
      client.send(new sm.CreateSecretCommand({ Name: 'once', SecretString, ClientRequestToken }));
    const [first, second] = [await create('x'), await create('x')];
    t.assert.strictEqual(first.ARN, second.ARN);
    await t.assert.rejects(create('y'), { name: 'ResourceExistsException' });
  });

  test('bytes come back as bytes', async (t: TestContext) => {
    await client.send(new sm.CreateSecretCommand({ Name: 'bytes', SecretBinary: Buffer.from([0, 255]) }));
    const { SecretBinary, SecretString } = await client.send(new sm.GetSecretValueCommand({ SecretId: 'bytes' }));
    t.assert.deepStrictEqual([[...(SecretBinary ?? [])], SecretString], [[0, 255], undefined]);
  });

  test('a deleted secret can be restored until its time has come', async (t: TestContext) => {
    await client.send(new sm.CreateSecretCommand({ Name: 'gone', SecretString: 'x' }));
    await client.send(new sm.DeleteSecretCommand({ SecretId: 'gone', RecoveryWindowInDays: 7 }));
    await t.assert.rejects(value('gone'), {
      name: 'InvalidRequestException',
      message: "You can't perform this operation on the secret because it was marked for deletion.",
    });
    t.assert.ok((await client.send(new sm.DescribeSecretCommand({ SecretId: 'gone' }))).DeletedDate instanceof Date);
    await client.send(new sm.RestoreSecretCommand({ SecretId: 'gone' }));
    t.assert.strictEqual(await value('gone'), 'x');
    await client.send(new sm.DeleteSecretCommand({ SecretId: 'gone', RecoveryWindowInDays: 7 }));
    await clock.advance(7 * 86_400_000);
    await service.purge();
    await t.assert.rejects(client.send(new sm.DescribeSecretCommand({ SecretId: 'gone' })), {
      name: 'ResourceNotFoundException',
    });
    await client.send(new sm.CreateSecretCommand({ Name: 'gone', SecretString: 'y' }));
    await client.send(new sm.DeleteSecretCommand({ SecretId: 'gone', ForceDeleteWithoutRecovery: true }));
    await t.assert.rejects(value('gone'), { name: 'ResourceNotFoundException' });
  });

  test('lists are filtered, tags and policies kept', async (t: TestContext) => {
    await client.send(new sm.CreateSecretCommand({ Name: 'list/a', SecretString: 'x', Tags: [{ Key: 'team', Value: 'red' }] }));
    const names = async (Filters: sm.Filter[]) =>
      (await client.send(new sm.ListSecretsCommand({ Filters }))).SecretList?.map(({ Name }) => Name);
    t.assert.deepStrictEqual(await names([{ Key: 'name', Values: ['list/'] }]), ['list/a']);
    t.assert.deepStrictEqual(await names([{ Key: 'tag-value', Values: ['red'] }]), ['list/a']);
    const ResourcePolicy = '{"Version":"2012-10-17","Statement":[]}';
    t.assert.strictEqual((await client.send(new sm.GetResourcePolicyCommand({ SecretId: 'list/a' }))).ResourcePolicy, undefined);
    await client.send(new sm.PutResourcePolicyCommand({ SecretId: 'list/a', ResourcePolicy }));
    t.assert.strictEqual(
      (await client.send(new sm.GetResourcePolicyCommand({ SecretId: 'list/a' }))).ResourcePolicy,
      ResourcePolicy,
    );
    const batch = await client.send(new sm.BatchGetSecretValueCommand({ SecretIdList: ['list/a', 'none'] }));
    t.assert.deepStrictEqual(
      [batch.SecretValues?.[0]?.SecretString, batch.Errors?.[0]?.ErrorCode],
      ['x', 'ResourceNotFoundException'],
    );
  });

  test('a random password has what it must and lacks what it may not have', async (t: TestContext) => {
    const password = async (input: sm.GetRandomPasswordCommandInput) =>
      (await client.send(new sm.GetRandomPasswordCommand(input))).RandomPassword ?? '';
    t.assert.strictEqual((await password({})).length, 32);
    t.assert.match(await password({ PasswordLength: 4 }), /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^\w]|.*_)/);
    t.assert.match(
      await password({ ExcludePunctuation: true, ExcludeUppercase: true, ExcludeCharacters: 'abc', PasswordLength: 100 }),
      /^[d-z\d]{100}$/,
    );
    await t.assert.rejects(password({ PasswordLength: 3 }), { name: 'InvalidParameterException' });
  });
});
