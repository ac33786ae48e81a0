import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, suite, test, type TestContext } from 'node:test';
import { Bootstrap, arn, requestId, type Told } from './bootstrap.ts';
import { interpreter } from './interpreters.ts';
import { RuntimeApi } from './runtime-api.ts';

/** What functions bring in aws-lambda-java-core, as far as it is needed here. */
const core: Readonly<Record<string, string>> = {
  Context: `public interface Context { String getAwsRequestId(); String getLogGroupName(); String getLogStreamName(); String getFunctionName(); String getFunctionVersion();
    String getInvokedFunctionArn(); CognitoIdentity getIdentity(); ClientContext getClientContext(); int getRemainingTimeInMillis(); int getMemoryLimitInMB(); LambdaLogger getLogger(); }`,
  LambdaLogger:
    'public interface LambdaLogger { void log(String message); void log(byte[] message); enum Level { TRACE, INFO, ERROR } default void log(String message, Level level) { log("default"); } }',
  ClientContext:
    'public interface ClientContext { Client getClient(); java.util.Map<String, String> getCustom(); java.util.Map<String, String> getEnvironment(); }',
  Client: 'public interface Client { String getAppTitle(); }',
  CognitoIdentity: 'public interface CognitoIdentity { String getIdentityId(); String getIdentityPoolId(); }',
  RequestHandler: 'public interface RequestHandler<I, O> { O handleRequest(I input, Context context); }',
  RequestStreamHandler:
    'public interface RequestStreamHandler { void handleRequest(java.io.InputStream in, java.io.OutputStream out, Context context) throws java.io.IOException; }',
};

const functions = `
package example;
import com.amazonaws.services.lambda.runtime.*;
import java.io.*;
import java.util.*;

public class Functions {
  public static class Point { private int x; private Long y; public String label; private List<Point> near = new ArrayList<>();
    public int getX() { return x; } public void setX(int x) { this.x = x; } public Long getY() { return y; } public void setY(Long y) { this.y = y; }
    public List<Point> getNear() { return near; } public void setNear(List<Point> near) { this.near = near; } public boolean isFar() { return x > 9; } }
  public record Pair(String left, int right) {}
  public enum Kind { GOOD, BAD }

  public static class Pojo implements RequestHandler<Point, Point> { public Point handleRequest(Point in, Context c) { in.setX(in.getX() + 1); return in; } }
  public static class Records implements RequestHandler<Pair, Pair> { public Pair handleRequest(Pair in, Context c) { return new Pair(in.left() + "!", in.right()); } }
  public static abstract class Base<T> implements RequestHandler<Map<String, T>, List<T>> { public List<T> handleRequest(Map<String, T> in, Context c) { return new ArrayList<>(in.values()); } }
  public static class Derived extends Base<Integer> {}
  public static class Streams implements RequestStreamHandler {
    public void handleRequest(InputStream in, OutputStream out, Context c) throws IOException { out.write('['); in.transferTo(out); out.write(']'); } }
  public static class Asks implements RequestHandler<Object, Map<String, Object>> {
    public Map<String, Object> handleRequest(Object in, Context c) {
      Map<String, Object> all = new LinkedHashMap<>();
      all.put("id", c.getAwsRequestId()); all.put("name", c.getFunctionName()); all.put("version", c.getFunctionVersion()); all.put("memory", c.getMemoryLimitInMB());
      all.put("group", c.getLogGroupName()); all.put("arn", c.getInvokedFunctionArn()); all.put("left", c.getRemainingTimeInMillis());
      all.put("custom", c.getClientContext().getCustom()); all.put("title", c.getClientContext().getClient().getAppTitle());
      all.put("identity", c.getIdentity().getIdentityId()); all.put("trace", System.getProperty("com.amazonaws.xray.traceHeader"));
      all.put("channel", System.getenv("MAYFLY_CHANNEL")); all.put("own", System.getenv("OWN")); all.put("type", in.getClass().getName());
      return all; } }
  public static class Logs implements RequestHandler<Object, String> {
    public String handleRequest(Object in, Context c) {
      c.getLogger().log("two\\nlines"); c.getLogger().log("careful", LambdaLogger.Level.ERROR); c.getLogger().log("quiet", LambdaLogger.Level.TRACE); System.out.println("out"); return null; } }
  public static class Throws implements RequestHandler<String, String> {
    public String handleRequest(String in, Context c) { switch (in) { case "deep": throw new IllegalStateException("outer", new RuntimeException("inner"));
      case "exit": System.exit(5); case "stack": return handleRequest("stack", c); default: return in; } } }
  public static class Broken { static { if (true) throw new IllegalStateException("static"); } public String go() { return ""; } }
  public static class Private { private Private() {} public String go() { return ""; } }

  public String none() { return "none"; }
  public static int doubled(int number) { return number * 2; }
  public String both(String in, Context c) { return in + c.getFunctionName(); }
  public void nothing(Map<String, Object> in) {}
  public Kind kind(Kind in) { return in; }
  public Object any(Object in) { return in; }
  public int sum(int[] in) { return Arrays.stream(in).sum(); }
  public void raw(InputStream in, OutputStream out) throws IOException { in.transferTo(out); }
  public Object loop(Object in) { List<Object> loop = new ArrayList<>(); loop.add(loop); return loop; }
}`;

for (const identifier of ['java17', 'java25']) {
  const found = await interpreter(identifier);

  suite(`the bootstrap on ${identifier}`, { skip: typeof found === 'string' ? found : false, timeout: 120_000 }, () => {
    if (typeof found === 'string') return;
    let code: string;

    before(() => {
      code = mkdtempSync(path.join(tmpdir(), 'mayfly-java-'));
      const sources = Object.entries(core).map(([name, text]) => {
        const file = path.join(code, `com/amazonaws/services/lambda/runtime/${name}.java`);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, `package com.amazonaws.services.lambda.runtime;\n${text}`);
        return file;
      });
      const own = path.join(code, 'Functions.java');
      writeFileSync(own, functions);
      const bin = path.dirname(found.command[0]!);
      // The interfaces in a jar of the lib folder, the function's classes beside it, as a zip has them.
      execFileSync(path.join(bin, 'javac'), ['-d', path.join(code, 'core'), ...sources], { stdio: 'pipe' });
      mkdirSync(path.join(code, 'task/lib'), { recursive: true });
      execFileSync(path.join(bin, 'jar'), ['cf', path.join(code, 'task/lib/core.jar'), '-C', path.join(code, 'core'), '.']);
      execFileSync(path.join(bin, 'javac'), ['-cp', path.join(code, 'core'), '-d', path.join(code, 'task'), own], {
        stdio: 'pipe',
      });
    });
    after(() => rmSync(code, { recursive: true }));

    const run = async (handler: string, ...events: readonly unknown[]): Promise<Told[]> => runWith({ handler }, ...events);
    const runWith = async (
      { handler, ...init }: { handler: string; [more: string]: unknown },
      ...events: readonly unknown[]
    ): Promise<Told[]> => {
      await using bootstrap = await Bootstrap.start(found);
      const env = { LAMBDA_TASK_ROOT: path.join(code, 'task'), OWN: 'mine' };
      const told = [await bootstrap.init(handler, { ...init, env })];
      if (told[0]!.end?.type === 'R') for (const event of events) told.push(await bootstrap.invoke(event, init.header as never));
      return told;
    };
    const answers = async (handler: string, ...events: readonly unknown[]): Promise<unknown[]> =>
      (await run(handler, ...events)).slice(1).map((one) => one.value);

    test('calls request handlers with what they ask for: beans, records, generics, streams', async (t: TestContext) => {
      const point = { x: 9, y: 5_000_000_000, label: 'a', near: [{ x: 1 }], unknown: true };
      t.assert.deepEqual(await answers('example.Functions$Pojo', point), [
        { x: 10, y: 5_000_000_000, label: 'a', near: [{ x: 1, y: null, label: null, near: [], far: false }], far: true },
      ]);
      t.assert.deepEqual(await answers('example.Functions$Records', { left: 'ü', right: 2 }), [{ left: 'ü!', right: 2 }]);
      t.assert.deepEqual(await answers('example.Functions$Derived', { a: 1, b: 2 }), [[1, 2]]);
      t.assert.deepEqual(await answers('example.Functions$Streams::handleRequest', { a: 1 }), [[{ a: 1 }]]);
    });

    test('calls plain methods, static ones and those with fewer parameters', async (t: TestContext) => {
      for (const [method, event, expected] of [
        ['none', {}, 'none'],
        ['doubled', 21, 42],
        ['both', 'it is ', 'it is walk'],
        ['nothing', { a: 1 }, null],
        ['kind', 'GOOD', 'GOOD'],
        [
          'any',
          { a: [1, 2.5, null, true, 'ü\n"', 12345678901234567890n.toString()] },
          { a: [1, 2.5, null, true, 'ü\n"', '12345678901234567890'] },
        ],
        ['sum', [1, 2, 3], 6],
        ['raw', { raw: true }, { raw: true }],
      ] as const) {
        t.assert.deepEqual(await answers(`example.Functions::${method}`, event), [expected], method);
      }
    });

    test('passes the context through the interfaces the function brings', async (t: TestContext) => {
      const header = {
        clientContext: '{"custom":{"a":"b"},"client":{"app_title":"walker"}}',
        cognitoIdentity: '{"cognitoIdentityId":"id"}',
      };
      const [, told] = await runWith({ handler: 'example.Functions$Asks', header }, { any: 1 });
      const { left, ...rest } = told!.value as Record<string, unknown>;
      t.assert.ok(Number(left) > 1500 && Number(left) <= 3000);
      t.assert.deepEqual(rest, {
        id: requestId,
        name: 'walk',
        version: '7',
        memory: 256,
        group: '/aws/lambda/walk',
        arn,
        custom: { a: 'b' },
        title: 'walker',
        identity: 'id',
        trace: 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0',
        channel: null,
        own: 'mine',
        type: 'java.util.LinkedHashMap',
      });
    });

    test('logs whole events, in both formats', async (t: TestContext) => {
      const [, text] = await run('example.Functions$Logs', {});
      t.assert.deepEqual(text!.logs, ['two\nlines', 'careful', 'quiet']);
      const [, json] = await runWith({ handler: 'example.Functions$Logs', logFormat: 'JSON', logLevel: 'INFO' }, {});
      const logs = json!.logs.map((line) => JSON.parse(line) as Record<string, unknown>);
      t.assert.deepEqual(
        logs.map(({ timestamp: _, ...rest }) => rest),
        [
          { level: 'INFO', message: 'two\nlines', AWSRequestId: requestId },
          { level: 'ERROR', message: 'careful', AWSRequestId: requestId },
        ],
      );
    });

    test('describes what is thrown, with causes and without our own lines', async (t: TestContext) => {
      const [, deep, fine] = await run('example.Functions$Throws', 'deep', 'fine');
      t.assert.equal(deep!.end!.header.errorType, 'java.lang.IllegalStateException');
      const shape = deep!.value as {
        errorMessage: string;
        errorType: string;
        stackTrace: string[];
        cause: Record<string, unknown>;
      };
      t.assert.deepEqual(
        [shape.errorMessage, shape.errorType, shape.cause.errorMessage],
        ['outer', 'java.lang.IllegalStateException', 'inner'],
      );
      t.assert.ok(
        shape.stackTrace.length > 0 &&
          shape.stackTrace.every((line) => line.startsWith('example.Functions$Throws.handleRequest(Functions.java:')),
        shape.stackTrace.join('\n'),
      );
      t.assert.match(
        deep!.logs[0]!,
        /^outer: java\.lang\.IllegalStateException\njava\.lang\.IllegalStateException: outer\n\tat example\.Functions/,
      );
      t.assert.equal(fine!.value, 'fine');
      const [, loop] = await run('example.Functions::loop', {});
      t.assert.equal(loop!.end!.type, 'X');
      const [, wrong] = await run('example.Functions::doubled', { not: 'a number' });
      const { errorMessage, cause } = wrong!.value as { errorMessage: string; cause: { errorMessage: string } };
      t.assert.deepEqual(
        [errorMessage, cause.errorMessage],
        ['An error occurred during JSON parsing', 'Cannot make int out of an object'],
      );
    });

    test('a stack without end fails the invocation and ends the process', async (t: TestContext) => {
      await using bootstrap = await Bootstrap.start(found);
      await bootstrap.init('example.Functions$Throws', { env: { LAMBDA_TASK_ROOT: path.join(code, 'task') } });
      bootstrap.event('stack');
      t.assert.equal((await bootstrap.next('X')).header.errorType, 'java.lang.StackOverflowError');
      t.assert.equal((await bootstrap.ended).exitCode, 1);
    });

    test('System.exit ends without an answer', async (t: TestContext) => {
      await using bootstrap = await Bootstrap.start(found);
      await bootstrap.init('example.Functions$Throws', { env: { LAMBDA_TASK_ROOT: path.join(code, 'task') } });
      t.assert.equal((await bootstrap.invoke('exit')).end, undefined);
      t.assert.deepEqual(await bootstrap.ended, { exitCode: 5, signal: null });
    });

    test('speaks the HTTP Runtime API where no channel is given, as JDKs without unix sockets do', async (t: TestContext) => {
      const start = async (api: RuntimeApi, handler: string) => {
        const own = {
          AWS_LAMBDA_RUNTIME_API: await api.listen(),
          _HANDLER: handler,
          LAMBDA_TASK_ROOT: path.join(code, 'task'),
          AWS_LAMBDA_FUNCTION_NAME: 'walk',
        };
        const child = spawn(found.command[0]!, found.command.slice(1), {
          env: { ...found.env, ...own },
          cwd: path.join(code, 'task'),
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        return { child, exited: once(child, 'exit') };
      };
      await using api = new RuntimeApi(['fine', 'deep', 'fine']);
      const { child, exited } = await start(api, 'example.Functions$Throws');
      const output = text(child.stdout);
      await Promise.race([api.until(3), exited]);
      child.kill();
      await exited;
      t.assert.deepEqual(
        api.posted.map((one) => one.path),
        ['response', 'error', 'response'].map((end) => `/invocation/${requestId}/${end}`),
      );
      t.assert.deepEqual([api.posted[0]!.body, api.posted[2]!.body], ['fine', 'fine']);
      t.assert.equal(api.posted[1]!.headers['lambda-runtime-function-error-type'], 'java.lang.IllegalStateException');
      t.assert.equal((api.posted[1]!.body as { errorMessage: string }).errorMessage, 'outer');
      t.assert.equal(
        JSON.parse(String(api.posted[1]!.headers['lambda-runtime-function-xray-error-cause'])).exceptions[0].message,
        'outer',
      );
      t.assert.match(await output, /^outer: java\.lang\.IllegalStateException\rjava\.lang/);

      await using second = new RuntimeApi([]);
      const broken = await start(second, 'example.Functions$Broken::go');
      broken.child.stdout.resume();
      t.assert.deepEqual(await broken.exited, [1, null]);
      t.assert.deepEqual(
        second.posted.map((one) => one.path),
        ['/init/error'],
      );
    });

    test('a handler that is not there is told at each event, a class that cannot start at the start', async (t: TestContext) => {
      for (const [handler, errorType, errorMessage] of [
        ['example.Nowhere', 'java.lang.ClassNotFoundException', 'Class not found: example.Nowhere'],
        [
          'example.Functions::nowhere',
          'java.lang.NoSuchMethodException',
          'No public method named nowhere with appropriate method signature found on class example.Functions',
        ],
        [
          'example.Functions$Private::go',
          'java.lang.NoSuchMethodException',
          'Class example.Functions$Private has no public zero-argument constructor',
        ],
      ] as const) {
        const [init, told] = await run(handler, {});
        t.assert.deepEqual([init!.end!.type, told!.value], ['R', { errorMessage, errorType }]);
      }
      const [broken] = await run('example.Functions$Broken::go');
      t.assert.deepEqual([broken!.end!.type, broken!.end!.header.errorType], ['F', 'java.lang.ExceptionInInitializerError']);
    });
  });
}
