import { suite, test, type TestContext } from 'node:test';
import { openScriptedGuesthouse, type ScriptedGuesthouse } from '../../../../test/kit/environments.ts';
import { httpRuntime, type RuntimeScript } from '../../../../test/kit/scripted-runtimes.ts';
import { settle } from '../../../../test/kit/virtual-clock.ts';

const echo: RuntimeScript = { handler: (event, reply) => reply.answer(JSON.stringify(event.env)) };

const filled = async (house: ScriptedGuesthouse, key = 'nodejs24.x', size = 1): Promise<void> => {
  while ((house.factory.pooled().get(key) ?? 0) < size) await settle(1);
};
const env = async (
  house: ScriptedGuesthouse,
  environment: ReturnType<ScriptedGuesthouse['environment']>,
): Promise<Record<string, string>> => {
  const { outcome } = await house.invoke(environment);
  return outcome.kind === 'streamed' ? {} : (JSON.parse(Buffer.from(outcome.body).toString()) as Record<string, string>);
};

suite('boxes made ready in advance', { timeout: 60_000 }, () => {
  test('an interpreter that waited learns its function, its code and its limits when it is claimed', async (t: TestContext) => {
    await using house = openScriptedGuesthouse('frames', echo, { poolSize: 1 });
    await house.environment().initialised;
    await filled(house);
    const box = house.sandboxes.made.at(-1);
    t.assert.ok(box !== undefined && box.started.length === 1 && box.bound.size === 0);
    t.assert.deepEqual(Object.keys(box.started[0]?.env ?? {}), ['MAYFLY_CHANNEL']);
    const environment = house.environment({
      memoryMiB: 1769,
      environment: { TABLE: 'cats' },
      codeDir: '/code',
      layersDir: '/layers',
    });
    await environment.initialised;
    t.assert.deepEqual(
      [...box.bound],
      [
        ['/var/task', '/code'],
        ['/opt', '/layers'],
      ],
    );
    t.assert.deepEqual([box.limits.memoryMiB, box.limits.cpuCores], [1769, 1]);
    t.assert.equal((await env(house, environment))['TABLE'], 'cats');
    t.assert.equal(box.started.length, 1);
    await filled(house);
  });

  test('a small function is lent the processor while it initialises, and has its own share after that', async (t: TestContext) => {
    for (const poolSize of [0, 1]) {
      await using house = openScriptedGuesthouse('frames', echo, { poolSize });
      await house.environment().initialised;
      if (poolSize > 0) await filled(house);
      const environment = house.environment({ memoryMiB: 128 });
      await environment.initialised;
      const box = house.sandboxes.made.find(({ shares }) => shares.length > 1 && shares.at(-1) === 128 / 1769);
      t.assert.deepEqual(box?.shares.slice(-2), [2, 128 / 1769]);
    }
  });

  test('what must be there before the interpreter starts takes a box of its own', async (t: TestContext) => {
    await using house = openScriptedGuesthouse('frames', echo, { poolSize: 1 });
    await house.environment().initialised;
    await filled(house);
    for (const version of [
      { environment: { NODE_OPTIONS: '--inspect' } },
      { ephemeralStorageMiB: 1024 },
      { network: 'loopback' as const },
    ]) {
      const before = house.sandboxes.made.length;
      const environment = house.environment(version);
      await environment.initialised;
      t.assert.ok(house.sandboxes.made.length > before);
      t.assert.equal(house.factory.pooled().get('nodejs24.x'), 1);
    }
    const early = house.sandboxes.made.find((box) => box.started[0]?.env['NODE_OPTIONS'] !== undefined);
    t.assert.equal(early?.started[0]?.env['AWS_LAMBDA_FUNCTION_NAME'], 'f');
  });

  test('a runtime that starts with its function waits as an empty box, and is started where everything is in place', async (t: TestContext) => {
    const command = ['/java', '-cp', '/var/runtime'] as const;
    const runtime = {
      startsWith: 'function',
      commandFor: ({ memoryMiB }: { memoryMiB: number }) => [...command, `-Xmx${memoryMiB}m`] as const,
    } as const;
    await using house = openScriptedGuesthouse('frames', echo, { poolSize: 1, runtime });
    await house.environment().initialised;
    await filled(house);
    const box = house.sandboxes.made.at(-1);
    t.assert.equal(box?.started.length, 0);
    const environment = house.environment({ memoryMiB: 1024, environment: { TABLE: 'cats' }, codeDir: '/code' });
    await environment.initialised;
    const [started] = box?.started ?? [];
    t.assert.deepEqual(started?.command, [...command, '-Xmx1024m']);
    t.assert.deepEqual([started?.env['TABLE'], started?.cwd], ['cats', box?.taskRoot]);
    t.assert.deepEqual([box?.limits.memoryMiB, box?.bound.get('/var/task')], [1024, '/code']);
    await filled(house);
  });

  test('a wrapper is started in place of the runtime, with its command as arguments', async (t: TestContext) => {
    await using house = openScriptedGuesthouse('frames', echo, { programs: {} });
    await house.environment({ environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrap' } }).initialised;
    t.assert.deepEqual(house.box.started[0]?.command, ['/opt/wrap', '/var/runtime/bootstrap']);
  });

  test('a wrapper may start a runtime of its own, which speaks HTTP and says something', async (t: TestContext) => {
    const other = httpRuntime({
      init: (process) => process.write('the other one\n'),
      handler: (_event, reply) => reply.answer('"by HTTP"'),
    });
    await using house = openScriptedGuesthouse('frames', echo, { programs: { '/opt/wrap': other } });
    const environment = house.environment({ environment: { AWS_LAMBDA_EXEC_WRAPPER: '/opt/wrap' } });
    await environment.initialised;
    const { outcome } = await house.invoke(environment);
    t.assert.equal(outcome.kind === 'streamed' ? '' : Buffer.from(outcome.body).toString(), '"by HTTP"');
    t.assert.ok(house.lines().includes('the other one'));
  });

  test('an interpreter that dies while it waits is replaced, and never handed out', async (t: TestContext) => {
    await using house = openScriptedGuesthouse('frames', echo, { poolSize: 1 });
    await house.environment().initialised;
    await filled(house);
    const box = house.sandboxes.made.at(-1);
    await box?.killAll();
    await settle(5);
    await filled(house);
    t.assert.equal(box?.disposed, true);
    t.assert.notEqual(house.sandboxes.made.at(-1), box);
  });

  test('only so many kinds are kept; the one wanted longest ago gives way', async (t: TestContext) => {
    await using house = openScriptedGuesthouse('frames', echo, { poolSize: 1 });
    for (const runtime of ['a', 'b', 'c', 'd', 'e']) {
      await house.environment({ runtime }).initialised;
      await filled(house, runtime);
    }
    t.assert.deepEqual([...house.factory.pooled().keys()].sort(), ['b', 'c', 'd', 'e']);
  });

  test("a runtime of the function's own waits as a box without a process", async (t: TestContext) => {
    await using house = openScriptedGuesthouse('http', { handler: (_event, reply) => reply.answer('1') }, { poolSize: 1 });
    const first = house.environment();
    await first.initialised;
    await filled(house);
    t.assert.equal(house.sandboxes.made.at(-1)?.started.length, 0);
    const environment = house.environment();
    t.assert.equal(await environment.initialised, 'idle');
  });

  test('closing the house closes what waits and what lives', async (t: TestContext) => {
    const house = openScriptedGuesthouse('frames', echo, { poolSize: 2 });
    const environment = house.environment();
    await environment.initialised;
    await filled(house, 'nodejs24.x', 1);
    await house.factory[Symbol.asyncDispose]();
    t.assert.equal(environment.phase, 'gone');
    t.assert.equal(house.sandboxes.open.length, 0);
    await house[Symbol.asyncDispose]();
  });
});
