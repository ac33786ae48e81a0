import path from 'node:path';
import { after, before, suite, test, type TestContext } from 'node:test';
import { deploy, invoke } from '../kit/functions.ts';
import { zipFolders } from './kit/artefacts.ts';
import { dotnetFunctions, dotnetMissing } from './kit/dotnet.ts';
import { openHouse, type House } from './kit/house.ts';

const options = { Runtime: 'dotnet10', Timeout: 20, MemorySize: 512 } as const;

suite('.NET on CoreCLR', { timeout: 280_000, skip: dotnetMissing }, () => {
  let house: House;
  const outside = process.env['DOTNET_ROOT'];

  before(async () => {
    const folder = await dotnetFunctions();
    process.env['DOTNET_ROOT'] = path.join(folder, 'clr');
    house = await openHouse();
    const put = async (name: string, Handler: string, code: string, more: Record<string, unknown> = {}) =>
      deploy(
        house.client,
        name,
        {},
        { ...options, Handler, Code: { ZipFile: await zipFolders({ '': `${folder}/${code}` }) }, ...more },
      );
    await put('framework', 'Function', 'executable');
    await put('doubler', 'Library::Example.Functions::Twice', 'library');
    await put('asks', 'Library::Example.Functions::Asks', 'library');
    await put('variables', 'Library::Example.Functions::Variables', 'library', { Environment: { Variables: { OWN: 'mine' } } });
    await put('nothing', 'Library::Example.Functions::Nothing', 'library');
    await put('logs', 'Library::Example.Functions::Logs', 'library');
    await put('throws', 'Library::Example.Functions::ThrowsLater', 'library', { MemorySize: 256 });
    await put('fails', 'Library::Example.Fails::Never', 'library');
    await put('copy', 'Bare::Bare::Copy', 'bare');
    const wrapper = '#!/bin/sh\nexport WRAPPER_VAR=wrapped\nexec "$@"\n';
    await put('wrapped', 'dotnet::Dotnet.Function::FunctionHandler', 'common', {
      Code: { ZipFile: await zipFolders({ '': `${folder}/common` }, { wrapper }) },
      Environment: { Variables: { AWS_LAMBDA_EXEC_WRAPPER: '/var/task/wrapper' } },
    });
    await put('empty', 'Library::Example.Functions::Twice', 'executable');
    const ZipFile = await zipFolders(
      { 'clr/': path.join(folder, 'clr'), '': `${folder}/executable` },
      { bootstrap: '#!/bin/sh\nexec /var/task/clr/dotnet /var/task/Function.dll\n' },
    );
    await put('contained', 'any', 'executable', { Runtime: 'provided.al2023', Code: { ZipFile } });
  });
  after(async () => {
    if (outside === undefined) delete process.env['DOTNET_ROOT'];
    else process.env['DOTNET_ROOT'] = outside;
    await house?.[Symbol.asyncDispose]();
  });

  for (const [name, how] of [
    ['framework', 'an executable assembly'],
    ['contained', 'an executable assembly as a bootstrap of provided.al2023 that brings its CLR'],
  ] as const) {
    test(how, async (t: TestContext) => {
      const { answer, log } = await invoke(house.client, name, { n: 21 });
      const { requestId, ...rest } = answer as Record<string, unknown>;
      t.assert.deepEqual(rest, { twice: 42, clr: 'System.Private.CoreLib' });
      t.assert.match(log, new RegExp(`^START RequestId: ${String(requestId)} `, 'm'));
      const failed = await invoke(house.client, name, { n: 0 });
      t.assert.deepEqual(
        [failed.error, failed.answer],
        ['Unhandled', { errorType: 'DivideByZeroException', errorMessage: 'it did not work' }],
      );
    });
  }

  test('a class library is given and gives objects', async (t: TestContext) => {
    const { answer } = await invoke(house.client, 'doubler', { Count: 21, Names: ['Ada'] });
    t.assert.deepEqual(answer, { Count: 42, Names: ['Ada!'] });
  });

  test('a class library without Amazon.Lambda.Core is given bytes', async (t: TestContext) => {
    t.assert.deepEqual((await invoke(house.client, 'copy', { 'a key': [1.5, null, 'ü'] })).answer, { 'a key': [1.5, null, 'ü'] });
  });

  test('a method that returns nothing answers with nothing', async (t: TestContext) => {
    const { error, answer, status } = await invoke(house.client, 'nothing');
    t.assert.deepEqual([error, answer, status], [undefined, '', 200]);
  });

  test('its context tells of the invocation', async (t: TestContext) => {
    const { answer, log } = await invoke(house.client, 'asks');
    const { id, leftMs, trace, stream, ...rest } = answer as Record<string, unknown>;
    t.assert.deepEqual(rest, {
      arn: 'arn:aws:lambda:us-east-1:000000000000:function:asks',
      tenant: null,
      name: 'asks',
      version: '$LATEST',
      group: '/aws/lambda/asks',
      memory: 512,
      title: null,
      custom: null,
      identity: null,
      serializer: 'Serializer',
      folder: '/var/task',
      channel: null,
      clr: 'System.Private.CoreLib',
    });
    t.assert.match(String(trace), /^Root=1-/);
    t.assert.match(String(stream), /^\d{4}\/\d\d\/\d\d\/\[\$LATEST\]/);
    t.assert.match(log, new RegExp(`^START RequestId: ${String(id)} `, 'm'));
    t.assert.ok(Number(leftMs) > 5000 && Number(leftMs) <= 20_000, String(leftMs));
  });

  test('its environment is as it was recorded of AWS, but for where things are', async (t: TestContext) => {
    const { answer } = await invoke(house.client, 'variables');
    t.assert.deepEqual(Object.keys(answer as object).sort(), [
      'AWS_ACCESS_KEY_ID',
      'AWS_DEFAULT_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_EXECUTION_ENV',
      'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
      'AWS_LAMBDA_FUNCTION_NAME',
      'AWS_LAMBDA_FUNCTION_VERSION',
      'AWS_LAMBDA_INITIALIZATION_TYPE',
      'AWS_LAMBDA_LOG_GROUP_NAME',
      'AWS_LAMBDA_LOG_STREAM_NAME',
      'AWS_LAMBDA_RUNTIME_API',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'AWS_XRAY_CONTEXT_MISSING',
      'AWS_XRAY_DAEMON_ADDRESS',
      'DOTNET_ROOT',
      'LAMBDA_RUNTIME_DIR',
      'LAMBDA_RUNTIME_NAME',
      'LAMBDA_TASK_ROOT',
      'LANG',
      'LD_LIBRARY_PATH',
      'OWN',
      'PATH',
      'PWD',
      'SHLVL',
      'TZ',
      '_AWS_XRAY_DAEMON_ADDRESS',
      '_AWS_XRAY_DAEMON_PORT',
      '_HANDLER',
      '_LAMBDA_TELEMETRY_LOG_FD',
      '_X_AMZN_TRACE_ID',
    ]);
    const { PWD, SHLVL, LAMBDA_RUNTIME_NAME } = answer as Record<string, string>;
    t.assert.deepEqual([PWD, SHLVL, LAMBDA_RUNTIME_NAME], ['/var/task', '0', 'dotnet10']);
  });

  test('a wrapper may start it', async (t: TestContext) => {
    const { answer } = await invoke(house.client, 'wrapped', { introspect: true });
    t.assert.equal((answer as { environment: Record<string, string> }).environment['WRAPPER_VAR'], 'wrapped');
  });

  test('its lines are in the log', async (t: TestContext) => {
    const { log } = await invoke(house.client, 'logs', 'x');
    t.assert.match(log, /^START [^]*\tinfo\ttwo\nlines\n[^]*\twarn\tAda has 007 [^]*^END /m);
    t.assert.match(log, /^as it is$/m);
  });

  test('an exception is the answer, with its type, its stack and its cause', async (t: TestContext) => {
    const { error, answer } = await invoke(house.client, 'throws', 'outer');
    t.assert.deepEqual(
      [error, answer],
      [
        'Unhandled',
        {
          errorType: 'ArgumentException',
          errorMessage: 'outer',
          stackTrace: ['at Example.Functions.Throws(String text)', 'at Example.Functions.ThrowsLater(String text)'],
          cause: { errorType: 'InvalidOperationException', errorMessage: 'inner' },
        },
      ],
    );
  });

  test('a full heap is an OutOfMemoryException, and not a killed process', async (t: TestContext) => {
    const { error, answer } = await invoke(house.client, 'throws', 'memory');
    t.assert.deepEqual([error, (answer as { errorType: string }).errorType], ['Unhandled', 'OutOfMemoryException']);
  });

  test('a constructor that throws is an error of the start', async (t: TestContext) => {
    const { error, answer } = await invoke(house.client, 'fails', 'x');
    const { errorType, cause } = answer as { errorType: string; cause: { errorMessage: string } };
    t.assert.deepEqual([error, errorType, cause.errorMessage], ['Unhandled', 'TargetInvocationException', 'not today']);
  });

  test('a package without its settings ends as on Lambda', async (t: TestContext) => {
    const { error, answer, log } = await invoke(house.client, 'empty', {});
    const { errorType, errorMessage } = answer as { errorType: string; errorMessage: string };
    t.assert.deepEqual([error, errorType], ['Unhandled', 'Runtime.ExitError']);
    t.assert.match(errorMessage, /Error: Runtime exited with error: exit status 105$/);
    t.assert.match(log, /missing the required \.deps\.json file\./);
  });
});
