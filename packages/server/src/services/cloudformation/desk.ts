import type { Call } from '@mayfly/wire';
import type { Clock, Random } from '../../base/index.ts';
import type { Road } from './aws.ts';
import type { Engine } from './engine/engine.ts';
import type { Signals } from './engine/signals.ts';
import type { Stack } from './engine/records.ts';
import type { StackStore } from './engine/store.ts';
import { noStackNamed, noSuchStack } from './faults.ts';
import type { ResourceTypes } from './resources/index.ts';

/** What the handlers work with. */
export interface Desk {
  readonly store: StackStore;
  readonly engine: Engine;
  readonly types: ResourceTypes;
  readonly signals: Signals;
  readonly road: () => Promise<Road>;
  /** ARN of a policy that AWS manages, by its name. */
  readonly managedPolicy: (name: string) => string | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * How long an answer waits for the operation that it began. Clients ask once at once and then sleep, some for half a
 * minute: a small stack is there when they ask.
 */
export const patienceMs = 10_000;

/** By name or id. @throws ValidationError */
export function stackOf(
  { store }: Desk,
  call: Call,
  nameOrId: string | undefined,
  options: { readonly deleted?: boolean } = {},
): Stack {
  const name = nameOrId ?? '';
  const stack = store.find(call, name);
  if (stack === undefined || (stack.deletedAtMs !== undefined && options.deleted !== true)) throw noSuchStack(name);
  return stack;
}

/** The same, in the words of operations that call it otherwise. */
export function stackNamed(
  desk: Desk,
  call: Call,
  nameOrId: string | undefined,
  options: { readonly deleted?: boolean } = {},
): Stack {
  const stack = desk.store.find(call, nameOrId ?? '');
  if (stack === undefined || (stack.deletedAtMs !== undefined && options.deleted !== true)) throw noStackNamed(nameOrId ?? '');
  return stack;
}

export const stackArn = ({ account, region }: Call, name: string, random: Random): string =>
  `arn:aws:cloudformation:${region}:${account}:stack/${name}/${random.uuid()}`;
