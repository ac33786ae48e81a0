import type { DynamoDbOperations } from '@mayfly/wire';
import { invalid, invalidParameter } from './faults.ts';
import type { KeyAttribute, Keys, KeyType, TableIndex, Throughput } from './table.ts';

type CreateInput = DynamoDbOperations['CreateTable']['input'];
type SchemaInput = NonNullable<CreateInput['KeySchema']>;
type GlobalInput = NonNullable<CreateInput['GlobalSecondaryIndexes']>[number];
type LocalInput = NonNullable<CreateInput['LocalSecondaryIndexes']>[number];
type Attributes = readonly KeyAttribute[];

/** @source Developer Guide, "Quotas" */
const mostGlobal = 20;
const mostLocal = 5;

export const readAttributes = (input: CreateInput['AttributeDefinitions']): Attributes =>
  (input ?? []).map(({ AttributeName: name, AttributeType: type }) => ({ name: name ?? '', type: type as KeyType }));

/** @throws ValidationException unless it is a hash key, or a hash and a range key, both defined */
export function readKeys(schema: SchemaInput | undefined, attributes: Attributes): Keys {
  const [hash, range, ...more] = schema ?? [];
  if (hash?.KeyType !== 'HASH') throw invalid('Invalid KeySchema: The first KeySchemaElement is not a HASH key type');
  if (range !== undefined && range.KeyType !== 'RANGE') {
    throw invalid('Invalid KeySchema: The second KeySchemaElement is not a RANGE key type');
  }
  if (more.length > 0)
    throw invalid('Invalid KeySchema: Mayfly takes one HASH and one RANGE key; keys of several attributes are not there yet');
  if (hash.AttributeName === range?.AttributeName) {
    throw invalid('Both the Hash Key and the Range Key element in the KeySchema have the same name');
  }
  const names = [hash, ...(range === undefined ? [] : [range])].map(({ AttributeName: name }) => name ?? '');
  const found = names.map((name) => attributes.find((each) => each.name === name));
  const [hashKey, rangeKey] = found;
  if (hashKey === undefined || found.includes(undefined)) {
    const missing = names.filter((_, index) => found[index] === undefined);
    throw invalidParameter(
      `Some index key attributes are not defined in AttributeDefinitions. Keys: [${missing.join(', ')}], AttributeDefinitions: [${attributes.map(({ name }) => name).join(', ')}]`,
    );
  }
  return rangeKey === undefined ? { hash: hashKey } : { hash: hashKey, range: rangeKey };
}

/** @throws ValidationException when an attribute is defined that no key uses */
export function checkAttributesUsed(attributes: Attributes, keys: Keys, indexes: readonly TableIndex[]): void {
  const used = new Set(
    [keys, ...indexes.map((index) => index.keys)].flatMap(({ hash, range }) => [
      hash.name,
      ...(range === undefined ? [] : [range.name]),
    ]),
  );
  if (attributes.every(({ name }) => used.has(name))) return;
  if (indexes.length === 0) {
    throw invalidParameter(
      'Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions',
    );
  }
  throw invalidParameter(
    `Some AttributeDefinitions are not used. AttributeDefinitions: [${attributes.map(({ name }) => name).join(', ')}], keys used: [${[...used].join(', ')}]`,
  );
}

export function readIndexes(input: CreateInput, attributes: Attributes, keys: Keys, nextNo: () => number): readonly TableIndex[] {
  const local = (input.LocalSecondaryIndexes ?? []).map((each) => readLocal(each, attributes, keys, nextNo));
  const global = (input.GlobalSecondaryIndexes ?? []).map((each) =>
    readGlobal(each, attributes, nextNo, input.BillingMode ?? 'PROVISIONED'),
  );
  if (input.LocalSecondaryIndexes?.length === 0) throw invalidParameter('List of LocalSecondaryIndexes is empty');
  if (input.GlobalSecondaryIndexes?.length === 0) throw invalidParameter('List of GlobalSecondaryIndexes is empty');
  if (local.length > mostLocal) throw invalidParameter('Number of LocalSecondaryIndexes exceeds per-table limit of 5');
  if (global.length > mostGlobal) throw invalidParameter('GlobalSecondaryIndex count exceeds the per-table limit of 20');
  const names = new Set<string>();
  for (const { name } of [...local, ...global]) {
    if (names.has(name)) throw invalidParameter(`Duplicate index name: ${name}`);
    names.add(name);
  }
  return [...local, ...global];
}

function readLocal(input: LocalInput, attributes: Attributes, table: Keys, nextNo: () => number): TableIndex {
  const name = input.IndexName ?? '';
  if (table.range === undefined) {
    throw invalidParameter('Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex');
  }
  const keys = readKeys(input.KeySchema, attributes);
  if (keys.hash.name !== table.hash.name) {
    throw invalidParameter(
      `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${name}. index hash key: ${keys.hash.name}, table hash key: ${table.hash.name}`,
    );
  }
  if (keys.range === undefined) throw invalidParameter(`Index KeySchema does not have a range key for index: ${name}`);
  return { no: nextNo(), name, kind: 'local', keys, projection: readProjection(input.Projection), status: 'ACTIVE' };
}

export function readGlobal(input: GlobalInput, attributes: Attributes, nextNo: () => number, billing: string): TableIndex {
  const throughput = readThroughput(input.ProvisionedThroughput);
  if (billing === 'PROVISIONED' && throughput === undefined) {
    throw invalidParameter(`ProvisionedThroughput must be specified for index: ${input.IndexName ?? ''}`);
  }
  if (billing === 'PAY_PER_REQUEST' && throughput !== undefined) {
    throw invalidParameter(
      `ProvisionedThroughput should not be specified for index: ${input.IndexName ?? ''} when BillingMode is PAY_PER_REQUEST`,
    );
  }
  return {
    no: nextNo(),
    name: input.IndexName ?? '',
    kind: 'global',
    keys: readKeys(input.KeySchema, attributes),
    projection: readProjection(input.Projection),
    ...(throughput === undefined ? {} : { throughput }),
    status: 'ACTIVE',
  };
}

function readProjection(input: GlobalInput['Projection']): TableIndex['projection'] {
  const type = input?.ProjectionType;
  if (type === undefined) throw invalidParameter('Unknown ProjectionType: null');
  if (type === 'INCLUDE' && input?.NonKeyAttributes === undefined) {
    throw invalidParameter('ProjectionType is INCLUDE, but NonKeyAttributes is not specified');
  }
  if (type !== 'INCLUDE' && input?.NonKeyAttributes !== undefined) {
    throw invalidParameter(`ProjectionType is ${type}, but NonKeyAttributes is specified`);
  }
  return { type, ...(input?.NonKeyAttributes === undefined ? {} : { nonKeys: input.NonKeyAttributes }) };
}

export function readThroughput(input: CreateInput['ProvisionedThroughput']): Throughput | undefined {
  return input === undefined ? undefined : { read: input.ReadCapacityUnits ?? 0, write: input.WriteCapacityUnits ?? 0 };
}

/** @throws ValidationException when mode and throughput do not go together */
export function checkBilling(input: Pick<CreateInput, 'BillingMode' | 'ProvisionedThroughput'>): void {
  const billing = input.BillingMode ?? 'PROVISIONED';
  if (billing === 'PROVISIONED' && input.ProvisionedThroughput === undefined) {
    throw invalidParameter('ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED');
  }
  if (billing === 'PAY_PER_REQUEST' && input.ProvisionedThroughput !== undefined) {
    throw invalidParameter(
      'Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST',
    );
  }
}
