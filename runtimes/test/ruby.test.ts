import { existsSync } from 'node:fs';
import path from 'node:path';
import { suite, test, type TestContext } from 'node:test';
import { arn, Bootstrap, requestId, type Told } from './bootstrap.ts';
import { interpreter, type Interpreter } from './interpreters.ts';

/** Whatever Ruby the host has: it may be one that AWS does not offer. */
function rubyOnPath(): Interpreter | string {
  const file = (process.env.PATH ?? '')
    .split(':')
    .map((folder) => path.join(folder, 'ruby'))
    .find((each) => existsSync(each));
  if (file === undefined) return 'ruby is not on PATH';
  return {
    identifier: 'ruby',
    command: [file, path.join(import.meta.dirname, '../ruby/bootstrap.rb')],
    env: { LANG: 'C.UTF-8' },
  };
}

for (const identifier of ['ruby3.2', 'ruby3.3', 'ruby3.4', 'ruby4.0', 'ruby']) {
  const found = identifier === 'ruby' ? rubyOnPath() : await interpreter(identifier);

  suite(`the bootstrap on ${identifier}`, { skip: typeof found === 'string' ? found : false, timeout: 60_000 }, () => {
    if (typeof found === 'string') return;

    const runWith = async (
      options: { files: string; handler?: string; [more: string]: unknown },
      ...events: unknown[]
    ): Promise<Told[]> => {
      const { files, handler = 'app.handler', ...init } = options;
      await using bootstrap = await Bootstrap.start({ ...found, files: { 'app.rb': files } });
      const told = [await bootstrap.init(handler, init)];
      if (told[0]!.end?.type === 'R') for (const event of events) told.push(await bootstrap.invoke(event));
      return told;
    };
    const run = (files: string, ...events: unknown[]): Promise<Told[]> => runWith({ files }, ...events);

    test('replaces its environment, or keeps what an exec wrapper put there when told so', async (t: TestContext) => {
      const files = { 'app.rb': 'def handler(event:, context:)\n  %w[EXTRA GIVEN MAYFLY_CHANNEL].map { |name| ENV[name] }\nend' };
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

    test('answers and asks for the next event in one write', async (t: TestContext) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'app.rb': 'def handler(event:, context:)\n  { got: event }\nend' },
      });
      await bootstrap.init('app.handler');
      const told = await bootstrap.invoke({ a: 'ü', big: 'x'.repeat(3_000_000) });
      t.assert.deepEqual(
        told.frames.map((frame) => frame.type),
        ['A', 'N'],
      );
      t.assert.equal((told.value as { got: { a: string } }).got.a, 'ü');
      t.assert.deepEqual(told.end!.header, { requestId, contentType: 'application/json' });
    });

    test('calls methods of a module, and passes the context', async (t: TestContext) => {
      const files = `module Deep
  class Handlers
    def self.main(event:, context:)
      { id: context.aws_request_id, arn: context.invoked_function_arn, name: context.function_name, version: context.function_version, memory: context.memory_limit_in_mb,
        group: context.log_group_name, left: context.get_remaining_time_in_millis, trace: ENV['_X_AMZN_TRACE_ID'], channel: ENV['MAYFLY_CHANNEL'], folder: Dir.pwd == ENV['LAMBDA_TASK_ROOT'] }
    end
  end
end`;
      const [, told] = await runWith({ files, handler: 'app.Deep::Handlers.main' }, {});
      const { left, ...rest } = told!.value as Record<string, unknown>;
      t.assert.ok(Number(left) > 2000 && Number(left) <= 3000);
      t.assert.deepEqual(rest, {
        id: requestId,
        arn,
        name: 'walk',
        version: '7',
        memory: '256',
        group: '/aws/lambda/walk',
        trace: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
        channel: null,
        folder: true,
      });
    });

    test('names what is wrong with a handler that cannot be loaded, and ends', async (t: TestContext) => {
      for (const [files, handler, errorType] of [
        ['', 'nowhere.handler', 'Init<LoadError>'],
        ['raise ArgumentError, "at load"', 'app.handler', 'Init<ArgumentError>'],
        ['def handler(', 'app.handler', 'Init<SyntaxError>'],
        ['', 'app', 'Init<ArgumentError>'],
        ['', 'app.Nowhere.handler', 'Init<NameError>'],
      ] as const) {
        await using bootstrap = await Bootstrap.start({ ...found, files: { 'app.rb': files } });
        const told = await bootstrap.init(handler);
        t.assert.deepEqual(
          [told.end?.type, told.end?.header.errorType, (told.value as { errorType: string }).errorType],
          ['F', errorType, errorType],
        );
        t.assert.match(told.logs[0]!, /^Init error when loading handler\n\{/);
        t.assert.equal((await bootstrap.ended).exitCode, 252);
      }
    });

    test('describes what a handler raises, without our own lines', async (t: TestContext) => {
      const [, told, next] = await run(
        'def inner\n  raise "bad"\nend\ndef handler(event:, context:)\n  event ? inner : 1\nend',
        true,
        false,
      );
      t.assert.deepEqual(told!.end!.header.errorType, 'Function<RuntimeError>');
      const error = told!.value as { errorMessage: string; stackTrace: string[] };
      t.assert.equal(error.errorMessage, 'bad');
      t.assert.equal(error.stackTrace.length, 2);
      t.assert.match(error.stackTrace[0]!, /app\.rb:2:in /);
      t.assert.equal(next!.value, 1);
    });

    test('a name that does not exist ends the process, after the error was told', async (t: TestContext) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'app.rb': 'def handler(event:, context:)\n  event.nowhere\nend' },
      });
      await bootstrap.init('app.handler');
      const told = await bootstrap.invoke({});
      t.assert.equal(told.end!.header.errorType, 'Function<NoMethodError>');
      t.assert.equal((await bootstrap.ended).exitCode, 1);
    });

    test('exit ends without an answer', async (t: TestContext) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'app.rb': 'def handler(event:, context:)\n  print "bye"\n  exit 4\nend' },
      });
      await bootstrap.init('app.handler');
      t.assert.equal((await bootstrap.invoke({})).end, undefined);
      t.assert.deepEqual(await bootstrap.ended, { exitCode: 4, signal: null });
      t.assert.equal(bootstrap.output, 'bye');
    });

    test('ends when the server goes, even with a thread at work', async (t: TestContext) => {
      await using bootstrap = await Bootstrap.start({
        ...found,
        files: { 'app.rb': 'Thread.new { sleep 600 }\ndef handler(event:, context:) end' },
      });
      await bootstrap.init('app.handler');
      bootstrap.socket.destroy();
      t.assert.deepEqual(await bootstrap.ended, { exitCode: 0, signal: null });
    });

    test('a Logger on the standard streams writes whole events', async (t: TestContext) => {
      const [, told] = await run(
        `require 'logger'
def handler(event:, context:)
  logger = Logger.new($stdout)
  logger.info("two\\nlines")
  logger.warn('mine') { 'block' }
  logger.level = Logger::ERROR
  logger.info('hidden')
  Logger.new('/dev/null').info('elsewhere')
end`,
        {},
      );
      t.assert.equal(told!.logs.length, 2);
      t.assert.match(told!.logs[0]!, new RegExp(`^I, \\[.* #\\d+\\]  INFO ${requestId} -- : two\\nlines$`));
      t.assert.match(told!.logs[1]!, new RegExp(`^W, \\[.* #\\d+\\]  WARN ${requestId} -- mine: block$`));
    });
  });
}
