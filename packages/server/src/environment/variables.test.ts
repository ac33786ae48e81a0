import { suite, test, type TestContext } from 'node:test';
import { ScriptedCatalog } from '../../../../test/kit/scripted-catalog.ts';
import type { ResolvedRuntime } from './runtimes/port.ts';
import { extensionVariables, functionVariables, logStreamName, neededAtStart } from './variables.ts';

const runtime: ResolvedRuntime = {
  identifier: 'nodejs24.x',
  family: 'nodejs',
  mounts: [],
  bootEnv: {},
  channel: 'frames',
  functionEnv: () => ({ NODE_PATH: '/opt/nodejs/node_modules' }),
};
const sources = (environment: Record<string, string>, more: Partial<ResolvedRuntime> = {}) => ({
  version: new ScriptedCatalog().put('f', { version: { environment } }),
  runtime: { ...runtime, ...more },
  credentials: { accessKeyId: 'AK', secretAccessKey: 'SK', sessionToken: 'ST' },
  initializationType: 'on-demand' as const,
  logStream: 'stream',
  runtimeApiAddress: '127.0.0.1:9001',
  endpointUrl: 'http://127.0.0.1:4566',
  taskRoot: '/var/task',
  optRoot: '/opt',
});

suite("a function's variables", () => {
  test('its own beat the defaults, the reserved ones beat its own', (t: TestContext) => {
    const env = functionVariables(
      sources({
        LANG: 'C',
        NODE_PATH: '/x',
        AWS_ENDPOINT_URL: 'https://aws',
        AWS_REGION: 'mars',
        _HANDLER: 'evil',
        AWS_SESSION_TOKEN: 'mine',
        A: '1',
      }),
    );
    t.assert.deepEqual(
      [
        env['LANG'],
        env['NODE_PATH'],
        env['AWS_ENDPOINT_URL'],
        env['AWS_REGION'],
        env['_HANDLER'],
        env['AWS_SESSION_TOKEN'],
        env['A'],
      ],
      ['C', '/x', 'https://aws', 'us-east-1', 'index.handler', 'ST', '1'],
    );
    t.assert.equal(env['TZ'], ':UTC');
    t.assert.equal(env['AWS_EXECUTION_ENV'], 'AWS_Lambda_nodejs24.x');
  });

  test('the format of logs is told where it is JSON', (t: TestContext) => {
    t.assert.equal(functionVariables(sources({}))['AWS_LAMBDA_LOG_FORMAT'], undefined);
    const json = sources({});
    json.version = { ...json.version, logging: { ...json.version.logging, logFormat: 'JSON' } };
    t.assert.equal(functionVariables(json)['AWS_LAMBDA_LOG_FORMAT'], 'JSON');
  });

  test('a runtime that is only an operating system has no AWS_EXECUTION_ENV', (t: TestContext) => {
    t.assert.equal(functionVariables(sources({}, { family: 'provided' }))['AWS_EXECUTION_ENV'], undefined);
  });

  test('an extension sees the function, but nothing of its runtime', (t: TestContext) => {
    const env = extensionVariables(sources({ A: '1' }));
    t.assert.equal(env['A'], '1');
    t.assert.equal(env['AWS_LAMBDA_FUNCTION_NAME'], 'f');
    for (const name of [
      '_HANDLER',
      'AWS_EXECUTION_ENV',
      'AWS_LAMBDA_LOG_GROUP_NAME',
      'LAMBDA_TASK_ROOT',
      'AWS_XRAY_CONTEXT_MISSING',
    ]) {
      t.assert.equal(env[name], undefined, name);
    }
  });

  test('what an interpreter reads at its start cannot be given to one that has started', (t: TestContext) => {
    const early = ['NODE_OPTIONS', 'AWS_LAMBDA_EXEC_WRAPPER', 'LD_PRELOAD', 'PYTHONSTARTUP', 'JAVA_TOOL_OPTIONS', 'TZ'];
    t.assert.deepEqual(
      early.filter((name) => !neededAtStart(name)),
      [],
    );
    t.assert.deepEqual(['NODE_ENV', 'TABLE_NAME', 'TZX'].filter(neededAtStart), []);
  });

  test('a log stream names the day, the version and the environment; a shared group the function too', (t: TestContext) => {
    const catalog = new ScriptedCatalog();
    const nowMs = Date.UTC(2026, 10, 24, 23, 59);
    t.assert.equal(logStreamName(catalog.put('f'), 'ab', nowMs), '2026/11/24/[$LATEST]ab');
    const shared = catalog.put('f', { version: { logging: { logFormat: 'Text', logGroup: 'all' } } });
    t.assert.equal(logStreamName(shared, 'ab', nowMs), '2026/11/24/f[$LATEST]ab');
  });
});
