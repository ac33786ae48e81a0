import type { AliasRecord } from '../aliases/record.ts';
import type { FunctionRecord, VersionRecord } from '../functions/record.ts';
import type { PolicyRecord } from '../policies/record.ts';
import type { LayerRecord, LayerVersionRecord } from '../layers/record.ts';

/** What each kind of record holds. Adding a noun to the room begins with a line here. */
export interface Kinds {
  readonly function: FunctionRecord;
  readonly version: VersionRecord;
  readonly alias: AliasRecord;
  readonly layer: LayerRecord;
  readonly layerVersion: LayerVersionRecord;
  readonly layerPolicy: PolicyRecord;
}

export type Kind = keyof Kinds;

/** Whether `name` is a function's, and the record goes when the function goes. @source spec 1.2-22 */
export const kinds: Readonly<Record<Kind, { readonly ofFunction: boolean }>> = {
  function: { ofFunction: true },
  version: { ofFunction: true },
  alias: { ofFunction: true },
  layer: { ofFunction: false },
  layerVersion: { ofFunction: false },
  layerPolicy: { ofFunction: false },
};

export const kindNames = Object.keys(kinds) as Kind[];
