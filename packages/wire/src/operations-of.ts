import type { APIGateway } from '@aws-sdk/client-api-gateway';
import type { ApiGatewayV2 } from '@aws-sdk/client-apigatewayv2';
import type { CloudFormation } from '@aws-sdk/client-cloudformation';
import type { CloudWatch } from '@aws-sdk/client-cloudwatch';
import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { DynamoDB } from '@aws-sdk/client-dynamodb';
import type { DynamoDBStreams } from '@aws-sdk/client-dynamodb-streams';
import type { ECR } from '@aws-sdk/client-ecr';
import type { EventBridge } from '@aws-sdk/client-eventbridge';
import type { IAM } from '@aws-sdk/client-iam';
import type { Kinesis } from '@aws-sdk/client-kinesis';
import type { Lambda } from '@aws-sdk/client-lambda';
import type { S3 } from '@aws-sdk/client-s3';
import type { Scheduler } from '@aws-sdk/client-scheduler';
import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { Signer } from '@aws-sdk/client-signer';
import type { SNS } from '@aws-sdk/client-sns';
import type { SQS } from '@aws-sdk/client-sqs';
import type { SSM } from '@aws-sdk/client-ssm';
import type { STS } from '@aws-sdk/client-sts';

type Callback<Output> = (error: unknown, data?: Output) => void;
// oxlint-disable-next-line typescript/no-explicit-any -- inference over the SDK's overloads
type Method = (input: any, options: any, callback: Callback<any>) => void;

/** The operations of an SDK's aggregated client with their types: `{ CreateFunction: { input, output } … }`. */
export type OperationsOf<Client> = {
  [
    Name in keyof Client as Client[Name] extends Method
      ? Name extends 'send' | 'destroy' | `paginate${string}` | `waitUntil${string}`
        ? never
        : Capitalize<Name & string>
      : never
  ]: Client[Name] extends (input: infer Input, options: never, callback: Callback<infer Output>) => void
    ? { input: Input & object; output: Omit<Output & object, '$metadata'> }
    : never;
};

export type LambdaOperations = OperationsOf<Lambda>;
export type StsOperations = OperationsOf<STS>;
export type IamOperations = OperationsOf<IAM>;
export type LogsOperations = OperationsOf<CloudWatchLogs>;
export type ApiGatewayOperations = OperationsOf<APIGateway>;
export type ApiGatewayV2Operations = OperationsOf<ApiGatewayV2>;
export type CloudFormationOperations = OperationsOf<CloudFormation>;
export type CloudWatchOperations = OperationsOf<CloudWatch>;
export type DynamoDbOperations = OperationsOf<DynamoDB>;
export type DynamoDbStreamsOperations = OperationsOf<DynamoDBStreams>;
export type EcrOperations = OperationsOf<ECR>;
export type EventBridgeOperations = OperationsOf<EventBridge>;
export type KinesisOperations = OperationsOf<Kinesis>;
export type S3Operations = OperationsOf<S3>;
export type SchedulerOperations = OperationsOf<Scheduler>;
export type SecretsManagerOperations = OperationsOf<SecretsManager>;
export type SignerOperations = OperationsOf<Signer>;
export type SnsOperations = OperationsOf<SNS>;
export type SqsOperations = OperationsOf<SQS>;
export type SsmOperations = OperationsOf<SSM>;
