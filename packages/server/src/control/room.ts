import type { Call, Handlers, LambdaOperations } from '@mayfly/wire';
import type { AccountId, Clock, Limits, Logger, Random, Region } from '../base/index.ts';
import type { RuntimeSupport } from './catalog.ts';
import type { CodeStore } from './code/port.ts';
import type { Preparation } from './functions/preparation.ts';
import type { Scope } from './names.ts';
import type { ControlPorts } from './ports.ts';
import type { Shelf } from './records/shelf.ts';

/** What the operations of this room share. */
export interface Room {
  readonly shelf: Shelf;
  readonly code: CodeStore;
  readonly runtimes: RuntimeSupport;
  readonly preparation: Preparation;
  readonly ports: ControlPorts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly limits: Limits;
}

/** The operations of one handler file. */
export type Operations<Name extends keyof LambdaOperations> = Pick<Handlers<LambdaOperations>, Name>;

export const scopeOf = (call: Call): Scope => ({ account: call.account as AccountId, region: call.region as Region });
