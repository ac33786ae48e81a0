import type { Clock } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { floorOf, type Groups } from './groups.ts';
import { readEvents } from './reader.ts';

export interface Place {
  readonly account: string;
  readonly region: string;
}

export interface LineRange {
  /** Names; a star at the end stands for the rest. */
  readonly groups: readonly string[];
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Line {
  readonly atMs: number;
  readonly message: string;
}

/** What other services read of groups, one group after the other. */
export async function* readLines(
  from: { readonly database: Database; readonly groups: Groups; readonly clock: Clock; fresh(): Promise<void> },
  place: Place,
  { groups: names, fromMs, toMs }: LineRange,
): AsyncGenerator<Line> {
  await from.fresh();
  const isWanted = (group: string): boolean =>
    names.some((name) => (name.endsWith('*') ? group.startsWith(name.slice(0, -1)) : group === name));
  for (const group of from.groups.all(place).filter(({ name }) => isWanted(name))) {
    const range = {
      groupId: group.id,
      direction: 'forward',
      fromMs: Math.max(fromMs, floorOf(group, from.clock.now())),
      toMs: toMs - 1,
    } as const;
    for await (const { events } of readEvents(from.database, range)) yield* events;
  }
}
