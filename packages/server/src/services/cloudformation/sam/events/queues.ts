import { getAtt, isMap, ref, type Fields } from '../values.ts';
import { faultyById, type Event } from './event.ts';

/** A queue of the event's own. @returns its ARN */
export function addQueue({ tags, inherited, draft }: Event, queueId: string): Fields {
  draft.add(queueId, 'AWS::SQS::Queue', { Tags: tags }, inherited);
  return getAtt(queueId);
}

/** Lets a source send to a queue. */
export function addQueuePolicy(
  { inherited, draft }: Event,
  policyId: string,
  { principal, queueArn, queueUrl, sourceArn }: Readonly<Record<'principal' | 'queueArn' | 'queueUrl' | 'sourceArn', unknown>>,
): void {
  const statement = {
    Action: 'sqs:SendMessage',
    Effect: 'Allow',
    Principal: principal,
    Resource: queueArn,
    Condition: { ArnEquals: { 'aws:SourceArn': sourceArn } },
  };
  const document = { Version: '2012-10-17', Statement: [statement] };
  draft.add(policyId, 'AWS::SQS::QueuePolicy', { PolicyDocument: document, Queues: [queueUrl] }, inherited);
}

/** Where events go that cannot be delivered: a queue that was named, or one that is made. */
export interface DeadLetters {
  readonly arn: unknown;
  readonly madeId?: string;
}

export function readDeadLetters(event: Event): DeadLetters | undefined {
  const config = event.properties['DeadLetterConfig'];
  if (!isMap(config)) return undefined;
  const { Arn: arn, Type: type, QueueLogicalId: queueId } = config;
  if (arn !== undefined && type !== undefined)
    throw faultyById(event, `You can either define 'Arn' or 'Type' property of DeadLetterConfig.`);
  if (arn !== undefined) return { arn };
  if (type === undefined) throw faultyById(event, `No 'Arn' or 'Type' property provided for DeadLetterConfig.`);
  if (type !== 'SQS') throw faultyById(event, `The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.`);
  const madeId = typeof queueId === 'string' ? queueId : `${event.logicalId}Queue`;
  return { arn: addQueue(event, madeId), madeId };
}

/** Lets a rule send to the queue that was made for it. */
export function permitRule(event: Event, { madeId, arn }: DeadLetters): void {
  if (madeId === undefined) return;
  addQueuePolicy(event, `${event.logicalId}QueuePolicy`, {
    principal: { Service: 'events.amazonaws.com' },
    queueArn: arn,
    queueUrl: ref(madeId),
    sourceArn: getAtt(event.logicalId),
  });
}
