import { createHash } from 'node:crypto';
import type { Configuration } from './record.ts';

/** Hash over code and configuration; changes with them alone. Base64. @source spec 0.2-21 */
export const fingerprint = (configuration: Configuration): string =>
  createHash('sha256').update(JSON.stringify(configuration, sorted)).digest('base64');

/** The order in which members were written must not matter. */
const sorted = (_key: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1)))
    : value;
