import type { Socket } from 'node:net';
import {
  awsLimits,
  silentLogger,
  systemClock,
  systemRandom,
  type Clock,
  type Limits,
  type LogEvent,
  type RequestId,
} from '../../packages/server/src/base/index.ts';
import type { FunctionVersion } from '../../packages/server/src/control/index.ts';
import {
  openEnvironments,
  type CompileCaches,
  type Environment,
  type EnvironmentFactory,
  type Invocation,
  type Outcome,
  type Running,
  type Usage,
} from '../../packages/server/src/environment/index.ts';
import type { ResolvedRuntime, Runtimes } from '../../packages/server/src/environment/runtimes/port.ts';
import { platformLines } from '../../packages/server/src/observe/index.ts';
import type { ProcessSpec, SandboxDriver } from '../../packages/server/src/sandbox/index.ts';
import { ScriptedCatalog } from './scripted-catalog.ts';
import { framedRuntime, httpRuntime, type RuntimeScript } from './scripted-runtimes.ts';
import { ScriptedSandboxes, type Program, type ScriptedSandbox } from './scripted-sandboxes.ts';

export type Transport = 'frames' | 'http';

/** Environments with their log in memory. */
export interface Guesthouse extends AsyncDisposable {
  readonly factory: EnvironmentFactory;
  readonly log: LogEvent[];
  /** Text of the log, with durations and ids that differ from run to run made plain. */
  lines(): string[];
  version(version?: Partial<FunctionVersion>): FunctionVersion;
  environment(version?: Partial<FunctionVersion>): Environment;
  begin(environment: Environment, payload?: string, invocation?: Partial<Invocation>): Running;
  invoke(
    environment: Environment,
    payload?: string,
    invocation?: Partial<Invocation>,
  ): Promise<{ readonly outcome: Outcome; readonly usage: Usage; readonly tail: readonly string[] }>;
}

export interface ScriptedGuesthouse extends Guesthouse {
  readonly sandboxes: ScriptedSandboxes;
  /** The box of the only environment. */
  readonly box: ScriptedSandbox;
}

let requests = 0;
export const invocation = (clock: Clock, version: FunctionVersion, payload = '{}'): Invocation => ({
  requestId: `request-${++requests}` as RequestId,
  payload: Buffer.from(payload),
  invokedArn: version.functionArn,
  deadlineMs: clock.now() + version.timeoutMs,
  traceId: 'Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0',
});

export interface GuesthouseOptions {
  readonly clock?: Clock;
  readonly limits?: Partial<Limits>;
  readonly poolSize?: number;
  readonly compileCaches?: CompileCaches;
  readonly serveEndpoint?: (connection: Socket) => void;
}

export function openGuesthouse(sandboxes: SandboxDriver, runtimes: Runtimes, options: GuesthouseOptions = {}): Guesthouse {
  const clock = options.clock ?? systemClock;
  const log: LogEvent[] = [];
  const catalog = new ScriptedCatalog();
  const factory = openEnvironments({
    sandboxes,
    runtimes,
    ports: {
      logs: { append: (_stream, event) => void log.push(event) },
      platformLines,
      credentials: () => Promise.resolve({ accessKeyId: 'AK', secretAccessKey: 'SK', sessionToken: 'ST' }),
      serveEndpoint: options.serveEndpoint ?? ((connection) => void connection.destroy()),
    },
    clock,
    random: systemRandom,
    log: silentLogger,
    limits: { ...awsLimits, ...options.limits },
    poolSize: options.poolSize ?? 0,
    ...(options.compileCaches === undefined ? {} : { compileCaches: options.compileCaches }),
  });
  const version = (more: Partial<FunctionVersion> = {}): FunctionVersion =>
    catalog.put('f', { version: { network: 'egress', ...more } });
  return {
    factory,
    log,
    lines: () =>
      log.map(({ message }) =>
        message
          .replaceAll(/request-\d+/g, '<id>')
          .replaceAll(/\d+\.\d\d ms/g, '<ms>')
          .replaceAll(/Billed Duration: \d+ ms/g, 'Billed Duration: <ms>')
          .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, '<time>'),
      ),
    version,
    environment: (more) => factory.create(version(more)),
    begin: (environment, payload, more) => environment.invoke({ ...invocation(clock, environment.version, payload), ...more }),
    async invoke(environment, payload, more) {
      const tail: string[] = [];
      const running = environment.invoke({ ...invocation(clock, environment.version, payload), ...more }, (line) =>
        tail.push(line),
      );
      const outcome = await running.outcome;
      return { outcome, usage: await running.released, tail };
    },
    [Symbol.asyncDispose]: () => factory[Symbol.asyncDispose](),
  };
}

/** One runtime, `scripted`, whose programs are functions of the test. `programs` are found by their command. */
export function openScriptedGuesthouse(
  transport: Transport,
  script: RuntimeScript,
  options: GuesthouseOptions & {
    readonly programs?: Readonly<Record<string, Program>>;
    readonly runtime?: Partial<ResolvedRuntime>;
  } = {},
): ScriptedGuesthouse {
  const runtime = transport === 'frames' ? framedRuntime(script) : httpRuntime(script);
  const sandboxes = new ScriptedSandboxes((spec: ProcessSpec) => options.programs?.[spec.command[0]] ?? runtime);
  const guesthouse = openGuesthouse(sandboxes, scriptedRuntimes(transport, options.runtime), options);
  return {
    ...guesthouse,
    sandboxes,
    get box() {
      const box = sandboxes.made[0];
      if (box === undefined) throw new Error('no box was made');
      return box;
    },
    async [Symbol.asyncDispose]() {
      await guesthouse[Symbol.asyncDispose]();
      await sandboxes[Symbol.asyncDispose]();
    },
  };
}

export const scriptedRuntimes = (transport: Transport, more: Partial<ResolvedRuntime> = {}): Runtimes => ({
  check: () => ({ kind: 'ready' }),
  prepare: () => Promise.resolve(),
  list: () => Promise.resolve([]),
  resolve: (identifier) =>
    Promise.resolve({
      identifier,
      family: 'scripted',
      interpreterVersion: '1.0',
      mounts: [],
      command: ['/var/runtime/bootstrap'],
      bootEnv: {},
      channel: transport,
      functionEnv: () => ({}),
      ...more,
    }),
});
