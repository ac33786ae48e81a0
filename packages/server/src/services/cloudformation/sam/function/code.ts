import type { Draft } from '../draft.ts';
import { InvalidResource } from '../faults.ts';
import { readS3Uri } from '../code.ts';
import { given, type Fields } from '../values.ts';

/** @throws InvalidResource */
export function codeOf(logicalId: string, properties: Fields, draft: Draft): Fields {
  const { PackageType: packageType = 'Zip', InlineCode, CodeUri, ImageUri, ImageConfig, Runtime, Handler, Layers } = properties;
  const invalid = (text: string): InvalidResource => new InvalidResource(logicalId, text);
  const { SourceKMSKeyArn } = properties;
  if (packageType === 'Image') {
    if (ImageUri === undefined) throw invalid(`'ImageUri' must be set.`);
    if ((Runtime ?? Handler ?? Layers) !== undefined)
      throw invalid('Runtime, Handler, Layers cannot be present when PackageType is of type `Image`');
    return given({ ImageUri, SourceKMSKeyArn });
  }
  if (packageType !== 'Zip') throw invalid(`invalid 'PackageType' : ${printed(packageType)}`);
  if (InlineCode === undefined && CodeUri === undefined) throw invalid(`Only one of 'InlineCode' or 'CodeUri' can be set.`);
  if (Runtime === undefined || Handler === undefined)
    throw invalid('Runtime and Handler needs to be present when PackageType is of type `Zip`');
  if (ImageConfig !== undefined) throw invalid('ImageUri or ImageConfig cannot be present when PackageType is of type `Zip`');
  if (InlineCode !== undefined) return given({ ZipFile: InlineCode, SourceKMSKeyArn });
  const { bucket, key, version } = readS3Uri(CodeUri, 'CodeUri', logicalId, draft);
  return given({ S3Bucket: bucket, S3Key: key, S3ObjectVersion: version, SourceKMSKeyArn });
}

const printed = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', `'`).replaceAll(`':`, `': `);
