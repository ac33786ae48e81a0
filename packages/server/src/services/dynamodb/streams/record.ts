import { jsonItem } from '../stored.ts';
import { keyOf, type StreamViewType, type Table } from '../table.ts';
import { itemSize, type Item } from '../value.ts';

/** Who deleted an item, when it was not a client. */
export interface Identity {
  readonly type: string;
  readonly principalId: string;
}

/** Deletions by time to live. @source spec 6.5-13 */
export const timeToLive: Identity = { type: 'Service', principalId: 'dynamodb.amazonaws.com' };

/** What is stored of a change: everything but its number and its time. */
export interface StoredRecord {
  readonly eventName: 'INSERT' | 'MODIFY' | 'REMOVE';
  /** Images as JSON: bytes in base64. */
  readonly keys: object;
  readonly newImage?: object;
  readonly oldImage?: object;
  readonly sizeBytes: number;
  readonly viewType: StreamViewType;
  readonly identity?: Identity;
}

export function streamRecord(
  table: Table,
  viewType: StreamViewType,
  old: Item | undefined,
  next: Item | undefined,
  identity: Identity | undefined,
): StoredRecord {
  const keys = keyOf(table.keys, next ?? old ?? {});
  const withNew = next !== undefined && (viewType === 'NEW_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES');
  const withOld = old !== undefined && (viewType === 'OLD_IMAGE' || viewType === 'NEW_AND_OLD_IMAGES');
  return {
    eventName: old === undefined ? 'INSERT' : next === undefined ? 'REMOVE' : 'MODIFY',
    keys: jsonItem(keys),
    ...(withNew ? { newImage: jsonItem(next) } : {}),
    ...(withOld ? { oldImage: jsonItem(old) } : {}),
    sizeBytes: itemSize(keys) + (withNew ? itemSize(next) : 0) + (withOld ? itemSize(old) : 0),
    viewType,
    ...(identity === undefined ? {} : { identity }),
  };
}
