import { suite, test, type TestContext } from 'node:test';
import { identify, loadApi, type Api, type RequestHead } from './index.ts';

const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f:live';
const head = (method: string, target: string, headers: Record<string, string> = {}): RequestHead => ({ method, target, headers });

function decode(api: Api, request: RequestHead, body = ''): { name: string; input: Record<string, unknown> } {
  const bytes = Buffer.from(body);
  const operation = api.route(request, 'restJson1', bytes);
  if (operation === undefined) throw new Error('no route');
  return { name: operation.name, input: api.decode(operation, request, 'restJson1', bytes) as Record<string, unknown> };
}

suite('requests no SDK would send', () => {
  test('labels hold ARNs encoded or raw, decoded once, and a trailing slash changes nothing', async (t: TestContext) => {
    const api = await loadApi('lambda');
    const at = (path: string) => decode(api, head('GET', path));
    for (const path of [arn, encodeURIComponent(arn), `${arn}/`]) {
      t.assert.deepEqual(at(`/2015-03-31/functions/${path}`), { name: 'GetFunction', input: { FunctionName: arn } });
    }
    t.assert.strictEqual(at('/2015-03-31/functions/a%252Fb').input['FunctionName'], 'a%2Fb');
    t.assert.strictEqual(at('/2015-03-31/functions/').name, 'ListFunctions');
    t.assert.strictEqual(
      at('/2017-03-31/tags/arn:aws:lambda:r:1:capacity-provider/x').input['Resource'],
      'arn:aws:lambda:r:1:capacity-provider/x',
    );
    t.assert.strictEqual(at('/2015-03-31/functions/%zz').input['FunctionName'], '%zz');
    t.assert.strictEqual(api.route(head('GET', '/2015-03-31/nothing'), 'restJson1', Buffer.alloc(0)), undefined);
  });

  test('bodies that are not what they should be are refused by name, and change no prototype', async (t: TestContext) => {
    const api = await loadApi('lambda');
    const post = head('POST', '/2015-03-31/functions');
    const bad = [
      '{',
      '[]',
      '"x"',
      '7',
      '{"FunctionName":7}',
      '{"Timeout":"7"}',
      '{"Layers":{}}',
      '{"Environment":[]}',
      '{"Publish":"yes"}',
      '['.repeat(100_000),
    ];
    for (const body of bad) {
      t.assert.throws(() => decode(api, post, body), { name: 'SerializationException', status: 400 }, body.slice(0, 40));
    }
    const text = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"Tags":{"__proto__":"x","a":"b"}}';
    const { input } = decode(api, post, text);
    t.assert.deepStrictEqual(Object.keys(input), ['Tags']);
    t.assert.deepStrictEqual(Object.entries(input['Tags'] as object), [['a', 'b']]);
    t.assert.strictEqual(({} as Record<string, unknown>)['polluted'], undefined);
  });

  test('forms name no more than they hold', async (t: TestContext) => {
    const api = await loadApi('iam');
    const form = Buffer.from(
      'Action=CreateRole&Version=2010-05-08&__proto__.x=1&Tags.member.999999999.Key=k&Tags.member.1.Key=a&RoleName=r',
    );
    const request = head('POST', '/', { 'content-type': 'application/x-www-form-urlencoded' });
    t.assert.deepEqual(identify(request, form), { service: 'iam', protocol: 'query' });
    const operation = api.route(request, 'query', form);
    t.assert.ok(operation);
    const input = api.decode(operation, request, 'query', form) as { RoleName: string; Tags: unknown[] };
    t.assert.strictEqual(input.RoleName, 'r');
    t.assert.ok(input.Tags.length <= 2);
  });

  test('an action in the query string is found whatever the method', async (t: TestContext) => {
    const api = await loadApi('sts');
    const target = '/?Action=GetCallerIdentity&Version=2011-06-15';
    for (const method of ['GET', 'POST']) {
      t.assert.deepEqual(identify(head(method, target)), { service: 'sts', protocol: 'query' });
      t.assert.strictEqual(api.route(head(method, target), 'query', Buffer.alloc(0))?.name, 'GetCallerIdentity');
    }
  });
});
