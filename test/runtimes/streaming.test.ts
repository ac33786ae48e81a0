import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request, type IncomingMessage } from 'node:http';
import { after, before, suite, test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateFunctionUrlConfigCommand, InvokeWithResponseStreamCommand } from '@aws-sdk/client-lambda';
import { deploy, invoke } from '../kit/functions.ts';
import { openHouse, type House } from './kit/house.ts';

const mebi = 1_048_576;
/** Writes `bytes` in pieces and waits where it is told to; fails after `failAfter` of them. Numbers its invocations. */
const code = `
const { pipeline } = require('node:stream/promises');
const { Readable } = require('node:stream');
let calls = 0;
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  calls += 1;
  const { bytes, failAfter = Infinity } = event.queryStringParameters ?? event;
  stream.setContentType('application/x-pieces');
  const piece = Buffer.alloc(65536, 'mayfly ');
  let written = 0;
  const pieces = function* () {
    for (; written < Number(bytes); written += piece.length) {
      if (written >= Number(failAfter)) throw new RangeError('it did not work');
      yield piece;
    }
  };
  await pipeline(Readable.from(pieces(), { highWaterMark: 1 }), stream);
  console.log('finished', JSON.stringify({ calls, written }));
});`;

const expected = (bytes: number): string => {
  const hash = createHash('sha256');
  const piece = Buffer.alloc(65_536, 'mayfly ');
  for (let at = 0; at < bytes; at += piece.length) hash.update(piece);
  return hash.digest('hex');
};

suite('response streams', { timeout: 200_000 }, () => {
  let house: House;
  let logs: CloudWatchLogsClient;
  let url: string;

  before(async () => {
    house = await openHouse();
    logs = new CloudWatchLogsClient(house.settings);
    await deploy(house.client, 'stream', { 'index.js': code }, { Timeout: 120, MemorySize: 512 });
    url =
      (
        await house.client.send(
          new CreateFunctionUrlConfigCommand({ FunctionName: 'stream', AuthType: 'NONE', InvokeMode: 'RESPONSE_STREAM' }),
        )
      ).FunctionUrl ?? '';
  });
  after(async () => {
    logs.destroy();
    await house[Symbol.asyncDispose]();
  });

  /** In MiB, of the server alone. */
  const resident = (): number =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${house.server.pid}/status`, 'utf8'))?.[1]) / 1024;
  const open = (query: string): Promise<IncomingMessage> =>
    new Promise((resolve, reject) => request(`${url}?${query}`, resolve).on('error', reject).end());
  const byClient = async (event: object) => {
    const { EventStream = [] } = await house.client.send(
      new InvokeWithResponseStreamCommand({ FunctionName: 'stream', Payload: Buffer.from(JSON.stringify(event)) }),
    );
    const hash = createHash('sha256');
    let bytes = 0;
    let most = 0;
    for await (const { PayloadChunk, InvokeComplete } of EventStream) {
      const { Payload = new Uint8Array() } = PayloadChunk ?? {};
      hash.update(Payload);
      bytes += Payload.byteLength;
      most = Math.max(most, resident());
      if (InvokeComplete !== undefined) return { bytes, most, sha256: hash.digest('hex'), complete: InvokeComplete };
    }
    throw new Error('the stream ended without a last word');
  };
  /** The last words of an invocation that nobody listens to. */
  const logged = async (pattern: string): Promise<string> => {
    for (const deadline = performance.now() + 30_000; performance.now() < deadline; await pause(50)) {
      const { events = [] } = await logs.send(
        new FilterLogEventsCommand({ logGroupName: '/aws/lambda/stream', filterPattern: pattern }),
      );
      if (events.length > 0) return events.at(-1)?.message ?? '';
    }
    throw new Error(`no ${pattern} in the log within 30 s`);
  };

  test('100 MiB arrive whole, through memory that does not grow', async (t: TestContext) => {
    await byClient({ bytes: 32 * mebi });
    const before = resident();
    const { bytes, sha256, most, complete } = await byClient({ bytes: 100 * mebi });
    t.assert.deepEqual([bytes, sha256, complete.ErrorCode], [100 * mebi, expected(100 * mebi), undefined]);
    t.assert.ok(most - before < 60, `${before} MiB before, ${most} MiB at most`);
  });

  test('a reader of 1 kB a second holds the handler back, not the memory', async (t: TestContext) => {
    const before = resident();
    const response = await open(`bytes=${100 * mebi}`);
    t.assert.equal(response.headers['content-type'], 'application/x-pieces');
    response.pause();
    let most = 0;
    let slow = 0;
    for (const until = performance.now() + 4000; performance.now() < until; await pause(1000)) {
      slow += (response.read(1000) as Buffer | null)?.length ?? 0;
      most = Math.max(most, resident());
    }
    t.assert.ok(slow >= 2000 && slow <= 5000, String(slow));
    const { events } = await logs.send(
      new FilterLogEventsCommand({ logGroupName: '/aws/lambda/stream', filterPattern: 'finished' }),
    );
    t.assert.equal(events?.length, 2, 'it is still writing');
    let bytes = slow;
    for await (const piece of response) {
      bytes += (piece as Buffer).length;
      most = Math.max(most, resident());
    }
    t.assert.equal(bytes, 100 * mebi);
    t.assert.ok(most - before < 60, `${before} MiB before, ${most} MiB at most`);
  });

  test('a caller who hangs up ends the reply, not the invocation; its environment serves on', async (t: TestContext) => {
    const response = await open(`bytes=${24 * mebi}`);
    await new Promise((resolve) => response.once('data', resolve));
    response.destroy();
    t.assert.match(await logged(`"${24 * mebi}"`), /"written":25165824/);
    t.assert.equal((await byClient({ bytes: 65_536 })).bytes, 65_536);
    t.assert.match(await logged('"\\"written\\":65536"'), /"calls":5/);
  });

  test('an error in the middle is told after what was written; a URL breaks the connection off', async (t: TestContext) => {
    const { bytes, complete } = await byClient({ bytes: mebi, failAfter: 131_072 });
    t.assert.deepEqual([bytes, complete.ErrorCode], [131_072, 'Unhandled']);
    const { errorType, errorMessage } = JSON.parse(complete.ErrorDetails ?? '') as Record<string, string>;
    t.assert.deepEqual([errorType, errorMessage], ['RangeError', 'it did not work']);
    const response = await open(`bytes=${mebi}&failAfter=131072`);
    let received = 0;
    await t.assert.rejects(
      async () => {
        for await (const piece of response) received += (piece as Buffer).length;
      },
      { code: 'ECONNRESET' },
    );
    t.assert.equal(received, 131_072);
  });

  test('more than 200 MiB are cut there, with the reason', async (t: TestContext) => {
    const since = performance.now();
    const { bytes, complete } = await byClient({ bytes: 202 * mebi });
    t.assert.equal(complete.ErrorCode, 'Unhandled');
    t.assert.match(complete.ErrorDetails ?? '', /Function\.ResponseSizeTooLarge/);
    t.assert.ok(bytes > 199 * mebi && bytes <= 200 * mebi, String(bytes));
    t.assert.ok(performance.now() - since < 60_000);
    t.assert.equal((await byClient({ bytes: 65_536 })).bytes, 65_536);
  });

  test('where the operator wants it as on Lambda, 2 MiB a second follow the first 6 MiB', async (t: TestContext) => {
    await using strict = await openHouse({ flags: ['--limit', 'streamedBytesPerSecond=2097152'] });
    await deploy(strict.client, 'stream', { 'index.js': code }, { Timeout: 60, MemorySize: 512 });
    const send = async (bytes: number): Promise<number> => {
      const { EventStream = [] } = await strict.client.send(
        new InvokeWithResponseStreamCommand({ FunctionName: 'stream', Payload: Buffer.from(JSON.stringify({ bytes })) }),
      );
      let received = 0;
      for await (const { PayloadChunk } of EventStream) received += PayloadChunk?.Payload?.byteLength ?? 0;
      return received;
    };
    await send(65_536);
    const since = performance.now();
    t.assert.equal(await send(10 * mebi), 10 * mebi);
    const tookMs = performance.now() - since;
    t.assert.ok(tookMs > 1990, `${tookMs} ms for 10 MiB`);
  });

  test('a plain Invoke collects the stream, up to 6 MB', async (t: TestContext) => {
    t.assert.equal(String((await invoke(house.client, 'stream', { bytes: 131_072 })).answer).length, 131_072);
    const { error, answer } = await invoke(house.client, 'stream', { bytes: 7 * mebi });
    t.assert.deepEqual([error, (answer as { errorType: string }).errorType], ['Unhandled', 'Function.ResponseSizeTooLarge']);
  });
});
