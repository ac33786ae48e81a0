import type { Mapping, QueueMessage } from '../port.ts';

/** A message as an element of `Records`. @source spec 6.4-11 */
export const recordOf = (message: QueueMessage, mapping: Mapping): object => ({
  messageId: message.messageId,
  receiptHandle: message.receiptHandle,
  body: message.body,
  attributes: message.attributes,
  messageAttributes: Object.fromEntries(
    Object.entries(message.messageAttributes).map(([name, { dataType, stringValue, binaryValue }]) => [
      name,
      {
        ...(stringValue === undefined ? {} : { stringValue }),
        ...(binaryValue === undefined ? {} : { binaryValue: Buffer.from(binaryValue).toString('base64') }),
        stringListValues: [],
        binaryListValues: [],
        dataType,
      },
    ]),
  ),
  md5OfBody: message.md5OfBody,
  ...(message.md5OfAttributes === undefined ? {} : { md5OfMessageAttributes: message.md5OfAttributes }),
  eventSource: 'aws:sqs',
  eventSourceARN: mapping.eventSourceArn,
  awsRegion: mapping.region,
});

/** What filters look at: the record with its body parsed where it is JSON. @source spec 6.9-11 */
export function filterViewOf(record: object): object {
  const { body } = record as { body: string };
  try {
    return { ...record, body: JSON.parse(body) as unknown };
  } catch {
    return record;
  }
}
