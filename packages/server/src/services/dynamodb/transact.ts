import { createHash } from 'node:crypto';
import { ServiceFault, type Call, type DynamoDbOperations, type Handlers } from '@mayfly/wire';
import type { Sql } from '../../storage/index.ts';
import { readUnits, type Use } from './capacity.ts';
import { capacities, sum } from './batch.ts';
import { invalid } from './faults.ts';
import { projectionOf, shown } from './items.ts';
import { checkOf, deleteOf, putOf, updateWrite } from './requests.ts';
import type { Room } from './room.ts';
import { stableJson } from './stable-json.ts';
import { checkKey, keyText, type Table } from './table.ts';
import { readItemRow, type Unit } from './unit.ts';
import { itemSize, readItem } from './value.ts';
import { decide, writeUse, type Write, type Written } from './write.ts';

type Transact = Pick<Handlers<DynamoDbOperations>, 'TransactWriteItems' | 'TransactGetItems'>;
type WriteInput = DynamoDbOperations['TransactWriteItems']['input'];

/** @source API Reference, TransactWriteItems: a client token counts for ten minutes */
export const tokenLifeMs = 600_000;
/** @source API Reference: 4 MB a transaction */
const mostBytes = 4 * 1_048_576;

export function transactHandlers(room: Room): Transact {
  return {
    async TransactWriteItems(input, call) {
      const writes = (input.TransactItems ?? []).map((each) => planOf(room, each, call));
      const places = writes.map(({ table, key }) => `${table.no}/${keyText(key)}`);
      if (new Set(places).size < places.length)
        throw invalid('Transaction request cannot include multiple operations on one item');
      const written = await room.writer.change(async (unit) => {
        const { ClientRequestToken: token } = input;
        if (token === undefined) return transact(unit, writes);
        const digest = createHash('sha256').update(stableJson(input.TransactItems)).digest('hex');
        if (await repeats(unit, call, token, digest)) return undefined;
        const results = await transact(unit, writes);
        unit.keepToken(call, token, digest);
        return results;
      });
      const uses = new Map<Table, Use>();
      for (const [index, write] of writes.entries()) {
        const result = written?.[index];
        const use =
          result === undefined
            ? { table: readUnits(0, { consistent: true, transactional: true }) }
            : writeUse(write, result, true);
        uses.set(write.table, sum(uses.get(write.table), use));
      }
      return capacities(input.ReturnConsumedCapacity, uses);
    },

    async TransactGetItems(input, call) {
      const gets = (input.TransactItems ?? []).map(({ Get: get }) => {
        const projection = projectionOf(get ?? {});
        const key = readItem(get?.Key ?? {});
        const table = room.catalogue.get(call, get?.TableName);
        return { table, key: checkKey(table, key), projection };
      });
      // Between units, so that all items are seen at one moment.
      const items = await room.writer.run(async (tx: Sql) => {
        const found = [];
        for (const { table, key } of gets) found.push(await readItemRow(tx, table, key));
        return found;
      });
      const uses = new Map<Table, Use>();
      for (const [index, { table }] of gets.entries()) {
        const item = items[index];
        const units = readUnits(item === undefined ? 0 : itemSize(item), { consistent: true, transactional: true });
        uses.set(table, sum(uses.get(table), { table: units }));
      }
      return {
        Responses: gets.map(({ projection }, index) => {
          const item = items[index];
          return item === undefined ? {} : { Item: shown(item, projection) as never };
        }),
        ...capacities(input.ReturnConsumedCapacity, uses),
      };
    },
  };
}

function planOf(room: Room, item: NonNullable<WriteInput['TransactItems']>[number], call: Call): Write {
  const given = [item.Put, item.Update, item.Delete, item.ConditionCheck].filter((each) => each !== undefined);
  if (given.length !== 1) {
    throw invalid('TransactItems can only contain one of Check, Put, Update or Delete');
  }
  if (item.Put !== undefined) return putOf(room, item.Put, call);
  if (item.Update !== undefined) return updateWrite(room, item.Update, call);
  if (item.Delete !== undefined) return deleteOf(room, item.Delete, call);
  return checkOf(room, item.ConditionCheck ?? {}, call);
}

/** Decides every write before the first is made. @throws TransactionCanceledException with a reason for each */
export async function transact(unit: Unit, writes: readonly Write[]): Promise<readonly Written[]> {
  const decided: Written[] = [];
  const reasons: { Code: string; Message?: string; Item?: unknown }[] = [];
  let bytes = 0;
  for (const write of writes) {
    try {
      const written = await decide(unit, write);
      bytes += written.next === undefined ? 0 : itemSize(written.next);
      decided.push(written);
      reasons.push({ Code: 'None' });
    } catch (error) {
      if (!(error instanceof ServiceFault)) throw error;
      decided.push({ old: undefined, next: undefined });
      reasons.push({
        Code: error.code.replace(/Exception$/, '').replace(/^Validation$/, 'ValidationError'),
        Message: error.message,
        ...(error.members['Item'] === undefined ? {} : { Item: error.members['Item'] }),
      });
    }
  }
  if (reasons.some(({ Code: code }) => code !== 'None')) throw cancelled(reasons);
  if (bytes > mostBytes) throw invalid('Collection size of items in the transaction cannot exceed 4MB');
  for (const [index, { table, key, kind }] of writes.entries()) {
    const written = decided[index];
    if (written !== undefined && kind !== 'check') unit.change(table, key, written.old, written.next);
  }
  return decided;
}

function cancelled(reasons: readonly { readonly Code: string }[]): ServiceFault {
  const codes = reasons.map(({ Code: code }) => code).join(', ');
  const message = `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes}]`;
  return new ServiceFault('TransactionCanceledException', message, {
    members: { CancellationReasons: reasons, Message: message },
  });
}

/** Whether this very request was answered before. @throws IdempotentParameterMismatchException for another one under its token */
async function repeats(unit: Unit, call: Call, token: string, digest: string): Promise<boolean> {
  const known = await unit.tokenDigest(call, token, tokenLifeMs);
  if (known !== undefined && known !== digest) {
    throw new ServiceFault(
      'IdempotentParameterMismatchException',
      'The transaction was already executed with this client token and other parameters',
    );
  }
  return known !== undefined;
}
