import type { Caller, CloudFormationOperations, Handlers } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records, type MasterKey } from '../kit/index.ts';
import type { Road } from './aws.ts';
import type { Desk } from './desk.ts';
import { Engine } from './engine/engine.ts';
import type { Kinds } from './engine/records.ts';
import { Signals } from './engine/signals.ts';
import { placeOf, StackStore } from './engine/store.ts';
import { changeSetHandlers } from './handlers/change-sets.ts';
import { describeHandlers } from './handlers/describe.ts';
import { stackHandlers } from './handlers/stacks.ts';
import { templateHandlers } from './handlers/templates.ts';
import { ResourceTypes } from './resources/index.ts';

export interface CloudFormationOptions {
  readonly database: Database;
  readonly masterKey: Pick<MasterKey, 'sealer'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** To every service of this server, this one too; open when all of them are. */
  readonly road: () => Promise<Road>;
  /** The caller in whose name a role acts. */
  readonly assume: (roleArn: string) => Caller;
  /** ARN of a policy that AWS manages, by its name. */
  readonly managedPolicy: (name: string) => string | undefined;
  /** Of this server, as functions and as everybody else reach it. */
  readonly origins: { readonly function: () => string; readonly anywhere: () => string };
  /** Resource types that this server does not have are passed over. */
  readonly ignoreUnknown: boolean;
}

export interface CloudFormation extends AsyncDisposable {
  readonly handlers: Partial<Handlers<CloudFormationOperations>>;
  /** ARN of a stack by its name, its id, or the id of one of its change sets. */
  stackArn(place: { readonly account: string; readonly region: string }, id: string): string | undefined;
  /** Takes the answer of a custom resource, or a signal. @returns false when nobody waits for it */
  signal(token: string, answer: Readonly<Record<string, unknown>>): Promise<boolean>;
  /** Leaves operations under way to the next server. */
  stop(): void;
}

/** Stacks: what templates say, made of the other services of this server. */
export async function openCloudFormation(options: CloudFormationOptions): Promise<CloudFormation> {
  const { database, clock, random, log, road } = options;
  const records = await Records.open<Kinds>(database, 'cloudformation');
  const store = new StackStore({ records, sealer: options.masterKey.sealer('stacks'), clock, random });
  const signals = new Signals(store, options.origins);
  const types = new ResourceTypes({ ignoreUnknown: options.ignoreUnknown });
  const engine = new Engine({ store, types, road, assume: options.assume, waiting: signals, clock, random, log });
  const desk: Desk = { store, engine, types, signals, road, managedPolicy: options.managedPolicy, clock, random };
  // What was under way waits until everything that it needs is open.
  road().then(
    () => engine.resume(),
    () => undefined,
  );
  return {
    handlers: {
      ...stackHandlers(desk),
      ...changeSetHandlers(desk),
      ...describeHandlers(desk),
      ...templateHandlers(desk),
    },
    stackArn: (place, id) => store.find(place, id)?.id ?? records.get('changeSet', placeOf(place), id)?.stackId,
    signal: (token, answer) => signals.put(token, answer),
    stop: () => engine.stop(),
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      await records.settled();
    },
  };
}
