import { isSame, pick } from './pick.ts';
import { behaviours, tagChanges, tagMap, type Making, type Properties, type ResourceType } from './type.ts';

/** @source CloudFormation Template Reference, AWS::Kinesis::Stream, read 2026-11 */
const stream: ResourceType = {
  properties: behaviours({
    replaces: 'Name',
    updates: 'RetentionPeriodHours ShardCount StreamEncryption StreamModeDetails Tags MaxRecordSizeInKiB',
    unapplied: 'DesiredShardLevelMetrics WarmThroughputMiBps',
  }),
  attributes: ['Arn', 'WarmThroughputObject'],
  name: { property: 'Name', most: 128 },
  exists: (StreamName, { aws }) => aws.kinesis.DescribeStreamSummary({ StreamName }),
  async create(properties, making) {
    const { aws, name, region, account } = making;
    const onDemand = properties['StreamModeDetails']?.StreamMode === 'ON_DEMAND';
    await aws.kinesis.CreateStream({
      ...pick(properties, 'StreamModeDetails MaxRecordSizeInKiB'),
      StreamName: name,
      ...(onDemand ? {} : { ShardCount: properties['ShardCount'] ?? 1 }),
      Tags: tagMap(properties['Tags'], making),
    });
    await active(making);
    await retain(name, properties, {}, making);
    await encrypt(name, properties, {}, making);
    return { id: name, attributes: { Arn: `arn:aws:kinesis:${region}:${account}:stream/${name}` } };
  },
  async update(id, properties, before, making) {
    const { aws, region, account } = making;
    if (!isSame(properties['StreamModeDetails'], before['StreamModeDetails'])) {
      await aws.kinesis.UpdateStreamMode({
        StreamARN: `arn:aws:kinesis:${region}:${account}:stream/${id}`,
        StreamModeDetails: properties['StreamModeDetails'] ?? { StreamMode: 'PROVISIONED' },
      });
      await active(making);
    }
    if (properties['ShardCount'] !== undefined && !isSame(properties['ShardCount'], before['ShardCount'])) {
      await aws.kinesis.UpdateShardCount({
        StreamName: id,
        TargetShardCount: properties['ShardCount'],
        ScalingType: 'UNIFORM_SCALING',
      });
      await active(making);
    }
    await retain(id, properties, before, making);
    await encrypt(id, properties, before, making);
    const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    if (Object.keys(set).length > 0) await aws.kinesis.AddTagsToStream({ StreamName: id, Tags: set });
    if (gone.length > 0) await aws.kinesis.RemoveTagsFromStream({ StreamName: id, TagKeys: [...gone] });
    return { id };
  },
  async delete(id, _properties, { aws, until }) {
    await aws.kinesis.DeleteStream({ StreamName: id, EnforceConsumerDeletion: true });
    await until(async () => {
      try {
        await aws.kinesis.DescribeStreamSummary({ StreamName: id });
        return undefined;
      } catch {
        return true;
      }
    });
  },
};

async function retain(StreamName: string, properties: Properties, before: Properties, making: Making): Promise<void> {
  const [now, then] = [Number(properties['RetentionPeriodHours'] ?? 24), Number(before['RetentionPeriodHours'] ?? 24)];
  if (now === then) return;
  const input = { StreamName, RetentionPeriodHours: now };
  await (now > then
    ? making.aws.kinesis.IncreaseStreamRetentionPeriod(input)
    : making.aws.kinesis.DecreaseStreamRetentionPeriod(input));
  await active(making);
}

async function encrypt(StreamName: string, properties: Properties, before: Properties, making: Making): Promise<void> {
  const [now, then]: (Properties | undefined)[] = [properties['StreamEncryption'], before['StreamEncryption']];
  if (isSame(now, then)) return;
  const { aws } = making;
  const input = (of: Properties) => ({ StreamName, EncryptionType: of['EncryptionType'], KeyId: of['KeyId'] });
  if (now !== undefined) await aws.kinesis.StartStreamEncryption(input(now));
  else if (then !== undefined) await aws.kinesis.StopStreamEncryption(input(then));
  await active(making);
}

const active = ({ aws, name: StreamName, until }: Making): Promise<unknown> =>
  until(async () => {
    const { StreamDescriptionSummary: summary } = await aws.kinesis.DescribeStreamSummary({ StreamName });
    return summary?.StreamStatus === 'ACTIVE' ? true : undefined;
  });

/** @source CloudFormation Template Reference, AWS::Kinesis::StreamConsumer, read 2026-11 */
const streamConsumer: ResourceType = {
  properties: behaviours({ replaces: 'ConsumerName StreamARN Tags' }),
  required: ['ConsumerName', 'StreamARN'],
  attributes: ['ConsumerARN', 'ConsumerCreationTimestamp', 'ConsumerName', 'ConsumerStatus', 'StreamARN'],
  async create({ ConsumerName, StreamARN }, { aws, until }) {
    const { Consumer: made } = await aws.kinesis.RegisterStreamConsumer({ ConsumerName, StreamARN });
    await until(async () => {
      const { ConsumerDescription: described } = await aws.kinesis.DescribeStreamConsumer({ StreamARN, ConsumerName });
      return described?.ConsumerStatus === 'ACTIVE' ? true : undefined;
    });
    const arn = made?.ConsumerARN ?? '';
    return { id: arn, attributes: { ConsumerARN: arn, ConsumerName, ConsumerStatus: 'ACTIVE', StreamARN } };
  },
  delete: (id, _properties, { aws }) => aws.kinesis.DeregisterStreamConsumer({ ConsumerARN: id }),
};

export const kinesis: Readonly<Record<string, ResourceType>> = {
  'AWS::Kinesis::Stream': stream,
  'AWS::Kinesis::StreamConsumer': streamConsumer,
};
