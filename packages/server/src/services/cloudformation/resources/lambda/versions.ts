import { pick } from '../pick.ts';
import { behaviours, type Making, type Properties, type ResourceType } from '../type.ts';

/** @source CloudFormation Template Reference, AWS::Lambda::Version and AWS::Lambda::Alias, read 2026-11 */
export const lambdaVersion: ResourceType = {
  properties: behaviours({
    replaces: 'CodeSha256 Description FunctionName',
    updates: 'ProvisionedConcurrencyConfig RuntimePolicy',
    unapplied: 'FunctionScalingConfig',
  }),
  required: ['FunctionName'],
  attributes: ['Version', 'FunctionArn'],
  async create(properties, making) {
    const { Version: version = '', FunctionArn: arn = '' } = await making.aws.lambda.PublishVersion(
      pick(properties, 'CodeSha256 Description FunctionName') as { FunctionName: string },
    );
    await published(arn, making);
    await provision(arn, version, properties, {}, making);
    return { id: arn, attributes: { Version: version, FunctionArn: arn } };
  },
  async update(id, properties, before, making) {
    const version = id.split(':').at(-1) ?? '';
    await provision(id, version, properties, before, making);
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.lambda.DeleteFunction({ FunctionName: id }),
};

export const lambdaAlias: ResourceType = {
  properties: behaviours({
    replaces: 'FunctionName Name',
    updates: 'Description FunctionVersion ProvisionedConcurrencyConfig RoutingConfig',
  }),
  required: ['FunctionName', 'FunctionVersion', 'Name'],
  attributes: ['AliasArn'],
  async create(properties, making) {
    const { AliasArn: arn = '' } = await making.aws.lambda.CreateAlias({
      ...(pick(properties, 'FunctionName Name FunctionVersion Description') as {
        FunctionName: string;
        Name: string;
        FunctionVersion: string;
      }),
      RoutingConfig: routing(properties),
    });
    await provision(arn, properties['Name'], properties, {}, making);
    return { id: arn, attributes: { AliasArn: arn } };
  },
  async update(id, properties, before, making) {
    await making.aws.lambda.UpdateAlias({
      ...(pick(properties, 'FunctionName Name FunctionVersion') as { FunctionName: string; Name: string }),
      Description: properties['Description'] ?? '',
      RoutingConfig: routing(properties),
    });
    await provision(id, properties['Name'], properties, before, making);
    return { id };
  },
  delete: (id, { FunctionName, Name }, { aws }) =>
    aws.lambda.DeleteAlias({ FunctionName: FunctionName ?? id, Name: Name ?? id.split(':').at(-1) }),
};

function routing({ RoutingConfig: config }: Properties): { AdditionalVersionWeights: Record<string, number> } {
  const weights: readonly { FunctionVersion: string; FunctionWeight: number }[] = config?.AdditionalVersionWeights ?? [];
  return {
    AdditionalVersionWeights: Object.fromEntries(weights.map((each) => [each.FunctionVersion, Number(each.FunctionWeight)])),
  };
}

async function provision(
  arn: string,
  Qualifier: string,
  properties: Properties,
  before: Properties,
  { aws, until }: Making,
): Promise<void> {
  const wanted: number | undefined = properties['ProvisionedConcurrencyConfig']?.ProvisionedConcurrentExecutions;
  const had: number | undefined = before['ProvisionedConcurrencyConfig']?.ProvisionedConcurrentExecutions;
  if (wanted === had) return;
  const FunctionName = arn.split(':').slice(0, 7).join(':');
  if (wanted === undefined) return void (await aws.lambda.DeleteProvisionedConcurrencyConfig({ FunctionName, Qualifier }));
  await aws.lambda.PutProvisionedConcurrencyConfig({ FunctionName, Qualifier, ProvisionedConcurrentExecutions: wanted });
  await until(async () => {
    const { Status, StatusReason } = await aws.lambda.GetProvisionedConcurrencyConfig({ FunctionName, Qualifier });
    if (Status === 'FAILED') throw new Error(StatusReason ?? 'The provisioned concurrency could not be made ready.');
    return Status === 'READY' ? true : undefined;
  });
}

const published = (FunctionName: string, { aws, until }: Making): Promise<unknown> =>
  until(async () => {
    const { State, StateReason } = await aws.lambda.GetFunctionConfiguration({ FunctionName });
    if (State === 'Failed') throw new Error(StateReason ?? 'The version could not be made ready.');
    return State === 'Pending' ? undefined : true;
  });
