import fc from 'fast-check';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, before, suite, test, type TestContext } from 'node:test';
import { loadApi, serviceNames } from '@mayfly/wire';
import { awsLimits, silentLogger, systemClock, systemRandom } from '../../base/index.ts';
import { AwsDoor, listen, type HandlerTables, type Listener } from '../index.ts';

const path = '/2015-03-31/functions/f/invocations';
const patientMs = 700;

/** Says what it was asked, so that two roads to it can be compared. */
const open = (options: { hot: boolean; hold?: Promise<unknown>; seen?: (signal: AbortSignal) => void }): Promise<Listener> =>
  listen({
    host: '127.0.0.1',
    port: 0,
    clock: systemClock,
    random: systemRandom,
    log: silentLogger,
    hot: options.hot,
    admin: { metrics: () => '', status: () => Promise.resolve({}) },
    aws: new AwsDoor({
      limits: awsLimits,
      log: silentLogger,
      region: 'us-east-1',
      handlers: {
        ...(Object.fromEntries(serviceNames.map((name) => [name, () => Promise.resolve({})])) as unknown as HandlerTables),
        lambda: () =>
          Promise.resolve({
            Invoke: async (input: { Payload?: Uint8Array }, call) => {
              options.seen?.(call.signal);
              await options.hold;
              const { Payload = Buffer.alloc(0), ...rest } = input;
              const { account, region, headers } = call;
              const said = {
                ...rest,
                account,
                region,
                headers: Object.entries(headers).toSorted(),
                payload: Buffer.from(Payload).toString('latin1'),
              };
              return { StatusCode: 200, ExecutedVersion: '$LATEST', Payload: Buffer.from(JSON.stringify(said)) };
            },
            ListFunctions: (input: object) => Promise.resolve({ Functions: [], NextMarker: JSON.stringify(input) }),
          }),
      },
    }),
  });

/** Everything a server says to these pieces, each its own packet, until it closes or has been silent for a while. */
async function heard(server: Listener, pieces: readonly Buffer[], silenceMs = 40, betweenMs = 0): Promise<string> {
  const socket = connect(server.port, server.host);
  socket.setNoDelay(true).on('error', () => {});
  await once(socket, 'connect');
  let said = '';
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  socket.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  for (const piece of pieces) {
    if (socket.destroyed) break;
    socket.write(piece);
    await (betweenMs > 0
      ? Promise.race([closed, new Promise((resolve) => setTimeout(resolve, betweenMs))])
      : new Promise((resolve) => setImmediate(resolve)));
  }
  for (let before = -1; before !== said.length;) {
    before = said.length;
    const quiet = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), silenceMs));
    if (await Promise.race([closed, quiet])) return `${plain(said)}\n(closed)`;
  }
  socket.destroy();
  await closed;
  return plain(said);
}

/** Without what differs from one call to the next; headers of each answer in one order. */
const plain = (said: string): string =>
  said
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '<id>')
    .replaceAll(/\r\nDate: [^\r]*/gi, '')
    .replaceAll(/HTTP\/1\.1 \d+ [^\r]*\r\n(?:[^\r]+\r\n)+/g, (head) => {
      const [line = '', ...headers] = head.trimEnd().split('\r\n');
      return [line, ...headers.map((header) => header.toLowerCase()).sort(), ''].join('\r\n');
    });

const body = '{"a":1}';
const request = (head: string, text = body): string => `POST ${path} HTTP/1.1\r\n${head}\r\n\r\n${text}`;
const host = 'Host: 127.0.0.1';
const length = `Content-Length: ${body.length}`;
const good = request(`${host}\r\n${length}`);

const hostile: Readonly<Record<string, string>> = {
  'a plain call': good,
  'a call with a signature': request(
    `${host}\r\n${length}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/lambda/aws4_request, SignedHeaders=host, Signature=0`,
  ),
  'a call signed for another service': request(
    `${host}\r\n${length}\r\nAuthorization: AWS4-HMAC-SHA256 Credential=123456789012/20260101/eu-west-1/sqs/aws4_request, SignedHeaders=host, Signature=0`,
  ),
  'two calls in one packet': good + good,
  'three calls, the last of them something else': `${good}${good}GET /_mayfly/health HTTP/1.1\r\n${host}\r\n\r\n`,
  'a call behind something else': `GET /_mayfly/health HTTP/1.1\r\n${host}\r\n\r\n${good}`,
  'no host': request(length),
  'two hosts': request(`${host}\r\n${host}\r\n${length}`),
  'two equal lengths': request(`${host}\r\n${length}\r\n${length}`),
  'two lengths': request(`${host}\r\n${length}\r\nContent-Length: 3`),
  'a length and chunks': request(`${host}\r\n${length}\r\nTransfer-Encoding: chunked`),
  chunks: `POST ${path} HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n7\r\n${body}\r\n0\r\n\r\n`,
  'chunks in disguise': request(`${host}\r\n${length}\r\nTransfer-Encoding : chunked`),
  'a length with a sign': request(`${host}\r\nContent-Length: +7`),
  'a length in hexadecimal': request(`${host}\r\nContent-Length: 0x7`),
  'a length with zeroes before it': request(`${host}\r\nContent-Length: 007`),
  'a length of nothing': request(`${host}\r\nContent-Length:`),
  'a length with a list': request(`${host}\r\nContent-Length: 7, 7`),
  'a length with blanks': request(`${host}\r\nContent-Length:   7  `),
  'a space before the colon': request(`${host}\r\nContent-Length : 7`),
  'a folded header': request(`${host}\r\n${length}\r\nX-Amz-Log-Type:\r\n Tail`),
  'a header without a colon': request(`${host}\r\n${length}\r\nnonsense`),
  'a header with a zero byte': request(`${host}\r\n${length}\r\nX-A: a\0b`),
  'a header with a bare line feed': request(`${host}\r\n${length}\r\nX-A: a\nX-B: b`),
  'a header with a bare carriage return': request(`${host}\r\n${length}\r\nX-A: a\rX-B: b`),
  'a header in Latin': request(`${host}\r\n${length}\r\nX-A: \u00e9`),
  'a header twice': request(`${host}\r\n${length}\r\nX-A: a\r\nX-A: b`),
  'a header named __proto__': request(`${host}\r\n${length}\r\n__proto__: x`),
  'a header named constructor': request(`${host}\r\n${length}\r\nconstructor: x`),
  'line feeds alone': good.replaceAll('\r\n', '\n'),
  'an old version': good.replace('HTTP/1.1', 'HTTP/1.0'),
  'a version of nowhere': good.replace('HTTP/1.1', 'HTTP/1.2'),
  'two spaces in the first line': good.replace('POST ', 'POST  '),
  'a tab in the first line': good.replace('POST ', 'POST\t'),
  'a space in the target': good.replace('/f/', '/f f/'),
  'a fragment in the target': good.replace('/invocations', '/invocations#x'),
  'an absolute target': good.replace(path, `http://127.0.0.1${path}`),
  'the method in small letters': good.replace('POST', 'post'),
  'a query': good.replace('/invocations', '/invocations?Qualifier=1'),
  'a name that is encoded': good.replace('/f/', '/a%2Fb/'),
  'a name with dots': good.replace('/f/', '/../'),
  'an empty name': good.replace('/f/', '//'),
  'an expectation': request(`${host}\r\n${length}\r\nExpect: 100-continue`),
  'an upgrade': request(`${host}\r\n${length}\r\nConnection: Upgrade\r\nUpgrade: h2c`),
  'the last of its connection': request(`${host}\r\n${length}\r\nConnection: close`),
  'one that stays': request(`${host}\r\n${length}\r\nConnection: keep-alive`),
  'a page of another origin': request(`${host}\r\n${length}\r\nSec-Fetch-Site: cross-site`),
  'an event that is no JSON': request(`${host}\r\n${length}`, '{"a":1 '),
  'an unknown invocation type': request(`${host}\r\n${length}\r\nX-Amz-Invocation-Type: Never`),
  'a body that is too short': request(`${host}\r\nContent-Length: 9`),
  'a body that is too long': request(`${host}\r\nContent-Length: 5`),
  'an empty body': request(`${host}\r\nContent-Length: 0`, ''),
  'no length and no body': request(host, ''),
  'a list': `GET /2015-03-31/functions?MaxItems=3 HTTP/1.1\r\n${host}\r\n\r\n`,
  'a list with a body': `GET /2015-03-31/functions HTTP/1.1\r\n${host}\r\nContent-Length: 2\r\n\r\n{}`,
  'a method that the path does not have': good.replace('POST', 'PUT'),
  'many headers': request(
    `${host}\r\n${length}\r\n${Array.from({ length: 60 }, (_, index) => `X-${index}: ${index}`).join('\r\n')}`,
  ),
  'too many headers': request(
    `${host}\r\n${length}\r\n${Array.from({ length: 150 }, (_, index) => `X-${index}: ${index}`).join('\r\n')}`,
  ),
  'a long head': request(`${host}\r\n${length}\r\nX-A: ${'a'.repeat(10_000)}`),
  'a head beyond all bounds': request(`${host}\r\n${length}\r\nX-A: ${'a'.repeat(20_000)}`),
  rubbish: '\x00\x01\x02\x03 rubbish\r\n\r\n',
  'an empty line first': `\r\n${good}`,
};

suite('the short way for Lambda', { timeout: 120_000 }, () => {
  let short: Listener;
  let general: Listener;
  before(async () => {
    [short, general] = [await open({ hot: true }), await open({ hot: false })];
    // What is loaded by a first request takes its time.
    await Promise.all([loadApi('lambda'), loadApi('sqs')]);
    for (const server of [short, general]) await heard(server, [Buffer.from(good)], 300);
  });
  after(async () => {
    await Promise.all([short[Symbol.asyncDispose](), general[Symbol.asyncDispose]()]);
  });

  /** Both ways hear the same; where requests come before answers, what the general way says depends on when they come. */
  const compare = async (t: TestContext, pieces: readonly Buffer[]): Promise<void> => {
    const together = [Buffer.concat(pieces)];
    if ((await heard(short, pieces)) === (await heard(general, together))) return;
    // Silence of a busy machine is no answer: what is left is listened to for longer.
    const said = await heard(short, pieces, patientMs);
    if (said === (await heard(general, together, patientMs))) return;
    t.assert.strictEqual(said, await heard(general, pieces, patientMs, pieces.length > 20 ? 2 : 40));
  };

  for (const [name, text] of Object.entries(hostile)) {
    test(`answers ${name} as the general way does, in one packet, in two and byte by byte`, async (t: TestContext) => {
      const bytes = Buffer.from(text, 'latin1');
      await compare(t, [bytes]);
      const half = bytes.length >> 1;
      await compare(t, [bytes.subarray(0, half), bytes.subarray(half)]);
      await compare(
        t,
        bytes.length > 1000
          ? [bytes.subarray(0, 700), bytes.subarray(700, 701), bytes.subarray(701)]
          : [...bytes].map((byte) => Buffer.of(byte)),
      );
    });
  }

  test('whatever the bytes, both ways hear the same requests', async (t: TestContext) => {
    const piece = fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...Object.values(hostile).filter((text) => text.length < 600)) },
      {
        weight: 2,
        arbitrary: fc.constantFrom(
          '\r\n',
          ' ',
          '\t',
          '0\r\n\r\n',
          'Content-Length: 7\r\n',
          'Transfer-Encoding: chunked\r\n',
          'GET / HTTP/1.1\r\n',
        ),
      },
    );
    /** A small change somewhere: what a parser that is not strict would read in its own way. */
    const edit = fc.record({
      at: fc.nat(),
      what: fc.constantFrom('', '\r', '\n', '\0', ' ', '\t', ':', ',', '\u00ff', 'x', '%', '?', '#', '"'),
      cut: fc.nat({ max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { minLength: 1, maxLength: 3 }),
        fc.array(edit, { maxLength: 2 }),
        fc.nat(),
        async (pieces, edits, split) => {
          let text = pieces.join('');
          for (const { at, what, cut } of edits)
            text = text.slice(0, at % text.length) + what + text.slice((at % text.length) + cut);
          const bytes = Buffer.from(text, 'latin1');
          const at = split % (bytes.length + 1);
          await compare(
            t,
            [bytes.subarray(0, at), bytes.subarray(at)].filter((each) => each.length > 0),
          );
        },
      ),
      { numRuns: 100 },
    );
  });

  test('a body that is slow to come is waited for by the general way, and answered', async (t: TestContext) => {
    const head = Buffer.from(good.slice(0, -3));
    const said = await heard(short, [head, Buffer.from(good.slice(-3))], 300, 2_300);
    t.assert.match(said, /^HTTP\/1\.1 200 /);
    t.assert.match(said, /"payload":"{\\"a\\":1}"/);
  });

  test('a caller who hangs up is told to the handler', async (t: TestContext) => {
    const held = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<AbortSignal>();
    await using server = await open({ hot: true, hold: held.promise, seen: asked.resolve });
    const socket: Socket = connect(server.port, server.host);
    socket.write(good);
    const signal = await asked.promise;
    t.assert.strictEqual(signal.aborted, false);
    socket.destroy();
    await once(signal, 'abort');
    held.resolve();
  });

  test('a stop lets the answer under way go out, and closes its connection', async (t: TestContext) => {
    const held = Promise.withResolvers<void>();
    const asked = Promise.withResolvers<AbortSignal>();
    const server = await open({ hot: true, hold: held.promise, seen: asked.resolve });
    const busy = heard(server, [Buffer.from(good)], 2_000);
    await asked.promise;
    const drained = server.drain({ withinMs: 5_000 });
    held.resolve();
    const answer = await busy;
    t.assert.match(answer, /^HTTP\/1\.1 200 /);
    t.assert.match(answer, /connection: close/);
    t.assert.match(answer, /\(closed\)$/);
    await drained;
  });
});
