import type { Clock, EnvironmentId, InitializationType } from '../../packages/server/src/base/index.ts';
import type { FunctionVersion } from '../../packages/server/src/control/index.ts';
import type {
  Environment,
  EnvironmentFactory,
  Invocation,
  LogTail,
  Outcome,
  Phase,
  Running,
  StopReason,
  Usage,
} from '../../packages/server/src/environment/index.ts';

/** What a scripted handler answers; `die` makes the environment end with the outcome. */
export interface ScriptedAnswer {
  readonly outcome: Outcome;
  readonly usage?: Partial<Usage>;
  readonly die?: boolean;
}
export type ScriptedHandler = (
  invocation: Invocation,
  environment: ScriptedEnvironment,
) => Promise<ScriptedAnswer | Outcome> | ScriptedAnswer | Outcome;

export const returned = (text: string): Outcome => ({ kind: 'returned', body: Buffer.from(text) });
export const threw = (errorType = 'Error', message = 'no'): Outcome => ({
  kind: 'threw',
  errorType,
  body: Buffer.from(JSON.stringify({ errorType, errorMessage: message })),
});

const ended: Outcome = { kind: 'failed', errorType: 'Sandbox.Failure', status: 'failure', body: Buffer.from('{}') };

/** Environments without boxes: a script says how long a boot takes and what a handler answers. */
export class ScriptedEnvironments implements EnvironmentFactory {
  readonly clock: Clock;
  readonly handler: ScriptedHandler;
  readonly boot: (version: FunctionVersion, count: number) => Promise<'idle' | 'failed' | 'gone'>;
  /** What happens between the answer and the next idle moment. */
  readonly lingering: () => Promise<unknown>;
  /** All that were ever made. */
  readonly made: ScriptedEnvironment[] = [];
  running = 0;
  mostRunning = 0;
  booting = 0;
  mostBooting = 0;

  constructor(options: {
    readonly clock: Clock;
    readonly handler: ScriptedHandler;
    readonly boot?: (version: FunctionVersion, count: number) => Promise<'idle' | 'failed' | 'gone'>;
    readonly lingering?: () => Promise<unknown>;
  }) {
    this.clock = options.clock;
    this.handler = options.handler;
    this.boot = options.boot ?? (() => Promise.resolve('idle'));
    this.lingering = options.lingering ?? (() => Promise.resolve());
  }

  get alive(): ScriptedEnvironment[] {
    return this.made.filter((environment) => environment.phase !== 'gone');
  }

  create(version: FunctionVersion, options?: { readonly initializationType?: InitializationType }): ScriptedEnvironment {
    const environment = new ScriptedEnvironment(this, version, this.made.length, options?.initializationType ?? 'on-demand');
    this.made.push(environment);
    return environment;
  }
  prepare(): void {}

  pooled(): ReadonlyMap<string, number> {
    return new Map();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.made.map((environment) => environment.stop('SPINDOWN')));
  }
}

export class ScriptedEnvironment implements Environment {
  readonly id: EnvironmentId;
  readonly version: FunctionVersion;
  readonly initializationType: InitializationType;
  readonly logStream = 'scripted';
  readonly initialised: Promise<'idle' | 'failed' | 'gone'>;
  readonly gone: Promise<void>;
  phase: Phase = 'starting';
  frozen = 0;
  invocations = 0;
  stopReason: StopReason | undefined;
  readonly #house: ScriptedEnvironments;
  readonly #end: () => void;

  constructor(house: ScriptedEnvironments, version: FunctionVersion, number: number, type: InitializationType) {
    this.initializationType = type;
    this.#house = house;
    this.version = version;
    this.id = number.toString(16).padStart(32, '0') as EnvironmentId;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gone = promise;
    this.#end = resolve;
    house.booting += 1;
    house.mostBooting = Math.max(house.mostBooting, house.booting);
    this.initialised = house.boot(version, number).then((result) => {
      house.booting -= 1;
      if (this.phase === 'gone') return 'gone';
      if (result === 'gone') this.die();
      else this.phase = 'idle';
      return result;
    });
  }

  invoke(invocation: Invocation, onLog?: LogTail): Running {
    if (this.phase !== 'idle') {
      throw Object.assign(new Error(`The environment is ${this.phase}.`), { code: 'ENVIRONMENT_NOT_IDLE' });
    }
    this.phase = 'busy';
    this.invocations += 1;
    const house = this.#house;
    house.running += 1;
    house.mostRunning = Math.max(house.mostRunning, house.running);
    const startMs = house.clock.monotonic();
    onLog?.(`START RequestId: ${invocation.requestId} Version: ${this.version.version}`);
    const handled = Promise.resolve(house.handler(invocation, this)).then((value): ScriptedAnswer =>
      'outcome' in value ? value : { outcome: value },
    );
    const answer = Promise.race([handled, this.gone.then((): ScriptedAnswer => ({ outcome: ended }))]);
    return {
      outcome: answer.then(({ outcome }) => outcome),
      released: answer.then(async ({ outcome, usage, die }) => {
        if (outcome.kind === 'streamed') await outcome.end;
        await Promise.race([house.lingering(), this.gone]);
        onLog?.(`END RequestId: ${invocation.requestId}`);
        house.running -= 1;
        if (this.phase === 'busy') this.phase = 'idle';
        if (die === true) this.die();
        return {
          durationMs: house.clock.monotonic() - startMs,
          maxMemoryUsedMiB: 30,
          status: outcome.kind === 'returned' || outcome.kind === 'streamed' ? 'success' : 'error',
          ...usage,
        };
      }),
    };
  }

  /** Ends as if killed from outside. */
  die(): void {
    this.phase = 'gone';
    this.#end();
  }

  freeze(): Promise<void> {
    this.frozen += 1;
    return Promise.resolve();
  }
  stop(reason: StopReason): Promise<void> {
    this.stopReason ??= reason;
    this.die();
    return Promise.resolve();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SPINDOWN');
  }
}
