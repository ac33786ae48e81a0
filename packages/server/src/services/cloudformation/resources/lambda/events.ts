import { pick } from '../pick.ts';
import { behaviours, tagChanges, tagMap, type Making, type ResourceType } from '../type.ts';

const both =
  'BatchSize BisectBatchOnFunctionError DestinationConfig DocumentDBEventSourceConfig Enabled FilterCriteria FunctionName FunctionResponseTypes KmsKeyArn MaximumBatchingWindowInSeconds MaximumRecordAgeInSeconds MaximumRetryAttempts MetricsConfig ParallelizationFactor ProvisionedPollerConfig ScalingConfig SourceAccessConfigurations TumblingWindowInSeconds AmazonManagedKafkaEventSourceConfig SelfManagedKafkaEventSourceConfig LoggingConfig';
const once = 'EventSourceArn Queues SelfManagedEventSource StartingPosition StartingPositionTimestamp Topics';

/** What a property that is no longer there means to UpdateEventSourceMapping. */
const defaults = { FilterCriteria: {}, FunctionResponseTypes: [], DestinationConfig: {}, KMSKeyArn: '', ScalingConfig: {} };

const wire = ({ KmsKeyArn, ...rest }: Readonly<Record<string, unknown>>): Record<string, unknown> => ({
  ...rest,
  ...(KmsKeyArn === undefined ? {} : { KMSKeyArn: KmsKeyArn }),
});

/** @source CloudFormation Template Reference, AWS::Lambda::EventSourceMapping, read 2026-11 */
export const lambdaEventSourceMapping: ResourceType = {
  properties: behaviours({ updates: `${both} Tags`, replaces: once }),
  required: ['FunctionName'],
  attributes: ['Id', 'EventSourceMappingArn'],
  async create(properties, making) {
    const { aws } = making;
    const tags = tagMap(properties['Tags'], making);
    const { UUID: id = '', EventSourceMappingArn: arn } = await aws.lambda.CreateEventSourceMapping({
      ...wire(pick(properties, `${both} ${once}`)),
      FunctionName: properties['FunctionName'],
      ...(Object.keys(tags).length === 0 ? {} : { Tags: tags }),
    });
    await settled(id, making);
    return { id, attributes: { Id: id, EventSourceMappingArn: arn } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const gone = Object.entries(defaults).filter(([name]) => {
      const property = name === 'KMSKeyArn' ? 'KmsKeyArn' : name;
      return before[property] !== undefined && properties[property] === undefined;
    });
    await aws.lambda.UpdateEventSourceMapping({ ...Object.fromEntries(gone), ...wire(pick(properties, both)), UUID: id });
    await settled(id, making);
    const tags = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    const Resource = `arn:aws:lambda:${making.region}:${making.account}:event-source-mapping:${id}`;
    if (Object.keys(tags.set).length > 0) await aws.lambda.TagResource({ Resource, Tags: tags.set });
    if (tags.gone.length > 0) await aws.lambda.UntagResource({ Resource, TagKeys: [...tags.gone] });
    return { id };
  },
  async delete(id, _properties, { aws, until }) {
    await aws.lambda.DeleteEventSourceMapping({ UUID: id });
    // The function may go only when nothing reads for it any more.
    await until(async () => {
      const page = await aws.lambda.ListEventSourceMappings({});
      return page.EventSourceMappings?.some(({ UUID }) => UUID === id) === true ? undefined : true;
    });
  },
};

const settled = (UUID: string, { aws, until }: Making): Promise<unknown> =>
  until(async () => {
    const { State } = await aws.lambda.GetEventSourceMapping({ UUID });
    return State === 'Enabled' || State === 'Disabled' ? true : undefined;
  });

/** @source CloudFormation Template Reference, AWS::Lambda::EventInvokeConfig, read 2026-11 */
export const lambdaEventInvokeConfig: ResourceType = {
  properties: behaviours({
    replaces: 'FunctionName Qualifier',
    updates: 'DestinationConfig MaximumEventAgeInSeconds MaximumRetryAttempts',
  }),
  required: ['FunctionName', 'Qualifier'],
  async create(properties, { aws, name }) {
    await aws.lambda.PutFunctionEventInvokeConfig({ ...properties, FunctionName: properties['FunctionName'] });
    return { id: name };
  },
  async update(id, properties, _before, { aws }) {
    await aws.lambda.PutFunctionEventInvokeConfig({ ...properties, FunctionName: properties['FunctionName'] });
    return { id };
  },
  delete: (_id, { FunctionName, Qualifier }, { aws }) => aws.lambda.DeleteFunctionEventInvokeConfig({ FunctionName, Qualifier }),
};
