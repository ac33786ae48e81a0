export interface AliasRecord {
  readonly name: string;
  readonly functionVersion: string;
  readonly description: string;
  /** Weight 0 to 1 of a second version. @source spec 1.5-03 */
  readonly split?: { readonly version: string; readonly weight: number };
  readonly revisionId: string;
}
