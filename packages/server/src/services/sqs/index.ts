import type { Handlers, SqsOperations } from '@mayfly/wire';
import { draftOf } from './draft.ts';
import { messageHandlers } from './message-handlers.ts';
import { MoveTasks } from './move-tasks.ts';
import type { SqsPort } from './port.ts';
import { queueHandlers } from './queue-handlers.ts';
import { receivedMessage } from './received.ts';
import { Sqs, type SqsOptions } from './sqs.ts';

export type { ReceivedMessage, SendOptions, SentMessage, SqsPort } from './port.ts';
export type { SqsBounds, SqsOptions } from './sqs.ts';

export interface SqsService extends AsyncDisposable {
  readonly handlers: Handlers<SqsOperations>;
  readonly port: SqsPort;
  /** Ends every wait for messages, so that a stopping server need not sit them out. */
  close(): void;
}

/** Opens the queues and goes on where an earlier server stopped. See NOTES.md. */
export async function openSqs(options: SqsOptions): Promise<SqsService> {
  const sqs = await Sqs.open(options);
  const tasks = new MoveTasks(sqs);
  return {
    handlers: { ...queueHandlers(sqs, tasks), ...messageHandlers(sqs) },
    port: portOf(sqs),
    close: () => sqs.close(),
    async [Symbol.asyncDispose]() {
      sqs.close();
      await tasks[Symbol.asyncDispose]();
      await sqs[Symbol.asyncDispose]();
    },
  };
}

function portOf(sqs: Sqs): SqsPort {
  return {
    describe(queueArn) {
      const house = sqs.find(queueArn);
      return (
        house && {
          fifo: house.record.fifo,
          visibilityMs: house.number('VisibilityTimeout') * 1000,
          contentBasedDeduplication: house.attribute('ContentBasedDeduplication') === 'true',
        }
      );
    },
    policy: (queueArn) => sqs.find(queueArn)?.record.attributes['Policy'],
    async send(queueArn, body, options = {}) {
      const house = sqs.house(queueArn);
      const draft = draftOf(
        {
          MessageBody: body,
          MessageAttributes: options.attributes,
          DelaySeconds: options.delaySeconds,
          MessageGroupId: options.groupId,
          MessageDeduplicationId: options.deduplicationId,
          ...(options.traceHeader === undefined
            ? {}
            : { MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: options.traceHeader } } }),
        },
        house.record,
      );
      return sqs.send(house, draft, options.senderId ?? house.record.account);
    },
    async receive(queueArn, { max, waitMs, visibilityMs, signal }) {
      const house = sqs.house(queueArn);
      const received = await sqs.receive(house, {
        max,
        waitMs,
        visibilityMs: visibilityMs ?? house.number('VisibilityTimeout') * 1000,
        signal,
      });
      return received.map(({ message, content }) => receivedMessage(house, message, content));
    },
    async delete(queueArn, receiptHandles) {
      const house = sqs.house(queueArn);
      const messages = receiptHandles.flatMap((handle) => sqs.messageOf(house, handle).message ?? []);
      await sqs.delete(house, messages);
    },
    async changeVisibility(queueArn, receiptHandles, visibilityMs) {
      const house = sqs.house(queueArn);
      for (const handle of receiptHandles) {
        const { message, current } = sqs.messageOf(house, handle);
        if (message !== undefined && current) sqs.hide(house, message, visibilityMs);
      }
    },
  };
}
