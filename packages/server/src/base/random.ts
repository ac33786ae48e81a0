import { randomBytes, randomUUID } from 'node:crypto';

/** Chance is handed in, so that a failing simulation can be run again from its seed. */
export interface Random {
  /** Lower-case UUID, version 4. */
  uuid(): string;
  bytes(count: number): Uint8Array;
  /** Evenly spread in [0, 1). */
  float(): number;
}

export const systemRandom: Random = {
  uuid: () => randomUUID(),
  bytes: (count) => randomBytes(count),
  float: () => Math.random(),
};
