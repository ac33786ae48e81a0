import { after, before, suite, test, type TestContext } from 'node:test';
import * as ssm from '@aws-sdk/client-ssm';
import { clientOf, openDoor } from '../../../../../test/kit/door.ts';
import { PlainDatabase } from '../../../../../test/kit/plain-database.ts';
import type { Listener } from '../../api/index.ts';
import { systemClock, systemRandom } from '../../base/index.ts';
import { MasterKey } from '../kit/index.ts';
import { openSsm, type Ssm } from './index.ts';

const masterKey = new MasterKey(new Uint8Array(32).fill(1), systemRandom);

suite('Parameter Store, as SDK clients see it', { timeout: 60_000 }, () => {
  let database: PlainDatabase;
  let service: Ssm;
  let door: Listener;
  let client: ssm.SSMClient;
  before(async () => {
    database = new PlainDatabase();
    service = await openSsm({ database, masterKey, clock: systemClock });
    door = await openDoor({ ssm: service.handlers });
    client = new ssm.SSMClient(clientOf(door));
  });
  after(async () => {
    client.destroy();
    await door[Symbol.asyncDispose]();
    await service[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });
  const put = (Name: string, Value: string, more: Partial<ssm.PutParameterCommandInput> = {}) =>
    client.send(new ssm.PutParameterCommand({ Name, Value, Type: 'String', ...more }));
  const get = async (Name: string, WithDecryption = false) =>
    (await client.send(new ssm.GetParameterCommand({ Name, WithDecryption }))).Parameter;

  test('a parameter is found by name, ARN, version and label', async (t: TestContext) => {
    t.assert.deepStrictEqual((await put('/app/url', 'one')).Version, 1);
    await t.assert.rejects(put('/app/url', 'two'), { name: 'ParameterAlreadyExists' });
    t.assert.strictEqual((await put('/app/url', 'two', { Overwrite: true })).Version, 2);
    await client.send(
      new ssm.LabelParameterVersionCommand({ Name: '/app/url', ParameterVersion: 1, Labels: ['stable', 'aws-no'] }),
    );
    const found = await get('/app/url');
    t.assert.deepStrictEqual(
      [found?.Value, found?.Version, found?.ARN],
      ['two', 2, 'arn:aws:ssm:eu-west-1:123456789012:parameter/app/url'],
    );
    t.assert.strictEqual((await get(found?.ARN ?? ''))?.Value, 'two');
    t.assert.deepStrictEqual([(await get('/app/url:1'))?.Value, (await get('/app/url:1'))?.Selector], ['one', ':1']);
    t.assert.strictEqual((await get('/app/url:stable'))?.Value, 'one');
    await t.assert.rejects(get('/app/url:9'), { name: 'ParameterVersionNotFound' });
    await t.assert.rejects(get('/app/none'), { name: 'ParameterNotFound' });
  });

  test('a SecureString is shown only when asked for, and lies sealed on the disk', async (t: TestContext) => {
    await put('/secure', 'hunter2', { Type: 'SecureString' });
    t.assert.notStrictEqual((await get('/secure'))?.Value, 'hunter2');
    t.assert.strictEqual((await get('/secure', true))?.Value, 'hunter2');
    const rows = await database.all("SELECT body FROM service_record WHERE service = 'ssm' AND name = '/secure'");
    t.assert.ok(rows.length === 1 && !String(rows[0]?.['body']).includes('hunter2'));
    await using again = await openSsm({ database, masterKey, clock: systemClock });
    await using other = await openDoor({ ssm: again.handlers });
    const read = await new ssm.SSMClient(clientOf(other)).send(
      new ssm.GetParameterCommand({ Name: '/secure', WithDecryption: true }),
    );
    t.assert.strictEqual(read.Parameter?.Value, 'hunter2');
  });

  test('a path gives what is below it, at once or all the way, page by page', async (t: TestContext) => {
    for (const name of ['/p/a', '/p/b', '/p/c/d', '/pq']) await put(name, 'x');
    const names = async (input: Partial<ssm.GetParametersByPathCommandInput>) => {
      const found: (string | undefined)[] = [];
      for await (const page of ssm.paginateGetParametersByPath({ client, pageSize: 2 }, { Path: '/p', ...input }))
        found.push(...(page.Parameters ?? []).map(({ Name }) => Name));
      return found;
    };
    t.assert.deepStrictEqual(await names({}), ['/p/a', '/p/b']);
    t.assert.deepStrictEqual(await names({ Recursive: true }), ['/p/a', '/p/b', '/p/c/d']);
  });

  test('several are read, described and deleted at once, the missing ones named', async (t: TestContext) => {
    await put('/m/a', '1', { Tags: [{ Key: 'k', Value: 'v' }], Description: 'first' });
    const some = await client.send(new ssm.GetParametersCommand({ Names: ['/m/a', '/m/b'] }));
    t.assert.deepStrictEqual([some.Parameters?.length, some.InvalidParameters], [1, ['/m/b']]);
    const described = await client.send(
      new ssm.DescribeParametersCommand({ ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: ['/m/a'] }] }),
    );
    t.assert.deepStrictEqual([described.Parameters?.[0]?.Description, described.Parameters?.[0]?.Tier], ['first', 'Standard']);
    const tagged = await client.send(new ssm.DescribeParametersCommand({ ParameterFilters: [{ Key: 'tag:k', Values: ['v'] }] }));
    t.assert.deepStrictEqual(
      tagged.Parameters?.map(({ Name }) => Name),
      ['/m/a'],
    );
    t.assert.deepStrictEqual(
      (await client.send(new ssm.ListTagsForResourceCommand({ ResourceType: 'Parameter', ResourceId: '/m/a' }))).TagList,
      [{ Key: 'k', Value: 'v' }],
    );
    const deleted = await client.send(new ssm.DeleteParametersCommand({ Names: ['/m/a', '/m/b'] }));
    t.assert.deepStrictEqual([deleted.DeletedParameters, deleted.InvalidParameters], [['/m/a'], ['/m/b']]);
    await t.assert.rejects(client.send(new ssm.DeleteParameterCommand({ Name: '/m/a' })), { name: 'ParameterNotFound' });
  });

  test('history keeps every version with its labels, and moves a label on', async (t: TestContext) => {
    await put('/h', '1');
    await put('/h', '2', { Overwrite: true });
    await client.send(new ssm.LabelParameterVersionCommand({ Name: '/h', ParameterVersion: 1, Labels: ['live'] }));
    await client.send(new ssm.LabelParameterVersionCommand({ Name: '/h', ParameterVersion: 2, Labels: ['live'] }));
    const { Parameters } = await client.send(new ssm.GetParameterHistoryCommand({ Name: '/h' }));
    t.assert.deepStrictEqual(
      Parameters?.map(({ Version, Value, Labels }) => [Version, Value, Labels]),
      [
        [1, '1', []],
        [2, '2', ['live']],
      ],
    );
  });

  test('what AWS refuses is refused', async (t: TestContext) => {
    await t.assert.rejects(put('/aws/mine', 'x'), { name: 'ValidationException' });
    await t.assert.rejects(put('no/slash', 'x'), { message: 'Parameter name must be a fully qualified name.' });
    await t.assert.rejects(put('/typeless', 'x', { Type: undefined }), {
      message: 'A parameter type is required when you create a parameter.',
    });
    await t.assert.rejects(put('/long', 'x'.repeat(4_097)), /maximum parameter value of 4096/);
    t.assert.strictEqual((await put('/long', 'x'.repeat(4_097), { Tier: 'Intelligent-Tiering' })).Tier, 'Advanced');
    await t.assert.rejects(put('/pattern', 'abc', { AllowedPattern: '^\\d+$' }), { name: 'ParameterPatternMismatchException' });
    await t.assert.rejects(put('/pattern', 'abc', { AllowedPattern: '(' }), { name: 'InvalidAllowedPatternException' });
    await put('/pattern', '123', { AllowedPattern: '^\\d+$' });
  });
});
