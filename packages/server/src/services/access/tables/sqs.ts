import type { SqsOperations } from '@mayfly/wire';
import { requestTags, text, type Demand, type OperationRules, type Place, type ServiceRules } from '../demand.ts';

interface QueueInput {
  readonly QueueUrl?: string | undefined;
}

/** As the handlers read it: the last two segments of the URL, in the region of the call. */
function queueArn(url: string | undefined, place: Place): string {
  const [name = '', account] = (url ?? '').split('/').toReversed();
  return `arn:aws:sqs:${place.region}:${account !== undefined && /^\d{12}$/.test(account) ? account : place.account}:${name}`;
}
const onQueue =
  (action: string) =>
  (input: QueueInput, place: Place): Demand => ({ action: `sqs:${action}`, resource: queueArn(input.QueueUrl, place) });

/** @source Amazon SQS Developer Guide, "Amazon SQS API permissions: actions and resource reference", read 2026-11 */
const sqs: OperationRules<SqsOperations> = {
  // A batch is what its entries are.
  SendMessageBatch: onQueue('SendMessage'),
  DeleteMessageBatch: onQueue('DeleteMessage'),
  ChangeMessageVisibilityBatch: onQueue('ChangeMessageVisibility'),
  GetQueueUrl: (input, place) => ({
    action: 'sqs:GetQueueUrl',
    resource: `arn:aws:sqs:${place.region}:${input.QueueOwnerAWSAccountId ?? place.account}:${input.QueueName}`,
  }),
  CreateQueue: (input, place) => ({
    action: 'sqs:CreateQueue',
    resource: `arn:aws:sqs:${place.region}:${place.account}:${input.QueueName}`,
    context: requestTags(input.tags),
  }),
  StartMessageMoveTask: ({ SourceArn: source = '*', DestinationArn: destination }) => [
    ...['StartMessageMoveTask', 'ReceiveMessage', 'DeleteMessage'].map((action) => ({
      action: `sqs:${action}`,
      resource: source,
    })),
    ...(destination === undefined ? [] : [{ action: 'sqs:SendMessage', resource: destination }]),
  ],
  ListMessageMoveTasks: ({ SourceArn: resource = '*' }) => ({ action: 'sqs:ListMessageMoveTasks', resource }),
  CancelMessageMoveTask: ({ TaskHandle: handle = '' }) => ({
    action: 'sqs:CancelMessageMoveTask',
    resource: queueOfTask(handle),
  }),
};

/** A handle names the queue it was given for. */
function queueOfTask(handle: string): string {
  try {
    const { sourceArn } = JSON.parse(Buffer.from(handle, 'base64').toString('utf8')) as { readonly sourceArn?: unknown };
    return text(sourceArn) ?? '*';
  } catch {
    return '*';
  }
}

export const sqsRules: ServiceRules = {
  prefix: 'sqs',
  operations: sqs,
  resource: (input, place) => (text(input['QueueUrl']) === undefined ? undefined : queueArn(text(input['QueueUrl']), place)),
};
