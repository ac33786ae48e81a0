import { ServiceFault, type Call } from '@mayfly/wire';

export const invalidParameter = (what: string): ServiceFault =>
  new ServiceFault('InvalidParameter', `Invalid parameter: ${what}`, { status: 400 });

export const topicNotFound = (): ServiceFault => new ServiceFault('NotFound', 'Topic does not exist', { status: 404 });

export const subscriptionNotFound = (): ServiceFault =>
  new ServiceFault('NotFound', 'Subscription does not exist', { status: 404 });

export const invalidAttributeValue = (message: string): ServiceFault =>
  new ServiceFault('ParameterValueInvalid', message, { status: 400 });

/** The parts of an ARN of ours. @throws InvalidParameter for what is none */
export function checkArn(arn: string | undefined, parameter: string): string {
  if (arn === undefined || arn === '') throw invalidParameter(`${parameter} Reason: no value for required parameter`);
  const elements = arn.split(':').length;
  if (elements < 6) throw invalidParameter(`${parameter} Reason: An ARN must have at least 6 elements, not ${elements}`);
  return arn;
}

/** The topic a call is about: those of another region are not found there. @throws InvalidParameter */
export function topicArnOf(arn: string | undefined, call: Pick<Call, 'region' | 'caller'>): string {
  const checked = checkArn(arn, 'TopicArn');
  // Links in messages are followed without a signature, which would say the region.
  if (call.caller.kind === 'signed' && checked.split(':')[3] !== call.region) throw invalidParameter('TopicArn');
  return checked;
}
/** @source Amazon SNS API Reference, common errors: ThrottledException answers 429 */
export const throttled = (): ServiceFault => new ServiceFault('Throttled', 'Rate exceeded', { status: 429 });
