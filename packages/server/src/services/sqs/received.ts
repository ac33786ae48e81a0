import type { QueueHouse } from './house.ts';
import { md5Hex, md5OfAttributes, sequenceNumber, type Content, type Message } from './message.ts';
import type { ReceivedMessage } from './port.ts';
import { writeHandle } from './receipt.ts';

/** A message as its receiver sees it, with every attribute. */
export function receivedMessage(house: QueueHouse, message: Message, content: Content): ReceivedMessage {
  const md5 = md5OfAttributes(content.attributes);
  return {
    messageId: message.messageId,
    receiptHandle: writeHandle(house.record.id, message),
    body: content.body,
    md5OfBody: md5Hex(content.body),
    attributes: {
      SenderId: message.senderId,
      ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs ?? 0),
      ApproximateReceiveCount: String(message.receiveCount),
      SentTimestamp: String(message.sentAtMs),
      ...(message.deduplicationId === undefined ? {} : { MessageDeduplicationId: message.deduplicationId }),
      ...(message.groupId === undefined ? {} : { MessageGroupId: message.groupId }),
      ...(house.record.fifo ? { SequenceNumber: sequenceNumber(message.seq) } : {}),
      ...(message.traceHeader === undefined ? {} : { AWSTraceHeader: message.traceHeader }),
      ...(message.sourceArn === undefined ? {} : { DeadLetterQueueSourceArn: message.sourceArn }),
    },
    messageAttributes: content.attributes,
    ...(md5 === undefined ? {} : { md5OfAttributes: md5 }),
  };
}
