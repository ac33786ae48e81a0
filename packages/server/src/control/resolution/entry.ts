import type { AliasRecord } from '../aliases/record.ts';
import type { EventInvokeRecord } from '../async/record.ts';
import type { CatalogChange, FunctionVersion, Resolution } from '../catalog.ts';
import type { CodeStore } from '../code/port.ts';
import { compact } from '../compact.ts';
import { latest, latestPublished, type VersionRecord } from '../functions/record.ts';
import type { LayerFolders } from '../layers/folders.ts';
import { arnOf, qualifiedArn, type Scope } from '../names.ts';
import type { Images } from '../ports.ts';
import type { Desk } from '../records/desk.ts';

/** One qualifier: the version it names, and the one that takes `weight` of its traffic. */
export interface Target {
  readonly main: Resolution;
  readonly split?: { readonly other: Resolution; readonly weight: number };
}

/** A function made ready for the warm path: every answer of `resolve` exists before it is asked for. */
export interface Entry {
  readonly unqualified: Target;
  readonly targets: ReadonlyMap<string, Target>;
  readonly change: CatalogChange;
}

export interface EntryMaker {
  readonly code: CodeStore;
  readonly folders: LayerFolders;
  readonly images: Images | undefined;
  readonly made: WeakMap<VersionRecord, FunctionVersion>;
}

/** @returns undefined when there is no such function (any more) */
export function entryOf(scope: Scope, functionName: string, desk: Desk, maker: EntryMaker): Entry | undefined {
  const record = desk.get('function', functionName);
  if (record === undefined) return undefined;
  const versions = new Map<string, FunctionVersion>();
  const incarnations = new Set<string>();
  for (const [number, version] of desk.parts('version', functionName)) {
    // A version that did not change stays the same object: whoever keeps something by it keeps it.
    let frozen = maker.made.get(version);
    if (frozen === undefined) maker.made.set(version, (frozen = frozenVersion(scope, functionName, version, maker)));
    versions.set(number, frozen);
    incarnations.add(frozen.incarnation);
    incarnations.add(version.incarnation);
  }
  const resolution = (version: string, qualifier: string | undefined, alias?: string): Resolution | undefined => {
    const found = versions.get(version);
    if (found === undefined) return undefined;
    return Object.freeze(
      compact<Resolution>({
        version: found,
        alias,
        invokedArn: qualifiedArn(scope, functionName, qualifier),
        reservedConcurrency: record.reservedConcurrency,
        provisionedConcurrency: (
          desk.get('provisioned', functionName, qualifier ?? latest) ?? desk.get('provisioned', functionName, version)
        )?.requested,
        eventInvoke: eventInvoke(desk.get('eventInvoke', functionName, qualifier ?? latest)),
        recursiveLoop: record.recursiveLoop,
      }),
    );
  };
  const targets = new Map<string, Target>();
  for (const number of versions.keys()) {
    const main = resolution(number, number);
    if (main !== undefined) targets.set(number, { main });
  }
  const published = record.latestPublished === undefined ? undefined : resolution(record.latestPublished, latestPublished);
  if (published !== undefined) targets.set(latestPublished, { main: published });
  for (const [name, alias] of desk.parts('alias', functionName)) {
    const target = aliasTarget(name, alias, resolution);
    if (target !== undefined) targets.set(name, target);
  }
  const unqualified = resolution(latest, undefined);
  if (unqualified === undefined) return undefined;
  return { unqualified: { main: unqualified }, targets, change: { functionArn: arnOf(scope, functionName), incarnations } };
}

/** @source spec 1.11-01 */
const eventInvoke = (record: EventInvokeRecord | undefined): Resolution['eventInvoke'] =>
  record &&
  compact<NonNullable<Resolution['eventInvoke']>>({
    maximumRetryAttempts: record.maximumRetryAttempts ?? 2,
    maximumEventAgeMs: record.maximumEventAgeMs ?? 21_600_000,
    onSuccess: record.onSuccess,
    onFailure: record.onFailure,
  });

function aliasTarget(
  name: string,
  alias: AliasRecord,
  resolution: (version: string, qualifier: string, alias: string) => Resolution | undefined,
): Target | undefined {
  const main = resolution(alias.functionVersion, name, name);
  const other = alias.split === undefined ? undefined : resolution(alias.split.version, name, name);
  if (main === undefined) return undefined;
  return other === undefined || alias.split === undefined ? { main } : { main, split: { other, weight: alias.split.weight } };
}

function frozenVersion(scope: Scope, functionName: string, record: VersionRecord, maker: EntryMaker): FunctionVersion {
  const { configuration, incarnation } = record.serving ?? record;
  const { code } = configuration;
  return Object.freeze(
    compact<FunctionVersion>({
      ...scope,
      functionName,
      version: record.version,
      functionArn: arnOf(scope, functionName),
      incarnation,
      state: record.state,
      packageType: configuration.packageType,
      runtime: configuration.runtime,
      handler: configuration.handler,
      codeDir: code.kind === 'zip' ? maker.code.dir(scope.account, code.sha256) : (maker.images?.dir(code.digest) ?? ''),
      codeSha256: code.kind === 'zip' ? code.sha256 : code.digest,
      layersDir: maker.folders.dir(configuration.layers),
      timeoutMs: configuration.timeoutMs,
      memoryMiB: configuration.memoryMiB,
      ephemeralStorageMiB: configuration.ephemeralStorageMiB,
      environment: Object.freeze(configuration.environment ?? {}),
      role: configuration.role,
      architecture: configuration.architecture,
      logging: configuration.logging,
      tracingMode: configuration.tracingMode,
      deadLetterTargetArn: configuration.deadLetterTargetArn,
      imageConfig: configuration.imageConfig,
      image: code.kind === 'image' ? code.image : undefined,
      network: 'egress',
      imageUri: code.kind === 'image' ? code.uri : undefined,
      layers: configuration.layers.length === 0 ? undefined : configuration.layers,
      fileSystems: configuration.fileSystems.length === 0 ? undefined : configuration.fileSystems,
      vpc: configuration.vpc,
      snapStart: configuration.snapStart === 'PublishedVersions' && record.version !== latest ? true : undefined,
      tenantIsolation: configuration.tenantIsolation,
      durable: configuration.durable,
    }),
  );
}
