import { ServiceFault, type Handlers, type SqsOperations } from '@mayfly/wire';
import type { Call } from '@mayfly/wire';
import { checkEntries, inBatch } from '../kit/batch.ts';
import { draftOf, type Draft, type DraftInput } from './draft.ts';
import { invalidParameter, invalidValue } from './faults.ts';
import type { QueueHouse } from './house.ts';
import { md5OfAttributes, type Attributes, type Message } from './message.ts';
import type { ReceivedMessage } from './port.ts';
import { houseOf } from './queue-handlers.ts';
import { receivedMessage } from './received.ts';
import type { Sqs } from './sqs.ts';

type Names =
  | 'SendMessage'
  | 'SendMessageBatch'
  | 'ReceiveMessage'
  | 'DeleteMessage'
  | 'DeleteMessageBatch'
  | 'ChangeMessageVisibility'
  | 'ChangeMessageVisibilityBatch';

/** All messages of a batch together. */
const batchBytes = 1_048_576;

const senderOf = (call: Call): string => (call.caller.kind === 'signed' ? call.caller.userId : 'anonymous');
const traceOf = (call: Call): string | undefined => call.headers['x-amzn-trace-id'];

/** Everything that is about messages. */
export function messageHandlers(sqs: Sqs): Pick<Handlers<SqsOperations>, Names> {
  const send = async (house: QueueHouse, draft: Draft, input: DraftInput, call: Call) => {
    const sent = await sqs.send(house, draft, senderOf(call));
    const system = md5OfAttributes((input.MessageSystemAttributes ?? {}) as Attributes);
    return {
      MessageId: sent.messageId,
      MD5OfMessageBody: sent.md5OfBody,
      ...(sent.md5OfAttributes === undefined ? {} : { MD5OfMessageAttributes: sent.md5OfAttributes }),
      ...(system === undefined ? {} : { MD5OfMessageSystemAttributes: system }),
      ...(sent.sequenceNumber === undefined ? {} : { SequenceNumber: sent.sequenceNumber }),
    };
  };

  return {
    async SendMessage(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      const draftInput = input as DraftInput;
      return send(house, draftOf(draftInput, house.record, traceOf(call)), draftInput, call);
    },

    async SendMessageBatch(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      const entries = (input.Entries ?? []) as readonly (DraftInput & { readonly Id: string | undefined })[];
      checkEntries(entries, 'SendMessageBatchRequestEntry');
      checkBatchBytes(entries);
      // A FIFO entry without its group or identity spoils the batch; on AWS too.
      const drafts = new Map(
        house.record.fifo ? entries.map((entry) => [entry.Id, draftOf(entry, house.record, traceOf(call), true)]) : [],
      );
      return inBatch(entries as readonly (DraftInput & { readonly Id: string })[], (entry) =>
        send(house, drafts.get(entry.Id) ?? draftOf(entry, house.record, traceOf(call), true), entry, call),
      );
    },

    async ReceiveMessage(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      const max = input.MaxNumberOfMessages ?? 1;
      if (max < 1 || max > 10) throw invalidValue(max, 'MaxNumberOfMessages', 'Must be between 1 and 10, if provided.');
      const waitS = input.WaitTimeSeconds ?? house.number('ReceiveMessageWaitTimeSeconds');
      if (waitS < 0 || waitS > 20) throw invalidValue(waitS, 'WaitTimeSeconds', 'Must be >= 0 and <= 20, if provided.');
      const visibilityS = input.VisibilityTimeout ?? house.number('VisibilityTimeout');
      checkVisibility(visibilityS);
      const received = await sqs.receive(house, {
        max,
        waitMs: waitS * 1000,
        visibilityMs: visibilityS * 1000,
        signal: call.signal,
        attemptId: input.ReceiveRequestAttemptId,
      });
      if (received.length === 0) return {};
      const system = new Set<string>([...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])]);
      const user = input.MessageAttributeNames ?? [];
      return { Messages: received.map(({ message, content }) => shown(receivedMessage(house, message, content), system, user)) };
    },

    async DeleteMessage(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      await sqs.delete(house, messagesOf(sqs, house, input.ReceiptHandle ?? ''));
      return {};
    },
    async DeleteMessageBatch(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      const entries = input.Entries ?? [];
      checkEntries(entries, 'DeleteMessageBatchRequestEntry');
      const gone: Message[] = [];
      const endings = await inBatch(entries, async (entry) => {
        gone.push(...messagesOf(sqs, house, entry.ReceiptHandle ?? ''));
        return {};
      });
      await sqs.delete(house, gone);
      return endings;
    },

    async ChangeMessageVisibility(input, call) {
      hide(sqs, houseOf(sqs, call, input.QueueUrl), input.ReceiptHandle ?? '', input.VisibilityTimeout ?? 0);
      return {};
    },
    async ChangeMessageVisibilityBatch(input, call) {
      const house = houseOf(sqs, call, input.QueueUrl);
      const entries = input.Entries ?? [];
      checkEntries(entries, 'ChangeMessageVisibilityBatchRequestEntry');
      return inBatch(entries, async (entry) => {
        hide(sqs, house, entry.ReceiptHandle ?? '', entry.VisibilityTimeout ?? 0);
        return {};
      });
    },
  };
}

function checkBatchBytes(entries: readonly DraftInput[]): void {
  let bytes = 0;
  for (const { MessageBody, MessageAttributes } of entries) {
    bytes += Buffer.byteLength(MessageBody ?? '');
    for (const [name, value] of Object.entries(MessageAttributes ?? {})) {
      bytes += Buffer.byteLength(name) + Buffer.byteLength(value.DataType ?? '');
      bytes += value.BinaryValue?.length ?? Buffer.byteLength(value.StringValue ?? '');
    }
  }
  if (bytes > batchBytes) {
    throw new ServiceFault(
      'BatchRequestTooLong',
      `Batch requests cannot be longer than ${batchBytes} bytes. You have sent ${bytes} bytes.`,
    );
  }
}

function checkVisibility(seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 43_200) {
    throw invalidValue(seconds, 'VisibilityTimeout', 'VisibilityTimeout must be an integer between 0 and 43200.');
  }
}

/** What a handle deletes: an old one still does in a standard queue; in a FIFO queue it has expired with its visibility. */
function messagesOf(sqs: Sqs, house: QueueHouse, handle: string): readonly Message[] {
  const { message, current } = sqs.messageOf(house, handle);
  if (message === undefined) return [];
  house.queue.advance(sqs.clock.monotonic());
  if (house.record.fifo && (!current || message.state !== 'inFlight')) {
    throw invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.');
  }
  return [message];
}

function hide(sqs: Sqs, house: QueueHouse, handle: string, seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > 43_200) {
    throw invalidValue(
      seconds,
      'VisibilityTimeout',
      'Total VisibilityTimeout for the message is beyond the limit [43200 seconds]',
    );
  }
  const { message, current } = sqs.messageOf(house, handle);
  if (message === undefined) {
    throw invalidValue(handle, 'ReceiptHandle', 'Message does not exist or is not available for visibility timeout change.');
  }
  if (house.record.fifo && !current) throw invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.');
  if (!sqs.hide(house, message, seconds * 1000)) {
    if (house.record.fifo)
      throw invalidParameter(`Value ${handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`);
    throw new ServiceFault('MessageNotInflight', `The message referred to isn't in flight: ${message.messageId}.`);
  }
}

/** The parts of a message that the receiver asked for. */
function shown(message: ReceivedMessage, system: ReadonlySet<string>, user: readonly string[]) {
  const attributes = system.has('All')
    ? message.attributes
    : Object.fromEntries(Object.entries(message.attributes).filter(([name]) => system.has(name)));
  const all = user.some((wanted) => wanted === 'All' || wanted === '.*' || wanted === '*');
  const custom = all
    ? message.messageAttributes
    : Object.fromEntries(
        Object.entries(message.messageAttributes).filter(([name]) => user.some((wanted) => covers(wanted, name))),
      );
  const md5 = all ? message.md5OfAttributes : md5OfAttributes(custom);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: message.md5OfBody,
    Body: message.body,
    ...(Object.keys(attributes).length === 0 ? {} : { Attributes: attributes }),
    ...(md5 === undefined ? {} : { MD5OfMessageAttributes: md5 }),
    ...(Object.keys(custom).length === 0 ? {} : { MessageAttributes: custom }),
  };
}

/** `Hel.*` covers `Hello` and `Help.Me`. */
const covers = (wanted: string, name: string): boolean =>
  wanted === name || (wanted.endsWith('.*') && name.startsWith(wanted.slice(0, -2)));
