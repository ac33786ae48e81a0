import { readS3Uri } from './code.ts';
import type { Draft, SamResource } from './draft.ts';
import { InvalidResource } from './faults.ts';
import { hashedId } from './logical-id.ts';
import { readProperties, shapeOf } from './shape.ts';
import { given, isIntrinsic, pick, printed } from './values.ts';

const shape = shapeOf({
  text: 'Description LicenseInfo RetentionPolicy',
  typed: {
    text: 'LayerName',
    'text or map': 'ContentUri',
    texts: 'CompatibleArchitectures CompatibleRuntimes',
    flag: 'PublishLambdaVersion',
  },
  required: 'ContentUri',
});
const retentions = ['Retain', 'Delete'];

/** `AWS::Serverless::LayerVersion`: named after what it was made from, so that a change makes a new version beside the old. */
export function translateLayerVersion(resource: SamResource, draft: Draft): void {
  const { logicalId, type, inherited, own } = resource;
  const properties = readProperties(shape, logicalId, type, resource.properties);
  const retention = readRetention(draft.known(properties['RetentionPolicy']), logicalId);
  const versionId = versionIdOf(resource, draft);
  const { bucket, key, version } = readS3Uri(properties['ContentUri'], 'ContentUri', versionId, draft);
  checkArchitectures(draft.known(properties['CompatibleArchitectures']), versionId);
  const layer = {
    Content: given({ S3Bucket: bucket, S3Key: key, S3ObjectVersion: version }),
    LayerName: draft.known(properties['LayerName']) ?? logicalId,
    ...pick(properties, ['Description', 'CompatibleArchitectures', 'CompatibleRuntimes', 'LicenseInfo']),
  };
  const { DependsOn } = own;
  const DeletionPolicy = retention ?? inherited['DeletionPolicy'] ?? 'Retain';
  draft.add(versionId, 'AWS::Lambda::LayerVersion', layer, { DependsOn, ...inherited, DeletionPolicy });
  draft.renamed.set(logicalId, versionId);
}

function readRetention(written: unknown, logicalId: string): string | undefined {
  if (written === undefined) return undefined;
  const named = retentions.find((each) => typeof written === 'string' && each.toLowerCase() === written.toLowerCase());
  if (named !== undefined) return named;
  if (isIntrinsic(written))
    throw new InvalidResource(
      logicalId,
      `'RetentionPolicy' does not accept intrinsic functions, please use one of the following options: ${printed(retentions)}`,
    );
  throw new InvalidResource(logicalId, `'RetentionPolicy' must be one of the following options: ${printed(retentions)}.`);
}

/** The hash is of the resource as it was written, by its name. */
function versionIdOf({ logicalId, type, properties, inherited, own }: SamResource, draft: Draft): string {
  const written = {
    Type: type,
    ...pick({ ...own, ...inherited }, ['Condition', 'DependsOn']),
    Properties: draft.known(properties),
  };
  return hashedId(logicalId, { [logicalId]: written });
}

function checkArchitectures(architectures: unknown, logicalId: string): void {
  if (!Array.isArray(architectures)) return;
  if (architectures.some((each) => typeof each === 'string' && each !== 'x86_64' && each !== 'arm64'))
    throw new InvalidResource(logicalId, `CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'`);
}
