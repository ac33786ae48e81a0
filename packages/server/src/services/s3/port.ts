import type { S3Operations } from '@mayfly/wire';
import type { Sender } from '../kit/sender.ts';
import type { SnsPort } from '../sns/index.ts';
import type { SqsPort } from '../sqs/index.ts';
import type { CorsQuestion } from './cors.ts';

/** What an event for EventBridge holds. */
export interface BusEntry {
  readonly source: string;
  readonly detailType: string;
  readonly detail: object;
  readonly resources: readonly string[];
  readonly account: string;
  readonly region: string;
  /** ISO 8601. */
  readonly time: string;
}

/** Where buckets send their notifications; what is absent cannot be configured. */
export interface S3Ports {
  readonly sqs?: Pick<SqsPort, 'send' | 'describe'>;
  readonly sns?: Pick<SnsPort, 'publish' | 'has'>;
  readonly lambda?: {
    /** Resolves when the event is accepted. @throws ServiceFault; a 4xx that is no throttle is final */
    invokeAsync(functionArn: string, payload: string, from: Sender): Promise<unknown>;
    /** Whether there is such a function. */
    has?(functionArn: string): boolean;
  };
  readonly events?: { put(entry: BusEntry): Promise<void> };
}

/** An object as other rooms read it. */
export interface ReadObject {
  readonly bytes: number;
  /** Without quotes. */
  readonly etag: string;
  /** Where the bucket keeps versions. */
  readonly versionId?: string;
  readonly contentType?: string;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Objects for the rooms of this process: code of functions, payloads of failed batches. */
export interface S3Port {
  isBucket(name: string): boolean;
  /** Headers that let a page of another origin in; undefined when no rule of the bucket's CORS configuration fits. */
  cors(bucket: string, question: CorsQuestion): Readonly<Record<string, string>> | undefined;
  /** How a bucket is served as a web site. @throws ServiceFault NoSuchBucket, NoSuchWebsiteConfiguration */
  site(bucket: string): NonNullable<S3Operations['PutBucketWebsite']['input']['WebsiteConfiguration']>;
  /** A bucket's owner and policy; undefined when there is no such bucket. */
  ownership(bucket: string): { readonly account: string; readonly policy?: string } | undefined;
  /** Region of a bucket; undefined when there is none. */
  regionOf(bucket: string): string | undefined;
  /** @throws ServiceFault NoSuchBucket, NoSuchKey, NoSuchVersion */
  get(bucket: string, key: string, versionId?: string): Promise<ReadObject>;
  /** Resolves when the object is on stable storage. @throws ServiceFault NoSuchBucket */
  put(
    bucket: string,
    key: string,
    body: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { readonly contentType?: string },
  ): Promise<{ readonly etag: string; readonly versionId?: string }>;
}
