import type { Condition, Path, Update } from '../expressions/ast.ts';
import type { Item } from '../value.ts';

export interface From {
  readonly table: string;
  readonly index?: string;
}

export type Returning = 'ALL_OLD' | 'ALL_NEW' | 'UPDATED_OLD' | 'UPDATED_NEW';

interface Reading {
  readonly from: From;
  /** Absent = everything. */
  readonly projection?: readonly Path[];
  readonly condition?: Condition;
  readonly descending: boolean;
}

/** A statement with its parameters filled in. */
export type Statement =
  | (Reading & { readonly kind: 'select' })
  | (Reading & { readonly kind: 'exists' })
  | { readonly kind: 'insert'; readonly from: From; readonly item: Item }
  | {
      readonly kind: 'update';
      readonly from: From;
      readonly update: Update;
      readonly condition: Condition;
      readonly returning?: Returning;
    }
  | { readonly kind: 'delete'; readonly from: From; readonly condition: Condition; readonly returning?: Returning };
