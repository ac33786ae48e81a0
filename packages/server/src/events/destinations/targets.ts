import type { AccountId, Region } from '../../base/index.ts';

/** Text attributes of a message, by name. */
export type TextAttributes = Readonly<Record<string, { readonly dataType: 'String' | 'Number'; readonly value: string }>>;

/**
 * Services that can be handed something; `main` plugs in those that are open. Each resolves when its
 * target has it on stable storage, and rejects when it will not take it.
 */
export interface Targets {
  readonly sqs?: (queueArn: string, body: string, attributes?: TextAttributes, traceId?: string) => Promise<void>;
  readonly sns?: (topicArn: string, message: string, attributes?: TextAttributes) => Promise<void>;
  readonly lambda?: (
    functionArn: string,
    payload: Uint8Array,
    context: { readonly account: AccountId; readonly region: Region },
  ) => Promise<void>;
  readonly events?: (
    busArn: string,
    entry: {
      readonly source: string;
      readonly detailType: string;
      readonly resources: readonly string[];
      readonly detail: string;
    },
  ) => Promise<void>;
  readonly s3?: (bucketArn: string, key: string, body: string) => Promise<void>;
}

/** @throws Error code `TARGET_UNSUPPORTED` when nothing here delivers to such an ARN */
export function unsupported(arn: string): Error {
  return Object.assign(new Error(`Nothing here delivers to ${arn}.`), { code: 'TARGET_UNSUPPORTED' });
}

export const serviceOf = (arn: string): string => arn.split(':')[2] ?? '';

/** `YYYY/MM/DD/YYYY-MM-DDTHH.MM.SS-<uuid>`: the end of the key of a record kept in S3. @source spec 2.9-14, 6.10-05 */
export function s3Key(prefix: string, atMs: number, uuid: string): string {
  const iso = new Date(atMs).toISOString();
  return `${prefix}/${iso.slice(0, 10).replaceAll('-', '/')}/${iso.slice(0, 19).replaceAll(':', '.')}-${uuid}`;
}
