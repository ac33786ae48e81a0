import { ServiceFault } from '@mayfly/wire';
import type { Desk } from '../records/desk.ts';

/** Bytes of all versions and layers of an account in a region. @source spec 1.4-07, 8.1-08 */
export function codeBytes(desk: Desk): number {
  let total = 0;
  for (const [, , { configuration }] of desk.all('version'))
    if (configuration.code.kind === 'zip') total += configuration.code.sizeBytes;
  for (const [, , layer] of desk.all('layerVersion')) total += layer.sizeBytes;
  return total;
}

/** @throws CodeStorageExceededException when `more` bytes no longer fit */
export function checkStorage(desk: Desk, more: number, limitBytes: number): void {
  if (codeBytes(desk) + more > limitBytes) throw new ServiceFault('CodeStorageExceededException', 'Code storage limit exceeded.');
}
