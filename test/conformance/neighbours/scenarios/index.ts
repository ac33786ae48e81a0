import type { Scenarios } from '../kit/stage.ts';
import { apigatewayScenarios } from './apigateway.ts';
import { cloudformationScenarios } from './cloudformation.ts';
import { cloudwatchScenarios } from './cloudwatch.ts';
import { eventScenarios } from './events.ts';
import { iamScenarios } from './iam.ts';
import { logScenarios } from './logs.ts';
import { schedulerScenarios, stsScenarios } from './small.ts';
import { s3Scenarios } from './s3.ts';
import { snsScenarios } from './sns.ts';
import { sqsScenarios } from './sqs.ts';
import { dynamodbScenarios, dynamodbStreamScenarios, kinesisScenarios } from './streams.ts';

const of = (service: string, scenarios: Scenarios): Scenarios =>
  Object.fromEntries(Object.entries(scenarios).map(([title, scenario]) => [`${service}/${title}`, scenario]));

/** Every scenario that is played, by the service and its recorded name. */
export const scenarios: Scenarios = {
  ...of('sqs', sqsScenarios),
  ...of('sns', snsScenarios),
  ...of('s3', s3Scenarios),
  ...of('events', eventScenarios),
  ...of('dynamodb', dynamodbScenarios),
  ...of('dynamodbstreams', dynamodbStreamScenarios),
  ...of('kinesis', kinesisScenarios),
  ...of('logs', logScenarios),
  ...of('scheduler', schedulerScenarios),
  ...of('sts', stsScenarios),
  ...of('iam', iamScenarios),
  ...of('cloudwatch', cloudwatchScenarios),
  ...of('apigateway', apigatewayScenarios),
  ...of('cloudformation', cloudformationScenarios),
};
