import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { openGuesthouse, type Guesthouse } from '../../../../test/kit/environments.ts';
import { silentLogger, systemClock, systemRandom } from '../base/index.ts';
import type { FunctionVersion } from '../control/index.ts';
import { jailObstacle, openJail, type SandboxDriver } from '../sandbox/index.ts';
import { CompileCaches } from './compile-cache/caches.ts';
import { openRuntimes } from './runtimes/index.ts';
import type { Runtimes } from './runtimes/port.ts';

const obstacle = jailObstacle();

/** A custom runtime of a few lines: bash speaks HTTP to the Runtime API through /dev/tcp. */
const bashRuntime = `#!/bin/bash
api=\${AWS_LAMBDA_RUNTIME_API/:/\\/}
call() {
  exec 3<>"/dev/tcp/$api"
  printf '%s %s HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$1" "/2018-06-01/runtime/$2" "\${#3}" "$3" >&3
  answer=$(cat <&3 | tr -d '\\r')
  exec 3>&-
}
echo "$_HANDLER is loaded"
count=0
while :; do
  call GET invocation/next
  id=$(sed -n 's/^[Ll]ambda-[Rr]untime-[Aa]ws-[Rr]equest-[Ii]d: //p' <<<"$answer")
  event=$(tail -n 1 <<<"$answer")
  count=$((count + 1))
  echo "event $event"
  case $event in
    '"exit"') exit 7 ;;
    '"sleep"') sleep 100 ;;
    '"write"') echo kept >/tmp/kept ;;
    '"frame"') printf '\\xa5\\x5a\\x00\\x17\\0\\0\\0\\x0d\\0\\0\\0\\0\\0\\0\\0\\0one\\nand two  ' >&$_LAMBDA_TELEMETRY_LOG_FD ;;
    '"hostile"') printf 'no frame\\n\\xa5\\x5a\\x00\\x03\\xff\\xff\\xff\\xff12345678 and so on' >&$_LAMBDA_TELEMETRY_LOG_FD ;;
  esac
  call POST "invocation/$id/response" "{\\"count\\":$count,\\"event\\":$event,\\"kept\\":\\"$(cat /tmp/kept 2>/dev/null)\\",\\"task\\":\\"$(ls /var/task | tr '\\n' ' ')\\",\\"region\\":\\"$AWS_REGION\\"}"
done
`;

/** An external extension of a few lines; `read` takes the answer's headers, `head -c` its body. */
const bashExtension = `#!/bin/bash
api=\${AWS_LAMBDA_RUNTIME_API/:/\\/}
call() {
  exec 3<>"/dev/tcp/$api"
  printf '%s /2020-01-01/extension/%s HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\nLambda-Extension-Name: watcher\\r\\nLambda-Extension-Identifier: %s\\r\\nContent-Length: %d\\r\\n\\r\\n%s' "$1" "$2" "$id" "\${#3}" "$3" >&3
  answer=$(cat <&3 | tr -d '\\r')
  exec 3>&-
}
call POST register '{"events":["INVOKE","SHUTDOWN"]}'
id=$(sed -n 's/^[Ll]ambda-[Ee]xtension-[Ii]dentifier: //p' <<<"$answer")
echo "registered \${_HANDLER:-without a handler}"
while :; do
  call GET event/next ''
  event=$(tail -n 1 <<<"$answer")
  echo "heard $(sed 's/.*"eventType":"\\([A-Z]*\\)".*/\\1/' <<<"$event")"
  case $event in *SHUTDOWN*) exit 0 ;; esac
done
`;

/** Subscribes to everything, and says what it received when the end comes. */
const subscriber = `#!/var/lang/bin/node
const http = require('http');
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const call = (method, path, headers, body) => new Promise((resolve, reject) => {
  const request = http.request({ host, port, method, path, headers, agent: false }, (response) => {
    let text = '';
    response.on('data', (data) => (text += data)).on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
  });
  request.on('error', reject).end(body);
});
(async () => {
  const types = [];
  const server = http.createServer((request, response) => {
    let text = '';
    request.on('data', (data) => (text += data)).on('end', () => { for (const { type } of JSON.parse(text)) types.push(type); response.end(); });
  });
  await new Promise((resolve) => server.listen(8080, 'sandbox.localdomain', resolve));
  const { headers } = await call('POST', '/2020-01-01/extension/register', { 'Lambda-Extension-Name': 'subscriber' }, '{"events":["INVOKE","SHUTDOWN"]}');
  const id = { 'Lambda-Extension-Identifier': headers['lambda-extension-identifier'] };
  const told = await call('PUT', '/2022-07-01/telemetry', id, JSON.stringify({
    schemaVersion: '2022-12-13', destination: { protocol: 'HTTP', URI: 'http://sandbox.localdomain:8080' }, types: ['platform', 'function'], buffering: { timeoutMs: 25 },
  }));
  console.log('subscribed', told.status, told.text);
  for (;;) {
    const { text } = await call('GET', '/2020-01-01/extension/event/next', id);
    if (JSON.parse(text).eventType !== 'SHUTDOWN') continue;
    console.log(types.join(' '));
    process.exit(0);
  }
})();
`;

const streamHandler = `
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.setContentType('text/plain');
  for (let i = 0; i < 3; i += 1) { stream.write('piece ' + i + ' '); await new Promise((r) => setTimeout(r, 5)); }
  if (event === 'break') throw new Error('broken');
  stream.end();
});`;

const nodeHandler = `
let count = 0;
console.log('loaded');
exports.handler = async (event, context) => {
  if (event === 'write') { process.stdout.write('to the pipe\\n'); return 'written'; }
  console.log('event', event);
  if (event === 'throw') throw new TypeError('no');
  if (event === 'exit') process.exit(3);
  if (event === 'spin') for (;;);
  if (event === 'oom') { const all = []; for (;;) all.push(Buffer.alloc(1 << 20, 1)); }
  if (event === 'endpoint') return (await fetch(process.env.AWS_ENDPOINT_URL)).text();
  return { count: ++count, event, name: context.functionName, id: context.awsRequestId, options: process.env.NODE_OPTIONS, wrapped: process.env.WRAPPED, logFd: process.env._LAMBDA_TELEMETRY_LOG_FD };
};`;

suite('an environment in a jail', { skip: obstacle?.detail ?? false, timeout: 60_000 }, () => {
  let folder: string;
  let driver: SandboxDriver;
  let house: Guesthouse;
  let runtimes: Runtimes;
  let caches: CompileCaches;

  const code = (name: string, files: Readonly<Record<string, string>>): Partial<FunctionVersion> => {
    const dir = path.join(folder, 'code', name);
    mkdirSync(dir, { recursive: true });
    for (const [file, text] of Object.entries(files)) {
      writeFileSync(path.join(dir, file), text);
      chmodSync(path.join(dir, file), 0o755);
    }
    return { codeDir: dir };
  };
  const answer = async (environment: Parameters<Guesthouse['invoke']>[0], event: unknown) => {
    const { outcome, usage, tail } = await house.invoke(environment, JSON.stringify(event));
    const text = outcome.kind === 'streamed' ? '' : Buffer.from(outcome.body).toString();
    return { kind: outcome.kind, text, usage, tail };
  };

  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'mayfly-environment-'));
    const dataDir = path.join(folder, 'data');
    mkdirSync(dataDir);
    driver = openJail({ dataDir, clock: systemClock, log: silentLogger });
    runtimes = await openRuntimes({ dataDir, clock: systemClock, log: silentLogger });
    caches = await CompileCaches.open({ dataDir, random: systemRandom, log: silentLogger });
    house = openGuesthouse(driver, runtimes, {
      poolSize: 1,
      compileCaches: caches,
      serveEndpoint: (socket) =>
        socket.on('data', () => socket.end('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 8\r\n\r\nendpoint')),
    });
  });
  after(async () => {
    await house?.[Symbol.asyncDispose]();
    await driver?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  test('a custom runtime in bash answers, fails, runs out of time, and goes on in the same box', async (t: TestContext) => {
    const version = { runtime: 'provided.al2023', ...code('bash', { bootstrap: bashRuntime, 'data.txt': '' }), timeoutMs: 1000 };
    await using environment = house.environment(version);
    t.assert.equal(await environment.initialised, 'idle');
    const first = await answer(environment, 'write');
    t.assert.deepEqual(JSON.parse(first.text), {
      count: 1,
      event: 'write',
      kept: 'kept',
      task: 'bootstrap data.txt ',
      region: 'us-east-1',
    });
    // What its initialisation said last may come a moment after the START.
    t.assert.ok(first.tail.includes('event "write"'), first.tail.join('\n'));
    t.assert.ok(first.usage.maxMemoryUsedMiB > 0);
    t.assert.equal((JSON.parse((await answer(environment, 2)).text) as { count: number }).count, 2);
    t.assert.match((await answer(environment, 'exit')).text, /Runtime exited with error: exit status 7/);
    // A new process, and the same /tmp.
    const after = JSON.parse((await answer(environment, 4)).text) as { count: number; kept: string };
    t.assert.deepEqual([after.count, after.kept], [1, 'kept']);
    const late = await answer(environment, 'sleep');
    t.assert.match(late.text, /Task timed out after 1.00 seconds/);
    t.assert.ok(late.usage.durationMs >= 1000 && late.usage.durationMs < 1500, String(late.usage.durationMs));
    t.assert.equal((JSON.parse((await answer(environment, 6)).text) as { count: number }).count, 1);
  });

  test('a custom runtime frames its log; what is no frame concerns itself alone, until it ends', async (t: TestContext) => {
    const version = { runtime: 'provided.al2023', ...code('framing', { bootstrap: bashRuntime }), timeoutMs: 5000 };
    await using environment = house.environment(version);
    t.assert.equal(await environment.initialised, 'idle');
    for (const round of [1, 2]) {
      const { tail } = await answer(environment, 'frame');
      const at = tail.indexOf('one\nand two  ');
      t.assert.ok(at > 0 && at < tail.findIndex((line) => line.startsWith('END')), `${round}: ${JSON.stringify(tail)}`);
      const hostile = await answer(environment, 'hostile');
      t.assert.ok(hostile.tail.includes('no frame'), hostile.tail.join('\n'));
      // Four gigabytes were announced: what comes is passed over, and nothing waits for it.
      t.assert.deepEqual(
        (await answer(environment, 'frame')).tail.filter((line) => line.includes('and')),
        [],
      );
      t.assert.match((await answer(environment, 'exit')).text, /exit status 7/);
    }
  });

  test('a bootstrap that is missing is named', async (t: TestContext) => {
    await using environment = house.environment({ runtime: 'provided.al2023', ...code('empty', { 'data.txt': '' }) });
    t.assert.equal(await environment.initialised, 'failed');
    t.assert.match(
      (await answer(environment, 1)).text,
      /^\{"errorType":"Runtime.InvalidEntrypoint","errorMessage":"RequestId: \S+ Error: Couldn't find valid bootstrap\(s\): \[\/var\/task\/bootstrap \/opt\/bootstrap\]"\}$/,
    );
  });

  test('a version is compiled once: its later environments read what the second one made, and cannot write it', async (t: TestContext) => {
    const files = code('slow', {
      'index.js': `const fs = require('fs');
        const cache = require('module').getCompileCacheDir;
        for (const until = Date.now() + 50; Date.now() < until;);
        const refused = (work) => { try { work(); return 'done'; } catch ({ code }) { return code; } };
        exports.handler = async () => {
          const made = fs.readdirSync('/run/mayfly/cache', { recursive: true }).filter((name) => name.includes('/'));
          return { used: cache() !== undefined && fs.existsSync(cache()) && fs.realpathSync(cache()).startsWith('/run/mayfly/cache/'), made: made.length,
            writes: ['/run/mayfly/cache/x', ...made.map((name) => '/run/mayfly/cache/' + name)].map((file) => refused(() => fs.writeFileSync(file, 'x'))) };
        };`,
    });
    const seen = async (version: FunctionVersion): Promise<unknown> => {
      await using environment = house.factory.create(version);
      t.assert.equal(await environment.initialised, 'idle');
      return JSON.parse((await answer(environment, 1)).text);
    };
    const version = house.version({ ...files, incarnation: 'compiled', memoryMiB: 1769 });
    for (const round of ['first', 'second']) t.assert.equal(((await seen(version)) as { readonly made: number }).made, 0, round);
    await caches[Symbol.asyncDispose]();
    t.assert.deepEqual(await seen(version), { used: true, made: 1, writes: ['EROFS', 'EROFS'] });
    // The same code with another configuration is another version: what it could put there would run as this one.
    t.assert.equal(
      ((await seen(house.version({ ...files, incarnation: 'other', memoryMiB: 1769 }))) as { made: number }).made,
      0,
    );
  });

  test('Node.js answers from a fresh box and from a pooled one, throws, exits and runs out of memory', async (t: TestContext) => {
    const version = { ...code('node', { 'index.js': nodeHandler }), memoryMiB: 256, timeoutMs: 20_000 };
    for (const round of ['fresh', 'pooled']) {
      if (round === 'pooled') while ((house.factory.pooled().get('nodejs24.x') ?? 0) === 0) await systemClock.sleep(20);
      await using environment = house.environment(version);
      t.assert.equal(await environment.initialised, 'idle');
      const first = await answer(environment, 'hello');
      const { id, ...rest } = JSON.parse(first.text) as Record<string, unknown>;
      t.assert.deepEqual(rest, { count: 1, event: 'hello', name: 'f' });
      t.assert.match(first.tail[1] ?? '', new RegExp(`${String(id)}\\tINFO\\tevent hello`));
      t.assert.match((await answer(environment, 'throw')).text, /^\{"errorType":"TypeError","errorMessage":"no","trace":\[/);
      t.assert.equal((await answer(environment, 'endpoint')).text, '"endpoint"');
      t.assert.match((await answer(environment, 'exit')).text, /"Runtime.ExitError".*(exit status 3|without)/);
      t.assert.match((await answer(environment, 'again')).text, /"count":1/);
      const oom = await answer(environment, 'oom');
      t.assert.match(oom.text, /signal: killed/);
      t.assert.equal(oom.usage.errorType, 'Runtime.OutOfMemory');
      t.assert.match((await answer(environment, 'again')).text, /"count":1/);
    }
  });

  test('a handler that never lets go is ended at its time', async (t: TestContext) => {
    await using environment = house.environment({
      ...code('node', { 'index.js': nodeHandler }),
      memoryMiB: 1769,
      timeoutMs: 1000,
    });
    await environment.initialised;
    t.assert.match((await answer(environment, 'spin')).text, /Task timed out after 1.00 seconds/);
    t.assert.match((await answer(environment, 'again')).text, /"count":1/);
  });

  test('what is written to a pipe just before the answer stands before END', async (t: TestContext) => {
    await using environment = house.environment({ ...code('node', { 'index.js': nodeHandler }), memoryMiB: 1769 });
    await environment.initialised;
    for (let count = 0; count < 200; count += 1) {
      const { tail } = await answer(environment, 'write');
      t.assert.deepEqual(tail.slice(1, -2), ['to the pipe']);
    }
  });

  test('a frozen function stands still and thaws for its event', async (t: TestContext) => {
    await using environment = house.environment(code('node', { 'index.js': nodeHandler }));
    await environment.initialised;
    await environment.freeze();
    t.assert.match((await answer(environment, 1)).text, /"count":1/);
  });

  test('an external extension hears of each event and of the end', async (t: TestContext) => {
    const { codeDir: layersDir = '' } = code('layer', {});
    mkdirSync(path.join(layersDir, 'extensions'));
    writeFileSync(path.join(layersDir, 'extensions', 'watcher'), bashExtension, { mode: 0o755 });
    const environment = house.environment({ ...code('node', { 'index.js': nodeHandler }), layersDir, memoryMiB: 512 });
    t.assert.equal(await environment.initialised, 'idle');
    const from = house.log.length;
    t.assert.match((await answer(environment, 1)).text, /"count":1/);
    await environment.stop('SPINDOWN');
    const said = house.log.filter(({ origin }) => origin === 'extension').map(({ message }) => message);
    t.assert.deepEqual(said, ['registered without a handler', 'heard INVOKE', 'heard SHUTDOWN']);
    t.assert.ok(
      house.log
        .slice(0, from)
        .some(({ message }) => message === 'EXTENSION\tName: watcher\tState: Ready\tEvents: [INVOKE, SHUTDOWN]'),
    );
  });

  test('a subscriber inside is sent what the log says, up to the last report', async (t: TestContext) => {
    const { codeDir: layersDir = '' } = code('telemetry', {});
    mkdirSync(path.join(layersDir, 'extensions'));
    writeFileSync(path.join(layersDir, 'extensions', 'subscriber'), subscriber, { mode: 0o755 });
    const environment = house.environment({ ...code('node', { 'index.js': nodeHandler }), layersDir, memoryMiB: 1769 });
    t.assert.equal(await environment.initialised, 'idle');
    await answer(environment, 1);
    await environment.stop('SPINDOWN');
    const said = house.log.filter(({ origin }) => origin === 'extension').map(({ message }) => message);
    t.assert.equal(said.at(-2), 'subscribed 200 "OK"');
    const types = said.at(-1)?.split(' ') ?? [];
    t.assert.deepEqual(types.slice(-4), ['platform.start', 'function', 'platform.runtimeDone', 'platform.report']);
    t.assert.equal(types[0], 'platform.initStart');
  });

  test('a stream of Node.js comes through, and says when it broke', async (t: TestContext) => {
    await using environment = house.environment(code('stream', { 'index.js': streamHandler }));
    await environment.initialised;
    const read = async (event: unknown) => {
      const running = house.begin(environment, JSON.stringify(event));
      const outcome = await running.outcome;
      if (outcome.kind !== 'streamed') return [outcome.kind];
      let text = '';
      for await (const piece of outcome.body) text += Buffer.from(piece).toString();
      const end = await outcome.end;
      await running.released;
      return [outcome.contentType, text, end.kind === 'failed' ? end.errorType : end.kind];
    };
    t.assert.deepEqual(await read('whole'), ['text/plain', 'piece 0 piece 1 piece 2 ', 'complete']);
    t.assert.deepEqual(await read('break'), ['text/plain', 'piece 0 piece 1 piece 2 ', 'Error']);
  });

  test('the first call of a box that booted for it: long events and answers, what was begun at load, a stream', async (t: TestContext) => {
    await using bare = openGuesthouse(driver, runtimes, { poolSize: 0 });
    const handler = `
      const { execFileSync } = require('child_process');
      let turns = 0, later = false;
      setImmediate(() => (turns += 1));
      setTimeout(() => (later = true), 1);
      exports.handler = async ({ text, want }) => {
        let inherited = true;
        try { execFileSync('/bin/sh', ['-c', 'true >&3'], { stdio: 'ignore' }); } catch { inherited = false; }
        const { MAYFLY_CHANNEL, MAYFLY_CHANNEL_FD } = process.env;
        return { turns, later: later || (await new Promise((r) => setTimeout(() => r(later), 5))), length: text.length,
          answer: 'y'.repeat(want), inherited, told: [MAYFLY_CHANNEL, MAYFLY_CHANNEL_FD] };
      };`;
    await using environment = bare.environment(code('first', { 'index.js': handler }));
    t.assert.equal(await environment.initialised, 'idle');
    for (const size of [3_000_000, 3, 200_000]) {
      const { outcome } = await bare.invoke(environment, JSON.stringify({ text: 'x'.repeat(size), want: size }));
      const answer = JSON.parse(outcome.kind === 'streamed' ? '' : Buffer.from(outcome.body).toString()) as object;
      t.assert.deepEqual(answer, {
        turns: 1,
        later: true,
        length: size,
        answer: 'y'.repeat(size),
        inherited: false,
        told: [null, null],
      });
    }
    await using streaming = bare.environment(code('stream', { 'index.js': streamHandler }));
    await streaming.initialised;
    const outcome = await bare.begin(streaming, '"whole"').outcome;
    t.assert.equal(outcome.kind === 'streamed' && (await text(Readable.from(outcome.body))), 'piece 0 piece 1 piece 2 ');
  });

  test('what an interpreter must know at its start is there: NODE_OPTIONS, and what a wrapper made of it', async (t: TestContext) => {
    const wrapper = '#!/bin/bash\nexport _HANDLER=index.handler WRAPPED=yes\necho wrapped\nexec "$@"\n';
    await using environment = house.environment({
      ...code('wrapped', { 'index.js': nodeHandler, wrapper }),
      environment: { NODE_OPTIONS: '--stack-trace-limit=3', AWS_LAMBDA_EXEC_WRAPPER: '/var/task/wrapper' },
    });
    t.assert.equal(await environment.initialised, 'idle');
    t.assert.match((await answer(environment, 1)).text, /"options":"--stack-trace-limit=3","wrapped":"yes"}$/);
    t.assert.ok(house.log.some(({ message }) => message === 'wrapped'));
  });

  test('Python answers, and its errors are its own', async (t: TestContext) => {
    const handler =
      'def handler(event, context):\n    print("event", event)\n    return {"event": event, "left": context.get_remaining_time_in_millis() > 0, **({} if event else {}["key"])}\n';
    await using environment = house.environment({
      runtime: 'python3.11',
      handler: 'index.handler',
      ...code('python', { 'index.py': handler }),
    });
    const state = await environment.initialised;
    if (state === 'gone') return t.skip('no python3.11 on this host');
    const first = await answer(environment, 'hello');
    t.assert.deepEqual(JSON.parse(first.text), { event: 'hello', left: true });
    t.assert.equal(first.tail[1], 'event hello');
    t.assert.match((await answer(environment, '')).text, /"errorType": ?"KeyError"/);
  });
});
