import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { after, before, suite, test, type TestContext } from 'node:test';
import { deploy, lambdaClient } from '../test/kit/functions.ts';
import { silentLogger } from '../packages/server/src/base/index.ts';
import { readConfig, serve, type Started } from '../packages/server/src/main/index.ts';
import { allocatedBytes, countWork, type Counts } from './kit/counters.ts';

const invokes = 500;
const authorization =
  'AWS4-HMAC-SHA256 Credential=000000000000/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host;x-amz-date, Signature=' +
  '0'.repeat(64);

/**
 * What a warm call may cost, in things that can be counted. Times belong to the benchmark: they need a
 * quiet machine, these do not.
 */
suite('a warm call', { timeout: 120_000 }, () => {
  const stop = new AbortController();
  const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-gate-'));
  let serving: Promise<void>;
  let caller: ChildProcessByStdio<Writable, Readable, null>;
  let counts: Counts;
  let bytes: number;

  before(async () => {
    const started = Promise.withResolvers<Started>();
    const config = readConfig({ flags: { port: '0', dataDir: folder, poolSize: '0' }, env: {} });
    serving = serve(config, { signal: stop.signal, log: silentLogger, onStarted: started.resolve });
    serving.catch(started.reject);
    const { origin, port } = await started.promise;
    const client = lambdaClient(origin);
    await deploy(client, 'echo', { 'index.js': 'exports.handler = async (event) => event;' }, { MemorySize: 1769 });
    client.destroy();
    caller = spawn(process.execPath, [path.join(import.meta.dirname, 'kit/caller.ts'), String(port), 'echo', authorization], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: caller.stdout })[Symbol.asyncIterator]();
    const said = async (): Promise<unknown> => (await lines.next()).value;
    if ((await said()) !== 'ready') throw new Error('The caller did not start.');
    const call = async (times: number): Promise<void> => {
      caller.stdin.write(`${times}\n`);
      const answer = await said();
      if (answer !== 'done') throw new Error(`A call failed: ${String(answer)}`);
    };
    await call(50);
    {
      using counting = countWork();
      await call(invokes);
      counts = { ...counting };
    }
    // Before the code is compiled for good, it makes objects that it does not make later.
    await call(3 * invokes);
    bytes = await allocatedBytes(() => call(3 * invokes));
  });
  after(async () => {
    caller?.kill();
    if (caller !== undefined && caller.exitCode === null) await once(caller, 'exit');
    stop.abort();
    await serving;
    rmSync(folder, { recursive: true, force: true });
  });

  test('starts no process', (t: TestContext) => {
    t.assert.strictEqual(counts.processes, 0);
  });

  test('writes twice: the event to the box, the answer to the caller', (t: TestContext) => {
    t.assert.ok(counts.writes >= 2 * invokes && counts.writes <= 2.1 * invokes + 5, `${counts.writes / invokes} writes`);
  });

  test('reads twice: the request, and the answer together with the call for the next event', (t: TestContext) => {
    t.assert.ok(counts.reads >= 2 * invokes && counts.reads <= 2.1 * invokes + 5, `${counts.reads / invokes} reads`);
  });

  // Written behind by the clock, so a slow machine sees more of it in as many calls; one a call would be 1.
  test('asks storage nothing: what is written behind is written for many calls at once', (t: TestContext) => {
    t.assert.ok(counts.questions < 0.8 * invokes, `${counts.questions} questions to storage during ${invokes} calls`);
  });

  test('makes no timer of its own', (t: TestContext) => {
    t.assert.ok(counts.timers < 0.8 * invokes, `${counts.timers} timers during ${invokes} calls`);
  });

  test('waits one turn of the loop, for what the function wrote', (t: TestContext) => {
    t.assert.ok(counts.immediates <= 1.2 * invokes, `${counts.immediates / invokes} turns`);
  });

  test('makes few objects', (t: TestContext) => {
    const each = bytes / (3 * invokes);
    t.assert.ok(each <= 40_000, `${each} bytes`);
    t.diagnostic(`per call: ${Math.round(each)} bytes of objects`);
  });

  test('makes few promises', (t: TestContext) => {
    t.assert.ok(counts.promises <= 30 * invokes, `${counts.promises / invokes} promises`);
    t.diagnostic(
      `per call: ${JSON.stringify(Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, Number((count / invokes).toFixed(2))])))}`,
    );
  });
});
