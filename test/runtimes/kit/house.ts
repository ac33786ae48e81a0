import path from 'node:path';
import type { LambdaClient } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { lambdaClient } from '../../kit/functions.ts';
import { RunningServer, temporaryFolder } from '../../kit/server.ts';

export interface House extends AsyncDisposable {
  readonly origin: string;
  readonly client: LambdaClient;
  readonly server: RunningServer;
  /** Settings of any other client. */
  readonly settings: {
    readonly endpoint: string;
    readonly region: string;
    readonly maxAttempts: number;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
}

/** Puts an archive into a bucket of its name, once for all functions that are made of it. */
export async function uploaded(
  house: Pick<House, 'settings'>,
  name: string,
  archive: Uint8Array,
): Promise<{ readonly S3Bucket: string; readonly S3Key: string }> {
  const s3 = new S3Client({ ...house.settings, forcePathStyle: true });
  const at = { S3Bucket: name, S3Key: 'archive.zip' };
  await s3.send(new CreateBucketCommand({ Bucket: at.S3Bucket }));
  await s3.send(new PutObjectCommand({ Bucket: at.S3Bucket, Key: at.S3Key, Body: archive }));
  s3.destroy();
  return at;
}

/**
 * One real server, started as its user starts it, and a client of it.
 *
 * @param options.prepare  puts into the data folder what an operator puts there
 */
export async function openHouse(
  options: { readonly flags?: readonly string[]; readonly prepare?: (dataDir: string) => void } = {},
): Promise<House> {
  const folder = temporaryFolder();
  const dataDir = path.join(folder.path, 'data');
  options.prepare?.(dataDir);
  const server = await RunningServer.start(dataDir, options.flags);
  const client = lambdaClient(server.origin);
  return {
    origin: server.origin,
    client,
    server,
    settings: {
      endpoint: server.origin,
      region: 'us-east-1',
      maxAttempts: 1,
      credentials: { accessKeyId: '000000000000', secretAccessKey: 'x' },
    },
    async [Symbol.asyncDispose]() {
      client.destroy();
      await server.stop();
      folder[Symbol.dispose]();
    },
  };
}
