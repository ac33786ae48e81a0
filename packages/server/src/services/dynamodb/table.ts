import type { Destination } from './destinations.ts';
import { keyBytes, partitionBytes } from './key-bytes.ts';
import { invalid, invalidParameter } from './faults.ts';
import { hex, member, typeOf, type Item, type Value } from './value.ts';

export type KeyType = 'S' | 'N' | 'B';
export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}
export interface Keys {
  readonly hash: KeyAttribute;
  readonly range?: KeyAttribute;
}
export interface Throughput {
  readonly read: number;
  readonly write: number;
}

export interface TableIndex {
  readonly no: number;
  readonly name: string;
  readonly kind: 'global' | 'local';
  readonly keys: Keys;
  readonly projection: { readonly type: 'ALL' | 'KEYS_ONLY' | 'INCLUDE'; readonly nonKeys?: readonly string[] };
  readonly throughput?: Throughput;
  /** A new one is filled behind the scenes; writes keep it from the start. */
  readonly status: 'ACTIVE' | 'CREATING';
}

export type StreamViewType = 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES' | 'KEYS_ONLY';

/** A table's settings. Frozen: a change is a new record. */
export interface Table {
  readonly no: number;
  readonly id: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly arn: string;
  readonly createdAtMs: number;
  readonly keys: Keys;
  readonly attributes: readonly KeyAttribute[];
  readonly indexes: readonly TableIndex[];
  readonly billing: 'PROVISIONED' | 'PAY_PER_REQUEST';
  /** Whether the mode was named; a table that never named one does not describe it. */
  readonly billingNamed: boolean;
  readonly throughput: Throughput;
  readonly onDemandThroughput?: object;
  readonly warmThroughput?: Throughput;
  readonly stream?: {
    readonly no: number;
    readonly arn: string;
    readonly label: string;
    readonly viewType: StreamViewType;
    readonly enabled: boolean;
  };
  readonly sse?: { readonly type: string; readonly keyArn?: string };
  readonly tableClass?: string;
  readonly deletionProtection: boolean;
  readonly ttlAttribute?: string;
  readonly pointInTimeRecovery: boolean;
  readonly recoveryDays?: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly destinations?: readonly Destination[];
  readonly resourcePolicy?: { readonly policy: string; readonly revisionId: string };
  /** Of contributors: by index, '' for the table itself. */
  readonly insights?: Readonly<Record<string, { readonly mode: string; readonly changedAtMs: number }>>;
}

/** Where an item lives: bytes of its partition and sort keys. */
export interface ItemKey {
  readonly hash: Uint8Array;
  readonly range: Uint8Array;
}

export const noRange = new Uint8Array(0);

export const keyNames = ({ hash, range }: Keys): readonly string[] =>
  range === undefined ? [hash.name] : [hash.name, range.name];
export const keyAttributes = ({ hash, range }: Keys): readonly KeyAttribute[] => (range === undefined ? [hash] : [hash, range]);

export const sameKey = (a: ItemKey, b: ItemKey): boolean =>
  Buffer.compare(a.hash, b.hash) === 0 && Buffer.compare(a.range, b.range) === 0;
export const keyText = ({ hash, range }: ItemKey): string => `${hex(hash)}/${hex(range)}`;

export function itemKey(keys: Keys, item: Item): ItemKey {
  const range = keys.range === undefined ? undefined : member(item, keys.range.name);
  return {
    hash: partitionBytes(member(item, keys.hash.name) as Value),
    range: range === undefined ? noRange : keyBytes(range),
  };
}

/** An item's key alone. */
export function keyOf(keys: Keys, item: Item): Item {
  return Object.fromEntries(keyNames(keys).map((name) => [name, member(item, name) as Value]));
}

/** An index's key of an item; `undefined` when the item is not in the index. */
export function entryKey(index: TableIndex, item: Item): ItemKey | undefined {
  const all = keyAttributes(index.keys).every(({ name }) => member(item, name) !== undefined);
  return all ? itemKey(index.keys, item) : undefined;
}

/** A key as given to GetItem, UpdateItem, DeleteItem. @throws ValidationException unless it is exactly the table's key */
export function checkKey(table: Table, key: Item): ItemKey {
  const attributes = keyAttributes(table.keys);
  const fits =
    Object.keys(key).length === attributes.length &&
    attributes.every(({ name, type }) => {
      const value = member(key, name);
      return value !== undefined && typeOf(value) === type;
    });
  if (!fits) throw invalid('The provided key element does not match the schema');
  checkKeyValues(table.keys, key);
  return itemKey(table.keys, key);
}

/** @source Developer Guide, "Constraints": keys are not empty; 2048 and 1024 bytes */
function checkKeyValues(keys: Keys, item: Item): void {
  for (const [attribute, limit] of [
    [keys.hash, 2048] as const,
    ...(keys.range === undefined ? [] : [[keys.range, 1024] as const]),
  ]) {
    const value = member(item, attribute.name) as Value;
    const empty = 'S' in value ? value.S === '' && 'string' : 'B' in value && value.B.length === 0 && 'binary';
    if (empty !== false) {
      throw invalid(
        `One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty ${empty} value. Key: ${attribute.name}`,
      );
    }
    if (!('N' in value) && keyBytes(value).length > limit) {
      throw invalidParameter(
        attribute === keys.hash
          ? 'Size of hashkey has exceeded the maximum size limit of2048 bytes'
          : 'Aggregated size of all range keys has exceeded the size limit of 1024 bytes',
      );
    }
  }
}

/** A whole item before it is stored. @throws ValidationException */
export function checkItem(table: Table, item: Item): ItemKey {
  for (const { name, type } of keyAttributes(table.keys)) {
    const value = member(item, name);
    if (value === undefined) throw invalidParameter(`Missing the key ${name} in the item`);
    if (typeOf(value) !== type)
      throw invalidParameter(`Type mismatch for key ${name} expected: ${type} actual: ${typeOf(value)}`);
  }
  checkKeyValues(table.keys, item);
  for (const index of table.indexes) checkIndexed(table, index, item);
  return itemKey(table.keys, item);
}

function checkIndexed(table: Table, index: TableIndex, item: Item): void {
  for (const { name, type } of keyAttributes(index.keys)) {
    const value = member(item, name);
    if (value === undefined || keyNames(table.keys).includes(name)) continue;
    if (typeOf(value) !== type) {
      throw invalidParameter(
        `Type mismatch for Index Key ${name} Expected: ${type} Actual: ${typeOf(value)} IndexName: ${index.name}`,
      );
    }
    const empty = 'S' in value ? value.S === '' && 'string' : 'B' in value && value.B.length === 0 && 'binary';
    if (empty !== false) {
      throw invalid(
        `One or more parameter values are not valid. A value specified for a secondary index key is not supported. The AttributeValue for a key attribute cannot contain an empty ${empty} value. IndexName: ${index.name}, IndexKey: ${name}`,
      );
    }
  }
}

/** Attributes an index can answer by itself; `undefined` = all. */
export function projectedNames(table: Table, index: TableIndex): readonly string[] | undefined {
  if (index.projection.type === 'ALL') return undefined;
  return [...new Set([...keyNames(table.keys), ...keyNames(index.keys), ...(index.projection.nonKeys ?? [])])];
}
