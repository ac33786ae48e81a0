import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, suite, test, type TestContext } from 'node:test';
import { openScriptedGuesthouse, type GuesthouseOptions, type ScriptedGuesthouse } from '../../../../../test/kit/environments.ts';
import { ExtensionClient, scriptedExtension, type ExtensionScript } from '../../../../../test/kit/scripted-extensions.ts';
import type { InsideAnswer, RuntimeScript } from '../../../../../test/kit/scripted-runtimes.ts';
import type { Program } from '../../../../../test/kit/scripted-sandboxes.ts';
import { settle, VirtualClock } from '../../../../../test/kit/virtual-clock.ts';
import type { FunctionVersion } from '../../control/index.ts';
import type { Outcome } from '../port.ts';
import { Extension, type ExtensionSignal, type ExtensionState } from './extension.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'mayfly-extensions-'));
after(() => rmSync(folder, { recursive: true }));
let layers = 0;

/** A merged layer whose `extensions` folder has these programs. */
function layer(names: readonly string[]): Partial<FunctionVersion> {
  const layersDir = path.join(folder, String(layers++));
  mkdirSync(path.join(layersDir, 'extensions', 'deeper'), { recursive: true });
  writeFileSync(path.join(layersDir, 'extensions', 'README.md'), 'no program');
  for (const name of names) {
    writeFileSync(path.join(layersDir, 'extensions', name), '');
    chmodSync(path.join(layersDir, 'extensions', name), 0o755);
  }
  return { layersDir };
}

const echo: RuntimeScript = { handler: (event, reply) => reply.answer(event.payload) };
const text = (outcome: Outcome): string => (outcome.kind === 'streamed' ? '' : Buffer.from(outcome.body).toString());

function open(extensions: Readonly<Record<string, ExtensionScript | Program>>, runtime = echo, options: GuesthouseOptions = {}) {
  const programs = Object.fromEntries(
    Object.entries(extensions).map(([name, script]) => [
      `/opt/extensions/${name}`,
      typeof script === 'function' ? script : scriptedExtension(script),
    ]),
  );
  const house: ScriptedGuesthouse = openScriptedGuesthouse('frames', runtime, { ...options, programs });
  return Object.assign(house, { start: () => house.environment(layer(Object.keys(extensions))) });
}

suite("an extension's states", () => {
  test('allow what the table says and refuse the rest', (t: TestContext) => {
    const roads: Readonly<Record<ExtensionState, readonly ExtensionSignal[]>> = {
      launched: [],
      registered: ['register'],
      waiting: ['register', 'next'],
      working: ['register', 'next', 'event'],
      ended: ['end'],
    };
    const seen: string[] = [];
    for (const road of Object.values(roads)) {
      for (const signal of ['register', 'next', 'event', 'end'] satisfies ExtensionSignal[]) {
        const extension = new Extension('x', { external: true });
        for (const step of road) extension.on(step);
        const from = extension.state;
        if (extension.on(signal)) seen.push(`${from} ${signal} ${extension.state}`);
        else t.assert.equal(extension.state, from);
      }
    }
    t.assert.deepEqual(seen, [
      'launched register registered',
      'launched end ended',
      'registered next waiting',
      'registered end ended',
      'waiting event working',
      'waiting end ended',
      'working next waiting',
      'working end ended',
    ]);
  });
});

suite('extensions', { timeout: 60_000 }, () => {
  test('start before the runtime, hear of each invocation, and hold the environment until they are done', async (t: TestContext) => {
    const events: Record<string, unknown>[] = [];
    const work = Promise.withResolvers<void>();
    const order: string[] = [];
    await using house = open(
      {
        one: {
          init: async () => void order.push('extension'),
          onEvent: async (event) => {
            events.push(event);
            await work.promise;
          },
        },
      },
      { ...echo, init: () => void order.push('runtime') },
    );
    const environment = house.start();
    t.assert.equal(await environment.initialised, 'idle');
    const running = house.begin(environment, '"x"');
    t.assert.equal(text(await running.outcome), '"x"');
    await settle(20);
    t.assert.equal(environment.phase, 'busy');
    work.resolve();
    const usage = await running.released;
    t.assert.equal(environment.phase, 'idle');
    t.assert.ok((usage.postRuntimeExtensionsMs ?? -1) >= 0);
    t.assert.deepEqual(order, ['extension', 'runtime']);
    t.assert.equal(events.length, 1);
    t.assert.deepEqual(Object.keys(events[0] ?? {}), ['eventType', 'deadlineMs', 'requestId', 'invokedFunctionArn', 'tracing']);
    t.assert.ok(house.lines().includes('EXTENSION\tName: one\tState: Ready\tEvents: [INVOKE, SHUTDOWN]'));
    t.assert.deepEqual(
      house.box.started.map(({ command }) => command[0]),
      ['/opt/extensions/one', '/var/runtime/bootstrap'],
    );
  });

  test('are told why the environment ends, and given their grace', async (t: TestContext) => {
    const events: Record<string, unknown>[] = [];
    let terminated = false;
    await using house = open(
      { one: { onEvent: async (event) => void events.push(event) } },
      {
        ...echo,
        init: (process) => {
          void process.terminated.then(() => (terminated = true));
        },
      },
    );
    const environment = house.start();
    await environment.initialised;
    const before = Date.now();
    await environment.stop('SPINDOWN');
    t.assert.ok(terminated);
    t.assert.deepEqual(
      events.map(({ eventType, shutdownReason }) => [eventType, shutdownReason]),
      [['SHUTDOWN', 'SPINDOWN']],
    );
    const left = Number(events[0]?.['deadlineMs']) - before;
    t.assert.ok(left > 1000 && left <= 2100, `${left} ms`);
    t.assert.equal(house.sandboxes.open.length, 0);
  });

  test('that do not go are killed after two seconds; without extensions nobody waits', async (t: TestContext) => {
    const clock = new VirtualClock();
    await using house = open({ one: { onEvent: () => new Promise(() => {}) } }, echo, { clock });
    const environment = house.start();
    await environment.initialised;
    const stopping = environment.stop('SPINDOWN');
    await clock.advance(1999);
    t.assert.equal(environment.phase, 'stopping');
    await clock.advance(300);
    await stopping;
    t.assert.equal(environment.phase, 'gone');
    const alone = house.environment();
    await alone.initialised;
    await alone.stop('SPINDOWN');
    t.assert.equal(alone.phase, 'gone');
  });

  test('that crash fail the invocation, and all begin anew', async (t: TestContext) => {
    let starts = 0;
    await using house = open(
      {
        one: {
          init: async () => void (starts += 1),
          onEvent: async (_event, extension) => (starts === 1 ? extension.process.exit(9) : undefined),
        },
      },
      {
        handler: async (event, reply) => {
          if (starts === 1) await new Promise(() => {});
          await reply.answer(event.payload);
        },
      },
    );
    const environment = house.start();
    await environment.initialised;
    const { outcome, usage } = await house.invoke(environment);
    t.assert.match(text(outcome), /"Extension.Crash".*exit status 9/);
    t.assert.deepEqual([usage.status, usage.errorType], ['error', 'Extension.Crash']);
    t.assert.equal(text((await house.invoke(environment, '"again"')).outcome), '"again"');
    t.assert.equal(starts, 2);
  });

  test('that give up in their initialisation fail it, in their own words', async (t: TestContext) => {
    await using house = open({ one: { init: (extension) => extension.error('init', 'Extension.ConfigMissing') } });
    const environment = house.start();
    t.assert.equal(await environment.initialised, 'failed');
    const { outcome } = await house.invoke(environment);
    t.assert.match(text(outcome), /"Extension.InitError".*Extension.ConfigMissing/);
    t.assert.ok(
      house
        .lines()
        .some((line) => /^EXTENSION\tName: one\tState: Extension.InitError\t.*Error Type: Extension.ConfigMissing/.test(line)),
    );
  });

  test('that exit with an error fail the invocation with it', async (t: TestContext) => {
    await using house = open(
      { one: { onEvent: (_event, extension) => extension.error('exit', 'Extension.Lost') } },
      { handler: () => new Promise(() => {}) },
    );
    const environment = house.start();
    await environment.initialised;
    t.assert.match(text((await house.invoke(environment)).outcome), /"Extension.ExitError".*Extension.Lost/);
  });

  test('may live in the runtime: registered before its first next, for INVOKE only', async (t: TestContext) => {
    const told: InsideAnswer[] = [];
    const events: string[] = [];
    await using house = openScriptedGuesthouse('frames', {
      init: async (process) => {
        const inside = new ExtensionClient(process);
        told.push(await inside.register('inside', ['INVOKE', 'SHUTDOWN']));
        told.push(await inside.register('inside', ['INVOKE'], { 'Lambda-Extension-Accept-Feature': 'accountId' }));
        void (async () => {
          for (;;) events.push((await inside.next()).body);
        })().catch(() => {});
      },
      handler: async (event, reply) => {
        const late = new ExtensionClient(reply.process);
        told.push(await late.register('late', ['INVOKE']));
        await reply.answer(event.payload);
      },
    });
    const environment = house.environment();
    t.assert.equal(await environment.initialised, 'idle');
    await house.invoke(environment);
    t.assert.deepEqual(
      told.map(({ status }) => status),
      [403, 200, 403],
    );
    t.assert.deepEqual(JSON.parse(told[1]?.body ?? ''), {
      functionName: 'f',
      functionVersion: '$LATEST',
      handler: 'index.handler',
      accountId: '000000000000',
    });
    t.assert.equal(events.length, 1);
  });

  test('are refused what is malformed, unknown or out of turn', async (t: TestContext) => {
    const told: [number, string][] = [];
    const tell = ({ status, body }: InsideAnswer): void =>
      void told.push([status, (JSON.parse(body) as { errorType: string }).errorType]);
    await using house = open({
      one: {
        init: async (extension) => {
          const other = new ExtensionClient(extension.process);
          tell(await other.next());
          other.id = 'nobody';
          tell(await other.next());
          tell(await other.register('', []));
          tell(await other.register('two', ['RESTART']));
          tell(await other.register('one', ['INVOKE']));
        },
      },
    });
    await house.start().initialised;
    t.assert.deepEqual(told, [
      [403, 'Extension.UnknownExtensionIdentifier'],
      [403, 'Extension.UnknownExtensionIdentifier'],
      [400, 'Extension.InvalidExtensionName'],
      [400, 'Extension.InvalidEventType'],
      [403, 'Extension.RegistrationRefused'],
    ]);
  });

  test('are ten at most', async (t: TestContext) => {
    await using house = open(Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`e${index}`, {}])));
    const environment = house.start();
    t.assert.equal(await environment.initialised, 'failed');
    t.assert.match(text((await house.invoke(environment)).outcome), /"Extension.LaunchError".*Too many extensions/);
  });
});
