import { awsLimits, silentLogger, systemRandom, type Fact } from '../../../packages/server/src/base/index.ts';
import type { FunctionVersion } from '../../../packages/server/src/control/index.ts';
import {
  openInvoke,
  ProvisionedDesk,
  type Condition,
  type Invoke,
  type InvokeRequest,
} from '../../../packages/server/src/invoke/index.ts';
import type { StorageError } from '../../../packages/server/src/storage/index.ts';
import { PlainDatabase } from '../../kit/plain-database.ts';
import { account, region, ScriptedCatalog } from '../../kit/scripted-catalog.ts';
import { returned, ScriptedEnvironments, threw, type ScriptedAnswer } from '../../kit/scripted-environments.ts';
import { settle, VirtualClock } from '../../kit/virtual-clock.ts';
import { Life, MortalClock, MortalDatabase } from './mortal.ts';

/** How the world behaves, between 0 and 1 each. */
export interface Weather {
  readonly error: number;
  readonly death: number;
  readonly badBoot: number;
  readonly slow: number;
  readonly linger: number;
  readonly badDelivery: number;
}
export const fairWeather: Weather = { error: 0, death: 0, badBoot: 0, slow: 0, linger: 0, badDelivery: 0 };

/** One begin of a handler, as the sandbox saw it. */
export interface Execution {
  readonly requestId: string;
  readonly functionName: string;
  readonly beganAtMs: number;
  readonly life: number;
  end?: 'returned' | 'error' | 'lost';
}
export interface Delivered {
  readonly requestId: string;
  readonly condition: Condition;
  readonly kind: string;
  readonly atMs: number;
}

export const accountLimit = 12;
export const functions = [
  { name: 'plain' },
  { name: 'two', reservedConcurrency: 2 },
  { name: 'kept', reservedConcurrency: 4, provisionedConcurrency: 2 },
  { name: 'tenants', version: { tenantIsolation: 'PER_TENANT' } },
] as const;

/** The hall in a world made of chance: its lives, one after the other, over one storage and one clock. */
export class SimulatedHouse {
  readonly clock = new VirtualClock({ turns: 4 });
  readonly catalog = new ScriptedCatalog();
  readonly database = new PlainDatabase();
  readonly executions: Execution[] = [];
  readonly deliveries: Delivered[] = [];
  /** What must never be, in words. */
  readonly wrongs: string[] = [];
  weather: Weather = fairWeather;
  /** Whether idle environments stay by the habits of their functions, for hours perhaps; otherwise for a minute. */
  readonly learns: boolean;
  storageFails = false;
  lives = 0;
  facts: Fact[] = [];
  readonly #chance: () => number;
  #life = new Life();
  #invoke: Invoke | undefined;
  #environments: ScriptedEnvironments | undefined;

  constructor(chance: () => number) {
    this.#chance = chance;
    this.learns = chance() < 0.5;
    for (const each of functions) this.#put(each.name);
  }

  get invoke(): Invoke {
    if (this.#invoke === undefined) throw new Error('no life has begun');
    return this.#invoke;
  }
  get environments(): ScriptedEnvironments {
    if (this.#environments === undefined) throw new Error('no life has begun');
    return this.#environments;
  }

  /** New code: a new incarnation. */
  update(name: string): void {
    this.#put(name);
    if (name === 'kept') this.provision();
  }

  async begin(): Promise<void> {
    const life = (this.#life = new Life());
    const number = ++this.lives;
    const clock = new MortalClock(this.clock, life);
    const chance = this.#chance;
    const happens = (part: number): boolean => chance() < part;
    const running = new Map<string, number>();
    const served = new Map<string, string>();
    let all = 0;

    const environments = (this.#environments = new ScriptedEnvironments({
      clock,
      boot: async (_version, made) => {
        await clock.sleep(50 + chance() * 300);
        return happens(this.weather.badBoot) ? (made % 2 === 0 ? 'gone' : 'failed') : 'idle';
      },
      lingering: () => (happens(this.weather.linger) ? clock.sleep(chance() * 500) : Promise.resolve()),
      handler: async ({ requestId, tenantId }, environment): Promise<ScriptedAnswer> => {
        const { functionName } = environment.version;
        const execution: Execution = { requestId, functionName, beganAtMs: clock.monotonic(), life: number };
        this.executions.push(execution);
        // I6: a sandbox never serves two versions or tenants.
        const whose = `${functionName}/${environment.version.incarnation}/${tenantId ?? ''}`;
        if ((served.get(environment.id) ?? whose) !== whose)
          this.wrongs.push(`I6: ${environment.id} served ${served.get(environment.id)} and ${whose}`);
        served.set(environment.id, whose);
        // I3: never more at once than is reserved, and than the account has.
        const now = (running.get(functionName) ?? 0) + 1;
        running.set(functionName, now);
        all += 1;
        const reserved = functions.find(({ name }) => name === functionName) as
          | { readonly reservedConcurrency?: number }
          | undefined;
        if (now > (reserved?.reservedConcurrency ?? accountLimit)) this.wrongs.push(`I3: ${now} of ${functionName} at once`);
        if (all > accountLimit) this.wrongs.push(`I3: ${all} of the account at once`);
        const ended = Promise.race([
          clock.sleep(happens(this.weather.slow) ? 1000 + chance() * 60_000 : chance() * 200),
          environment.gone,
        ]);
        await ended;
        running.set(functionName, (running.get(functionName) ?? 0) - 1);
        all -= 1;
        // What a sandbox that was killed meanwhile had to say is heard by nobody.
        if (happens(this.weather.death) || environment.phase === 'gone') {
          execution.end = 'lost';
          return {
            outcome: { kind: 'failed', errorType: 'Sandbox.Failure', status: 'failure', body: Buffer.from('{}') },
            die: true,
          };
        }
        const fails = happens(this.weather.error);
        execution.end = fails ? 'error' : 'returned';
        return { outcome: fails ? threw() : returned('1') };
      },
    }));
    const provisioned = new ProvisionedDesk();
    this.#desk = provisioned;
    this.facts = [];
    const { facts } = this;
    this.#invoke = await openInvoke({
      catalog: this.catalog,
      environments,
      provisioned,
      database: new MortalDatabase(this.database, life, () => (this.storageFails ? full() : undefined)),
      recorder: { record: (fact) => void facts.push(fact) },
      clock,
      random: systemRandom,
      log: silentLogger,
      limits: { ...awsLimits, accountConcurrency: accountLimit },
      keepAlive: { idleMs: 60_000, learns: this.learns, environments: 16, lifetimeMs: 600_000 },
      queue: { cachedBytes: 64 },
      events: {
        eventInvokeConfig: ({ version }: { readonly version: FunctionVersion }) => ({
          maximumRetryAttempts: 2,
          maximumEventAgeMs: version.functionName === 'two' ? 300_000 : 21_600_000,
          onSuccess: 'arn:ok',
          onFailure: 'arn:failed',
        }),
        deliver: async ({ requestId, condition }, { kind }) => {
          await clock.sleep(5);
          if (happens(this.weather.badDelivery)) throw new Error('The target is away.');
          this.deliveries.push({ requestId, condition, kind, atMs: clock.monotonic() });
        },
      },
    });
    this.provision();
  }

  /** As if killed: nothing is closed, nothing is written any more. */
  async kill(): Promise<void> {
    this.#life.alive = false;
    await settle();
  }

  request(functionName: string, requestId: string): InvokeRequest {
    return {
      account,
      region,
      functionName,
      requestId: requestId as InvokeRequest['requestId'],
      payload: Buffer.from(JSON.stringify({ requestId })),
      ...(functionName === 'tenants' ? { tenantId: this.#chance() < 0.5 ? 'blue' : 'green' } : {}),
    };
  }

  #desk: ProvisionedDesk | undefined;
  provision(): void {
    this.#desk?.apply({ account, region, functionName: 'kept', version: '$LATEST', count: 2 }, () => {});
  }

  #put(name: string): void {
    const { name: _name, ...options } = functions.find((each) => each.name === name) ?? functions[0];
    this.catalog.put(name, options);
  }
}

const full = (): Error & Pick<StorageError, 'code'> =>
  Object.assign(new Error('The disk is full.'), { code: 'STORAGE_FULL' as const });
