import type { HttpPort } from '../kit/http.ts';
import type { Sender } from '../kit/sender.ts';
import type { SqsPort } from '../sqs/index.ts';
import type { PublishRequest } from './message.ts';

/** What topics need of the house. */
export interface SnsPorts {
  readonly sqs: Pick<SqsPort, 'send' | 'describe'>;
  readonly lambda: {
    /** Resolves with the request's id when the event is accepted. @throws ServiceFault; a 4xx that is no throttle is final */
    invokeAsync(functionArn: string, payload: string, from: Sender): Promise<string>;
  };
  /** Where topics that want it have their deliveries written down: a log group, made when it is not there. */
  readonly logs?: {
    write(
      place: { readonly account: string; readonly region: string },
      logGroupName: string,
      event: { readonly atMs: number; readonly message: string },
    ): Promise<void>;
  };
  readonly http?: HttpPort;
  /** Address for the links in messages that nobody's request brought about: `http://127.0.0.1:4566`. */
  origin(): string;
}

/** Topics for the rooms of this process: the same road as the API's. */
export interface SnsPort {
  has(topicArn: string): boolean;
  /** The topic's policy, as it was set, or the one that every topic has; undefined when there is no such topic. */
  policy(topicArn: string): string | undefined;
  /** Resolves when the message is on stable storage for each of its subscriptions. @throws ServiceFault as Publish does */
  publish(
    topicArn: string,
    request: PublishRequest,
    from?: Sender,
  ): Promise<{ readonly messageId: string; readonly sequenceNumber?: string }>;
}
