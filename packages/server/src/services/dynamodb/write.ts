import { ServiceFault } from '@mayfly/wire';
import { writeUnits, type Use } from './capacity.ts';
import { applyUpdate } from './expressions/apply-update.ts';
import type { Condition, Update } from './expressions/ast.ts';
import { holds } from './expressions/evaluate.ts';
import { invalid, invalidParameter } from './faults.ts';
import { jsonItem } from './stored.ts';
import { checkItem, entryKey, keyNames, sameKey, type ItemKey, type Table } from './table.ts';
import type { Unit } from './unit.ts';
import { itemSize, type Item } from './value.ts';

/** One write of one item, ready to be decided inside a transaction. */
export interface Write {
  readonly kind: 'put' | 'update' | 'delete' | 'check';
  readonly table: Table;
  readonly key: ItemKey;
  readonly condition?: Condition;
  /** Whether a failed condition shows the item. */
  readonly showsItem: boolean;
  /** The item after; `undefined` = none. May throw a ValidationException. */
  readonly next: (old: Item | undefined) => Item | undefined;
}

export interface Written {
  readonly old: Item | undefined;
  readonly next: Item | undefined;
}

/** @source Developer Guide, "Quotas": 400 KB an item */
export const largestItem = 409_600;

/** The item before and after. Nothing is written yet. @throws ConditionalCheckFailedException, ValidationException */
export async function decide(unit: Unit, write: Write): Promise<Written> {
  const old = await unit.read(write.table, write.key);
  if (write.condition !== undefined && !holds(write.condition, old ?? {})) {
    const message = 'The conditional request failed';
    // With more to say than a text, DynamoDB writes its name large; recorded in 2025.
    throw new ServiceFault('ConditionalCheckFailedException', message, {
      members: write.showsItem && old !== undefined ? { Item: jsonItem(old), Message: message } : {},
    });
  }
  return { old, next: write.next(old) };
}

export async function perform(unit: Unit, write: Write): Promise<Written> {
  const written = await decide(unit, write);
  unit.change(write.table, write.key, written.old, written.next);
  return written;
}

/** What UpdateItem makes of an item; a missing one starts from its key. */
export function updated(table: Table, key: Item, update: Update | undefined): (old: Item | undefined) => Item {
  const own = keyNames(table.keys);
  for (const path of pathsOf(update)) {
    if (own.includes(String(path[0]))) {
      throw invalidParameter(`Cannot update attribute ${String(path[0])}. This attribute is part of the key`);
    }
  }
  return (old) => {
    const next = update === undefined ? (old ?? key) : applyUpdate(old ?? key, update);
    checkItem(table, next);
    if (itemSize(next) > largestItem) throw invalid('Item size to update has exceeded the maximum allowed size');
    return next;
  };
}

export const pathsOf = (update: Update | undefined) =>
  update === undefined ? [] : [...update.set, ...update.add, ...update.delete].map(({ path }) => path).concat(update.remove);

/** Units of a write: the larger image, and every index entry that moves or changes. */
export function writeUse({ table }: Write, { old, next }: Written, transactional = false): Use {
  const size = Math.max(old === undefined ? 0 : itemSize(old), next === undefined ? 0 : itemSize(next));
  const units = writeUnits(size, transactional);
  const indexes = new Map(
    table.indexes.flatMap((index) => {
      const before = old === undefined ? undefined : entryKey(index, old);
      const after = next === undefined ? undefined : entryKey(index, next);
      const touched = (before === undefined ? 0 : 1) + (after === undefined ? 0 : 1);
      if (touched === 0) return [];
      const moved = before !== undefined && after !== undefined && !sameKey(before, after);
      return [[index, moved ? units * 2 : units] as const];
    }),
  );
  return { table: units, indexes };
}
