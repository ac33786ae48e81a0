import type { SqlRow, SqlValue, Statement } from '../port.ts';

/** What the threads that hold the connections are asked. One answer each, in order. */
export type Request =
  | { readonly kind: 'all' | 'first' | 'run'; readonly sql: string; readonly values: readonly SqlValue[] }
  | { readonly kind: 'script'; readonly sql: string }
  /** `alone`: a transaction of its own. */
  | { readonly kind: 'batch'; readonly statements: readonly Statement[]; readonly alone: boolean }
  | { readonly kind: 'open' | 'begin' | 'commit' | 'rollback' | 'close' };

export type Answer = readonly SqlRow[] | SqlRow | number | undefined;

export type Reply =
  | { readonly id: number; readonly value: Answer }
  | { readonly id: number; readonly error: Failure }
  /** Between requests: the checkpoint failed. */
  | { readonly id: -1; readonly error: Failure };

/** An error on its way between threads. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

export interface ConnectionOptions {
  readonly file: string;
  readonly role: 'writer' | 'reader';
  /** The database may not grow beyond. */
  readonly maxBytes?: number;
}
