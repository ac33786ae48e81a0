import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { arn, Bootstrap, requestId, type Told } from './bootstrap.ts';
import { interpreter } from './interpreters.ts';

type Files = Readonly<Record<string, string>>;

// The oldest, the last with callbacks, and the one this program runs on.
for (const identifier of ['nodejs16.x', 'nodejs22.x', 'nodejs24.x']) {
  const found = await interpreter(identifier);
  const major = Number.parseInt(identifier.slice(6), 10);
  const modern = major >= 24;

  suite(`the bootstrap on ${identifier}`, { skip: typeof found === 'string' ? found : false, timeout: 60_000 }, () => {
    if (typeof found === 'string') return;

    /** Loads `index.handler` (or another) of these files, sends one event each, tells what came. */
    const run = async (files: Files | string, ...events: unknown[]): Promise<Told[]> => runWith({ files }, ...events);
    const runWith = async (
      options: { files: Files | string; handler?: string; [more: string]: unknown },
      ...events: unknown[]
    ): Promise<Told[]> => {
      const { files, handler = 'index.handler', ...init } = options;
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: typeof files === 'string' ? { 'index.js': files } : files,
      });
      const told = [await bootstrap.init(handler, init)];
      if (told[0]!.end?.type === 'R') for (const event of events) told.push(await bootstrap.invoke(event));
      return told;
    };
    const failure = async (files: Files | string, handler?: string) => {
      const [init] = await runWith({ files, ...(handler === undefined ? {} : { handler }) });
      const { errorType, errorMessage, trace } = init!.value as Record<string, unknown>;
      return { frame: init!.end!.type, errorType, errorMessage, trace: trace as string[], logs: init!.logs };
    };

    test('replaces its environment, or keeps what an exec wrapper put there when told so', async (t) => {
      const files = {
        'index.js': 'exports.handler = async () => [process.env.EXTRA, process.env.GIVEN, process.env.MAYFLY_CHANNEL];',
      };
      for (const [keepEnv, expected] of [
        [false, [null, 'by init', null]],
        [true, ['by wrapper', null, null]],
      ] as const) {
        await using bootstrap = await Bootstrap.start({
          ...found,
          files,
          env: { ...found.env, EXTRA: 'by wrapper', _HANDLER: 'index.handler' },
        });
        await bootstrap.init(keepEnv ? 'another.handler' : 'index.handler', { keepEnv, env: { GIVEN: 'by init' } });
        t.assert.deepEqual((await bootstrap.invoke({})).value, expected);
      }
    });

    test('the trace of an invocation is a variable like the others, and the programs it starts get it', async (t) => {
      const files = {
        'index.js': `exports.handler = async (drop) => {
          const name = '_X_AMZN_TRACE_ID';
          const child = require('child_process').execFileSync(process.execPath, ['-p', 'process.env._X_AMZN_TRACE_ID'], { encoding: 'utf8' }).trim();
          const seen = [process.env[name], name in process.env, Object.keys(process.env).includes(name), { ...process.env }[name], child];
          if (drop) { delete process.env[name]; seen.push(name in process.env); process.env[name] = 5; seen.push(process.env[name]); }
          process.env.OTHER = 7;
          return [...seen, process.env.OTHER, Object.hasOwn(process.env, 'OTHER')];
        };`,
      };
      await using bootstrap = await Bootstrap.start({ ...found, files });
      await bootstrap.init('index.handler');
      const trace = ((await bootstrap.invoke(false)).value as unknown[])[0];
      t.assert.match(String(trace), /^Root=/);
      t.assert.deepEqual((await bootstrap.invoke(true)).value, [trace, true, true, trace, trace, false, '5', '7', true]);
      t.assert.deepEqual((await bootstrap.invoke(false)).value, [trace, true, true, trace, trace, '7', true]);
    });

    test('answers and asks for the next event in one write', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'index.js': 'exports.handler = async (event) => ({ got: event });' },
      });
      await bootstrap.init('index.handler');
      const pieces: number[] = [];
      bootstrap.socket.on('data', (bytes) => pieces.push(bytes.length));
      const told = await bootstrap.invoke({ a: 'ü' });
      t.assert.deepEqual(
        told.frames.map((frame) => frame.type),
        ['A', 'N'],
      );
      t.assert.deepEqual(told.value, { got: { a: 'ü' } });
      t.assert.deepEqual(told.end!.header, { requestId, contentType: 'application/json' });
      t.assert.equal(pieces.length, 1);
    });

    test('takes events that arrive cut anywhere, and big ones', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'index.js': 'exports.handler = async ({ text }) => text.length;' },
      });
      await bootstrap.init('index.handler');
      t.assert.equal((await bootstrap.invoke({ text: 'ü'.repeat(3_000_000) })).value, 3_000_000);
    });

    for (const [name, files, handler] of [
      ['a CommonJS file', { 'index.js': 'exports.handler = async () => "here";' }, 'index.handler'],
      ['an ES module', { 'index.mjs': 'export const handler = async () => "here";' }, 'index.handler'],
      [
        'an ES module with a top-level await',
        { 'index.mjs': 'const word = await Promise.resolve("here"); export const handler = async () => word;' },
        'index.handler',
      ],
      [
        'an ES module by package.json',
        { 'package.json': '{"type":"module"}', 'index.js': 'export const handler = async () => "here";' },
        'index.handler',
      ],
      [
        'a package.json above',
        { 'package.json': '{"type":"module"}', 'src/index.js': 'export const handler = async () => "here";' },
        'src/index.handler',
      ],
      [
        'a .cjs file',
        { 'package.json': '{"type":"module"}', 'index.cjs': 'exports.handler = async () => "here";' },
        'index.handler',
      ],
      [
        'a folder and nested names',
        { 'a/b/file.js': 'exports.deep = { er: { handler: async () => "here" } };' },
        'a/b/file.deep.er.handler',
      ],
      ['a default export', { 'index.mjs': 'export default { handler: async () => "here" };' }, 'index.handler'],
      [
        '.js before .mjs',
        { 'index.js': 'exports.handler = async () => "here";', 'index.mjs': 'export const handler = async () => "there";' },
        'index.handler',
      ],
      ['a package', { 'node_modules/pack/index.js': 'exports.handler = async () => "here";' }, 'pack.handler'],
    ] as const) {
      test(`finds the handler in ${name}`, async (t) => {
        const [init, told] = await runWith({ files, handler }, {});
        t.assert.equal(init!.end!.type, 'R');
        t.assert.equal(told!.value, 'here');
      });
    }

    test('names what is wrong with a handler that cannot be loaded', async (t: TestContext) => {
      const missing = await failure('exports.other = 1; exports.more = 2;');
      t.assert.deepEqual(
        [missing.frame, missing.errorType, missing.errorMessage],
        ['F', 'Runtime.HandlerNotFound', 'index.handler is undefined or not exported'],
      );
      t.assert.match(missing.logs.at(-1)!, /"exports":\["other","more"\]/);
      t.assert.equal((await failure('exports.handler = 1;')).errorMessage, 'index.handler is not a function');
      t.assert.equal((await failure('', '../index.handler')).errorType, 'Runtime.MalformedHandlerName');
      t.assert.deepEqual(
        [(await failure('', 'index')).errorType, (await failure('', 'index')).errorMessage],
        ['Runtime.MalformedHandlerName', 'Bad handler'],
      );
      const absent = await failure({ 'other.js': '' });
      t.assert.equal(absent.errorType, 'Runtime.ImportModuleError');
      t.assert.match(String(absent.errorMessage), /^Error: Cannot find module 'index'/);
      const needs = await failure('require("nowhere"); exports.handler = async () => 1;');
      t.assert.match(String(needs.errorMessage), /^Error: Cannot find module 'nowhere'\nRequire stack:/);
      t.assert.equal((await failure({ 'index.mjs': 'import "nowhere";' })).errorType, 'Runtime.ImportModuleError');
      const wrong = await failure('exports.handler = async () => {');
      t.assert.equal(wrong.errorType, 'Runtime.UserCodeSyntaxError');
      t.assert.match(String(wrong.errorMessage), /^SyntaxError: /);
      t.assert.ok(
        wrong.trace.some((line) => line.includes('index.js')),
        wrong.trace.join('\n'),
      );
    });

    test('reports what the module throws while it is loaded', async (t) => {
      const thrown = await failure('throw new RangeError("at load");');
      t.assert.deepEqual([thrown.frame, thrown.errorType, thrown.errorMessage], ['F', 'RangeError', 'at load']);
      t.assert.match(
        thrown.logs[0]!,
        /^\d{4}-\d\d-\d\dT[\d:.]+Z\tundefined\tERROR\tUncaught Exception \t\{"errorType":"RangeError"/,
      );
      t.assert.equal(
        (
          await failure(
            'Promise.reject(new Error("lost")); exports.handler = () => {}; setTimeout(() => {}, 1e6); require("fs"); throw 1;',
          )
        ).frame,
        'F',
      );
    });

    test('ends after a failed start', async (t) => {
      await using bootstrap = await Bootstrap.start({ ...found, files: { 'index.js': 'throw new Error("no");' } });
      await bootstrap.init('index.handler');
      t.assert.notEqual((await bootstrap.ended).exitCode, 0);
    });

    test('a module that awaits what never comes is an error of the start', async (t) => {
      t.assert.equal(
        (await failure({ 'index.mjs': 'await new Promise(() => {}); export const handler = 1;' })).errorType,
        'Runtime.NodeJsExit',
      );
    });

    test('passes the context', async (t: TestContext) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: {
          'index.js': `exports.handler = async (event, context) => ({ ...context, left: context.getRemainingTimeInMillis(), trace: process.env._X_AMZN_TRACE_ID,
            channel: process.env.MAYFLY_CHANNEL, path: process.env.NODE_PATH, folder: process.cwd() === process.env.LAMBDA_TASK_ROOT });`,
        },
      });
      await bootstrap.init('index.handler', { env: { NODE_PATH: '/opt/nodejs/node_modules' } });
      const { value } = await bootstrap.invoke(
        {},
        {
          clientContext: '{"custom":{"a":1}}',
          cognitoIdentity: '{"cognitoIdentityId":"id","cognitoIdentityPoolId":"pool"}',
          tenantId: 'blue',
        },
      );
      const { left, callbackWaitsForEmptyEventLoop, ...rest } = value as Record<string, unknown>;
      t.assert.ok(Number(left) > 2000 && Number(left) <= 3000);
      t.assert.equal(callbackWaitsForEmptyEventLoop, modern ? undefined : true);
      t.assert.deepEqual(rest, {
        functionVersion: '7',
        functionName: 'walk',
        memoryLimitInMB: '256',
        logGroupName: '/aws/lambda/walk',
        logStreamName: '2026/11/24/[7]0123456789abcdef0123456789abcdef',
        clientContext: { custom: { a: 1 } },
        identity: { cognitoIdentityId: 'id', cognitoIdentityPoolId: 'pool' },
        invokedFunctionArn: arn,
        awsRequestId: requestId,
        tenantId: 'blue',
        trace: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
        path: '/opt/nodejs/node_modules',
        folder: true,
      });
    });

    test('turns any result into JSON, and says so where there is none', async (t) => {
      const [, ...told] = await run(
        `const loop = {}; loop.loop = loop;
         const results = { nothing: undefined, none: null, text: 'x', number: 1, date: new Date(0), fn: () => 1, loop, big: 10n };
         exports.handler = async (name) => results[name];`,
        ...['nothing', 'none', 'text', 'number', 'date', 'fn', 'loop', 'big'],
      );
      t.assert.deepEqual(
        told.slice(0, 6).map((one) => one.value),
        [null, null, 'x', 1, '1970-01-01T00:00:00.000Z', null],
      );
      for (const one of told.slice(6)) {
        t.assert.equal(one.end!.type, 'X');
        t.assert.equal((one.value as { errorMessage: string }).errorMessage, 'Unable to stringify response body');
      }
    });

    test('describes whatever is thrown', async (t) => {
      const [, ...told] = await run(
        `class Strange extends Error { constructor() { super('odd'); this.name = 'Strange'; this.detail = 7; } }
         const things = { error: new TypeError('bad'), strange: new Strange(), text: 'just text', number: 5, nothing: undefined,
           mean: Object.defineProperty(new Error('x'), 'message', { get() { throw 1; } }) };
         exports.handler = async (name) => { throw things[name]; };`,
        ...['error', 'strange', 'text', 'number', 'nothing', 'mean', 'error'],
      );
      t.assert.deepEqual(
        told.map((one) => one.end!.type),
        Array(7).fill('X'),
      );
      const shapes = told.map((one) => one.value as { errorType: string; errorMessage: string; trace: string[] });
      t.assert.deepEqual(
        shapes.map((shape) => shape.errorType),
        ['TypeError', 'Strange', 'string', 'number', 'undefined', 'handled', 'TypeError'],
      );
      t.assert.deepEqual(
        shapes.slice(0, 4).map((shape) => shape.errorMessage),
        ['bad', 'odd', 'just text', '5'],
      );
      t.assert.equal(shapes[0]!.trace[0], 'TypeError: bad');
      t.assert.deepEqual(shapes[2]!.trace, []);
      t.assert.equal(told[0]!.end!.header.errorType, 'TypeError');
      t.assert.deepEqual((told[0]!.end!.header.xrayCause as { exceptions: { type: string }[] }).exceptions[0]!.type, 'TypeError');
      t.assert.match(
        told[1]!.logs[0]!,
        /\tERROR\tInvoke Error \t\{"errorType":"Strange","errorMessage":"odd","name":"Strange","detail":7,"stack":\["Strange: odd"/,
      );
    });

    test('a throw of a plain function is the same as a rejection', async (t) => {
      const [, told] = await run('exports.handler = () => { throw new Error("at once"); };', {});
      t.assert.deepEqual([told!.end!.type, (told!.value as { errorMessage: string }).errorMessage], ['X', 'at once']);
    });

    test('a promise that never settles is an error once nothing is left to do, and the next event is taken', async (t) => {
      const [, first, second] = await run(
        'exports.handler = async (never) => (never ? new Promise(() => {}) : "back");',
        true,
        false,
      );
      t.assert.equal((first!.value as { errorType: string }).errorType, 'Runtime.NodeJsExit');
      t.assert.equal(second!.value, 'back');
    });

    test('a rejection nobody handles fails the invocation and ends the process', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: {
          'index.js':
            'exports.handler = async () => { Promise.reject(new Error("lost")); await new Promise((go) => setTimeout(go, 1000)); };',
        },
      });
      await bootstrap.init('index.handler');
      const told = await bootstrap.invoke({});
      t.assert.deepEqual(
        [told.end!.type, (told.value as { errorType: string }).errorType],
        ['X', 'Runtime.UnhandledPromiseRejection'],
      );
      t.assert.equal((told.value as { errorMessage: string }).errorMessage, 'Error: lost');
      t.assert.match(told.logs[0]!, /\tERROR\tUnhandled Promise Rejection \t/);
      t.assert.equal((await bootstrap.ended).exitCode, 128);
    });

    test('an error nobody catches does too', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: {
          'index.js':
            'exports.handler = async () => { setTimeout(() => { throw new TypeError("late"); }); await new Promise((go) => setTimeout(go, 1000)); };',
        },
      });
      await bootstrap.init('index.handler');
      const told = await bootstrap.invoke({});
      t.assert.deepEqual([told.end!.type, (told.value as { errorType: string }).errorType], ['X', 'TypeError']);
      t.assert.equal((await bootstrap.ended).exitCode, 129);
    });

    test('process.exit ends without an answer, with the code and what was logged', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: {
          'index.js':
            'exports.handler = async () => { console.log("last words"); process.stdout.write("raw\\n"); process.exit(3); };',
        },
      });
      await bootstrap.init('index.handler');
      const told = await bootstrap.invoke({});
      t.assert.deepEqual(
        told.frames.map((frame) => frame.type),
        ['L'],
      );
      t.assert.match(told.logs[0]!, /last words/);
      t.assert.deepEqual(await bootstrap.ended, { exitCode: 3, signal: null });
      t.assert.equal(bootstrap.output, 'raw\n');
    });

    test('ends when the server goes', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'index.js': 'setInterval(() => {}, 1000); exports.handler = async () => 1;' },
      });
      await bootstrap.init('index.handler');
      bootstrap.socket.destroy();
      t.assert.deepEqual(await bootstrap.ended, { exitCode: 0, signal: null });
    });

    test('logs text: time, request, level, message, line breaks kept', async (t) => {
      const [, told] = await run(
        `exports.handler = async () => { console.log('a %s', 'b', { c: [1] }); console.debug('two\\nlines'); console.warn('w'); console.error(new Error('e').message);
           console.trace('t'); console.info(); };`,
        {},
      );
      const logs = told!.frames.filter((frame) => frame.type === 'L');
      t.assert.deepEqual(
        logs.map((frame) => frame.body.toString().split('\t').slice(1).join('|')),
        [
          `${requestId}|INFO|a b { c: [ 1 ] }`,
          `${requestId}|DEBUG|two\nlines`,
          `${requestId}|WARN|w`,
          `${requestId}|ERROR|e`,
          `${requestId}|TRACE|t`,
          `${requestId}|INFO|`,
        ],
      );
      t.assert.deepEqual(
        logs.map((frame) => frame.header.level),
        ['INFO', 'DEBUG', 'WARN', 'ERROR', 'TRACE', 'INFO'],
      );
      t.assert.equal(new Date(Number(logs[0]!.header.atMs)).toISOString(), logs[0]!.body.toString().split('\t')[0]);
    });

    test('logs JSON: objects as they are, errors taken apart, what is below the level left out', async (t) => {
      const [, told] = await runWith(
        {
          files: `exports.handler = async () => { console.debug('hidden'); console.log({ a: 1 }); console.info('two %d', 2);
            const loop = {}; loop.loop = loop; console.warn(loop); console.error('oh', new TypeError('bad')); throw new RangeError('end'); };`,
          logFormat: 'JSON',
          logLevel: 'INFO',
        },
        {},
      );
      const logs = told!.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
      t.assert.deepEqual(
        logs.map((log) => log.level),
        ['INFO', 'INFO', 'WARN', 'ERROR', 'ERROR'],
      );
      t.assert.deepEqual(Object.keys(logs[0]!), ['timestamp', 'level', 'requestId', 'message']);
      t.assert.deepEqual(logs.map((log) => log.message).slice(0, 2), [{ a: 1 }, 'two 2']);
      t.assert.match(String(logs[2]!.message), /Circular/);
      t.assert.deepEqual([logs[3]!.errorType, logs[3]!.errorMessage], ['TypeError', 'bad']);
      t.assert.equal((logs[4]!.message as { errorType: string }).errorType, 'RangeError');
    });

    test('streams piece by piece, with back-pressure that the handler feels', async (t) => {
      const [, told] = await run(
        `exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
           stream.setContentType('text/plain'); stream.write('one '); stream.write({ two: 2 }); await new Promise((go) => setTimeout(go, 5));
           stream.end(' ' + context.awsRequestId.length); });`,
        {},
      );
      t.assert.deepEqual(
        told!.frames.map((frame) => frame.type),
        ['S', 'D', 'D', 'D', 'Z', 'N'],
      );
      t.assert.equal(told!.frames[0]!.header.contentType, 'text/plain');
      t.assert.equal(told!.value, 'one {"two":2} 36');

      await using bootstrap = await Bootstrap.start({
        ...found,
        files: {
          'index.js': `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
             let taken = 0;
             while (taken < 200 && stream.write(Buffer.alloc(65536))) taken += 1;
             process.stdout.write('full after ' + taken + '\\n'); stream.end(); }, { highWaterMark: 70000 });`,
        },
      });
      await bootstrap.init('index.handler');
      bootstrap.socket.pause();
      bootstrap.event({});
      for await (const text of bootstrap.process.stdout!) {
        t.assert.match(String(text), /^full after 1\n/);
        break;
      }
      bootstrap.socket.resume();
    });

    test('puts the HTTP prelude in front of the first byte, also of an empty body', async (t) => {
      for (const [ending, expected] of [
        ['stream.write("body"); stream.end();', 'body'],
        ['stream.end();', ''],
      ] as const) {
        const [, told] = await run(
          `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
             stream = awslambda.HttpResponseStream.from(stream, { statusCode: 201, headers: { a: 'b' } }); ${ending} });`,
          {},
        );
        t.assert.equal(told!.frames[0]!.header.contentType, 'application/vnd.awslambda.http-integration-response');
        t.assert.equal(told!.value, `{"statusCode":201,"headers":{"a":"b"}}${'\0'.repeat(8)}${expected}`);
      }
    });

    test('a streaming handler that fails before its first byte is an ordinary error, after it a broken stream', async (t) => {
      const [, early, late, never, ok] = await run(
        `exports.handler = awslambda.streamifyResponse(async (how, stream) => {
           if (how === 'early') throw new Error('early');
           stream.write('some'); if (how === 'never') return; await new Promise((go) => setTimeout(go, 5));
           if (how === 'late') throw new TypeError('late'); stream.end(); });`,
        ...['early', 'late', 'never', 'ok'],
      );
      t.assert.deepEqual([early!.end!.type, (early!.value as { errorMessage: string }).errorMessage], ['X', 'early']);
      t.assert.deepEqual(
        late!.frames.filter((frame) => frame.type !== 'L').map((frame) => frame.type),
        ['S', 'D', 'Z', 'N'],
      );
      t.assert.equal(late!.end!.header.errorType, 'TypeError');
      t.assert.equal(JSON.parse(String(late!.end!.header.errorBody)).errorMessage, 'late');
      t.assert.equal(never!.end!.header.errorType, 'Runtime.NodeJsExit');
      t.assert.deepEqual([ok!.value, ok!.end!.header.errorType], ['some', undefined]);
    });

    test('a content type set after the first byte is refused', async (t) => {
      const [, told] = await run(
        'exports.handler = awslambda.streamifyResponse(async (event, stream) => { stream.write("x"); await 1; stream.setContentType("text/html"); });',
        {},
      );
      t.assert.equal(told!.end!.header.errorType, 'Runtime.InvalidStreamingOperation');
    });

    if (major >= 22) {
      test('finds the AWS SDK where the function brings none, and nothing else of the program', async (t) => {
        for (const files of [
          {
            'index.js':
              'const { SQSClient } = require("@aws-sdk/client-sqs"); exports.handler = async () => [SQSClient.name, process.env.MAYFLY_SDK];',
          },
          {
            'index.mjs':
              'import { SQSClient } from "@aws-sdk/client-sqs"; export const handler = async () => [SQSClient.name, process.env.MAYFLY_SDK];',
          },
        ]) {
          t.assert.deepEqual((await runWith({ files }, {}))[1]!.value, ['SQSClient', null]);
        }
        const own = {
          'node_modules/@aws-sdk/client-sqs/index.js': 'exports.SQSClient = class Own {};',
          'index.js': 'const { SQSClient } = require("@aws-sdk/client-sqs"); exports.handler = async () => SQSClient.name;',
        };
        t.assert.equal((await runWith({ files: own }, {}))[1]!.value, 'Own');
        t.assert.match(String((await failure('require("yaml");')).errorMessage), /^Error: Cannot find module 'yaml'/);
        t.assert.match(
          String((await failure('require("@aws-sdk/client-nowhere");')).errorMessage),
          /^Error: Cannot find module '@aws-sdk\/client-nowhere'/,
        );
      });
    }

    if (major >= 22) {
      const files = {
        'big.js': `const until = Date.now() + 30; while (Date.now() < until); module.exports = () => 1;\n${'// filling\n'.repeat(1000)}`,
        'index.js': `const used = require("./big.js"); const { existsSync } = require("fs");
          exports.handler = async (place) => [require("module").getCompileCacheDir(), existsSync(place), used()];`,
      };

      test('makes a compile cache before it is ready, and reads it as another user', async (t) => {
        const sent: { readonly name: string; readonly body: Buffer }[] = [];
        {
          await using bootstrap = await Bootstrap.start({ ...found, files });
          const own = path.join(bootstrap.folder, '.mayfly-compile-cache');
          const init = await bootstrap.init('index.handler', {
            env: { TMPDIR: bootstrap.folder },
            compileCache: { make: 1_048_576 },
          });
          for (const { type, header, body } of init.frames) if (type === 'C') sent.push({ name: String(header['name']), body });
          const { value } = await bootstrap.invoke(own);
          t.assert.deepEqual((value as unknown[]).slice(1), [false, 1]);
        }
        t.assert.equal(sent.length, 2);
        await using bootstrap = await Bootstrap.start({ ...found, files });
        const cache = path.join(bootstrap.folder, 'cache');
        const [made = ''] = sent[0]!.name.split('/');
        const foreign = made.replace(/-\d+$/, '-2000001');
        mkdirSync(path.join(cache, foreign), { recursive: true });
        for (const { name, body } of sent) writeFileSync(path.join(cache, foreign, name.split('/')[1]!), body);
        await bootstrap.init('index.handler', { env: { TMPDIR: bootstrap.folder }, compileCache: { use: cache } });
        const { value } = await bootstrap.invoke('');
        t.assert.deepEqual(value, [path.join(bootstrap.folder, '.mayfly-compile-cache', made), false, 1]);
        t.assert.equal(realpathSync((value as string[])[0]!), path.join(cache, foreign));
      });

      test('sends no compile cache that is too big, and leaves nothing of it', async (t) => {
        await using bootstrap = await Bootstrap.start({ ...found, files });
        const init = await bootstrap.init('index.handler', { env: { TMPDIR: bootstrap.folder }, compileCache: { make: 10 } });
        t.assert.deepEqual(
          init.frames.map(({ type }) => type),
          ['R'],
        );
        t.assert.deepEqual(readdirSync(bootstrap.folder).sort(), ['channel', 'task']);
      });
    }

    if (modern) {
      test('refuses a handler with a callback', async (t) => {
        const refused = await failure('exports.handler = (event, context, callback) => callback(null, 1);');
        t.assert.equal(refused.errorType, 'Runtime.CallbackHandlerDeprecated');
        const [init] = await run(
          'exports.handler = awslambda.streamifyResponse(async (event, stream, context) => stream.end());',
        );
        t.assert.equal(init!.end!.type, 'R');
      });

      test('takes what a plain function returns, and answers without waiting for what still runs', async (t) => {
        const [, told] = await run('exports.handler = () => { setTimeout(() => {}, 60_000); return "now"; };', {});
        t.assert.equal(told!.value, 'now');
      });
    } else {
      test('answers a callback once the event loop is empty, or at once when told so', async (t) => {
        const [, waits, once, at, fails] = await run(
          `let late = false;
           exports.handler = (how, context, callback) => {
             if (how === 'waits') { setTimeout(() => { late = true; }, 20); callback(null, { get late() { return late; } }); callback(null, 'twice'); }
             if (how === 'once') { context.callbackWaitsForEmptyEventLoop = false; setTimeout(() => {}, 60_000).unref(); setInterval(() => {}, 60_000); callback(null, 'at once'); }
             if (how === 'succeeds') context.succeed('succeeded');
             if (how === 'fails') context.fail(); };`,
          ...['waits', 'once', 'succeeds', 'fails'],
        );
        t.assert.deepEqual([waits!.value, once!.value, at!.value], [{ late: true }, 'at once', 'succeeded']);
        t.assert.deepEqual([fails!.end!.type, (fails!.value as { errorMessage: string }).errorMessage], ['X', 'handled']);
      });

      test('a callback with an error fails; a handler that calls nobody answers null', async (t) => {
        const [, fails, silent] = await run(
          'exports.handler = (bad, context, callback) => { if (bad) callback(new Error("called")); };',
          true,
          false,
        );
        t.assert.equal((fails!.value as { errorMessage: string }).errorMessage, 'called');
        t.assert.deepEqual([silent!.end!.type, silent!.value], ['A', null]);
      });
    }
  });
}
