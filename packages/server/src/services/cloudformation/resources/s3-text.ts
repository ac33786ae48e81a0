import { ServiceFault } from '@mayfly/wire';
import type { Aws } from '../aws.ts';

export interface S3Location {
  readonly Bucket?: string;
  readonly Key?: string;
  readonly Version?: string;
}

/** Documents are read whole. */
const mostBytes = 6_291_456;

/** The text of an object that a template points at, read in the name of whoever makes the stack. @throws ServiceFault */
export async function s3Text(aws: Pick<Aws, 's3'>, { Bucket, Key, Version }: S3Location): Promise<string> {
  const asked = { Bucket, Key, ...(Version === undefined ? {} : { VersionId: Version }) };
  const { Body: body } = (await aws.s3.GetObject(asked)) as unknown as { readonly Body: AsyncIterable<Uint8Array> };
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of body) {
    bytes += part.length;
    if (bytes > mostBytes)
      throw new ServiceFault('BadRequestException', `s3://${Bucket}/${Key} is larger than ${mostBytes} bytes.`, { status: 400 });
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
