import { ServiceFault } from '@mayfly/wire';
import type { Clock, Logger, Random } from '../../base/index.ts';
import type { GroupCommit } from '../kit/group-commit.ts';
import { pageOf, type Page, type Records, type Sealer } from '../kit/index.ts';
import { parsePattern, PatternError, sourceOf } from '../kit/pattern/index.ts';
import type { TargetPorts } from '../kit/targets.ts';
import type { SecretKeeper } from '../secretsmanager/index.ts';
import type { ArchiveStore } from './archive-store.ts';
import type { Buses } from './bus.ts';
import { invalid } from './faults.ts';
import type { Ingest } from './ingest.ts';
import type { EventKinds } from './kinds.ts';

/** What the operations share. */
export interface Desk {
  readonly records: Records<EventKinds>;
  readonly buses: Buses;
  readonly ingest: Ingest;
  readonly archives: ArchiveStore;
  readonly group: GroupCommit;
  readonly ports: TargetPorts;
  readonly secrets: SecretKeeper | undefined;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** As EventBridge refuses and takes rules with several wildcards, so far as it is known. */
const wildcardReach = 10;

/** @throws InvalidEventPatternException */
export function checkPattern(text: string | undefined): void {
  if (text === undefined) return;
  try {
    parsePattern(text, { wildcardReach });
  } catch (error) {
    if (error instanceof PatternError)
      throw new ServiceFault(
        'InvalidEventPatternException',
        `Event pattern is not valid. Reason: ${error.message}${sourceOf(error, text)}`,
      );
    throw error;
  }
}

/** One page of a list that is sorted by name. */
export function paged<Item extends { readonly name: string }>(
  items: readonly Item[],
  input: { readonly Limit?: number | undefined; readonly NextToken?: string | undefined },
  prefix?: string,
): Page<Item> {
  return pageOf(
    items.filter(({ name }) => prefix === undefined || name.startsWith(prefix)),
    {
      limit: input.Limit ?? 100,
      token: input.NextToken,
      nameOf: ({ name }) => name,
      invalid: () => invalid('Parameter NextToken is not valid.'),
    },
  );
}

export const tokenOf = (page: Page<unknown>) => (page.next === undefined ? {} : { NextToken: page.next });
export const given = <Name extends string, T>(name: Name, value: T | undefined) =>
  (value === undefined ? {} : { [name]: value }) as { readonly [N in Name]?: T };
