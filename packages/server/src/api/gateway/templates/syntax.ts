/** A template: text, references and directives in turn. */
export type Block = readonly Node[];

export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'set'; readonly target: Reference; readonly value: Expression }
  | { readonly kind: 'if'; readonly branches: readonly Branch[]; readonly otherwise: Block }
  | { readonly kind: 'foreach'; readonly name: string; readonly list: Expression; readonly body: Block }
  | { readonly kind: 'break' }
  | { readonly kind: 'stop' };

export interface Branch {
  readonly condition: Expression;
  readonly body: Block;
}

export interface Reference {
  readonly name: string;
  readonly steps: readonly Step[];
  /** `$!`: what is not there is nothing. */
  readonly quiet: boolean;
  /** As it is written, which is what stands there when it is nothing. */
  readonly source: string;
}

export type Step =
  | { readonly kind: 'member'; readonly name: string }
  | { readonly kind: 'method'; readonly name: string; readonly parameters: readonly Expression[] }
  | { readonly kind: 'index'; readonly index: Expression };

export type Expression =
  | { readonly kind: 'constant'; readonly value: string | number | boolean }
  | { readonly kind: 'interpolated'; readonly block: Block }
  | { readonly kind: 'reference'; readonly reference: Reference }
  | { readonly kind: 'list'; readonly items: readonly Expression[] }
  | { readonly kind: 'range'; readonly from: Expression; readonly to: Expression }
  | { readonly kind: 'map'; readonly entries: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: 'not' | 'negative'; readonly of: Expression }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Expression; readonly right: Expression };

export type Operator = '||' | '&&' | '==' | '!=' | '<' | '>' | '<=' | '>=' | '+' | '-' | '*' | '/' | '%';
