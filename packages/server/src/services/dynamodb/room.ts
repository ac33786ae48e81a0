import type { Clock, Logger, Random } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { Counts } from './counts.ts';
import type { Writer } from './writer.ts';

/** What the operations share. */
export interface Room {
  readonly database: Database;
  readonly catalogue: Catalogue;
  readonly writer: Writer;
  readonly counts: Counts;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}
