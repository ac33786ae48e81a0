import type { AliasRecord } from '../aliases/record.ts';
import type { EventInvokeRecord } from '../async/record.ts';
import type { CapacityProviderRecord } from '../capacity/record.ts';
import type { ProvisionedRecord } from '../concurrency/record.ts';
import type { FunctionRecord, VersionRecord } from '../functions/record.ts';
import type { LayerRecord, LayerVersionRecord } from '../layers/record.ts';
import type { MappingRecord } from '../mappings/record.ts';
import type { PolicyRecord } from '../policies/record.ts';
import type { RuntimeManagementRecord } from '../runtime-management/record.ts';
import type { CodeSigningRecord } from '../signing/record.ts';
import type { UrlRecord } from '../urls/record.ts';

/** What each kind of record holds. Adding a noun to the room begins with a line here. */
export interface Kinds {
  readonly function: FunctionRecord;
  readonly version: VersionRecord;
  readonly alias: AliasRecord;
  readonly policy: PolicyRecord;
  readonly url: UrlRecord;
  readonly eventInvoke: EventInvokeRecord;
  readonly provisioned: ProvisionedRecord;
  readonly runtimeManagement: RuntimeManagementRecord;
  readonly layer: LayerRecord;
  readonly layerVersion: LayerVersionRecord;
  readonly layerPolicy: PolicyRecord;
  readonly codeSigning: CodeSigningRecord;
  readonly mapping: MappingRecord;
  readonly capacityProvider: CapacityProviderRecord;
}

export type Kind = keyof Kinds;

/** Whether `name` is a function's, and the record goes when the function goes. @source spec 1.2-22 */
export const kinds: Readonly<Record<Kind, { readonly ofFunction: boolean }>> = {
  function: { ofFunction: true },
  version: { ofFunction: true },
  alias: { ofFunction: true },
  policy: { ofFunction: true },
  url: { ofFunction: true },
  eventInvoke: { ofFunction: true },
  provisioned: { ofFunction: true },
  runtimeManagement: { ofFunction: true },
  layer: { ofFunction: false },
  layerVersion: { ofFunction: false },
  layerPolicy: { ofFunction: false },
  codeSigning: { ofFunction: false },
  mapping: { ofFunction: false },
  capacityProvider: { ofFunction: false },
};

export const kindNames = Object.keys(kinds) as Kind[];
