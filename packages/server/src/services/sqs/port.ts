import type { Sender } from '../kit/sender.ts';
import type { Attributes } from './message.ts';

export interface SentMessage {
  readonly messageId: string;
  readonly md5OfBody: string;
  readonly md5OfAttributes?: string;
  /** FIFO queues only. */
  readonly sequenceNumber?: string;
}

export interface ReceivedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly md5OfBody: string;
  /** System attributes: `ApproximateReceiveCount`, `SentTimestamp`, `SenderId` … All of them, as text. @source spec 6.4-11 */
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Attributes;
  readonly md5OfAttributes?: string;
}

export interface SendOptions {
  readonly attributes?: Attributes;
  readonly delaySeconds?: number;
  /** FIFO queues need one. */
  readonly groupId?: string;
  readonly deduplicationId?: string;
  /** `AWSTraceHeader`. */
  readonly traceHeader?: string;
  /** Who is said to have sent it; a service's name. */
  readonly senderId?: string;
  /** For whoever decides whether the queue takes it; the queue itself does not look. */
  readonly from?: Sender;
}

/**
 * Queues for the rooms of this process: the same road as the API's, without its sockets. Queues are named
 * by ARN. Everything throws QueueDoesNotExist for a queue that is not here.
 */
export interface SqsPort {
  /** Undefined for a queue that is not here. */
  describe(
    queueArn: string,
  ): { readonly fifo: boolean; readonly visibilityMs: number; readonly contentBasedDeduplication: boolean } | undefined;
  /** The queue's policy, as it was set; undefined where there is none. */
  policy(queueArn: string): string | undefined;
  /** Resolves when the message is on stable storage. @throws ServiceFault as SendMessage does */
  send(queueArn: string, body: string, options?: SendOptions): Promise<SentMessage>;
  /**
   * Waits up to `waitMs` for the first message; an abort ends the wait with an empty list, and takes nothing.
   *
   * @param options.max  1 to 10 as for AWS, or more: pollers here may take what a batch holds at once
   */
  receive(
    queueArn: string,
    options: { readonly max: number; readonly waitMs: number; readonly visibilityMs?: number; readonly signal?: AbortSignal },
  ): Promise<readonly ReceivedMessage[]>;
  /** Handles of messages that are gone are no error. */
  delete(queueArn: string, receiptHandles: readonly string[]): Promise<void>;
  /** Messages that are not in flight any more are passed over. */
  changeVisibility(queueArn: string, receiptHandles: readonly string[], visibilityMs: number): Promise<void>;
}
