/** One statement, members in the order they are written. @source spec 1.6-02 */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal?: '*' | Readonly<Record<string, string | readonly string[]>>;
  readonly Action?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

/** A resource policy: of a function, version or alias, or of a layer version. */
export interface PolicyRecord {
  readonly statements: readonly Statement[];
  readonly revisionId: string;
  /** `Id` and `Version` of a document that was put whole; absent = `default` and `2012-10-17`. */
  readonly id?: string;
  readonly version?: string;
}
