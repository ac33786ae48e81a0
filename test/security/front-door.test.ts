import { after, before, suite, test, type TestContext } from 'node:test';
import { connect as connectHttp2, constants } from 'node:http2';
import { deploy, lambdaClient } from '../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../kit/server.ts';
import { request, say } from './kit/raw.ts';

const list = '/2015-03-31/functions/';
const big = 'x'.repeat(100);

/** Answers with what it is told to. */
const source = `exports.handler = async (event) => event.rawPath === undefined ? event : JSON.parse(Buffer.from(event.queryStringParameters.answer, 'base64url'));`;

suite('the street door against whoever comes', { timeout: 90_000 }, () => {
  const folder = temporaryFolder();
  let server: RunningServer;
  let url: string;
  const host = (): string => new URL(server.origin).host;
  /** On one connection; the short way when nothing is odd, the general one with a `te` header. */
  const ways = ['', 'te: trailers'] as const;
  const healthy = async (t: TestContext, after_: string): Promise<void> =>
    t.assert.strictEqual((await fetch(`${server.origin}/_mayfly/health`)).status, 200, `alive after ${after_}`);

  before(async () => {
    server = await RunningServer.start(folder.path, ['--pool-size', '0']);
    const client = lambdaClient(server.origin);
    await deploy(client, 'page', { 'index.js': source });
    const { CreateFunctionUrlConfigCommand, AddPermissionCommand } = await import('@aws-sdk/client-lambda');
    url = (await client.send(new CreateFunctionUrlConfigCommand({ FunctionName: 'page', AuthType: 'NONE' }))).FunctionUrl ?? '';
    await client.send(
      new AddPermissionCommand({
        FunctionName: 'page',
        StatementId: 'all',
        Action: 'lambda:InvokeFunctionUrl',
        Principal: '*',
        FunctionUrlAuthType: 'NONE',
      }),
    );
    client.destroy();
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    folder[Symbol.dispose]();
  });

  const answered = (answer: object, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}?answer=${Buffer.from(JSON.stringify(answer)).toString('base64url')}`, { redirect: 'manual', ...init });

  test('A38: a request that could be read in two ways is refused, and nothing hides behind it', async (t: TestContext) => {
    const hidden = request('GET /smuggled', [`Host: ${host()}`]);
    const two: Record<string, readonly string[]> = {
      'length and chunks': ['Content-Length: 4', 'Transfer-Encoding: chunked'],
      'two lengths': ['Content-Length: 0', 'Content-Length: 4'],
      'two equal lengths': ['Content-Length: 0', 'Content-Length: 0'],
      'a list of lengths': ['Content-Length: 0, 4'],
      'a signed length': ['Content-Length: +4'],
      'a length in hexadecimal': ['Content-Length: 0x4'],
      'a negative length': ['Content-Length: -1'],
      'a space before the colon': ['Content-Length : 4'],
      'a line break alone': ['X: 1\nContent-Length: 4'],
      'a carriage return alone': ['X: 1\rContent-Length: 4'],
      'a folded header': ['X: 1', ' Content-Length: 4'],
      'chunks under another name': ['Transfer-Encoding: xchunked'],
      'chunks that are not last': ['Transfer-Encoding: chunked, identity'],
      'chunks twice': ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
      'a zero byte': ['X: a\0b'],
      'two hosts': [`Host: ${host()}`],
    };
    for (const [name, headers] of Object.entries(two)) {
      for (const way of ways) {
        const lines = [`Host: ${host()}`, ...(way === '' ? [] : [way]), ...headers];
        const { statuses, text } = await say(server.origin, request(`POST ${list}`, lines, `0\r\n\r\n${hidden}`), {
          answers: 2,
          withinMs: 2_000,
        });
        t.assert.ok(
          statuses.every((status) => status === 400 || status === 413 || status === 501),
          `${name}: answered ${statuses.join(', ')}`,
        );
        t.assert.doesNotMatch(text, /smuggled/, name);
      }
    }
    await healthy(t, 'smuggling');
  });

  test('A38: chunks are read as they are meant, and their extensions have an end', async (t: TestContext) => {
    const head = request(`POST ${list}page/invocations`.replace('//', '/'), [`Host: ${host()}`, 'Transfer-Encoding: chunked']);
    const good = await say(server.origin, [head, '4\r\n{"a"\r\n', '3;x=y\r\n:1}\r\n0\r\n\r\n']);
    t.assert.match(good.text, /\{"a":1\}/);
    for (const body of [
      'zz\r\n',
      '-1\r\n',
      '4 \n{"a"\r\n',
      'ffffffffffffffffff\r\n',
      `4;${'e'.repeat(40_000)}\r\n`,
      '4\r\n{"a"X\r\n0\r\n\r\n',
    ]) {
      const { statuses } = await say(server.origin, [head, body], { withinMs: 3_000 });
      t.assert.deepStrictEqual(statuses, [400], body.slice(0, 20));
    }
    await healthy(t, 'odd chunks');
  });

  test('A37: heads without an end, slow or huge, are cut, and others are served meanwhile', async (t: TestContext) => {
    const since = performance.now();
    const slow = Array.from({ length: 40 }, () =>
      say(server.origin, [`POST ${list} HTTP/1.1\r\n`, 'Host: x\r\n', 'X-'], { answers: 0, withinMs: 14_000 }),
    );
    t.assert.strictEqual((await fetch(server.origin + list)).status, 200);
    const huge = await say(server.origin, [request(`GET ${list}`, [`Host: ${host()}`, `X: ${'h'.repeat(20_000)}`])]);
    t.assert.deepStrictEqual(huge.statuses, [431]);
    const many = await say(server.origin, [
      request(`GET ${list}`, [`Host: ${host()}`, ...Array.from({ length: 400 }, (_, index) => `h${index}: 1`)]),
    ]);
    t.assert.ok([200, 431].includes(many.statuses[0] ?? 0), 'headers beyond the hundredth are not looked at');
    for (const { closed, statuses } of await Promise.all(slow)) {
      t.assert.ok(closed);
      t.assert.deepStrictEqual(statuses, [408]);
    }
    t.assert.ok(performance.now() - since < 14_000);
  });

  test('A39: a body that is too large is refused, however it comes', async (t: TestContext) => {
    const invoke = `${server.origin}/2015-03-31/functions/page/invocations`;
    t.assert.strictEqual((await fetch(invoke, { method: 'POST', body: Buffer.alloc(8 * 1_048_576, 0x20) })).status, 413);
    t.assert.strictEqual(
      (
        await fetch(`${server.origin}/2015-03-31/functions`, { method: 'POST', body: Buffer.alloc(2 ** 27 - 1, 0x20) }).catch(
          () => ({ status: 413 }),
        )
      ).status,
      413,
    );
    const announced = await say(server.origin, [
      request('POST /2015-03-31/functions/page/invocations', [`Host: ${host()}`, 'Content-Length: 99999999999999']),
    ]);
    t.assert.deepStrictEqual(announced.statuses, [413]);
    await healthy(t, 'large bodies');
  });

  test('A41: neither the form of a target nor a path in it leads to another door', async (t: TestContext) => {
    for (const target of [
      'http://evil.example/_mayfly/metrics',
      `http://${host()}/_mayfly/metrics`,
      '*',
      '//_mayfly/metrics',
      '/./_mayfly/metrics',
      '/%5fmayfly/metrics',
      '/_mayfly/../../etc/passwd',
      '/_mayfly/code/../../keys/master.key',
    ])
      for (const way of ways) {
        const { statuses, text } = await say(server.origin, [
          request(`GET ${target}`, [`Host: ${host()}`, ...(way === '' ? [] : [way])]),
        ]);
        t.assert.ok(
          statuses.length === 1 && (statuses[0] ?? 0) >= 400 && (statuses[0] ?? 0) < 500,
          `${target}: ${statuses.join(', ')}`,
        );
        t.assert.doesNotMatch(text, /mayfly_invocations|root:/, target);
      }
    t.assert.deepStrictEqual((await say(server.origin, [request(`CONNECT ${host()}`, [`Host: ${host()}`])])).statuses, []);
    await healthy(t, 'odd targets');
  });

  test('a web page of another origin, or one that points its own name here, is refused on both ways', async (t: TestContext) => {
    const told = async (headers: readonly string[], target = list): Promise<number | undefined> =>
      (await say(server.origin, [request(`GET ${target}`, headers)])).statuses[0];
    const own = `Host: ${host()}`;
    t.assert.strictEqual(await told([own]), 200);
    for (const name of ['evil.example', 'evil.example:4566', '127.0.0.1.evil.example', 'localhost.evil.example', 'evil.example.'])
      for (const way of ways) t.assert.strictEqual(await told([`Host: ${name}`, ...(way === '' ? [] : [way])]), 403, name);
    t.assert.strictEqual(await told([own, 'Sec-Fetch-Site: cross-site']), 403);
    t.assert.strictEqual(await told([own, 'Sec-Fetch-Site: same-site']), 403, 'a function’s own page is as foreign');
    t.assert.strictEqual(await told([own, 'Origin: http://evil.example']), 403, 'where a browser does not tell the site');
    t.assert.strictEqual(await told([own, 'Origin: null']), 403, 'a page in a sandbox');
    t.assert.strictEqual(await told([own, `Origin: http://${host()}`]), 200);
    t.assert.strictEqual(await told([own, 'Origin: http://evil.example'], '/_mayfly/metrics'), 403);
    t.assert.strictEqual(
      await told([own, 'Origin: http://evil.example'], new URL(url).pathname + '?answer=e30'),
      200,
      'function URLs are for pages',
    );
  });

  test('A76: a function’s headers cannot end their line, nor the answer, nor speak for the server', async (t: TestContext) => {
    const nasty: readonly Record<string, string>[] = [
      { a: 'x\r\nSet-Cookie: s=1' },
      { a: 'x\ny: 1' },
      { 'a\r\nb': '1' },
      { 'a: b\r\n\r\n': '1' },
      { a: 'nul\0' },
      { '': 'x' },
      { a: '\u2028\u560a\u560d' },
    ];
    for (const headers of nasty) {
      const answer = await answered({ statusCode: 200, headers, body: 'b' });
      t.assert.ok(!answer.headers.has('set-cookie') && !answer.headers.has('y'), JSON.stringify(headers));
      t.assert.ok(answer.status === 502 || answer.status === 200);
    }
    const cookie = await answered({ statusCode: 200, cookies: ['a=1\r\nX-Evil: 1'], body: '' });
    t.assert.ok(!cookie.headers.has('x-evil'));
    const framed = await answered({
      statusCode: 200,
      headers: { 'content-length': '1', 'transfer-encoding': 'chunked', connection: 'upgrade', 'keep-alive': 'x' },
      body: 'whole',
    });
    t.assert.strictEqual(await framed.text(), 'whole');
    for (const statusCode of [100, 101, 0, -1, 1e9, 'x', null])
      t.assert.ok([200, 502].includes((await answered({ statusCode, body: '' })).status), String(statusCode));
    const page = await answered({
      statusCode: 200,
      headers: { 'content-type': 'text/html', 'content-security-policy': 'default-src *', 'Content-Security-Policy': 'x' },
      body: '<script>1</script>',
    });
    t.assert.match(page.headers.get('content-security-policy') ?? '', /sandbox allow-scripts/, 'its page has no origin of ours');
    t.assert.doesNotMatch(page.headers.get('content-security-policy') ?? '', /allow-same-origin/);
    t.assert.strictEqual(
      (await answered({ statusCode: 200, headers: { big: big.repeat(3_000) }, body: '' }).catch(() => ({ status: 502 })))
        .status >= 200,
      true,
    );
    await healthy(t, 'nasty headers');
  });

  test('A42, A43: names out of every object’s prototype are names; depth, numbers and twins in JSON do no harm', async (t: TestContext) => {
    const post = (path: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(server.origin + path, { method: 'POST', body, headers });
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:page';
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const tagged = await post(`/2017-03-31/tags/${encodeURIComponent(arn)}`, `{"Tags":{"${name}":"mine"}}`);
      const { Tags } = JSON.parse(
        await (await fetch(`${server.origin}/2017-03-31/tags/${encodeURIComponent(arn)}`)).text(),
        (key, value: unknown) => (key === '__proto__' ? undefined : value),
      ) as { Tags: Record<string, string> };
      const kept = await (await fetch(`${server.origin}/2017-03-31/tags/${encodeURIComponent(arn)}`)).text();
      t.assert.ok(tagged.status === 400 || kept.includes(`"${name}":"mine"`), `${name} as a tag: ${tagged.status} ${kept}`);
      t.assert.ok(typeof Tags === 'object');
      const made = await post('/', JSON.stringify({ QueueName: name, tags: { [name]: 'x' } }), {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'AmazonSQS.CreateQueue',
      });
      t.assert.ok(made.status < 500, `a queue ${name}: ${made.status}`);
      const variables = await fetch(`${server.origin}/2015-03-31/functions/page/configuration`, {
        method: 'PUT',
        body: `{"Environment":{"Variables":{"${name}":"mine"}}}`,
      });
      t.assert.ok(variables.status < 500, `${name} as a variable: ${variables.status}`);
      for (const target of [
        `/2015-03-31/functions/${name}`,
        `/2015-03-31/functions/page:${name}/invocations`,
        `/${name}`,
        `/_mayfly/${name}`,
        `/_mayfly/url/${name}/`,
      ])
        t.assert.ok((await fetch(server.origin + target)).status < 500, target);
      const unknown = await post('/', '{}', {
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': `AmazonSQS.${name}`,
      });
      t.assert.ok(unknown.status >= 400 && unknown.status < 500, `operation ${name}: ${unknown.status}`);
      t.assert.ok(
        (await post('/', `Action=${name}&Version=2011-06-15`, { 'content-type': 'application/x-www-form-urlencoded' })).status <
          500,
      );
      t.assert.ok(
        (await post('/', '{}', { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${name}.${name}` })).status < 500,
      );
    }
    const odd = [
      '['.repeat(100_000),
      `{"FunctionName":${'{"a":'.repeat(100_000)}`,
      '{"MemorySize":1e400}',
      '{"FunctionName":"\\ud800"}',
      '{"FunctionName":"a","FunctionName":"b"}',
      '\ufeff{}',
      'null',
      '[]',
      '"x"',
      '{"Code":{"__proto__":{"ZipFile":"x"}}}',
      '{"Timeout":"3"}',
      '{"Tags":[]}',
      '{"Environment":{"Variables":{"A":null}}}',
    ];
    for (const body of odd)
      for (const [path, headers] of [
        ['/2015-03-31/functions', {}],
        ['/', { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.PutItem' }],
        ['/', { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.PutEvents' }],
      ] as const) {
        const { status } = await post(path, body, headers);
        t.assert.ok(status >= 400 && status < 500, `${body.slice(0, 30)} at ${JSON.stringify(headers)}: ${status}`);
      }
    const invoked = await post('/2015-03-31/functions/page/invocations', '{"__proto__":{"a":1},"constructor":{"b":2}}');
    t.assert.strictEqual(await invoked.text(), '{"__proto__":{"a":1},"constructor":{"b":2}}', 'a payload passes as it is');
    await healthy(t, 'odd JSON');
  });

  test('XML that asks for entities and forms without end are refused, packed bombs too', async (t: TestContext) => {
    const entities = `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">${Array.from({ length: 9 }, (_, index) => `<!ENTITY ${'abcdefghij'[index + 1]} "${`&${'abcdefghij'[index]};`.repeat(10)}">`).join('')}<!ENTITY x SYSTEM "file:///etc/passwd">]><Tagging><TagSet><Tag><Key>&j;&x;</Key><Value>v</Value></Tag></TagSet></Tagging>`;
    await fetch(`${server.origin}/attic`, { method: 'PUT' });
    const signed = {
      authorization:
        'AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0',
    };
    await fetch(`${server.origin}/attic`, { method: 'PUT', headers: signed });
    for (const body of [entities, '<a>'.repeat(100_000), '<Tagging>', '\0', '<Tagging><TagSet/></Tagging><Tagging/>']) {
      const answer = await fetch(`${server.origin}/attic?tagging`, { method: 'PUT', headers: signed, body });
      const text = await answer.text();
      t.assert.ok(answer.status >= 400 && answer.status < 500, `${body.slice(0, 30)}: ${answer.status}`);
      t.assert.doesNotMatch(text, /root:|aaaaaaaaaaaaaaaaaaaa/);
    }
    const form = (body: string | Buffer, headers: Record<string, string> = {}): Promise<Response> =>
      fetch(server.origin, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      });
    const since = performance.now();
    for (const body of [
      `Action=Publish&${'a=b&'.repeat(200_000)}`,
      `Action=Publish&MessageAttributes.entry.${'1.'.repeat(100_000)}Name=x`,
      'Action=CreateTopic&Name=t&Tags.member.999999999.Key=k&Tags.member.999999999.Value=v',
      'Action=CreateTopic&Name=%zz',
      'Action=CreateTopic&Name=t&Attributes.entry.1.key=__proto__&Attributes.entry.1.value=x',
    ])
      t.assert.ok((await form(`${body}&Version=2010-03-31`)).status < 500, body.slice(0, 40));
    const { gzipSync } = await import('node:zlib');
    const bomb = await fetch(server.origin, {
      method: 'POST',
      body: gzipSync(Buffer.alloc(64 * 1_048_576)),
      headers: {
        'content-encoding': 'gzip',
        'content-type': 'application/x-amz-json-1.0',
        'x-amz-target': 'GraniteServiceVersion20100801.PutMetricData',
      },
    });
    t.assert.strictEqual(bomb.status, 413);
    t.assert.ok(performance.now() - since < 10_000);
    await healthy(t, 'bombs');
  });

  test('A10, A47: a path in a name, in whatever spelling, is no path', async (t: TestContext) => {
    const spellings = [
      '..',
      '../..',
      '%2e%2e',
      '%2e%2e%2f%2e%2e%2fetc%2fpasswd',
      '..%5c..',
      '%252e%252e',
      '.%00',
      '%0d%0aX:1',
      '%1b%5b31m',
      '%c0%ae%c0%ae',
      '~',
      'arn:aws:lambda:us-east-1:999999999999:function:page',
      'arn:aws:lambda:mars-1:000000000000:function:page',
      'arn:aws:s3:::attic',
      'page:../../x',
    ];
    for (const name of spellings) {
      for (const target of [
        `/2015-03-31/functions/${name}/invocations`,
        `/2018-10-31/layers/${name}/versions/1`,
        `/_mayfly/url/${name}/`,
        `/attic/${name}/x`,
        `/${name}/x`,
      ]) {
        const { text, statuses } = await say(server.origin, [request(`GET ${target}`, [`Host: ${host()}`])]);
        t.assert.ok(
          (statuses[0] ?? 0) >= 400 && (statuses[0] ?? 0) < 500 && statuses.length === 1,
          `${target}: ${statuses.join(', ')}`,
        );
        const [head = ''] = text.split('\r\n\r\n');
        t.assert.ok(!text.includes('root:x:') && !text.includes('\x1b[31m') && !head.includes('X:1'), target);
      }
    }
    for (const region of ['../../x', 'us-east-1/../..', 'constructor'])
      t.assert.ok(
        (
          await fetch(server.origin + list, {
            headers: {
              authorization: `AWS4-HMAC-SHA256 Credential=000000000000/20260101/${region}/lambda/aws4_request, SignedHeaders=host, Signature=0`,
            },
          })
        ).status < 500,
      );
  });

  test('A40: streams reset as fast as they are opened, floods of settings and endless headers end their connection alone', async (t: TestContext) => {
    const hasty = connectHttp2(server.origin);
    const { promise: closed, resolve: onClosed } = Promise.withResolvers<void>();
    hasty.on('error', () => {}).on('close', onClosed);
    for (let count = 0; count < 6_000 && !hasty.destroyed && !hasty.closed; count += 1) {
      const stream = hasty.request({ ':path': list, ':method': 'GET' });
      stream.on('error', () => {});
      stream.close(constants.NGHTTP2_CANCEL);
      if (count % 100 === 0) await new Promise((turn) => setImmediate(turn));
    }
    await Promise.race([closed, new Promise((late) => setTimeout(late, 5_000))]);
    t.assert.ok(hasty.destroyed, 'who only opens and resets is shown the door');
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1');
    const settings = Buffer.concat(Array.from({ length: 20_000 }, () => Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])));
    const pings = Buffer.concat(
      Array.from({ length: 20_000 }, () => Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8])),
    );
    const piece = Buffer.concat([Buffer.from([0, 1, 0, 9, 0, 0, 0, 0, 1]), Buffer.alloc(256, 0x40)]);
    const continued = Buffer.concat([
      Buffer.from([0, 0, 1, 1, 0, 0, 0, 0, 1, 0x82]),
      ...Array.from({ length: 2_000 }, () => piece),
    ]);
    const lengths = Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]);
    for (const [name, bytes] of Object.entries({ settings, pings, continued, lengths })) {
      await say(server.origin, [preface, bytes], { answers: 0, withinMs: 1_500 });
      await healthy(t, name);
    }
  });

  test('pieces of a byte each do not cost a hundred times what they hold', async (t: TestContext) => {
    const { readFileSync } = await import('node:fs');
    const residentMiB = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024;
    if (process.platform !== 'linux') return t.skip('reads /proc');
    const before_ = residentMiB();
    const head = request('POST /2015-03-31/functions/page/invocations', [`Host: ${host()}`, 'Transfer-Encoding: chunked']);
    const flood = Buffer.from('1\r\n \r\n'.repeat(250_000));
    let worst = 0;
    const watch = setInterval(() => (worst = Math.max(worst, residentMiB())), 50);
    await Promise.all(
      Array.from({ length: 4 }, () => say(server.origin, [head, flood, flood, flood, flood, flood], { withinMs: 4_000 })),
    );
    clearInterval(watch);
    t.assert.ok(worst - before_ < 400, `${before_.toFixed()} MiB grew to ${worst.toFixed()}`);
    await healthy(t, 'a flood of pieces');
  });

  test('A54: noise instead of requests is refused, and does no harm', async (t: TestContext) => {
    let seed = 7;
    const random = (most: number): number => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % most;
    const corpus = [
      request(`POST ${list}`, [`Host: ${host()}`, 'Content-Length: 2'], '{}'),
      request(`GET ${list}?a=b`, [`Host: ${host()}`]),
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0',
    ];
    const talks: Promise<unknown>[] = [];
    for (let count = 0; count < 300; count += 1) {
      const bytes = Buffer.from(corpus[random(corpus.length)] ?? '', 'latin1');
      for (let turn = random(6); turn >= 0; turn -= 1) bytes[random(bytes.length)] = random(256);
      const at = random(bytes.length);
      talks.push(say(server.origin, [bytes.subarray(0, at), bytes.subarray(at)], { withinMs: 200 }));
      if (count % 30 === 29) await Promise.all(talks.splice(0));
    }
    await healthy(t, 'noise');
  });
});
