import type { Call, Handlers, SnsOperations } from '@mayfly/wire';
import { ServiceFault } from '@mayfly/wire';
import { checkEntries, inBatch } from '../kit/batch.ts';
import { traceOf } from '../kit/trace.ts';
import { endpointOf, phoneOf, publishDirectly, type Direct } from './direct.ts';
import { checkArn, invalidParameter, topicArnOf } from './faults.ts';
import { checkAttributes, mostBytes, type PublishRequest } from './message.ts';
import { isEndpointArn } from './platform.ts';
import type { Published, Sns } from './sns.ts';

type Names = 'Publish' | 'PublishBatch';

interface Input {
  readonly Message: string | undefined;
  readonly Subject?: string | undefined;
  readonly MessageStructure?: string | undefined;
  readonly MessageAttributes?: PublishRequest['attributes'];
  readonly MessageGroupId?: string | undefined;
  readonly MessageDeduplicationId?: string | undefined;
}

const requestOf = (input: Input, call: Call): PublishRequest => ({
  message: input.Message,
  subject: input.Subject,
  structure: input.MessageStructure,
  attributes: input.MessageAttributes,
  groupId: input.MessageGroupId,
  deduplicationId: input.MessageDeduplicationId,
  ...traceOf(call),
});

const answer = ({ messageId, sequenceNumber }: Published) => ({
  MessageId: messageId,
  ...(sequenceNumber === undefined ? {} : { SequenceNumber: sequenceNumber }),
});

/** The topic that a message is for, or what it goes to without one. @throws InvalidParameter, EndpointDisabled */
function targetOf(
  sns: Sns,
  input: {
    readonly TopicArn?: string | undefined;
    readonly TargetArn?: string | undefined;
    readonly PhoneNumber?: string | undefined;
  },
): string | Direct {
  if (input.PhoneNumber !== undefined) return phoneOf(input.PhoneNumber);
  const arn = checkArn(input.TopicArn ?? input.TargetArn, input.TopicArn === undefined ? 'TargetArn' : 'TopicArn');
  return isEndpointArn(arn) ? endpointOf(sns.endpoint(arn)) : arn;
}

export function publishHandlers(sns: Sns): Pick<Handlers<SnsOperations>, Names> {
  return {
    async Publish(input, call: Call) {
      const arn = targetOf(sns, input);
      if (typeof arn !== 'string') return { MessageId: await publishDirectly(sns, call, arn, requestOf(input, call)) };
      if (arn.split(':')[3] !== call.region && call.caller.kind === 'signed') throw invalidParameter('TopicArn');
      return answer(await sns.publish(arn, requestOf(input, call), call.origin));
    },

    async PublishBatch(input, call) {
      const topic = sns.topic(topicArnOf(input.TopicArn, call));
      const entries = (input.PublishBatchRequestEntries ?? []) as readonly (Input & { readonly Id: string })[];
      checkEntries(entries, 'PublishBatchRequestEntry');
      const bytes = entries.reduce((sum, { Message }) => sum + Buffer.byteLength(Message ?? ''), 0);
      if (bytes > mostBytes)
        throw new ServiceFault(
          'BatchRequestTooLong',
          'The length of all the messages in the batch put together is more than the limit.',
        );
      // What an attribute cannot be spoils the batch.
      entries.forEach(({ MessageAttributes }, index) =>
        checkAttributes(MessageAttributes ?? {}, `publishBatchRequestEntries.${index + 1}.member.`),
      );
      const { Successful, Failed } = await inBatch(entries, async (entry) =>
        answer(await sns.publish(topic.arn, requestOf(entry, call), call.origin)),
      );
      return { Successful, Failed: Failed ?? [] };
    },
  };
}
