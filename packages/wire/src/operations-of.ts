import type { CloudWatchLogs } from '@aws-sdk/client-cloudwatch-logs';
import type { IAM } from '@aws-sdk/client-iam';
import type { Lambda } from '@aws-sdk/client-lambda';
import type { STS } from '@aws-sdk/client-sts';

type Callback<Output> = (error: unknown, data?: Output) => void;
// oxlint-disable-next-line typescript/no-explicit-any -- inference over the SDK's overloads
type Method = (input: any, options: any, callback: Callback<any>) => void;

/** The operations of an SDK's aggregated client with their types: `{ CreateFunction: { input, output } … }`. */
export type OperationsOf<Client> = {
  [Name in keyof Client as Client[Name] extends Method
    ? Name extends 'send' | 'destroy'
      ? never
      : Capitalize<Name & string>
    : never]: Client[Name] extends (input: infer Input, options: never, callback: Callback<infer Output>) => void
    ? { input: Input & object; output: Omit<Output & object, '$metadata'> }
    : never;
};

export type LambdaOperations = OperationsOf<Lambda>;
export type StsOperations = OperationsOf<STS>;
export type IamOperations = OperationsOf<IAM>;
export type LogsOperations = OperationsOf<CloudWatchLogs>;
