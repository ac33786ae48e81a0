import { shapeOf } from '../shape.ts';
import { isMap, pick, ref, type Fields } from '../values.ts';
import { faulty, permit, type Event, type EventType } from './event.ts';
import { addQueue, addQueuePolicy } from './queues.ts';

const kept = ['Region', 'FilterPolicy', 'FilterPolicyScope', 'RedrivePolicy'];

/** A subscription of the function itself, or of a queue that it reads. */
export const sns: EventType = {
  shape: shapeOf({
    any: 'FilterPolicy FilterPolicyScope',
    text: 'Topic Region',
    map: 'RedrivePolicy',
    typed: { 'flag or map': 'SqsSubscription' },
    required: 'Topic',
  }),
  add(event) {
    const { properties, consumer } = event;
    const byQueue = properties['SqsSubscription'];
    if (byQueue === undefined || byQueue === false) {
      permit(event, 'sns.amazonaws.com', { SourceArn: properties['Topic'] });
      subscribe(event, 'lambda', consumer.arn);
      return {};
    }
    readThrough(event, isMap(byQueue) ? byQueue : undefined);
    return { managed: ['service-role/AWSLambdaSQSQueueExecutionRole'] };
  },
};

function subscribe({ logicalId, properties, inherited, draft }: Event, protocol: string, endpoint: unknown): void {
  const subscription = { Endpoint: endpoint, Protocol: protocol, TopicArn: properties['Topic'], ...pick(properties, kept) };
  draft.add(logicalId, 'AWS::SNS::Subscription', subscription, inherited);
}

/** @param queue  the queue that was named; otherwise one is made */
function readThrough(event: Event, queue: Fields | undefined): void {
  const { logicalId, properties, consumer, inherited, draft } = event;
  const { QueueArn, QueueUrl, QueuePolicyLogicalId, BatchSize } = queue ?? {};
  if (queue !== undefined && (QueueArn === undefined || QueueUrl === undefined))
    throw faulty(event, 'No QueueARN or QueueURL provided.');
  const queueId = `${logicalId}Queue`;
  const queueArn = queue === undefined ? addQueue(event, queueId) : QueueArn;
  addQueuePolicy(event, typeof QueuePolicyLogicalId === 'string' ? QueuePolicyLogicalId : `${queueId}Policy`, {
    principal: '*',
    queueArn,
    queueUrl: queue === undefined ? ref(queueId) : QueueUrl,
    sourceArn: properties['Topic'],
  });
  const mapping = {
    BatchSize: BatchSize ?? 10,
    // SAM enables it whatever `SqsSubscription.Enabled` says.
    Enabled: true,
    EventSourceArn: queueArn,
    FunctionName: consumer.name,
  };
  draft.add(`${logicalId}EventSourceMapping`, 'AWS::Lambda::EventSourceMapping', mapping, inherited);
  subscribe(event, 'sqs', queueArn);
}
