import { ServiceFault, type Call } from '@mayfly/wire';
import { compact } from '../compact.ts';
import type { StoredCode } from '../code/port.ts';
import { invalid, unavailable } from '../faults.ts';
import type { Scope } from '../names.ts';
import type { Room } from '../room.ts';
import { signatureOf } from '../signing/signature.ts';
import type { CodeRecord, Configuration } from './record.ts';

export interface CodeInput {
  readonly ZipFile?: Uint8Array | undefined;
  readonly S3Bucket?: string | undefined;
  readonly S3Key?: string | undefined;
  readonly S3ObjectVersion?: string | undefined;
  readonly S3ObjectStorageMode?: string | undefined;
  readonly ImageUri?: string | undefined;
  readonly SourceKMSKeyArn?: string | undefined;
}

/** Exactly one source; taken and checked before anything is written of the function. @source spec 1.2-08 */
export async function takeCode(
  room: Room,
  scope: Scope,
  call: Call,
  input: CodeInput,
  architecture: Configuration['architecture'],
): Promise<CodeRecord> {
  const sources = [input.ZipFile, input.S3Bucket ?? input.S3Key, input.ImageUri].filter((source) => source !== undefined);
  if (sources.length === 0) throw invalid('Please provide a source for function code.');
  if (sources.length > 1)
    throw invalid('Please do not provide other FunctionCode parameters when providing one of ZipFile, S3Bucket or ImageUri.');
  if (input.ImageUri !== undefined) {
    const { images } = room.ports;
    if (images === undefined)
      throw unavailable(
        'functions from container images need walls with a root of their own; start the server on a host with bubblewrap.',
      );
    return {
      kind: 'image',
      uri: input.ImageUri,
      ...(await images.resolve(input.ImageUri, { ...scope, architecture, signal: call.signal })),
    };
  }
  const stored = await takeArchive(room, scope, call, input);
  return compact<CodeRecord & { kind: 'zip' }>({
    kind: 'zip',
    sha256: stored.codeSha256,
    sizeBytes: stored.codeSize,
    unzippedBytes: stored.unzippedSize,
    sourceKmsKeyArn: input.SourceKMSKeyArn,
    signature: signatureOf(room, stored.seal),
  });
}

/** From the request or from a bucket; functions and layers alike. @source spec 9.3-06, 9.4-09 */
export async function takeArchive(room: Room, scope: Scope, call: Call, input: CodeInput): Promise<StoredCode> {
  const options = { maxUnzippedBytes: room.limits.unzippedBytes };
  if (input.ZipFile !== undefined) {
    if (input.ZipFile.byteLength > room.limits.zippedBytes)
      throw new ServiceFault(
        'RequestEntityTooLargeException',
        `Zipped size must be smaller than ${room.limits.zippedBytes} bytes`,
        { status: 413 },
      );
    return room.code.take(scope.account, input.ZipFile, options);
  }
  if (input.S3Bucket === undefined || input.S3Key === undefined) throw invalid('Please provide a source for function code.');
  if (input.S3ObjectStorageMode === 'REFERENCE') throw unavailable('S3ObjectStorageMode REFERENCE is not there yet; COPY is.');
  const { objects } = room.ports;
  if (objects === undefined) throw unavailable('code from a bucket needs an object store, and this server has none.');
  const at = { ...scope, bucket: input.S3Bucket, key: input.S3Key };
  let object: AsyncIterable<Uint8Array>;
  try {
    object = await objects.get(input.S3ObjectVersion === undefined ? at : { ...at, versionId: input.S3ObjectVersion }, {
      signal: call.signal,
    });
  } catch (error) {
    if (!(error instanceof ServiceFault)) throw error;
    throw invalid(`Error occurred while GetObject. S3 Error Code: ${error.code}. S3 Error Message: ${error.message}`);
  }
  return room.code.take(scope.account, object, options);
}
