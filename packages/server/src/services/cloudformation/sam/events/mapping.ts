import { mayWrite } from '../role.ts';
import { shapeOf } from '../shape.ts';
import { isIntrinsic, isMap, pick, type Fields } from '../values.ts';
import { faulty, faultyById, type Event, type EventType, type Needs } from './event.ts';
import { documentDbAccess, kafkaAccess, mqAccess, mskAccess } from './source-access.ts';

/** What mappings of all sources have. */
const common = {
  any: 'StartingPosition StartingPositionTimestamp KmsKeyArn',
  map: 'FilterCriteria',
  typed: { number: 'BatchSize MaximumBatchingWindowInSeconds', flag: 'Enabled' },
} as const;
const retried = {
  typed: {
    number: 'MaximumRetryAttempts MaximumRecordAgeInSeconds',
    flag: 'BisectBatchOnFunctionError',
    list: 'FunctionResponseTypes',
  },
} as const;
const streamed = {
  map: 'DestinationConfig MetricsConfig',
  typed: { number: 'ParallelizationFactor TumblingWindowInSeconds' },
} as const;
const ofKafka = {
  text: 'ConsumerGroupId',
  map: 'DestinationConfig ProvisionedPollerConfig SchemaRegistryConfig MetricsConfig LoggingConfig',
  typed: { list: 'Topics SourceAccessConfigurations' },
} as const;

const kept = `BatchSize MaximumBatchingWindowInSeconds Enabled StartingPosition StartingPositionTimestamp Topics Queues
  SourceAccessConfigurations FunctionResponseTypes FilterCriteria KmsKeyArn ScalingConfig MetricsConfig ProvisionedPollerConfig
  LoggingConfig MaximumRetryAttempts BisectBatchOnFunctionError MaximumRecordAgeInSeconds ParallelizationFactor
  TumblingWindowInSeconds`.split(/\s+/);

export const sqs: EventType = {
  shape: shapeOf(common, retried, {
    any: 'Queue',
    map: 'ScalingConfig MetricsConfig ProvisionedPollerConfig LoggingConfig',
    required: 'Queue',
  }),
  add: (event) => addMapping(event, { EventSourceArn: event.properties['Queue'] }, managed('SQSQueue')),
};

export const kinesis: EventType = {
  shape: shapeOf(common, retried, streamed, { any: 'Stream', required: 'Stream StartingPosition' }),
  add: (event) => addMapping(event, { EventSourceArn: event.properties['Stream'] }, managed('Kinesis')),
};

export const dynamoDb: EventType = {
  shape: shapeOf(common, retried, streamed, { any: 'Stream', required: 'Stream StartingPosition' }),
  add: (event) => addMapping(event, { EventSourceArn: event.properties['Stream'] }, managed('DynamoDB')),
};

export const msk: EventType = {
  shape: shapeOf(common, retried, ofKafka, { any: 'Stream', required: 'Stream StartingPosition' }),
  add: (event) =>
    addMapping(
      event,
      { EventSourceArn: event.properties['Stream'], ...consumerGroup(event, 'AmazonManagedKafkaEventSourceConfig') },
      { ...managed('MSK'), inline: mskAccess(event) },
    ),
};

export const selfManagedKafka: EventType = {
  shape: shapeOf(common, retried, ofKafka, { text: 'SecretsManagerKmsKeyId', typed: { list: 'KafkaBootstrapServers' } }),
  add: (event) => {
    const inline = kafkaAccess(event);
    const { KafkaBootstrapServers } = event.properties;
    return addMapping(
      event,
      {
        SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers } },
        ...consumerGroup(event, 'SelfManagedKafkaEventSourceConfig'),
      },
      { inline },
    );
  },
};

export const mq: EventType = {
  shape: shapeOf(common, {
    any: 'Broker',
    text: 'SecretsManagerKmsKeyId',
    typed: { list: 'Queues SourceAccessConfigurations' },
    known: { flag: 'DynamicPolicyName' },
    required: 'Broker',
  }),
  add: (event) => addMapping(event, { EventSourceArn: event.properties['Broker'] }, { inline: mqAccess(event) }),
};

export const documentDb: EventType = {
  shape: shapeOf(common, {
    any: 'Cluster DatabaseName CollectionName FullDocument',
    text: 'SecretsManagerKmsKeyId',
    typed: { list: 'SourceAccessConfigurations' },
    required: 'Cluster DatabaseName',
  }),
  add: (event) => {
    const DocumentDBEventSourceConfig = pick(event.properties, ['DatabaseName', 'CollectionName', 'FullDocument']);
    const source = { EventSourceArn: event.properties['Cluster'], DocumentDBEventSourceConfig };
    return addMapping(event, source, { inline: documentDbAccess(event) });
  },
};

const managed = (source: string): Partial<Needs> => ({ managed: [`service-role/AWSLambda${source}ExecutionRole`] });

function addMapping(event: Event, source: Fields, needs: Partial<Needs>): Partial<Needs> {
  const { logicalId, properties, consumer, inherited, draft } = event;
  const { FilterCriteria } = properties;
  if (isMap(FilterCriteria) && !isIntrinsic(FilterCriteria) && Object.keys(FilterCriteria).some((name) => name !== 'Filters'))
    throw faulty(event, 'FilterCriteria field has a wrong format');
  const { destination, policies } = onFailure(event);
  const mapping = { ...source, FunctionName: consumer.name, ...pick(properties, kept), DestinationConfig: destination };
  draft.add(logicalId, 'AWS::Lambda::EventSourceMapping', mapping, inherited);
  return { managed: needs.managed ?? [], inline: [...(needs.inline ?? []), ...policies] };
}

/** Where records go that the function fails on, and what its role needs for that. */
function onFailure(event: Event): { readonly destination?: Fields; readonly policies: readonly Fields[] } {
  const config = event.properties['DestinationConfig'];
  if (!isMap(config)) return { policies: [] };
  const onFailed = config['OnFailure'];
  if (!isMap(onFailed)) throw faultyById(event, `Property 'DestinationConfig.OnFailure' should be a map.`);
  const { Type: type, Destination } = onFailed;
  const destination = { OnFailure: { Destination } };
  if (type === undefined || type === 'Kafka') return { destination, policies: [] };
  if (type !== 'SQS' && type !== 'SNS' && type !== 'S3')
    throw faultyById(event, `The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'`);
  return { destination, policies: [mayWrite[type](`${event.logicalId}${type}Policy`, Destination)] };
}

/** The consumer group and the schema registry of a Kafka source. */
function consumerGroup({ properties }: Event, name: string): Fields {
  const { ConsumerGroupId, SchemaRegistryConfig } = properties;
  if ((ConsumerGroupId ?? SchemaRegistryConfig) === undefined) return {};
  return { [name]: pick({ ConsumerGroupId, SchemaRegistryConfig }, ['ConsumerGroupId', 'SchemaRegistryConfig']) };
}
