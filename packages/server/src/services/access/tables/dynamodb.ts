import type { DynamoDbOperations, DynamoDbStreamsOperations } from '@mayfly/wire';
import { openIterator } from '../../dynamodb/streams/iterator.ts';
import {
  requestTags,
  text,
  type AnyInput,
  type Context,
  type Demand,
  type OperationRules,
  type Place,
  type ServiceRules,
} from '../demand.ts';
import { leadingKeys, type KeyNames } from './leading-keys.ts';

/** A table by name or ARN. The region is that of the call, as the handlers have it. */
function tableArn(nameOrArn: string | undefined, place: Place): string {
  const [, account, name] = /^arn:[^:]*:dynamodb:[^:]*:(\d{12}):table\/([^/]+)/.exec(nameOrArn ?? '') ?? [];
  return `arn:aws:dynamodb:${place.region}:${account ?? place.account}:table/${name ?? nameOrArn ?? '*'}`;
}

/** @source Service Authorization Reference, "Actions, resources, and condition keys for Amazon DynamoDB", read 2026-11 */
export function dynamoDbRules(keyNames: KeyNames): ServiceRules {
  const on = (action: string, table: string | undefined, place: Place, context: Context = {}): Demand => ({
    action: `dynamodb:${action}`,
    resource: tableArn(table, place),
    context,
  });
  const keys = (table: string | undefined, place: Place, input: object, index?: string): Context =>
    leadingKeys(keyNames(tableArn(table, place), index), input);
  const item =
    (action: string) =>
    (input: { TableName?: string | undefined }, place: Place): Demand =>
      on(action, input.TableName, place, { ...keys(input.TableName, place, input), ...attributes(input) });
  const search =
    (action: string) =>
    (input: { TableName?: string | undefined; IndexName?: string | undefined }, place: Place): Demand => ({
      action: `dynamodb:${action}`,
      resource: tableArn(input.TableName, place) + (input.IndexName === undefined ? '' : `/index/${input.IndexName}`),
      context: { ...keys(input.TableName, place, input, input.IndexName), ...attributes(input) },
    });
  const statements = (list: readonly { Statement?: string | undefined }[] | undefined, place: Place): readonly Demand[] =>
    (list ?? []).map(({ Statement = '' }) => statement(Statement, place));

  const operations: OperationRules<DynamoDbOperations> = {
    GetItem: item('GetItem'),
    PutItem: item('PutItem'),
    UpdateItem: item('UpdateItem'),
    DeleteItem: item('DeleteItem'),
    Query: search('Query'),
    Scan: search('Scan'),
    BatchGetItem: (input, place) =>
      Object.entries(input.RequestItems ?? {}).map(([table, { Keys }]) =>
        on('BatchGetItem', table, place, keys(table, place, { Items: Keys })),
      ),
    BatchWriteItem: (input, place) =>
      Object.entries(input.RequestItems ?? {}).map(([table, requests]) =>
        on(
          'BatchWriteItem',
          table,
          place,
          keys(table, place, { Items: requests.map(({ PutRequest, DeleteRequest }) => PutRequest?.Item ?? DeleteRequest?.Key) }),
        ),
      ),
    TransactGetItems: (input, place) =>
      (input.TransactItems ?? []).flatMap(({ Get }) => (Get === undefined ? [] : item('GetItem')(Get, place))),
    TransactWriteItems: (input, place) =>
      (input.TransactItems ?? []).flatMap(({ ConditionCheck, Put, Delete, Update }) => [
        ...(ConditionCheck === undefined ? [] : [item('ConditionCheckItem')(ConditionCheck, place)]),
        ...(Put === undefined ? [] : [item('PutItem')(Put, place)]),
        ...(Delete === undefined ? [] : [item('DeleteItem')(Delete, place)]),
        ...(Update === undefined ? [] : [item('UpdateItem')(Update, place)]),
      ]),
    ExecuteStatement: (input, place) => statements([input], place),
    BatchExecuteStatement: (input, place) => statements(input.Statements, place),
    ExecuteTransaction: (input, place) => statements(input.TransactStatements, place),
    CreateTable: (input, place) => on('CreateTable', input.TableName, place, requestTags(input.Tags)),
    TagResource: (input, place) => on('TagResource', input.ResourceArn, place, requestTags(input.Tags)),
    ListTables: () => ({ action: 'dynamodb:ListTables', resource: '*' }),
  };
  return {
    prefix: 'dynamodb',
    operations,
    resource(input: AnyInput, place: Place) {
      const named =
        text(input['TableName']) ?? text(input['ResourceArn']) ?? text(input['TableArn']) ?? text(input['SourceTableName']);
      return named === undefined ? undefined : tableArn(named, place);
    },
    byAccount: true,
  };
}

/** Attributes that are asked for, where a policy shows only some. */
const attributes = (input: AnyInput): Context => ({
  'dynamodb:Select': text(input['Select']),
  'dynamodb:ReturnValues': text(input['ReturnValues']),
});

const verbs: Readonly<Record<string, string>> = {
  select: 'PartiQLSelect',
  insert: 'PartiQLInsert',
  update: 'PartiQLUpdate',
  delete: 'PartiQLDelete',
};

/** What cannot be read for certain demands the right to every table. */
function statement(given: string, place: Place): Demand {
  const verb = verbs[/^\s*(\w+)/.exec(given)?.[1]?.toLowerCase() ?? ''];
  const found =
    /^\s*(?:select\b[^"']*?\bfrom|insert\s+into|delete\s+from|update)\s+(?:"([\w.-]+)"(?:\."([\w.-]+)")?|([\w-]+)(?![\w.-]))/i.exec(
      given,
    );
  const [, quoted, index, plain] = found ?? [];
  const table = quoted ?? plain;
  return {
    action: `dynamodb:${verb ?? '*'}`,
    resource: tableArn(table, place) + (index === undefined ? '' : `/index/${index}`),
    // Keys are not read out of statements: a policy that asks for them lets none pass.
    context: { 'dynamodb:LeadingKeys': [''] },
  };
}

/** Streams of a table, by an iterator or by name. */
const streamArn = (given: string | undefined, place: Place): string => {
  const [, account, rest] = /^arn:[^:]*:dynamodb:[^:]*:(\d{12}):(table\/.+)$/.exec(given ?? '') ?? [];
  return `arn:aws:dynamodb:${place.region}:${account ?? place.account}:${rest ?? 'table/*'}`;
};
const streams: OperationRules<DynamoDbStreamsOperations> = {
  ListStreams: (input, place) => ({ action: 'dynamodb:ListStreams', resource: `${tableArn(input.TableName, place)}/stream/*` }),
  GetRecords: (input, place) => ({ action: 'dynamodb:GetRecords', resource: streamArn(iterated(input.ShardIterator), place) }),
};

function iterated(iterator: string | undefined): string | undefined {
  try {
    return openIterator(iterator ?? '', 0).arn;
  } catch {
    return undefined;
  }
}

export const dynamoDbStreamsRules: ServiceRules = {
  prefix: 'dynamodb',
  operations: streams,
  resource: (input, place) => (text(input['StreamArn']) === undefined ? undefined : streamArn(text(input['StreamArn']), place)),
  byAccount: true,
};
