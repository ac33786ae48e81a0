import type {
  ApiGatewayOperations,
  ApiGatewayV2Operations,
  Caller,
  CloudFormationOperations,
  CloudWatchOperations,
  DynamoDbOperations,
  EcrOperations,
  EventBridgeOperations,
  IamOperations,
  KinesisOperations,
  LambdaOperations,
  LogsOperations,
  OperationTypes,
  S3Operations,
  SchedulerOperations,
  SecretsManagerOperations,
  SnsOperations,
  SqsOperations,
  SsmOperations,
  StsOperations,
} from '@mayfly/wire';

/** Who asks, and where. */
export interface Actor {
  readonly caller: Caller;
  readonly account: string;
  readonly region: string;
  /** The service that asks in the caller's name; CloudFormation when absent. */
  readonly by?: string;
}

/** The road that every client's call takes, without the socket: the model's checks, the policies, the handler. */
export interface Road {
  /** @throws ServiceFault as the client would see it */
  call(service: string, operation: string, input: object, actor: Actor): Promise<unknown>;
}

type Client<Operations extends OperationTypes> = {
  readonly [Name in keyof Operations]: (input: Operations[Name]['input']) => Promise<Operations[Name]['output']>;
};

/** Every service of this server, asked in somebody's name. */
export interface Aws {
  readonly apigateway: Client<ApiGatewayOperations>;
  readonly apigatewayv2: Client<ApiGatewayV2Operations>;
  readonly cloudformation: Client<CloudFormationOperations>;
  readonly cloudwatch: Client<CloudWatchOperations>;
  readonly dynamodb: Client<DynamoDbOperations>;
  readonly ecr: Client<EcrOperations>;
  readonly events: Client<EventBridgeOperations>;
  readonly iam: Client<IamOperations>;
  readonly kinesis: Client<KinesisOperations>;
  readonly lambda: Client<LambdaOperations>;
  readonly logs: Client<LogsOperations>;
  readonly s3: Client<S3Operations>;
  readonly scheduler: Client<SchedulerOperations>;
  readonly secretsmanager: Client<SecretsManagerOperations>;
  readonly sns: Client<SnsOperations>;
  readonly sqs: Client<SqsOperations>;
  readonly ssm: Client<SsmOperations>;
  readonly sts: Client<StsOperations>;
}

export function awsAs(actor: Actor, road: () => Promise<Road>): Aws {
  const client = (service: string): object =>
    new Proxy(
      {},
      {
        get: (_target, operation) => async (input: object) => (await road()).call(service, String(operation), input, actor),
      },
    );
  return new Proxy({}, { get: (_target, service) => client(String(service)) }) as Aws;
}
