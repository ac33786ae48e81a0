import { invalid } from './faults.ts';
import { pageItems } from './limits.ts';

const sign = 'd1.';

export const writeMarker = (key: string): string => Buffer.from(sign + key).toString('base64url');

/** @throws ServiceFault InvalidParameterValueException for what was not made here */
export function readMarker(marker: string | undefined): string | undefined {
  if (marker === undefined || marker === '') return undefined;
  const text = Buffer.from(marker, 'base64url').toString('utf8');
  if (!text.startsWith(sign)) throw invalid('The marker is invalid.');
  return text.slice(sign.length);
}

/** 0 asks for the default. @source spec 0.3-02 */
export const limitOf = (maxItems: number | undefined): number =>
  maxItems === undefined || maxItems === 0 ? pageItems.byDefault : Math.min(maxItems, pageItems.atMost);
