import { suite, test, type TestContext } from 'node:test';
import { openScriptedGuesthouse, type Transport } from '../../../../test/kit/environments.ts';
import { InitError, type RuntimeScript } from '../../../../test/kit/scripted-runtimes.ts';
import { settle, VirtualClock } from '../../../../test/kit/virtual-clock.ts';
import type { Outcome } from './port.ts';

const echo: RuntimeScript = { handler: (event, reply) => reply.answer(event.payload) };
const forever = new Promise<never>(() => {});
const body = (outcome: Outcome): string => (outcome.kind === 'streamed' ? '(streamed)' : Buffer.from(outcome.body).toString());

const streamed = async (outcome: Outcome): Promise<{ readonly text: string; readonly end: string }> => {
  if (outcome.kind !== 'streamed') throw new Error(`not streamed: ${body(outcome)}`);
  const pieces: Uint8Array[] = [];
  for await (const piece of outcome.body) pieces.push(piece);
  const end = await outcome.end;
  return {
    text: Buffer.concat(pieces).toString(),
    end: end.kind === 'failed' ? `${end.errorType} ${Buffer.from(end.body).toString()}` : end.kind,
  };
};

/** Lets real I/O and promises come to rest. */
const rest = (): Promise<void> => settle(40);

for (const transport of ['frames', 'http'] satisfies Transport[]) {
  suite(`an environment over ${transport}`, { timeout: 60_000 }, () => {
    test('answers, is idle again and answers more', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, echo);
      const environment = house.environment();
      t.assert.equal(environment.phase, 'starting');
      t.assert.equal(await environment.initialised, 'idle');
      for (const payload of ['{"a":1}', '"two"']) {
        const { outcome, usage } = await house.invoke(environment, payload);
        t.assert.equal(outcome.kind, 'returned');
        t.assert.equal(body(outcome), payload);
        t.assert.equal(usage.status, 'success');
        t.assert.equal(usage.maxMemoryUsedMiB, 30);
        t.assert.equal(environment.phase, 'idle');
      }
      t.assert.equal(house.box.started.length, 1);
    });

    test('tells a handler what was invoked, by whom and until when', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, {
        handler: (event, reply) => reply.answer(JSON.stringify(event.headers)),
      });
      const environment = house.environment();
      await environment.initialised;
      const { outcome } = await house.invoke(environment, '{}', {
        deadlineMs: 4_102_444_800_000,
        traceId: 'Root=1-x\r\nEvil: 1 é',
        clientContext: '{"client":"é\\n"}',
        cognitoIdentity: '{"cognitoIdentityId":"c"}',
        tenantId: 'blue',
      });
      const headers = JSON.parse(body(outcome)) as Record<string, unknown>;
      const named = (frame: string, http: string): unknown => headers[transport === 'frames' ? frame : `lambda-runtime-${http}`];
      t.assert.equal(Number(named('deadlineMs', 'deadline-ms')), 4_102_444_800_000);
      t.assert.equal(named('invokedArn', 'invoked-function-arn'), environment.version.functionArn);
      const trace = String(named('traceId', 'trace-id'));
      t.assert.equal(
        transport === 'frames' ? trace : Buffer.from(trace, 'latin1').toString(),
        transport === 'frames' ? 'Root=1-x\r\nEvil: 1 é' : 'Root=1-x  Evil: 1 é',
      );
      t.assert.equal(headers['evil'], undefined);
      t.assert.equal(named('tenantId', 'aws-tenant-id'), 'blue');
      t.assert.equal(named('cognitoIdentity', 'cognito-identity'), '{"cognitoIdentityId":"c"}');
      const context = String(named('clientContext', 'client-context'));
      t.assert.equal(transport === 'frames' ? context : Buffer.from(context, 'latin1').toString(), '{"client":"é\\n"}');
    });

    test('passes an error of the handler on untouched', async (t: TestContext) => {
      const error = '{"errorType":"KeyError","errorMessage":"x","stackTrace":[]}';
      await using house = openScriptedGuesthouse(transport, { handler: (_event, reply) => reply.fail('KeyError', error) });
      const environment = house.environment();
      await environment.initialised;
      const { outcome, usage } = await house.invoke(environment);
      t.assert.deepEqual(outcome, { kind: 'threw', errorType: 'KeyError', body: Buffer.from(error) });
      t.assert.deepEqual([usage.status, usage.errorType], ['error', 'KeyError']);
      t.assert.equal(environment.phase, 'idle');
    });

    test('writes its log in order: what came before the answer stands before END', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, {
        init: (process) => process.write('loading\n'),
        handler: async (_event, reply) => {
          await reply.process.write('one\ntwo');
          await reply.answer('1');
        },
      });
      const environment = house.environment();
      await environment.initialised;
      const first = await house.invoke(environment);
      const second = await house.invoke(environment);
      t.assert.deepEqual(
        house.lines().map((line) => line.replace(/arn:.*/, '<arn>')),
        [
          'INIT_START Runtime Version: scripted:1.0\tRuntime Version ARN: <arn>',
          'loading',
          'START RequestId: <id> Version: $LATEST',
          'one',
          'two',
          'END RequestId: <id>',
          'REPORT RequestId: <id>\tDuration: <ms>\tBilled Duration: <ms>\tMemory Size: 128 MB\tMax Memory Used: 30 MB\tInit Duration: <ms>\t',
          'START RequestId: <id> Version: $LATEST',
          'one',
          'two',
          'END RequestId: <id>',
          'REPORT RequestId: <id>\tDuration: <ms>\tBilled Duration: <ms>\tMemory Size: 128 MB\tMax Memory Used: 30 MB\t',
        ],
      );
      t.assert.equal(first.tail.length, 5);
      t.assert.equal(second.tail.length, 5);
      t.assert.ok((first.usage.initMs ?? 0) > 0);
      t.assert.equal(second.usage.initMs, undefined);
    });

    test('keeps each line within its invocation, however close to the answer it was written', async (t: TestContext) => {
      let invocations = 0;
      await using house = openScriptedGuesthouse(transport, {
        handler: async (_event, reply) => {
          void reply.process.write(`line ${++invocations}\n`);
          const answered = reply.answer('1');
          // Our bootstraps answer and ask for the next event in one write.
          if (transport === 'http') await answered;
        },
      });
      const environment = house.environment();
      await environment.initialised;
      for (let count = 1; count <= 100; count += 1) {
        const { tail } = await house.invoke(environment);
        t.assert.deepEqual(tail.slice(1, -2), [`line ${count}`]);
      }
    });

    test('ends a handler that takes too long, and begins anew in the same box', async (t: TestContext) => {
      const clock = new VirtualClock();
      await using house = openScriptedGuesthouse(
        transport,
        { handler: (event, reply) => (event.payload === '"slow"' ? forever : reply.answer('"fine"')) },
        { clock },
      );
      const environment = house.environment();
      await environment.initialised;
      const slow = house.invoke(environment, '"slow"');
      await rest();
      await clock.advance(2999);
      t.assert.equal(environment.phase, 'busy');
      await clock.advance(1);
      const { outcome, usage } = await slow;
      t.assert.equal(outcome.kind, 'failed');
      t.assert.match(
        body(outcome),
        /^\{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: request-\d+ Error: Task timed out after 3.00 seconds"\}$/,
      );
      t.assert.deepEqual([usage.status, usage.durationMs], ['timeout', 3000]);
      t.assert.deepEqual(
        house.lines().slice(-3),
        [
          '<time> <id> Task timed out after 3.00 seconds',
          'END RequestId: <id>',
          'REPORT RequestId: <id>\tDuration: <ms>\tBilled Duration: <ms>\tMemory Size: 128 MB\tMax Memory Used: 30 MB\tInit Duration: <ms>\tStatus: timeout',
        ].map((line, index) => (index === 2 ? line + '\t' : line)),
      );
      t.assert.equal(environment.phase, 'idle');
      t.assert.equal(body((await house.invoke(environment)).outcome), '"fine"');
      t.assert.equal(house.sandboxes.made.length, 1);
      t.assert.equal(house.box.started.length, 2);
    });

    test('says how a runtime ended that ended by itself', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, {
        handler: async (event, reply) => {
          await reply.process.write('last words');
          if (event.payload === '"signal"') return reply.process.die('SIGSEGV');
          return reply.process.exit(Number(event.payload));
        },
      });
      const environment = house.environment();
      await environment.initialised;
      const said: string[] = [];
      for (const payload of ['1', '0', '"signal"']) {
        const { outcome, usage } = await house.invoke(environment, payload);
        said.push(body(outcome).replaceAll(/request-\d+/g, '<id>'));
        t.assert.deepEqual([usage.status, usage.errorType], ['error', 'Runtime.ExitError']);
      }
      t.assert.deepEqual(said, [
        '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: <id> Error: Runtime exited with error: exit status 1"}',
        '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: <id> Error: Runtime exited without providing a reason"}',
        '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: <id> Error: Runtime exited with error: signal: segmentation fault"}',
      ]);
      const lines = house.lines();
      const end = lines.indexOf('END RequestId: <id>');
      t.assert.equal(lines[end - 2], 'last words');
      t.assert.equal(lines[end - 1], 'RequestId: <id> Error: Runtime exited with error: exit status 1\nRuntime.ExitError');
    });

    test('knows a kill for memory by the counter of the kernel', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, {
        handler: async (event, reply) => {
          reply.process.box.memory = { maxMemoryMiB: 128, cpuMs: 0, oomKills: event.payload === '"oom"' ? 1 : 0 };
          return reply.process.die('SIGKILL');
        },
      });
      const environment = house.environment();
      await environment.initialised;
      const killed = await house.invoke(environment, '"kill"');
      t.assert.equal(killed.usage.errorType, 'Runtime.ExitError');
      const oom = await house.invoke(environment, '"oom"');
      t.assert.match(body(oom.outcome), /"Runtime.ExitError".*signal: killed/);
      t.assert.deepEqual([oom.usage.errorType, oom.usage.maxMemoryUsedMiB], ['Runtime.OutOfMemory', 128]);
    });

    test('tries a failed initialisation once more inside the first invocation', async (t: TestContext) => {
      let starts = 0;
      await using house = openScriptedGuesthouse(transport, {
        init: () => {
          starts += 1;
          if (starts < 3)
            throw new InitError(
              'Runtime.ImportModuleError',
              `{"errorType":"Runtime.ImportModuleError","errorMessage":"try ${starts}"}`,
            );
        },
        handler: echo.handler,
      });
      const environment = house.environment();
      t.assert.equal(await environment.initialised, 'failed');
      t.assert.equal(environment.phase, 'idle');
      const first = await house.invoke(environment);
      t.assert.equal(first.outcome.kind, 'threw');
      t.assert.equal(body(first.outcome), '{"errorType":"Runtime.ImportModuleError","errorMessage":"try 2"}');
      t.assert.deepEqual(
        [first.usage.status, first.usage.errorType, first.usage.initMs],
        ['error', 'Runtime.ImportModuleError', undefined],
      );
      const second = await house.invoke(environment, '"third time lucky"');
      t.assert.equal(body(second.outcome), '"third time lucky"');
      t.assert.equal(second.usage.initMs, undefined);
      t.assert.deepEqual(
        house.lines().filter((line) => line.startsWith('INIT_REPORT')),
        [
          'INIT_REPORT Init Duration: <ms>\tPhase: init\tStatus: error\tError Type: Runtime.ImportModuleError',
          'INIT_REPORT Init Duration: <ms>\tPhase: invoke\tStatus: error\tError Type: Runtime.ImportModuleError',
        ],
      );
    });

    test("gives an initialisation ten seconds, and inside an invocation the function's own time", async (t: TestContext) => {
      const clock = new VirtualClock();
      await using house = openScriptedGuesthouse(transport, { init: () => forever, handler: echo.handler }, { clock });
      const environment = house.environment();
      await rest();
      await clock.advance(9_999);
      t.assert.equal(environment.phase, 'starting');
      await clock.advance(1);
      t.assert.equal(await environment.initialised, 'failed');
      const running = house.invoke(environment);
      await rest();
      await clock.advance(3000);
      const { outcome, usage } = await running;
      t.assert.match(body(outcome), /Task timed out after 3.00 seconds/);
      t.assert.equal(usage.status, 'timeout');
      t.assert.deepEqual(
        house.lines().filter((line) => /^(INIT_REPORT|START|END)/.test(line)),
        [
          'INIT_REPORT Init Duration: <ms>\tPhase: init\tStatus: timeout',
          'INIT_REPORT Init Duration: <ms>\tPhase: invoke\tStatus: timeout',
          'START RequestId: <id> Version: $LATEST',
          'END RequestId: <id>',
        ],
      );
    });

    test('a provisioned environment has at least 130 seconds to initialise', async (t: TestContext) => {
      const clock = new VirtualClock();
      await using house = openScriptedGuesthouse(transport, { init: () => forever, handler: echo.handler }, { clock });
      const environment = house.factory.create(house.version(), { initializationType: 'provisioned-concurrency' });
      await rest();
      await clock.advance(129_999);
      t.assert.equal(environment.phase, 'starting');
      await clock.advance(1);
      t.assert.equal(await environment.initialised, 'failed');
    });

    test('refuses a response that is too large, and goes on', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(
        transport,
        { handler: (event, reply) => reply.answer(Buffer.alloc(Number(event.payload), 'x')) },
        { limits: { syncResponseBytes: 1000 } },
      );
      const environment = house.environment();
      await environment.initialised;
      t.assert.equal(body((await house.invoke(environment, '1000')).outcome).length, 1000);
      for (const bytes of ['1001', '400000']) {
        const { outcome, usage } = await house.invoke(environment, bytes);
        t.assert.equal(
          body(outcome),
          '{"errorMessage":"Response payload size exceeded maximum allowed payload size (1000 bytes).","errorType":"Function.ResponseSizeTooLarge"}',
        );
        t.assert.deepEqual([usage.status, usage.errorType], ['error', 'Function.ResponseSizeTooLarge']);
      }
      t.assert.equal(body((await house.invoke(environment, '1')).outcome), 'x');
      t.assert.equal(house.box.started.length, 1);
    });

    test('streams a response as it comes, with its content type', async (t: TestContext) => {
      const gate = Promise.withResolvers<void>();
      await using house = openScriptedGuesthouse(transport, {
        handler: (_event, reply) =>
          reply.stream(
            (async function* () {
              yield 'first ';
              await gate.promise;
              yield 'second';
            })(),
            { contentType: 'text/plain' },
          ),
      });
      const environment = house.environment();
      await environment.initialised;
      const running = house.begin(environment);
      const outcome = await running.outcome;
      t.assert.equal(outcome.kind === 'streamed' && outcome.contentType, 'text/plain');
      if (outcome.kind !== 'streamed') return;
      const source = outcome.body[Symbol.asyncIterator]();
      t.assert.equal(Buffer.from((await source.next()).value as Uint8Array).toString(), 'first ');
      t.assert.equal(environment.phase, 'busy');
      gate.resolve();
      t.assert.equal(Buffer.from((await source.next()).value as Uint8Array).toString(), 'second');
      t.assert.equal((await source.next()).done, true);
      t.assert.deepEqual(await outcome.end, { kind: 'complete' });
      t.assert.equal((await running.released).status, 'success');
    });

    test('a caller who is slow slows the runtime down; one who has gone does not', async (t: TestContext) => {
      let sent = 0;
      const piece = Buffer.alloc(65_536);
      await using house = openScriptedGuesthouse(transport, {
        handler: (_event, reply) =>
          reply.stream(
            (function* () {
              for (sent = 0; sent < 400; sent += 1) yield piece;
            })(),
          ),
      });
      const environment = house.environment();
      await environment.initialised;
      const running = house.begin(environment);
      const outcome = await running.outcome;
      if (outcome.kind !== 'streamed') return t.assert.fail('not streamed');
      const source = outcome.body[Symbol.asyncIterator]();
      await source.next();
      await settle(300);
      t.assert.ok(sent < 300, `${sent} pieces are on their way`);
      await source.return?.();
      t.assert.equal((await running.released).status, 'success');
      t.assert.equal(sent, 400);
    });

    test('after its burst a response leaves at a steady pace, in small pieces', async (t: TestContext) => {
      const clock = new VirtualClock();
      await using house = openScriptedGuesthouse(
        transport,
        { handler: (_event, reply) => reply.stream([Buffer.alloc(3000, 'x')]) },
        { clock, limits: { streamedBurstBytes: 1000, streamedBytesPerSecond: 1000 } },
      );
      const environment = house.environment();
      await environment.initialised;
      const outcome = await house.begin(environment).outcome;
      if (outcome.kind !== 'streamed') return t.assert.fail('not streamed');
      const pieces: number[] = [];
      const received = (): number => pieces.reduce((sum, bytes) => sum + bytes, 0);
      const reading = (async () => {
        for await (const piece of outcome.body) pieces.push(piece.byteLength);
      })();
      await outcome.end;
      await rest();
      t.assert.equal(received(), 1000);
      await clock.advance(1000);
      t.assert.ok(received() > 1900 && received() <= 2000, String(received()));
      await clock.advance(1100);
      await reading;
      t.assert.equal(received(), 3000);
      const large = pieces.filter((bytes) => bytes > 63).reduce((sum, bytes) => sum + bytes, 0);
      t.assert.ok(large <= 1000, pieces.join(' '));
    });

    test("tells how a stream broke: by the handler, by the runtime's death, by the limit", async (t: TestContext) => {
      await using house = openScriptedGuesthouse(
        transport,
        {
          handler: async (event, reply) => {
            if (event.payload === '"limit"') return reply.stream(['x'.repeat(600), 'x'.repeat(600)]);
            if (event.payload === '"error"')
              return reply.stream(['half'], { error: { errorType: 'Error', body: '{"errorType":"Error"}' } });
            return reply.stream(
              (async function* () {
                yield 'half';
                await settle(20);
                reply.process.die('SIGKILL');
              })(),
            );
          },
        },
        { limits: { streamedResponseBytes: 1000 } },
      );
      const environment = house.environment();
      await environment.initialised;
      const run = async (payload: string) => {
        const running = house.begin(environment, payload);
        return { ...(await streamed(await running.outcome)), ...(await running.released) };
      };
      const error = await run('"error"');
      t.assert.deepEqual([error.text, error.end, error.status], ['half', 'Error {"errorType":"Error"}', 'error']);
      const limit = await run('"limit"');
      t.assert.match(limit.end, /^Function.ResponseSizeTooLarge .*\(1000 bytes\)/);
      t.assert.equal(limit.errorType, 'Function.ResponseSizeTooLarge');
      const died = await run('"die"');
      t.assert.match(died.end, /^Runtime.(ExitError|TruncatedResponse) /);
      t.assert.deepEqual([died.text, died.status], ['half', 'error']);
    });

    test('freezes when it is idle, and thaws for the next event', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, echo);
      const environment = house.environment();
      await environment.initialised;
      await house.invoke(environment);
      await environment.freeze();
      await environment.freeze();
      t.assert.equal(house.box.frozen, true);
      t.assert.equal(body((await house.invoke(environment, '"thawed"')).outcome), '"thawed"');
      t.assert.deepEqual([house.box.freezes, house.box.thaws], [1, 1]);
    });

    test('refuses an event while it is busy, and after its end', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, { handler: () => forever });
      const environment = house.environment();
      const refusal = { code: 'ENVIRONMENT_NOT_IDLE' };
      await t.assert.rejects(house.invoke(environment), refusal);
      await environment.initialised;
      const running = house.invoke(environment);
      await t.assert.rejects(house.invoke(environment), refusal);
      await environment.stop('SPINDOWN');
      t.assert.match(body((await running).outcome), /Sandbox.Failure/);
      t.assert.equal(environment.phase, 'gone');
      await environment.gone;
      await t.assert.rejects(house.invoke(environment), refusal);
      t.assert.equal(house.sandboxes.open.length, 0);
    });

    test('a runtime that dies while it is idle is started again by the next event', async (t: TestContext) => {
      const die = Promise.withResolvers<void>();
      let starts = 0;
      await using house = openScriptedGuesthouse(transport, {
        init: (process) => {
          starts += 1;
          if (starts === 1) void die.promise.then(() => process.box.killAll());
        },
        handler: echo.handler,
      });
      const environment = house.environment();
      await environment.initialised;
      die.resolve();
      await rest();
      t.assert.equal(environment.phase, 'idle');
      t.assert.equal(body((await house.invoke(environment, '"again"')).outcome), '"again"');
      t.assert.equal(starts, 2);
    });

    test('an environment stopped while it starts leaves nothing behind', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, { init: () => forever, handler: echo.handler });
      const environment = house.environment();
      await environment.stop('SPINDOWN');
      t.assert.equal(await environment.initialised, 'gone');
      t.assert.equal(house.sandboxes.open.length, 0);
    });

    test('a box that cannot be made, or in which nothing starts, ends the environment and nothing else', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, echo);
      house.sandboxes.creating = () => Promise.reject(new Error('no room'));
      const boxless = house.environment();
      t.assert.equal(await boxless.initialised, 'gone');
      await boxless.gone;
      house.sandboxes.creating = () => Promise.resolve();
      house.sandboxes.starting = () => Promise.reject(new Error('no launcher'));
      const lifeless = house.environment();
      t.assert.equal(await lifeless.initialised, 'gone');
      await lifeless.gone;
      t.assert.equal(house.sandboxes.open.length, 0);
      house.sandboxes.starting = () => Promise.resolve();
      const fine = house.environment();
      t.assert.equal(await fine.initialised, 'idle');
    });

    test('a launcher that is lost during an invocation fails it, and the environment goes', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, { handler: (_event, reply) => reply.process.exit(1) });
      const environment = house.environment();
      await environment.initialised;
      const { box } = house;
      const killAll = box.killAll.bind(box);
      box.killAll = () => {
        box.killAll = killAll;
        return Promise.reject(new Error('no launcher'));
      };
      const { outcome } = await house.invoke(environment);
      t.assert.match(body(outcome), /Runtime.ExitError/);
      await environment.gone;
      t.assert.equal(environment.phase, 'gone');
    });

    test('an environment stopped while its box is made, or its process started, waits for it and closes it', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, echo);
      for (const step of ['creating', 'starting'] as const) {
        const gate = Promise.withResolvers<void>();
        house.sandboxes[step] = () => gate.promise;
        const environment = house.environment();
        await rest();
        const stopping = environment.stop('SPINDOWN');
        await rest();
        t.assert.equal(environment.phase, 'stopping');
        gate.resolve();
        await stopping;
        t.assert.equal(await environment.initialised, 'gone');
        t.assert.equal(house.sandboxes.open.length, 0);
      }
    });

    test('a provisioned environment says so to its function and in its log', async (t: TestContext) => {
      const variable = 'AWS_LAMBDA_INITIALIZATION_TYPE';
      await using house = openScriptedGuesthouse(transport, {
        handler: (event, reply) => reply.answer(JSON.stringify(event.env[variable])),
      });
      const environment = house.factory.create(house.version(), { initializationType: 'provisioned-concurrency' });
      await environment.initialised;
      t.assert.equal(body((await house.invoke(environment)).outcome), '"provisioned-concurrency"');
      t.assert.ok(house.lines().includes('INIT_REPORT Init Duration: <ms>\tPhase: init\tStatus: success'));
    });

    test('a warm invocation reads no counter of the kernel and starts nothing', async (t: TestContext) => {
      await using house = openScriptedGuesthouse(transport, echo, { clock: new VirtualClock() });
      const environment = house.environment();
      await environment.initialised;
      for (let count = 0; count < 20; count += 1) await house.invoke(environment);
      t.assert.equal(house.box.reads, 1);
      t.assert.equal(house.box.started.length, 1);
    });
  });
}
