import type { Value } from '../value.ts';

/** `a.b[0]` is `['a', 'b', 0]`. The first element is always a name. */
export type Path = readonly (string | number)[];

export type Operand =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'size'; readonly path: Path };

export type Comparator = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'compare'; readonly comparator: Comparator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'between'; readonly of: Operand; readonly low: Operand; readonly high: Operand }
  | { readonly kind: 'in'; readonly of: Operand; readonly list: readonly Operand[] }
  | { readonly kind: 'exists' | 'notExists'; readonly path: Path }
  | { readonly kind: 'type'; readonly path: Path; readonly type: Operand }
  | { readonly kind: 'beginsWith' | 'contains'; readonly of: Operand; readonly part: Operand };

/** Right side of SET. */
export type SetTerm =
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'ifNotExists'; readonly path: Path; readonly otherwise: SetTerm }
  | { readonly kind: 'append'; readonly left: SetTerm; readonly right: SetTerm }
  | { readonly kind: 'sum' | 'difference'; readonly left: SetTerm; readonly right: SetTerm };

export interface Update {
  readonly set: readonly { readonly path: Path; readonly to: SetTerm }[];
  readonly remove: readonly Path[];
  readonly add: readonly { readonly path: Path; readonly value: Value }[];
  readonly delete: readonly { readonly path: Path; readonly value: Value }[];
}

export const printPath = (path: Path): string =>
  `[${path.map((each) => (typeof each === 'number' ? `[${each}]` : each)).join(', ')}]`;
