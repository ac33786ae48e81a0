import type { Call, LambdaOperations } from '@mayfly/wire';
import { compact } from '../compact.ts';
import { layerArn, type Scope } from '../names.ts';
import type { Room } from '../room.ts';
import { shownSignature } from '../signing/signature.ts';
import { plusZero } from '../times.ts';
import type { LayerVersionRecord } from './record.ts';

export type LayerVersionOutput = LambdaOperations['GetLayerVersion']['output'];
export type LayerVersionListed = NonNullable<LambdaOperations['ListLayerVersions']['output']['LayerVersions']>[number];

/** @source spec 1.8-01 */
export const show = (
  room: Room,
  call: Call,
  scope: Scope,
  layerName: string,
  record: LayerVersionRecord,
): LayerVersionOutput => ({
  Content: {
    Location: room.ports.codeUrl(call, scope.account, record.codeSha256),
    CodeSha256: record.codeSha256,
    CodeSize: record.sizeBytes,
    ...shownSignature(record.signature),
  },
  LayerArn: layerArn(scope, layerName),
  ...showListed(scope, layerName, record),
});

export const showListed = (scope: Scope, layerName: string, record: LayerVersionRecord): LayerVersionListed =>
  compact<LayerVersionListed>({
    LayerVersionArn: `${layerArn(scope, layerName)}:${record.version}`,
    Version: record.version,
    Description: record.description,
    CreatedDate: plusZero(record.createdAt),
    CompatibleRuntimes: record.runtimes as LayerVersionListed['CompatibleRuntimes'],
    CompatibleArchitectures: record.architectures as LayerVersionListed['CompatibleArchitectures'],
    LicenseInfo: record.licenseInfo,
  });
