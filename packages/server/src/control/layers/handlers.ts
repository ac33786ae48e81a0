import type { AccountId } from '../../base/index.ts';
import { compact } from '../compact.ts';
import { invalid, notFound } from '../faults.ts';
import { takeArchive } from '../functions/code-source.ts';
import { checkStorage } from '../functions/storage-use.ts';
import { layerArn, parseLayerName, type Scope } from '../names.ts';
import { byKey, page } from '../pages.ts';
import type { Desk } from '../records/desk.ts';
import { scopeOf, type Operations, type Room } from '../room.ts';
import { signatureOf } from '../signing/signature.ts';
import { mayRead } from './permission.ts';
import type { LayerVersionRecord } from './record.ts';
import { show, showListed } from './show.ts';

type Filter = { readonly CompatibleRuntime?: string | undefined; readonly CompatibleArchitecture?: string | undefined };

export function layerHandlers(
  room: Room,
): Operations<
  'PublishLayerVersion' | 'GetLayerVersion' | 'GetLayerVersionByArn' | 'ListLayers' | 'ListLayerVersions' | 'DeleteLayerVersion'
> {
  return {
    /** @source spec 1.8-01, 1.8-02 */
    async PublishLayerVersion(input, call) {
      const scope = scopeOf(call);
      const layerName = parseLayerName(input.LayerName ?? '', scope);
      const stored = await takeArchive(room, scope, call, input.Content ?? {});
      const record = await room.shelf.change(scope, (desk, change) => {
        checkStorage(desk, stored.codeSize, room.limits.codeStorageBytes);
        const version = desk.get('layer', layerName)?.nextVersion ?? 1;
        const layer = compact<LayerVersionRecord>({
          version,
          codeSha256: stored.codeSha256,
          sizeBytes: stored.codeSize,
          unzippedBytes: stored.unzippedSize,
          description: input.Description ?? '',
          createdAt: room.clock.now(),
          runtimes: input.CompatibleRuntimes,
          architectures: input.CompatibleArchitectures,
          licenseInfo: input.LicenseInfo,
          signature: signatureOf(room, stored.seal),
        });
        change.put('layer', layerName, '', { nextVersion: version + 1 });
        change.put('layerVersion', layerName, String(version), layer);
        return layer;
      });
      return show(room, call, scope, layerName, record);
    },

    /** Another account's by its ARN, when it is shared. */
    async GetLayerVersion(input, call) {
      const reader = scopeOf(call);
      const account = /^arn:[^:]+:lambda:[^:]+:(\d{12}):layer:/.exec(input.LayerName ?? '')?.[1];
      const owner: Scope = { ...reader, account: (account ?? reader.account) as AccountId };
      const layerName = parseLayerName(input.LayerName ?? '', owner);
      checkNumber(input.VersionNumber);
      const record = found(room.shelf.desk(owner), layerName, input.VersionNumber);
      mayRead(room, reader, owner, layerName, record.version);
      return show(room, call, owner, layerName, record);
    },

    async GetLayerVersionByArn(input, call) {
      const reader = scopeOf(call);
      const parts = /^arn:[^:]+:lambda:(?<region>[^:]*):(?<account>[^:]*):layer:(?<name>[^:]+):(?<version>\d+)$/.exec(
        input.Arn ?? '',
      )?.groups;
      if (parts === undefined || parts['region'] !== reader.region) throw missing();
      const owner: Scope = { account: parts['account'] as AccountId, region: reader.region };
      const record = found(room.shelf.desk(owner), parts['name'] ?? '', Number(parts['version']));
      mayRead(room, reader, owner, parts['name'] ?? '', record.version);
      return show(room, call, owner, parts['name'] ?? '', record);
    },

    /** @source spec 1.8-05 */
    async ListLayers(input, call) {
      const scope = scopeOf(call);
      const desk = room.shelf.desk(scope);
      const matching = desk.names('layerVersion').flatMap((name) => {
        const newest = newestFirst(desk, name, input)[0];
        return newest === undefined ? [] : [{ name, newest }];
      });
      const { rows, ...rest } = page(matching, (row) => row.name, input);
      return {
        Layers: rows.map(({ name, newest }) => ({
          LayerName: name,
          LayerArn: layerArn(scope, name),
          LatestMatchingVersion: showListed(scope, name, newest),
        })),
        ...rest,
      };
    },

    /** Newest first. @source spec 0.3-04 */
    async ListLayerVersions(input, call) {
      const scope = scopeOf(call);
      const layerName = parseLayerName(input.LayerName ?? '', scope);
      const versions = newestFirst(room.shelf.desk(scope), layerName, input);
      const { rows, ...rest } = page(versions, descendingKey, input);
      return { LayerVersions: rows.map((record) => showListed(scope, layerName, record)), ...rest };
    },

    /** What uses it keeps it. @source spec 1.8-03 */
    async DeleteLayerVersion(input, call) {
      const scope = scopeOf(call);
      const layerName = parseLayerName(input.LayerName ?? '', scope);
      checkNumber(input.VersionNumber);
      await room.shelf.change(scope, (_desk, change) => {
        change.delete('layerVersion', layerName, String(input.VersionNumber));
        change.delete('layerPolicy', layerName, String(input.VersionNumber));
      });
      return {};
    },
  };
}

const missing = (): Error => notFound('The resource you requested does not exist.');

function found(desk: Desk, layerName: string, version: number | undefined): LayerVersionRecord {
  const record = desk.get('layerVersion', layerName, String(version));
  if (record === undefined) throw missing();
  return record;
}

/** @source spec 9.3-18 */
export function checkNumber(version: number | undefined): void {
  if (version === undefined || version < 1) throw invalid('Layer Version Cannot be less than 1');
}

const descendingKey = (record: LayerVersionRecord): string => String(Number.MAX_SAFE_INTEGER - record.version).padStart(16, '0');

function newestFirst(desk: Desk, layerName: string, filter: Filter): LayerVersionRecord[] {
  return [...desk.parts('layerVersion', layerName).values()]
    .filter(
      ({ runtimes, architectures }) =>
        (filter.CompatibleRuntime === undefined || (runtimes ?? []).includes(filter.CompatibleRuntime)) &&
        (filter.CompatibleArchitecture === undefined || (architectures ?? []).includes(filter.CompatibleArchitecture)),
    )
    .sort((left, right) => byKey(descendingKey(left), descendingKey(right)));
}
