import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Call } from '@mayfly/wire';
import type { Update } from './expressions/ast.ts';
import { parseCondition } from './expressions/parse-condition.ts';
import { parseUpdate } from './expressions/parse-update.ts';
import { Placeholders } from './expressions/placeholders.ts';
import { invalid } from './faults.ts';
import { conditionOf, updateOf } from './legacy.ts';
import type { Room } from './room.ts';
import { checkItem, checkKey } from './table.ts';
import { itemSize, readItem } from './value.ts';
import { largestItem, updated, type Write } from './write.ts';

type Attributes = Record<string, AttributeValue>;

/** Members that PutItem, UpdateItem, DeleteItem and the parts of a transaction have in common. */
interface Conditional {
  readonly TableName?: string | undefined;
  readonly ConditionExpression?: string | undefined;
  readonly ExpressionAttributeNames?: Record<string, string> | undefined;
  readonly ExpressionAttributeValues?: Attributes | undefined;
  readonly ReturnValuesOnConditionCheckFailure?: string | undefined;
  readonly Expected?: object | undefined;
  readonly ConditionalOperator?: string | undefined;
}

/** @throws ValidationException in DynamoDB's words, ResourceNotFoundException */
export function putOf(room: Room, input: Conditional & { readonly Item?: Attributes | undefined }, call: Call): Write {
  const { placeholders, condition } = conditional(input, ['ConditionExpression'], {});
  const item = readItem(input.Item ?? {});
  placeholders.checkUsed();
  const table = room.catalogue.get(call, input.TableName);
  const key = checkItem(table, item);
  if (itemSize(item) > largestItem) throw invalid('Item size has exceeded the maximum allowed size');
  return { kind: 'put', table, key, ...condition, showsItem: shows(input), next: () => item };
}

export function deleteOf(room: Room, input: Conditional & { readonly Key?: Attributes | undefined }, call: Call): Write {
  const { placeholders, condition } = conditional(input, ['ConditionExpression'], {});
  const keyItem = readItem(input.Key ?? {});
  placeholders.checkUsed();
  const table = room.catalogue.get(call, input.TableName);
  return { kind: 'delete', table, key: checkKey(table, keyItem), ...condition, showsItem: shows(input), next: () => undefined };
}

export function checkOf(room: Room, input: Conditional & { readonly Key?: Attributes | undefined }, call: Call): Write {
  return { ...deleteOf(room, input, call), kind: 'check', next: (old) => old };
}

type UpdateInput = Conditional & {
  readonly Key?: Attributes | undefined;
  readonly UpdateExpression?: string | undefined;
  readonly AttributeUpdates?: object | undefined;
};

export function updateWrite(room: Room, input: UpdateInput, call: Call): Write & { readonly update: Update | undefined } {
  const { placeholders, condition } = conditional(input, ['UpdateExpression', 'ConditionExpression'], {
    UpdateExpression: input.UpdateExpression,
    AttributeUpdates: input.AttributeUpdates,
  });
  const update =
    input.UpdateExpression !== undefined
      ? parseUpdate(input.UpdateExpression, placeholders)
      : input.AttributeUpdates === undefined
        ? undefined
        : updateOf(input.AttributeUpdates);
  const keyItem = readItem(input.Key ?? {});
  placeholders.checkUsed();
  const table = room.catalogue.get(call, input.TableName);
  const key = checkKey(table, keyItem);
  return { kind: 'update', table, key, ...condition, showsItem: shows(input), update, next: updated(table, keyItem, update) };
}

const shows = (input: Conditional): boolean => input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';

function conditional(input: Conditional, valued: readonly string[], more: Readonly<Record<string, unknown>>) {
  const expressions = {
    UpdateExpression: more['UpdateExpression'] as string | undefined,
    ConditionExpression: input.ConditionExpression,
  };
  checkNotMixed(
    { Expected: input.Expected, AttributeUpdates: more['AttributeUpdates'], ConditionalOperator: input.ConditionalOperator },
    expressions,
  );
  const placeholders = new Placeholders(input.ExpressionAttributeNames, input.ExpressionAttributeValues);
  placeholders.checkWanted(expressions, valued);
  const condition =
    input.ConditionExpression !== undefined
      ? parseCondition('ConditionExpression', input.ConditionExpression, placeholders)
      : input.Expected === undefined
        ? undefined
        : conditionOf(input.Expected, input.ConditionalOperator);
  return { placeholders, condition: condition === undefined ? {} : { condition } };
}

/** @throws ValidationException when old and new parameters meet */
export function checkNotMixed(old: Readonly<Record<string, unknown>>, expressions: Readonly<Record<string, unknown>>): void {
  const given = (of: Readonly<Record<string, unknown>>): string[] => Object.keys(of).filter((name) => of[name] !== undefined);
  const [before, now] = [given(old), given(expressions)];
  if (before.length === 0 || now.length === 0) return;
  throw invalid(
    `Can not use both expression and non-expression parameters in the same request: Non-expression parameters: {${before.join(', ')}} Expression parameters: {${now.join(', ')}}`,
  );
}
