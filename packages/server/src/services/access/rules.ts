import type { ServiceName } from '@mayfly/wire';
import type { ServiceRules } from './demand.ts';
import { apiGatewayRules, apiGatewayV2Rules } from './tables/apigateway.ts';
import { cloudFormationRules, type StackFinder } from './tables/cloudformation.ts';
import { dynamoDbRules, dynamoDbStreamsRules } from './tables/dynamodb.ts';
import { eventsRules } from './tables/events.ts';
import { iamRules, stsRules, type IamFinder } from './tables/iam.ts';
import { kinesisRules } from './tables/kinesis.ts';
import { lambdaRules, type FunctionFinder, type NameReader } from './tables/lambda.ts';
import type { KeyNames } from './tables/leading-keys.ts';
import { logsRules } from './tables/logs.ts';
import { cloudwatchRules, ecrRules } from './tables/others.ts';
import { secretsRules, ssmRules, type SecretFinder } from './tables/parameters.ts';
import { s3Rules } from './tables/s3.ts';
import { schedulerRules } from './tables/scheduler.ts';
import { signerRules, type SigningVersion } from './tables/signer.ts';
import { snsRules } from './tables/sns.ts';
import { sqsRules } from './tables/sqs.ts';

/** How names are read and things are found, where an input alone does not say. */
export interface Readers {
  readonly functionName: NameReader;
  readonly functions: FunctionFinder;
  readonly iamArn: IamFinder;
  readonly secretArn: SecretFinder;
  readonly stackArn: StackFinder;
  readonly partitionKeys: KeyNames;
  readonly signingVersion: SigningVersion;
}

/** What every operation of every service demands. */
export const rulesOf = (readers: Readers): Readonly<Record<ServiceName, ServiceRules>> => ({
  apigateway: apiGatewayRules,
  apigatewayv2: apiGatewayV2Rules,
  cloudformation: cloudFormationRules(readers.stackArn),
  cloudwatch: cloudwatchRules,
  dynamodb: dynamoDbRules(readers.partitionKeys),
  dynamodbstreams: dynamoDbStreamsRules,
  ecr: ecrRules,
  events: eventsRules,
  iam: iamRules(readers.iamArn),
  kinesis: kinesisRules,
  lambda: lambdaRules(readers.functionName, readers.functions),
  logs: logsRules,
  s3: s3Rules,
  scheduler: schedulerRules,
  secretsmanager: secretsRules(readers.secretArn),
  signer: signerRules(readers.signingVersion),
  sns: snsRules,
  sqs: sqsRules,
  ssm: ssmRules,
  sts: stsRules,
});
