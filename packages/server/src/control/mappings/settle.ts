import type { Logger } from '../../base/index.ts';
import type { Scope } from '../names.ts';
import type { Shelf } from '../records/shelf.ts';
import type { MappingRecord } from './record.ts';

export const isMoving = ({ state }: MappingRecord): boolean => state === 'Creating' || state === 'Updating';

/** The answer is given, and a mapping is at work as soon as it is written: what was Creating or Updating is over. */
export function settle(shelf: Shelf, log: Logger, scope: Scope, uuid: string): void {
  const done = shelf.change(scope, (desk, change) => {
    const record = desk.get('mapping', uuid);
    if (record !== undefined && isMoving(record))
      change.put('mapping', uuid, '', { ...record, state: record.enabled ? 'Enabled' : 'Disabled' });
  });
  done.catch((error: unknown) => log.error('The state of a mapping was not written.', { uuid, error }));
}

/** After a start: those that a stop caught between the two writes. */
export function settleAll(shelf: Shelf, log: Logger): void {
  for (const scope of shelf.scopes())
    for (const [uuid, , record] of shelf.desk(scope).all('mapping')) if (isMoving(record)) settle(shelf, log, scope, uuid);
}
