import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { arn, Bootstrap, requestId, type Told } from './bootstrap.ts';
import { interpreter } from './interpreters.ts';

type Files = Readonly<Record<string, string>>;

for (const minor of ['3.6', '3.7', '3.8', '3.9', '3.10', '3.11', '3.12', '3.13', '3.14']) {
  const identifier = `python${minor}`;
  const found = await interpreter(identifier);

  suite(`the bootstrap on ${identifier}`, { skip: typeof found === 'string' ? found : false, timeout: 60_000 }, () => {
    if (typeof found === 'string') return;
    // Recorded from AWS: errors of 3.8 and before carry no request id.
    const tellsId = Number(minor.split('.')[1]) > 8;

    const runWith = async (
      options: { files: Files | string; handler?: string; [more: string]: unknown },
      ...events: unknown[]
    ): Promise<Told[]> => {
      const { files, handler = 'app.handler', ...init } = options;
      await using bootstrap = await Bootstrap.start({ ...found, files: typeof files === 'string' ? { 'app.py': files } : files });
      const told = [await bootstrap.init(handler, init)];
      if (told[0]!.end?.type === 'R') for (const event of events) told.push(await bootstrap.invoke(event));
      return told;
    };
    const run = (files: Files | string, ...events: unknown[]): Promise<Told[]> => runWith({ files }, ...events);
    const failure = async (files: Files | string, handler = 'app.handler') => {
      const [init] = await runWith({ files, handler });
      const { errorType, errorMessage, stackTrace, requestId } = init!.value as Record<string, unknown>;
      return { frame: init!.end!.type, errorType, errorMessage, stackTrace: stackTrace as string[], requestId, logs: init!.logs };
    };

    test('replaces its environment, or keeps what an exec wrapper put there when told so', async (t) => {
      const files = {
        'app.py':
          'import os\ndef handler(event, context):\n  return [os.environ.get(name) for name in ("EXTRA", "GIVEN", "MAYFLY_CHANNEL")]',
      };
      for (const [keepEnv, expected] of [
        [false, [null, 'by init', null]],
        [true, ['by wrapper', null, null]],
      ] as const) {
        await using bootstrap = await Bootstrap.start({
          ...found,
          files,
          env: { ...found.env, EXTRA: 'by wrapper', _HANDLER: 'app.handler' },
        });
        await bootstrap.init(keepEnv ? 'another.handler' : 'app.handler', { keepEnv, env: { GIVEN: 'by init' } });
        t.assert.deepEqual((await bootstrap.invoke({})).value, expected);
      }
    });

    test('answers and asks for the next event in one write', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'app.py': 'def handler(event, context):\n  return {"got": event}' },
      });
      await bootstrap.init('app.handler');
      const pieces: number[] = [];
      bootstrap.socket.on('data', (bytes) => pieces.push(bytes.length));
      const told = await bootstrap.invoke({ a: 'ü', big: 'x'.repeat(3_000_000) });
      t.assert.deepEqual(
        told.frames.map((frame) => frame.type),
        ['A', 'N'],
      );
      t.assert.equal((told.value as { got: { a: string } }).got.a, 'ü');
      t.assert.deepEqual(told.end!.header, { requestId, contentType: 'application/json' });
    });

    test('finds handlers in modules, packages by dots and by slashes, and ones named like ours', async (t) => {
      const here = 'def main(event, context):\n  return "here"';
      for (const [files, handler] of [
        [{ 'handler.py': here }, 'handler.main'],
        [{ 'errors.py': here }, 'errors.main'],
        [{ 'bootstrap.py': here }, 'bootstrap.main'],
        [{ 'a/__init__.py': '', 'a/b.py': here }, 'a.b.main'],
        [{ 'a/b/c.py': here }, 'a/b/c.main'],
      ] as const) {
        t.assert.equal((await runWith({ files, handler }, {}))[1]?.value, 'here', handler);
      }
    });

    test('names what is wrong with a handler that cannot be loaded', async (t) => {
      const absent = await failure({ 'other.py': '' });
      t.assert.deepEqual(
        [absent.frame, absent.errorType, absent.errorMessage, absent.stackTrace, absent.requestId],
        ['F', 'Runtime.ImportModuleError', "Unable to import module 'app': No module named 'app'", [], tellsId ? '' : undefined],
      );
      t.assert.match(absent.logs[0]!, /^\[ERROR\] Runtime\.ImportModuleError: Unable to import module 'app'/);
      t.assert.equal((await failure('import nowhere')).errorMessage, "Unable to import module 'app': No module named 'nowhere'");
      const missing = await failure('def other(): pass');
      t.assert.deepEqual(
        [missing.errorType, missing.errorMessage],
        ['Runtime.HandlerNotFound', "Handler 'handler' missing on module 'app'"],
      );
      const malformed = await failure('', 'app');
      t.assert.equal(malformed.errorType, 'Runtime.MalformedHandlerName');
      t.assert.match(String(malformed.errorMessage), /^Bad handler 'app': /);
      t.assert.equal((await failure('', 'sys.handler')).errorType, 'Runtime.BuiltInModuleConflict');
      const wrong = await failure('def handler(event, context)\n  return 1');
      t.assert.equal(wrong.errorType, 'Runtime.UserCodeSyntaxError');
      t.assert.match(String(wrong.errorMessage), /^Syntax error in module 'app': /);
      t.assert.match(wrong.stackTrace[0]!, / {2}File ".*app\.py" Line 1\n {4}def handler/);
    });

    test('finds the packages an operator added, and says how to add boto3', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        env: { ...found.env, MAYFLY_PACKAGES: path.join(import.meta.dirname, 'packages-of-nobody') },
        files: {
          'app.py': 'import os, sys\ndef handler(event, context):\n  return [sys.path[-1], os.environ.get("MAYFLY_PACKAGES")]',
        },
      });
      await bootstrap.init('app.handler');
      t.assert.deepEqual((await bootstrap.invoke({})).value, [path.join(import.meta.dirname, 'packages-of-nobody'), null]);
      const absent = await failure('raise ModuleNotFoundError("No module named \'boto3\'")');
      t.assert.match(
        absent.logs[1]!,
        new RegExp(
          `^boto3 is not installed here\\. .* pip install --target <data folder>/runtimes/packages/python${minor.replace('.', '\\.')} boto3`,
        ),
      );
    });

    test('reports what the module raises while it is loaded, and ends', async (t) => {
      const raised = await failure('raise ValueError("at load")');
      t.assert.deepEqual([raised.frame, raised.errorType, raised.errorMessage], ['F', 'ValueError', 'at load']);
      t.assert.equal(raised.stackTrace.length, 1);
      t.assert.match(raised.stackTrace[0]!, /File ".*app\.py", line 1, in <module>\n/);
      await using bootstrap = await Bootstrap.start({ ...found, files: { 'app.py': 'raise ValueError("no")' } });
      await bootstrap.init('app.handler');
      t.assert.equal((await bootstrap.ended).exitCode, 1);
    });

    test('passes the context', async (t: TestContext) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: {
          'app.py': `import os, sys
def handler(event, c):
  return dict(left=c.get_remaining_time_in_millis(), name=c.function_name, version=c.function_version, memory=c.memory_limit_in_mb,
    group=c.log_group_name, stream=c.log_stream_name, arn=c.invoked_function_arn, id=c.aws_request_id, tenant=c.tenant_id,
    custom=c.client_context.custom, title=c.client_context.client.app_title, identity=c.identity.cognito_identity_id, pool=c.identity.cognito_identity_pool_id,
    trace=os.environ.get('_X_AMZN_TRACE_ID'), channel=os.environ.get('MAYFLY_CHANNEL'), first=sys.path[0] == os.getcwd(), layers=sys.path[1:3])`,
        },
      });
      await bootstrap.init('app.handler');
      const { value } = await bootstrap.invoke(
        {},
        {
          clientContext: '{"custom":{"a":1},"client":{"app_title":"walker"}}',
          cognitoIdentity: '{"cognitoIdentityId":"id","cognitoIdentityPoolId":"pool"}',
          tenantId: 'blue',
        },
      );
      const { left, ...rest } = value as Record<string, unknown>;
      t.assert.ok(Number(left) > 2000 && Number(left) <= 3000);
      t.assert.deepEqual(rest, {
        name: 'walk',
        version: '7',
        memory: '256',
        group: '/aws/lambda/walk',
        stream: '2026/11/24/[7]0123456789abcdef0123456789abcdef',
        arn,
        id: requestId,
        tenant: 'blue',
        custom: { a: 1 },
        title: 'walker',
        identity: 'id',
        pool: 'pool',
        trace: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
        channel: null,
        first: true,
        layers: [`/opt/python/lib/python${minor}/site-packages`, '/opt/python'],
      });
    });

    test('turns results into JSON as Lambda does', async (t) => {
      const [, ...told] = await run(
        `import decimal, datetime
results = dict(none=None, text='ü', decimal=[decimal.Decimal('1.10'), decimal.Decimal('1E+3')], nested={'b': b'text'}, half='\\ud800',
  nan=float('nan'), set={1}, date=datetime.datetime(2026, 1, 1), keys={1: True}, bytes=b'{"raw":1}')
def handler(event, context):
  return results[event]`,
        ...['none', 'text', 'decimal', 'nested', 'half', 'keys', 'bytes', 'set', 'date'],
      );
      t.assert.deepEqual(
        told.slice(0, 7).map((one) => one.value),
        [null, 'ü', [1.1, 1000], { b: 'text' }, '\ud800', { 1: true }, { raw: 1 }],
      );
      t.assert.equal(told[2]!.end!.body.toString(), '[1.10, 1E+3]');
      t.assert.equal(told[6]!.end!.header.contentType, 'application/unknown');
      for (const [at, type] of [
        [7, 'set'],
        [8, 'datetime'],
      ] as const) {
        t.assert.deepEqual(told[at]!.value, {
          errorMessage: `Unable to marshal response: Object of type ${type} is not JSON serializable`,
          errorType: 'Runtime.MarshalError',
          ...(tellsId ? { requestId } : {}),
          stackTrace: [],
        });
      }
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'app.py': 'def handler(event, context):\n  return float("nan")' },
      });
      await bootstrap.init('app.handler');
      bootstrap.event({});
      t.assert.equal((await bootstrap.next('A')).body.toString(), 'NaN');
    });

    test('escapes text beyond ASCII everywhere but on 3.12', async (t) => {
      const app = 'def handler(event, context):\n  return "ü"';
      for (const [execution, expected] of [
        ['AWS_Lambda_python3.12', '"ü"'],
        [`AWS_Lambda_python3.9`, '"\\u00fc"'],
      ] as const) {
        const [, told] = await runWith({ files: app, env: { AWS_EXECUTION_ENV: execution } }, {});
        t.assert.equal(told!.end!.body.toString(), expected);
      }
    });

    test('describes what a handler raises, without our own lines', async (t) => {
      const [, told] = await run(
        `def inner():
  raise KeyError('bad')
def handler(event, context):
  inner()`,
        {},
      );
      const error = told!.value as Record<string, unknown>;
      t.assert.deepEqual(
        [told!.end!.type, error.errorType, error.errorMessage, error.requestId],
        ['X', 'KeyError', "'bad'", tellsId ? requestId : undefined],
      );
      const lines = error.stackTrace as string[];
      t.assert.equal(lines.length, 2);
      t.assert.match(lines[0]!, /^ {2}File ".*app\.py", line 4, in handler\n {4}inner\(\)\n/);
      t.assert.match(
        told!.logs[0]!,
        /^\[ERROR\] KeyError: 'bad'\nTraceback \(most recent call last\):\n\u00a0\u00a0File ".*app\.py", line 4, in handler\n/,
      );
      t.assert.equal((told!.end!.header.xrayCause as { exceptions: { stack: unknown[] }[] }).exceptions[0]!.stack.length, 2);
    });

    test('an exception without a readable text is still told', async (t) => {
      const [, told, next] = await run(
        `class Mean(Exception):
  def __str__(self): raise RuntimeError()
def handler(event, context):
  if event: raise Mean()
  return 'back'`,
        true,
        false,
      );
      t.assert.equal((told!.value as { errorType: string }).errorType, 'Mean');
      t.assert.equal(next!.value, 'back');
    });

    test('sys.exit ends the process with its code and no answer', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'app.py': 'import sys\ndef handler(event, context):\n  print("bye", end="")\n  sys.exit(4)' },
      });
      await bootstrap.init('app.handler');
      t.assert.equal((await bootstrap.invoke({})).end, undefined);
      t.assert.deepEqual(await bootstrap.ended, { exitCode: 4, signal: null });
      t.assert.equal(bootstrap.output, 'bye');
    });

    test('ends when the server goes, even with a thread at work', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: {
          'app.py':
            'import threading, time\nthreading.Thread(target=time.sleep, args=(600,)).start()\ndef handler(event, context): pass',
        },
      });
      await bootstrap.init('app.handler');
      bootstrap.socket.destroy();
      t.assert.deepEqual(await bootstrap.ended, { exitCode: 0, signal: null });
    });

    test('logging makes one event of each record; print makes lines, complete before the answer', async (t) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: {
          'app.py': `import logging
logger = logging.getLogger('mine')
def handler(event, context):
  logging.getLogger().setLevel('INFO')
  logger.debug('hidden')
  logger.info('two\\nlines %d', 2)
  logger.error('ü')
  context.log('raw')
  print('a\\nü', end='')`,
        },
      });
      await bootstrap.init('app.handler');
      const told = await bootstrap.invoke({});
      const logs = told.frames.filter((frame) => frame.type === 'L');
      t.assert.match(
        logs[0]!.body.toString(),
        new RegExp(`^\\[INFO\\]\\t\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\t${requestId}\\ttwo\\nlines 2$`),
      );
      t.assert.match(logs[1]!.body.toString(), /^\[ERROR\]\t.*\tü$/);
      t.assert.equal(logs[2]!.body.toString(), 'raw');
      t.assert.deepEqual(
        logs.map((log) => log.header.level),
        ['INFO', 'ERROR', undefined],
      );
      bootstrap.socket.destroy();
      await bootstrap.ended;
      t.assert.equal(bootstrap.output, 'a\nü');
    });

    test('logs JSON with levels, extras and exceptions', async (t) => {
      const [, told] = await runWith(
        {
          files: `import logging
def handler(event, context):
  logging.debug('hidden')
  logging.warning('careful', extra={'walk': 3})
  try: raise ValueError('inner')
  except ValueError: logging.exception('caught')
  raise TypeError('end')`,
          logFormat: 'JSON',
          logLevel: 'INFO',
        },
        {},
      );
      const logs = told!.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
      t.assert.deepEqual(
        logs.map((log) => log.level),
        ['WARNING', 'ERROR', 'ERROR'],
      );
      t.assert.deepEqual(
        { ...logs[0], timestamp: '' },
        { timestamp: '', level: 'WARNING', message: 'careful', logger: 'root', requestId, walk: 3 },
      );
      t.assert.match(String(logs[0]!.timestamp), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      t.assert.deepEqual([logs[1]!.errorType, logs[1]!.errorMessage], ['ValueError', 'inner']);
      t.assert.match(String(logs[1]!.location), /app\.py:handler:\d+$/);
      t.assert.deepEqual([logs[2]!.errorType, logs[2]!.errorMessage], ['TypeError', 'end']);
    });
  });
}
