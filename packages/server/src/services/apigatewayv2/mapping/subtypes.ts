import { badRequest, notHere } from '../faults.ts';
import { parseExpression, type Expression } from './expression.ts';

/** An operation of another service that a route may stand for. */
export interface Subtype {
  readonly service: 'events' | 'sqs' | 'kinesis';
  readonly operation: string;
  readonly required: readonly string[];
  readonly optional: readonly string[];
}

/** @source API Gateway Developer Guide, "Integration subtype reference", read 2026-11 */
const subtypes: Readonly<Record<string, Subtype>> = {
  'EventBridge-PutEvents': {
    service: 'events',
    operation: 'PutEvents',
    required: ['Detail', 'DetailType', 'Source'],
    optional: ['Time', 'EventBusName', 'Resources', 'TraceHeader'],
  },
  'SQS-SendMessage': {
    service: 'sqs',
    operation: 'SendMessage',
    required: ['QueueUrl', 'MessageBody'],
    optional: ['DelaySeconds', 'MessageAttributes', 'MessageDeduplicationId', 'MessageGroupId', 'MessageSystemAttributes'],
  },
  'SQS-ReceiveMessage': {
    service: 'sqs',
    operation: 'ReceiveMessage',
    required: ['QueueUrl'],
    optional: [
      'AttributeNames',
      'MaxNumberOfMessages',
      'MessageAttributeNames',
      'ReceiveRequestAttemptId',
      'VisibilityTimeout',
      'WaitTimeSeconds',
    ],
  },
  'SQS-DeleteMessage': { service: 'sqs', operation: 'DeleteMessage', required: ['QueueUrl', 'ReceiptHandle'], optional: [] },
  'SQS-PurgeQueue': { service: 'sqs', operation: 'PurgeQueue', required: ['QueueUrl'], optional: [] },
  'Kinesis-PutRecord': {
    service: 'kinesis',
    operation: 'PutRecord',
    required: ['Data', 'PartitionKey', 'StreamName'],
    optional: ['ExplicitHashKey', 'SequenceNumberForOrdering'],
  },
};
/** Of services that are not in this house. */
const elsewhere = /^(AppConfig-GetConfiguration|StepFunctions-(StartExecution|StartSyncExecution|StopExecution))$/;

/** @throws BadRequestException for one that AWS does not have either, NotImplementedException for one that is not here */
export function subtypeOf(name: string): Subtype {
  if (elsewhere.test(name)) throw notHere(`integrations of HTTP APIs with ${name}`);
  const found = Object.hasOwn(subtypes, name) ? subtypes[name] : undefined;
  if (found === undefined) throw badRequest(`Invalid integration subtype specified: ${name}`);
  return found;
}

/** What each parameter is to be, by its name. @throws BadRequestException for one that is missing or that there is none of */
export function subtypeParameters(
  name: string,
  parameters: Readonly<Record<string, string>> = {},
): Readonly<Record<string, Expression>> {
  const { required, optional } = subtypeOf(name);
  for (const each of required)
    if (!Object.hasOwn(parameters, each)) throw badRequest(`Parameter: ${each} is required for integration subtype: ${name}`);
  for (const each of Object.keys(parameters))
    if (each !== 'Region' && !required.includes(each) && !optional.includes(each))
      throw badRequest(`Parameter: ${each} does not fit schema for Operation: ${name}.`);
  return Object.fromEntries(Object.entries(parameters).map(([key, value]) => [key, parseExpression(value, 'request')]));
}
