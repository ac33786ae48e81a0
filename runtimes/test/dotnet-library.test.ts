import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, suite, test, type TestContext } from 'node:test';
import { dotnetFunctions, dotnetMissing } from '../../test/runtimes/kit/dotnet.ts';
import { compileDotnetHost, dotnetHost, dotnetSourcesDigest, mcsVersion } from '../../tools/dotnet.ts';
import { arn, Bootstrap, requestId, type Told } from './bootstrap.ts';

const bootstrap = path.join(import.meta.dirname, '../dotnet/bootstrap.sh');

suite('the host of .NET class libraries', () => {
  test('is made of its sources', (t: TestContext) => {
    t.assert.ok(readFileSync(dotnetHost).includes(dotnetSourcesDigest()), 'run `node tools/dotnet.ts`');
  });

  test('is made of nothing else', { skip: otherCompiler() }, (t: TestContext) => {
    const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-host-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const again = path.join(folder, 'again.dll');
    compileDotnetHost(again);
    t.assert.ok(readFileSync(again).equals(readFileSync(dotnetHost)), 'same sources and compiler, other bytes');
  });
});

suite('a .NET class library', { skip: dotnetMissing, timeout: 280_000 }, () => {
  let folder: string;
  before(async () => void (folder = await dotnetFunctions()));

  const run = async (
    handler: string,
    events: readonly unknown[],
    { env = {}, header = {} }: { env?: Record<string, string>; header?: Record<string, unknown> } = {},
  ): Promise<{ told: Told[]; output: string }> => {
    const library = handler.startsWith('Bare') ? 'bare' : 'library';
    await using process = await Bootstrap.start({
      command: ['/bin/bash', bootstrap],
      env: {
        DOTNET_ROOT: path.join(folder, 'clr'),
        LAMBDA_TASK_ROOT: path.join(folder, library),
        _HANDLER: handler,
        AWS_LAMBDA_FUNCTION_NAME: 'walk',
        AWS_LAMBDA_FUNCTION_VERSION: '7',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/walk',
        AWS_LAMBDA_LOG_STREAM_NAME: 'stream',
        ...env,
      },
    });
    const told = [await process.init(handler, { keepEnv: true })];
    if (told[0]!.end?.type === 'R') for (const event of events) told.push(await process.invoke(event, header));
    return { told, output: process.output };
  };
  const method = (name: string, ...events: readonly unknown[]) => run(`Library::Example.Functions::${name}`, events);
  const answers = async (name: string, ...events: readonly unknown[]): Promise<unknown[]> =>
    (await method(name, ...events)).told.slice(1).map((one) => one.value);

  test('is given and gives objects by its serializer, bytes as they are, and nothing', async (t: TestContext) => {
    const order = { Count: 21, Names: ['Ada', 'ü'] };
    t.assert.deepEqual(await answers('Twice', order, order), Array(2).fill({ Count: 42, Names: ['Ada!', 'ü!'] }));
    t.assert.deepEqual(await answers('Copy', { 'a key': [1.5, null, 'ü'] }), [{ 'a key': [1.5, null, 'ü'] }]);
    t.assert.deepEqual(await answers('Count', {}, {}), [1, 2]);
    t.assert.deepEqual(await answers('Nothing', {}), [undefined]);
    t.assert.deepEqual(await answers('Later', 'x'), [undefined]);
    t.assert.deepEqual(await answers('LaterOrder', order), [order]);
    t.assert.deepEqual(await answers('LaterStream', [1]), [[1]]);
    t.assert.deepEqual(await answers('Shouts', 'x'), ['X']);
  });

  test('takes large events', async (t: TestContext) => {
    const large = 'ü'.repeat(3_000_000);
    t.assert.deepEqual(await answers('Copy', large, 'x', large), [large, 'x', large]);
  });

  test('has its method found: static, private, inherited, overridden, nested, by its signature', async (t: TestContext) => {
    t.assert.deepEqual(await answers('Static', 'x'), ['static x']);
    t.assert.deepEqual(await answers('Private', 'x'), ['private x']);
    t.assert.deepEqual(await answers('Inherited', 'x'), ['x by Functions']);
    t.assert.deepEqual(await answers('Abstract', 'x'), ['made x']);
    t.assert.deepEqual(await answers('System.String Overloaded(Int32)', 7), ['number 7']);
    t.assert.deepEqual(await answers('System.String Overloaded(System.String)', 'x'), ['text x']);
    const nested = await run('Library::Example.Functions+Nested::Inside', ['x']);
    t.assert.equal(nested.told[1]!.value, 'nested x');
    const statics = await run(' Library::Example.Statics::Static ', ['x']);
    t.assert.equal(statics.told[1]!.value, 'x');
  });

  test('needs no Amazon.Lambda.Core where only bytes travel', async (t: TestContext) => {
    t.assert.deepEqual((await run('Bare::Bare::Copy', [{ a: 1 }])).told[1]!.value, { a: 1 });
    for (const [name, does] of [
      ['Takes', 'deserialize input'],
      ['Text', 'serialize output'],
    ]) {
      const { end, value } = (await run(`Bare::Bare::${name}`, [])).told[0]!;
      t.assert.deepEqual(
        [end?.type, (value as { errorMessage: string }).errorMessage],
        [
          'F',
          `Could not find the LambdaSerializerAttribute on the assembly 'Bare' or method '${name}' while attempting to ${does} data of type 'System.String'. To use types other than System.IO.Stream as input/output parameters, the assembly or Lambda function should be annotated with Amazon.Lambda.Core.LambdaSerializerAttribute.`,
        ],
      );
    }
  });

  test('is told what surrounds it', async (t: TestContext) => {
    const header = {
      tenantId: 'blue',
      clientContext: '{"client":{"app_title":"Walks"},"custom":{"a":"b","n":1}}',
      cognitoIdentity: '{"cognitoIdentityId":"me","cognitoIdentityPoolId":"us"}',
    };
    const { told } = await run('Library::Example.Functions::Asks', [{}], { header });
    const { leftMs, ...rest } = told[1]!.value as { leftMs: number };
    t.assert.deepEqual(rest, {
      id: requestId,
      arn,
      trace: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
      tenant: 'blue',
      name: 'walk',
      version: '7',
      group: '/aws/lambda/walk',
      stream: 'stream',
      memory: 256,
      title: 'Walks',
      custom: { a: 'b', n: '1' },
      identity: 'me',
      serializer: 'Serializer',
      folder: path.join(folder, 'library'),
      channel: null,
      clr: 'System.Private.CoreLib',
    });
    t.assert.ok(leftMs > 0 && leftMs <= 3000, String(leftMs));
    const without = (await method('Asks', {})).told[1]!.value as Record<string, unknown>;
    t.assert.deepEqual([without['title'], without['custom'], without['identity'], without['tenant']], [null, null, null, null]);
  });

  /** What the lines say after their time, which is right. */
  const lines = (t: TestContext, { logs, frames }: Told): string[] => {
    const times = frames.filter((frame) => frame.type === 'L').map((frame) => frame.header['atMs']);
    return logs.map((line, at) => {
      const [, stamp = '', rest = ''] = /^(\S{24})\t([^]*)$/.exec(line) ?? [];
      t.assert.equal(Date.parse(stamp), times[at]);
      return rest.replaceAll(requestId, 'ID');
    });
  };

  test('logs a line as one event, with its time, its request and its level', async (t: TestContext) => {
    const { told, output } = await method('Logs', 'x');
    t.assert.deepEqual(lines(t, told[0]!), ['\tinfo\tconstructed', '\ttold statically']);
    t.assert.deepEqual(lines(t, told[1]!), [
      'ID\tinfo\ttwo\nlines',
      'ID\tinfo\t1 of 2',
      'ID\tinfo\t3.5',
      'ID\tfail\twrong',
      'ID\tinfo\ta line',
      'ID\twarn\tAda has 007 of {these} Example.Order',
      'ID\tfail\tit failed\nSystem.InvalidOperationException: why',
      'ID\twithout a level',
      'ID\tcrit\t1 0A0B 1',
    ]);
    t.assert.equal(output, 'as it is\n');
  });

  test('logs records of JSON, or lines without anything before them, from a level on', async (t: TestContext) => {
    const env = { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'WARN' };
    const { told } = await run('Library::Example.Functions::Logs', ['x'], { env });
    const records = told[1]!.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
    for (const record of records) {
      t.assert.match(String(record['timestamp']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      t.assert.equal(record['requestId'], requestId);
      delete record['timestamp'];
      delete record['requestId'];
      delete record['traceId'];
    }
    t.assert.deepEqual(records, [
      { level: 'Error', message: 'wrong' },
      {
        level: 'Warning',
        message: 'Ada has 007 of {these} Example.Order',
        user: 'Ada',
        count: '007',
        order: { Count: 1, Names: null },
      },
      {
        level: 'Error',
        message: 'it failed',
        errorType: 'System.InvalidOperationException',
        errorMessage: 'why',
        stackTrace: ['System.InvalidOperationException: why'],
      },
      { level: 'Information', message: 'without a level' },
      { level: 'Critical', message: '1 0A0B 1', '0': 1, '1': '0A0B' },
    ]);
    const plain = { AWS_LAMBDA_HANDLER_LOG_FORMAT: 'Unformatted', AWS_LAMBDA_HANDLER_LOG_LEVEL: 'Critical' };
    const unformatted = await run('Library::Example.Functions::Logs', ['x'], { env: plain });
    t.assert.deepEqual(unformatted.told[1]!.logs, ['without a level', '1 0A0B 1']);
  });

  test('fails with the type, the message, its own stack and the causes of its exceptions', async (t: TestContext) => {
    const { told } = await method('Throws', 'x', 'outer', 'several');
    const stackTrace = ['at Example.Functions.Throws(String text)'];
    t.assert.deepEqual(
      told.slice(1).map(({ end, value }) => [end?.type, end?.header['errorType'], value]),
      [
        [
          'X',
          'InvalidOperationException',
          { errorType: 'InvalidOperationException', errorMessage: 'it did not work', stackTrace },
        ],
        [
          'X',
          'ArgumentException',
          {
            errorType: 'ArgumentException',
            errorMessage: 'outer',
            stackTrace,
            cause: { errorType: 'InvalidOperationException', errorMessage: 'inner' },
          },
        ],
        [
          'X',
          'AggregateException',
          {
            errorType: 'AggregateException',
            errorMessage: 'several (one) (two)',
            stackTrace,
            cause: { errorType: 'Exception', errorMessage: 'one' },
            causes: [
              { errorType: 'Exception', errorMessage: 'one' },
              { errorType: 'FormatException', errorMessage: 'two' },
            ],
          },
        ],
      ],
    );
    t.assert.match(lines(t, told[1]!)[0]!, /^ID\tfail\tSystem\.InvalidOperationException: it did not work\n {3}at Example\./);
    const later = await method('ThrowsLater', 'x');
    t.assert.deepEqual(later.told[1]!.value, {
      errorType: 'InvalidOperationException',
      errorMessage: 'it did not work',
      stackTrace: [...stackTrace, 'at Example.Functions.ThrowsLater(String text)'],
    });
  });

  test('fails with what its serializer throws, and goes on', async (t: TestContext) => {
    const { told } = await method('Twice', 'no order', { Count: 1, Names: [] });
    t.assert.deepEqual(
      [told[1]!.end?.type, told[1]!.end?.header['errorType'], told[2]!.value],
      ['X', 'JsonException', { Count: 2, Names: [] }],
    );
  });

  test('fails with a full heap, and goes on', async (t: TestContext) => {
    const { told } = await method('Throws', 'memory', 'x');
    t.assert.deepEqual(
      told.slice(1).map(({ end }) => end?.header['errorType']),
      ['OutOfMemoryException', 'InvalidOperationException'],
    );
  });

  test('may end its process', async (t: TestContext) => {
    await using process = await Bootstrap.start({
      command: ['/bin/bash', bootstrap],
      env: {
        DOTNET_ROOT: path.join(folder, 'clr'),
        LAMBDA_TASK_ROOT: path.join(folder, 'library'),
        _HANDLER: 'Library::Example.Functions::Throws',
      },
    });
    await process.init('');
    await process.invoke('exit');
    t.assert.deepEqual(await process.ended, { exitCode: 5, signal: null });
  });

  test('ends with its platform', async (t: TestContext) => {
    await using process = await Bootstrap.start({
      command: ['/bin/bash', bootstrap],
      env: {
        DOTNET_ROOT: path.join(folder, 'clr'),
        LAMBDA_TASK_ROOT: path.join(folder, 'library'),
        _HANDLER: 'Library::Example.Functions::Count',
      },
    });
    await process.init('');
    process.socket.destroy();
    t.assert.deepEqual(await process.ended, { exitCode: 0, signal: null });
  });

  test('is refused at its start in the words of Lambda', async (t: TestContext) => {
    const format = "The valid format is 'ASSEMBLY::TYPE::METHOD'.";
    for (const [handler, message] of [
      ['Library::Example.Functions', `Invalid lambda function handler: 'Library::Example.Functions'. ${format}`],
      ['::T::M', `Invalid lambda function handler: '::T::M', the assembly is missing. ${format}`],
      ['Library::::M', `Invalid lambda function handler: 'Library::::M', the type is missing. ${format}`],
      ['Library::T::', `Invalid lambda function handler: 'Library::T::', the method is missing. ${format}`],
      [
        'Absent::T::M',
        "Could not find the specified handler assembly with the file name 'Absent, Culture=neutral, PublicKeyToken=null'. The assembly should be located in the root of your uploaded .zip file.",
      ],
      ['Library::Example.Absent::M', "Unable to load type 'Example.Absent' from assembly 'Library'."],
      [
        'Library::Example.Functions::Absent',
        "Unable to find method 'Absent' in type 'Example.Functions' from assembly 'Library': Found no methods matching method name 'Absent'.",
      ],
      [
        'Library::Example.Functions::Overloaded',
        "The method 'Overloaded' in type 'Example.Functions' appears to have a number of overloads. To call this method please specify a complete method signature. Possible candidates are:\nSystem.String Overloaded(System.String)\nSystem.String Overloaded(Int32).",
      ],
      [
        'Library::Example.Functions::Many',
        "Method 'Many' of type 'Example.Functions' is not supported: the method has more than 2 parameters.",
      ],
      [
        'Library::Example.Functions::Second',
        "Method 'Second' of type 'Example.Functions' is not supported: the method has 2 parameters, but the second parameter is not of type 'Amazon.Lambda.Core.ILambdaContext'.",
      ],
      [
        'Library::Example.Base::Abstract',
        "The method 'System.String Abstract(System.String)' cannot be used as a Lambda Handler because it is an abstract method. Handler methods cannot be abstract. Please specify a non-abstract handler method.",
      ],
      [
        'Library::Example.Base::Inherited',
        "The instance method 'System.String Inherited(System.String)' cannot be used as a Lambda Handler because its type 'Example.Base' is abstract. Please either use a static handler or specify a type that is not abstract.",
      ],
      [
        'Library::Example.Functions::Generic',
        "The method 'T Generic[T](T)' cannot be used as a Lambda Handler because it is a generic method. Handler methods cannot be generic. Please specify a non-generic handler method.",
      ],
      [
        'Library::Example.Functions::Forgotten',
        "The method 'Void Forgotten(System.String)' cannot be used as a Lambda Handler because it is an 'async void' method. Handler methods cannot be 'async void'. Please specify a method that is not 'async void'.",
      ],
      [
        'Library::Example.Functions::Params',
        "The method 'System.String Params(System.String[])' cannot be used as a Lambda Handler because it is a 'params' method. Please specify a method that does not use 'params'.",
      ],
      [
        'Library::Example.Open`1::Run',
        "The type 'Example.Open`1' cannot be used as a Lambda Handler type because it is generic. Handler methods cannot be located in generic types. Please specify a handler method in a non-generic type.",
      ],
      [
        'Library::Example.Unset::Run',
        "The 'SerializerType' property on attribute class 'Amazon.Lambda.Core.LambdaSerializerAttribute' is not set.",
      ],
      [
        'Library::Example.Unset::Other',
        "The indicated serializer 'Example.Unmakeable' does not define a public zero-parameter constructor.",
      ],
      [
        'Library::Example.Unset::Wrong',
        "The 'Example.Order' class is invalid: it does not implement the 'ILambdaSerializer' interface.",
      ],
    ] as const) {
      const [{ end, value } = {}] = (await run(handler, [])).told;
      t.assert.deepEqual([end?.type, value], ['F', { errorType: 'LambdaValidationException', errorMessage: message }], handler);
    }
  });

  test('fails its start with what its constructors throw', async (t: TestContext) => {
    const cause = (stack: string) => ({
      errorType: 'InvalidOperationException',
      errorMessage: 'not today',
      stackTrace: [stack],
    });
    const [{ end, value } = {}] = (await run('Library::Example.Fails::Never', [])).told;
    t.assert.deepEqual(
      [end?.type, value],
      [
        'F',
        {
          errorType: 'TargetInvocationException',
          errorMessage: 'Exception has been thrown by the target of an invocation.',
          cause: cause('at Example.Fails..ctor()'),
        },
      ],
    );
    const [statically] = (await run('Library::Example.FailsStatically::Never', [])).told;
    t.assert.deepEqual(statically?.value, {
      errorType: 'TypeInitializationException',
      errorMessage: "The type initializer for 'Example.FailsStatically' threw an exception.",
      cause: cause('at Example.FailsStatically..cctor()'),
    });
  });
});

/** Why the bytes cannot be compared here. */
function otherCompiler(): string | false {
  try {
    const said = execFileSync('mcs', ['--version'], { encoding: 'utf8' }).trim();
    return said.endsWith(mcsVersion) ? false : `the compiler here is ${said}`;
  } catch {
    return 'mcs: not on this machine';
  }
}
