import type { Call, LambdaOperations } from '@mayfly/wire';
import { openHall, type Hall } from './hall.ts';
import { PlainDatabase } from './plain-database.ts';
import { account, region, ScriptedCatalog } from './scripted-catalog.ts';
import { returned, type ScriptedAnswer } from './scripted-environments.ts';
import { VirtualClock } from './virtual-clock.ts';
import { awsLimits, silentLogger, systemRandom, type Fact } from '../../packages/server/src/base/index.ts';
import type { DurableSettings } from '../../packages/server/src/control/index.ts';
import {
  openDurable,
  type Durable,
  type DurableHandlers,
  type DurableOptions,
  type StatusChange,
  type Update,
} from '../../packages/server/src/durable/index.ts';
import { DurableDesk, type Outcome } from '../../packages/server/src/invoke/index.ts';
import { MasterKey } from '../../packages/server/src/services/index.ts';

/** What an invocation is handed. */
export interface Told {
  readonly DurableExecutionArn: string;
  readonly CheckpointToken: string;
  readonly InitialExecutionState: { readonly Operations: readonly ToldOperation[]; readonly NextMarker: string };
  readonly UpdatedOperationIds: readonly string[];
}
export interface ToldOperation {
  readonly Id: string;
  readonly Type: string;
  readonly Status: string;
  readonly StepDetails?: { readonly Attempt: number; readonly Result?: string };
  readonly ExecutionDetails?: { readonly InputPayload: string };
  readonly ChainedInvokeDetails?: { readonly Result?: string };
}

/** A function's code, as a script: `checkpoint` uses each token in its turn, as an SDK does. */
export type Script = (invocation: {
  readonly told: Told;
  readonly functionName: string;
  /** How often the function has been invoked before, for any execution. */
  readonly count: number;
  status(id: string): string | undefined;
  checkpoint(...updates: Update[]): ReturnType<DurableHandlers['CheckpointDurableExecution']>;
}) => Promise<object | Outcome | ScriptedAnswer> | object | Outcome | ScriptedAnswer;

export interface Room extends AsyncDisposable {
  readonly hall: Hall;
  readonly clock: VirtualClock;
  readonly catalog: ScriptedCatalog;
  readonly durable: Durable;
  readonly facts: readonly Fact[];
  readonly changes: readonly StatusChange[];
  /** How often functions were invoked. */
  readonly invocations: number;
  /** Asks an operation, as a client in the account of the functions does. */
  ask<Name extends keyof DurableHandlers>(
    name: Name,
    input: LambdaOperations[Name]['input'],
    of?: string,
  ): ReturnType<DurableHandlers[Name]>;
  begin(event?: object, more?: { readonly name?: string; readonly functionName?: string }): Promise<string>;
  run(event?: object, more?: { readonly name?: string }): Promise<string>;
  described(arn: string): ReturnType<DurableHandlers['GetDurableExecution']>;
  /** Types of all events. */
  history(arn: string): Promise<string>;
}

const settings: DurableSettings = { executionTimeoutMs: 600_000, retentionDays: 14 };

/** The room between a hall with scripted functions and a database in memory, on a virtual clock. Durable is the function `flow`. */
export async function openRoom(
  script: Script,
  options: {
    readonly durable?: Partial<DurableSettings>;
    readonly database?: PlainDatabase;
    readonly clock?: VirtualClock;
    readonly catalog?: ScriptedCatalog;
    readonly deadLetterTargetArn?: string;
    readonly ports?: DurableOptions['ports'];
  } = {},
): Promise<Room> {
  const clock = options.clock ?? new VirtualClock();
  const catalog = options.catalog ?? new ScriptedCatalog();
  if (options.catalog === undefined) {
    catalog.put('flow', {
      version: {
        durable: { ...settings, ...options.durable },
        ...(options.deadLetterTargetArn === undefined ? {} : { deadLetterTargetArn: options.deadLetterTargetArn }),
      },
    });
    catalog.put('ordinary');
  }
  const desk = new DurableDesk();
  let invocations = 0;
  const hall = await openHall({
    clock,
    catalog,
    database: options.database ?? new PlainDatabase(),
    durable: desk,
    handler: async (invocation, { version }) => {
      const told = JSON.parse(Buffer.from(invocation.payload).toString('utf8')) as Told;
      let token = told.CheckpointToken;
      const answer = await script({
        told,
        functionName: version.functionName,
        count: invocations++,
        status: (id) => told.InitialExecutionState.Operations.find(({ Id }) => Id === id)?.Status,
        async checkpoint(...updates) {
          const answered = await room.ask('CheckpointDurableExecution', {
            DurableExecutionArn: told.DurableExecutionArn,
            CheckpointToken: token,
            Updates: updates,
          });
          token = answered.CheckpointToken ?? '';
          return answered;
        },
      });
      return 'kind' in answer || 'outcome' in answer ? answer : returned(JSON.stringify(answer));
    },
  });
  const changes: StatusChange[] = [];
  const facts: Fact[] = [];
  const durable = await openDurable({
    database: hall.database,
    sealer: new MasterKey(new Uint8Array(32), systemRandom).sealer('test'),
    catalog,
    road: hall.invoke.durable,
    recorder: { record: (fact) => void facts.push(fact) },
    clock,
    random: systemRandom,
    log: silentLogger,
    limits: awsLimits,
    ports: { onStatus: (change) => void changes.push(change), ...options.ports },
  });
  desk.open(durable.runner);

  const call = (event: object, more: { readonly name?: string; readonly functionName?: string }) => ({
    ...hall.request(`${more.functionName ?? 'flow'}:$LATEST`, JSON.stringify(event)),
    ...(more.name === undefined ? {} : { durableExecutionName: more.name }),
  });
  const resolved = (event: object, more: { readonly name?: string; readonly functionName?: string }) => ({
    request: call(event, more),
    resolution: catalog.resolve(account, region, `${more.functionName ?? 'flow'}:$LATEST`),
  });
  const room: Room = {
    hall,
    clock,
    catalog,
    durable,
    facts,
    changes,
    get invocations() {
      return invocations;
    },
    ask(name, input, of = account) {
      const handler = durable.handlers[name] as (input: object, call: Call) => ReturnType<(typeof durable.handlers)[typeof name]>;
      return handler(input, { account: of, region } as unknown as Call);
    },
    begin: async (event = {}, more = {}) => (await durable.runner.begin(resolved(event, more))).durableExecutionArn,
    run: async (event = {}, more = {}) => (await durable.runner.run(resolved(event, more))).durableExecutionArn,
    described: (arn) => room.ask('GetDurableExecution', { DurableExecutionArn: arn }),
    async history(arn) {
      const { Events: events = [] } = await room.ask('GetDurableExecutionHistory', { DurableExecutionArn: arn, MaxItems: 1000 });
      return events.map(({ EventType: type }) => type).join(' ');
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([durable[Symbol.asyncDispose](), hall[Symbol.asyncDispose]()]);
    },
  };
  return room;
}

export const step = (Id: string, Action: Update['Action'], more: Partial<Update> = {}): Update => ({
  Id,
  Type: 'STEP',
  Action,
  ...more,
});
export const wait = (Id: string, WaitSeconds: number): Update => ({
  Id,
  Type: 'WAIT',
  Action: 'START',
  WaitOptions: { WaitSeconds },
});
export const callback = (Id: string, CallbackOptions: Update['CallbackOptions'] = {}): Update => ({
  Id,
  Type: 'CALLBACK',
  Action: 'START',
  CallbackOptions,
});
export const chained = (Id: string, FunctionName: string, Payload = '{}'): Update => ({
  Id,
  Type: 'CHAINED_INVOKE',
  Action: 'START',
  Payload,
  ChainedInvokeOptions: { FunctionName },
});
export const pending = { Status: 'PENDING' };
export const succeeded = (Result = '"done"'): object => ({ Status: 'SUCCEEDED', Result });
