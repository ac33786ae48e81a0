import { after, before, suite, test, type TestContext } from 'node:test';
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { presign, send, sign, type Key, type Wanted } from './kit/sign.ts';
import { say } from './kit/raw.ts';

const functions = '/2015-03-31/functions/';

suite('signatures, where they are verified', { timeout: 90_000 }, () => {
  const folder = temporaryFolder();
  let server: RunningServer;
  let root: Key;
  const ask = (key: Key, wanted: Wanted = { target: functions }) => send(server.origin, sign(server.origin, key, wanted));

  before(async () => {
    server = await RunningServer.start(folder.path, ['--auth', 'strict', '--pool-size', '0']);
    root = server.started.firstKey as Key;
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  test('A1: without one nothing is told, on the short way and the general one', async (t: TestContext) => {
    for (const headers of [{}, { te: 'trailers' }] as const) {
      for (const target of [functions, `${functions}?`, '/2018-10-31/layers'])
        t.assert.strictEqual((await fetch(server.origin + target, { headers })).status, 403, target);
      // Where no operation is, nothing needs to be verified; a function that is there and one that is not look alike.
      for (const target of ['/2015-03-31/functions/f/invocations', '/any/thing'])
        t.assert.ok([400, 403, 404].includes((await fetch(server.origin + target, { headers })).status), target);
      t.assert.strictEqual(
        (await fetch(`${server.origin}/2015-03-31/functions/f/invocations`, { method: 'POST', headers, body: '{}' })).status,
        403,
      );
    }
  });

  test('a good one is answered; A2, A3: one bit, one letter, one digit more or less is not', async (t: TestContext) => {
    t.assert.strictEqual((await ask(root)).status, 200);
    const good = sign(server.origin, root, { target: functions });
    const turned = (change: (signature: string) => string) => ({
      ...good,
      headers: { ...good.headers, authorization: (good.headers['authorization'] ?? '').replace(/(?<=Signature=)\w+/, change) },
    });
    const wrong: ((signature: string) => string)[] = [
      (text) => (text.startsWith('0') ? '1' : '0') + text.slice(1),
      (text) => text.slice(0, -1),
      (text) => `${text}0`,
      () => '',
      (text) => text.toUpperCase(),
      () => 'g'.repeat(64),
    ];
    for (const change of wrong) {
      const { status } = await send(server.origin, turned(change));
      t.assert.ok(status === 403 || status === 400, `${change} was answered ${status}`);
    }
    const headers = { ...good.headers, authorization: `${good.headers['authorization']}, Signature=${'0'.repeat(64)}` };
    t.assert.notStrictEqual((await send(server.origin, { ...good, headers })).status, 200, 'two signatures');
  });

  test('A4, A5: it holds for minutes, and for the day it names', async (t: TestContext) => {
    const now = Date.now();
    for (const offsetMs of [-301_000 * 3, 301_000 * 3]) {
      t.assert.strictEqual(
        (await ask(root, { target: functions, at: new Date(now + offsetMs) })).status,
        403,
        `${offsetMs} ms off`,
      );
    }
    t.assert.strictEqual((await ask(root, { target: functions, day: '20200101' })).status, 400);
  });

  test('A6: it holds for one service', async (t: TestContext) => {
    for (const service of ['s3', 'sqs', 'iam', 'execute-api'])
      t.assert.notStrictEqual((await ask(root, { target: functions, service })).status, 200, service);
  });

  test('A7, A8: host and what begins with x-amz- must be signed', async (t: TestContext) => {
    t.assert.strictEqual((await ask(root, { target: functions, unsigned: ['host'] })).status, 403);
    t.assert.strictEqual(
      (await ask(root, { target: functions, headers: { 'x-amz-client-context': 'e30=' }, unsigned: ['x-amz-client-context'] }))
        .status,
      403,
    );
    t.assert.strictEqual((await ask(root, { target: functions, headers: { 'x-amz-client-context': 'e30=' } })).status, 200);
  });

  test('A9, A11, A12: heard again with another header, query, method, path or body it is refused', async (t: TestContext) => {
    const post = sign(server.origin, root, {
      method: 'POST',
      target: '/2015-03-31/functions/f/invocations?a=1&b=2',
      body: '{"to":"ann"}',
    });
    t.assert.strictEqual((await send(server.origin, post)).fault, 'ResourceNotFoundException', 'as it was signed');
    const changed = [
      { ...post, body: '{"to":"ben"}' },
      { ...post, target: '/2015-03-31/functions/g/invocations?a=1&b=2' },
      { ...post, target: '/2015-03-31/functions/f/invocations?a=1&b=3' },
      { ...post, target: '/2015-03-31/functions/f/invocations?a=1&b=2&c=3' },
      { ...post, target: '/2015-03-31/functions/f/invocations?a=1&b=2&b=2' },
      { ...post, target: '/2015-03-31/functions/%66/invocations?a=2&b=1' },
      { ...post, method: 'PUT' },
      {
        ...post,
        headers: {
          ...post.headers,
          'x-amz-date': (post.headers['x-amz-date'] ?? '').replace(/\d{2}Z$/, (seconds) => (seconds === '00Z' ? '01Z' : '00Z')),
        },
      },
      { ...post, headers: { ...post.headers, 'x-amz-security-token': 'another' } },
    ];
    for (const [index, each] of changed.entries())
      t.assert.strictEqual((await send(server.origin, each)).status, 403, `change ${index}`);
    const twice = functions;
    const one = sign(server.origin, root, { target: twice });
    const lines = Object.entries(one.headers).map(([name, value]) => `${name}: ${value}`);
    const { statuses } = await say(server.origin, [
      `GET ${twice} HTTP/1.1\r\n${[...lines, `authorization: ${one.headers['authorization']}`].join('\r\n')}\r\n\r\n`,
    ]);
    t.assert.deepStrictEqual(statuses, [400], 'the same header twice');
  });

  test('A13, A14: the hash that a header names must be that of the body', async (t: TestContext) => {
    const body = '{}';
    for (const hash of ['0'.repeat(64), 'UNSIGNED-PAYLOAD', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', '']) {
      const wanted = {
        method: 'POST',
        target: '/2015-03-31/functions/f/invocations',
        body,
        headers: { 'x-amz-content-sha256': hash },
      };
      t.assert.notStrictEqual((await ask(root, wanted)).fault, 'ResourceNotFoundException', hash);
    }
  });

  test('A15, A18: a link ends, lives a week at most, is for one method and one path, and takes no second signature', async (t: TestContext) => {
    const get = async (link: string, init: RequestInit = {}): Promise<number> => (await fetch(server.origin + link, init)).status;
    t.assert.strictEqual(
      await get(presign(server.origin, root, { path: '/none/key', expiresS: 60 })),
      404,
      'the link works: there is no such bucket',
    );
    for (const expiresS of [-1, 0, 604_801, Number.NaN])
      t.assert.notStrictEqual(
        await get(presign(server.origin, root, { path: '/none/key', expiresS })),
        404,
        `${expiresS} seconds`,
      );
    t.assert.strictEqual(
      await get(presign(server.origin, root, { path: '/none/key', expiresS: 60, at: new Date(Date.now() - 61_000) })),
      403,
      'it has ended',
    );
    const link = presign(server.origin, root, { path: '/none/key', expiresS: 60 });
    t.assert.strictEqual(await get(link, { method: 'PUT', body: 'x' }), 403);
    t.assert.strictEqual(await get(link.replace('/none/key', '/none/other')), 403);
    t.assert.strictEqual(await get(link.replace('X-Amz-Expires=60', 'X-Amz-Expires=6000')), 403);
    t.assert.notStrictEqual(
      await get(link, {
        headers: {
          authorization: 'AWS4-HMAC-SHA256 Credential=a/20200101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
        },
      }),
      404,
    );
  });

  test('A16: a session’s token belongs to its key and is not to be left out, lent or changed; A17: a deleted key stops at once', async (t: TestContext) => {
    const settings = { endpoint: server.origin, region: 'us-east-1', maxAttempts: 1, credentials: root };
    const iam = new IAMClient(settings);
    await iam.send(new CreateUserCommand({ UserName: 'eve' }));
    const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName: 'eve' }));
    const eve = { accessKeyId: AccessKey?.AccessKeyId ?? '', secretAccessKey: AccessKey?.SecretAccessKey ?? '' };
    const trust = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sts:AssumeRole' }],
    });
    await iam.send(new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: trust }));
    const sts = new STSClient(settings);
    const assume = async (): Promise<Key> => {
      const { Credentials } = await sts.send(
        new AssumeRoleCommand({ RoleArn: 'arn:aws:iam::000000000000:role/r', RoleSessionName: 'someone' }),
      );
      return {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      };
    };
    const [one, two] = [await assume(), await assume()];
    const who = {
      method: 'POST',
      target: '/',
      service: 'sts',
      body: 'Action=GetCallerIdentity&Version=2011-06-15',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    t.assert.strictEqual((await ask(one, who)).status, 200);
    const { sessionToken: _left, ...bare } = one;
    t.assert.strictEqual((await ask(bare, who)).status, 403, 'left out');
    t.assert.strictEqual((await ask({ ...one, sessionToken: two.sessionToken ?? '' }, who)).status, 403, 'of another session');
    t.assert.strictEqual(
      (await ask({ ...root, sessionToken: one.sessionToken ?? '' }, who)).status,
      403,
      'with a key of the long kind',
    );
    t.assert.strictEqual(
      (await ask({ ...one, sessionToken: `${one.sessionToken?.slice(0, -2)}AA` }, who)).status,
      403,
      'changed',
    );
    t.assert.strictEqual((await ask(one, { ...who, unsigned: ['x-amz-security-token'] })).status, 403, 'not signed');
    t.assert.strictEqual((await ask(eve, who)).status, 200);
    await iam.send(new DeleteAccessKeyCommand({ UserName: 'eve', AccessKeyId: eve.accessKeyId }));
    t.assert.strictEqual((await ask(eve, who)).status, 403, 'deleted');
    for (const client of [iam, sts]) client.destroy();
  });

  test('A19: a stranger’s key and a wrong signature cost the same', async (t: TestContext) => {
    const keys = [
      { ...root, secretAccessKey: 'wrong' },
      { accessKeyId: 'AKIAQAAAAAAAAAAAAAAA', secretAccessKey: 'wrong' },
    ];
    // In turns, and the best of many, so that what else the machine does is in neither.
    const best = keys.map(() => Infinity);
    for (let count = 0; count < 100; count += 1) {
      for (const [which, key] of keys.entries()) {
        const since = performance.now();
        await ask(key);
        best[which] = Math.min(best[which] as number, performance.now() - since);
      }
    }
    const [known = 0, unknown = 0] = best;
    // A coarse net: a scrypt or a disk read on one of the ways would be seen.
    t.assert.ok(Math.abs(known - unknown) < 3, `${known.toFixed(2)} and ${unknown.toFixed(2)} ms`);
  });

  test('a role of another account is not passed to a function', async (t: TestContext) => {
    const body = JSON.stringify({
      FunctionName: 'borrower',
      Role: 'arn:aws:iam::999999999999:role/admin',
      Runtime: 'nodejs24.x',
      Handler: 'i.h',
      Code: { ZipFile: 'UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==' },
    });
    const { status, text } = await ask(root, { method: 'POST', target: '/2015-03-31/functions', body });
    t.assert.strictEqual(status, 403);
    t.assert.match(text, /[Pp]ass ?[Rr]ole/);
  });

  test('status and metrics are told to this machine; without a key nobody learns more than health', async (t: TestContext) => {
    for (const path of ['status', 'metrics', 'health'])
      t.assert.strictEqual((await fetch(`${server.origin}/_mayfly/${path}`)).status, 200, path);
    t.assert.strictEqual((await fetch(`${server.origin}/_mayfly/queue`)).status, 403);
    for (const word of ['x', 'a'.repeat(500), '../../keys/master.key', '%2e%2e%2f', ''])
      t.assert.strictEqual((await fetch(`${server.origin}/_mayfly/code/${word}`)).status === 200, false, word);
  });
});
