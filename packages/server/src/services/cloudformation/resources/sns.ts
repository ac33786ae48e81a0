import { documentText, listOf } from './pick.ts';
import { behaviours, tagChanges, tagMap, tagsOf, type Making, type Properties, type ResourceType } from './type.ts';

/** Attributes of a topic, and what one that is no longer there goes back to. */
const topicAttributes: Readonly<Record<string, string>> = {
  ArchivePolicy: '',
  ContentBasedDeduplication: 'false',
  DisplayName: '',
  FifoThroughputScope: 'Topic',
  KmsMasterKeyId: '',
  SignatureVersion: '1',
  TracingConfig: 'PassThrough',
};

const texts = (properties: Properties, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names
      .filter((name) => properties[name] !== undefined)
      .map((name) => [name, typeof properties[name] === 'object' ? JSON.stringify(properties[name]) : String(properties[name])]),
  );

/** @source CloudFormation Template Reference, AWS::SNS::Topic, read 2026-11 */
const topic: ResourceType = {
  properties: behaviours({
    replaces: 'TopicName FifoTopic',
    updates: `${Object.keys(topicAttributes).join(' ')} Subscription Tags`,
    unapplied: 'DataProtectionPolicy DeliveryStatusLogging',
  }),
  attributes: ['TopicArn', 'TopicName'],
  name: { property: 'TopicName', most: 256, suffix: ({ FifoTopic: fifo }) => (String(fifo) === 'true' ? '.fifo' : '') },
  exists: (name, { aws, region, account }) =>
    aws.sns.GetTopicAttributes({ TopicArn: `arn:aws:sns:${region}:${account}:${name}` }),
  async create(properties, making) {
    const { aws, name } = making;
    const { TopicArn: arn = '' } = await aws.sns.CreateTopic({
      Name: name,
      Attributes: {
        ...texts(properties, Object.keys(topicAttributes)),
        ...(String(properties['FifoTopic']) === 'true' ? { FifoTopic: 'true' } : {}),
      },
      Tags: [...tagsOf(properties, making)],
    });
    await subscribe(arn, properties, {}, making);
    return { id: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
  async update(id, properties, before, making) {
    const { aws } = making;
    const names = Object.keys(topicAttributes);
    const [now, then] = [texts(properties, names), texts(before, names)];
    for (const name of names)
      if (now[name] !== then[name])
        await aws.sns.SetTopicAttributes({
          TopicArn: id,
          AttributeName: name,
          AttributeValue: now[name] ?? topicAttributes[name],
        });
    await subscribe(id, properties, before, making);
    const { set, gone } = tagChanges(tagMap(before['Tags'], making), tagMap(properties['Tags'], making));
    const Tags = Object.entries(set).map(([Key, Value]) => ({ Key, Value }));
    if (Tags.length > 0) await aws.sns.TagResource({ ResourceArn: id, Tags });
    if (gone.length > 0) await aws.sns.UntagResource({ ResourceArn: id, TagKeys: [...gone] });
    return { id };
  },
  delete: (id, _properties, { aws, region, account }) =>
    aws.sns.DeleteTopic({ TopicArn: id.startsWith('arn:') ? id : `arn:aws:sns:${region}:${account}:${id}` }),
};

interface Listener {
  readonly Endpoint: string;
  readonly Protocol: string;
}
const keyOf = ({ Endpoint, Protocol }: Listener): string => `${Protocol} ${Endpoint}`;

/** Subscriptions that stand in the topic itself. */
async function subscribe(TopicArn: string, properties: Properties, before: Properties, { aws }: Making): Promise<void> {
  const [now, then] = [listOf<Listener>(properties['Subscription']), listOf<Listener>(before['Subscription'])];
  const wanted = new Set(now.map(keyOf));
  for (const { Endpoint, Protocol } of now) await aws.sns.Subscribe({ TopicArn, Endpoint, Protocol });
  const gone = new Set(then.map(keyOf).filter((key) => !wanted.has(key)));
  if (gone.size === 0) return;
  const { Subscriptions: all = [] } = await aws.sns.ListSubscriptionsByTopic({ TopicArn });
  for (const { SubscriptionArn, Endpoint = '', Protocol = '' } of all)
    if (gone.has(keyOf({ Endpoint, Protocol }))) await aws.sns.Unsubscribe({ SubscriptionArn });
}

const subscriptionAttributes = [
  ...['DeliveryPolicy', 'FilterPolicy', 'FilterPolicyScope', 'RawMessageDelivery', 'RedrivePolicy', 'ReplayPolicy'],
  'SubscriptionRoleArn',
];

/** @source CloudFormation Template Reference, AWS::SNS::Subscription, read 2026-11 */
const subscription: ResourceType = {
  properties: behaviours({
    replaces: 'Endpoint Protocol TopicArn Region',
    updates: subscriptionAttributes.join(' '),
  }),
  required: ['Protocol', 'TopicArn'],
  attributes: ['Arn'],
  async create(properties, { aws }) {
    const { SubscriptionArn: arn = '' } = await aws.sns.Subscribe({
      TopicArn: properties['TopicArn'],
      Protocol: properties['Protocol'],
      Endpoint: properties['Endpoint'],
      Attributes: texts(properties, subscriptionAttributes),
      ReturnSubscriptionArn: true,
    });
    return { id: arn, attributes: { Arn: arn } };
  },
  async update(id, properties, before, { aws }) {
    const [now, then] = [texts(properties, subscriptionAttributes), texts(before, subscriptionAttributes)];
    for (const name of subscriptionAttributes) {
      if (now[name] === then[name]) continue;
      const cleared =
        name === 'RawMessageDelivery'
          ? 'false'
          : name === 'FilterPolicyScope'
            ? 'MessageAttributes'
            : name === 'FilterPolicy'
              ? '{}'
              : '';
      await aws.sns.SetSubscriptionAttributes({ SubscriptionArn: id, AttributeName: name, AttributeValue: now[name] ?? cleared });
    }
    return { id };
  },
  delete: (id, _properties, { aws }) => aws.sns.Unsubscribe({ SubscriptionArn: id }),
};

/** @source CloudFormation Template Reference, AWS::SNS::TopicPolicy, read 2026-11 */
const topicPolicy: ResourceType = {
  properties: behaviours({ updates: 'PolicyDocument Topics' }),
  required: ['PolicyDocument', 'Topics'],
  attributes: ['Id'],
  async create(properties, making) {
    await guard(properties, {}, making);
    return { id: making.name, attributes: { Id: making.name } };
  },
  async update(id, properties, before, making) {
    await guard(properties, before, making);
    return { id };
  },
  delete: (_id, properties, making) => guard({}, properties, making),
};

/** A topic is never without a policy: it goes back to the one that every topic has, for its owner. */
async function guard(properties: Properties, before: Properties, { aws, account }: Making): Promise<void> {
  const [now, then] = [listOf<string>(properties['Topics']), listOf<string>(before['Topics'])];
  const put = (TopicArn: string, document: unknown) =>
    aws.sns.SetTopicAttributes({ TopicArn, AttributeName: 'Policy', AttributeValue: documentText(document) });
  for (const arn of now) await put(arn, properties['PolicyDocument']);
  for (const arn of then) if (!now.includes(arn)) await put(arn, ownersPolicy(arn, account));
}

const ownersPolicy = (Resource: string, account: string) => ({
  Version: '2008-10-17',
  Id: '__default_policy_ID',
  Statement: [
    {
      Sid: '__default_statement_ID',
      Effect: 'Allow',
      Principal: { AWS: '*' },
      Action: [
        ...['SNS:GetTopicAttributes', 'SNS:SetTopicAttributes', 'SNS:AddPermission', 'SNS:RemovePermission'],
        ...['SNS:DeleteTopic', 'SNS:Subscribe', 'SNS:ListSubscriptionsByTopic', 'SNS:Publish'],
      ],
      Resource,
      Condition: { StringEquals: { 'AWS:SourceOwner': account } },
    },
  ],
});

export const sns: Readonly<Record<string, ResourceType>> = {
  'AWS::SNS::Subscription': subscription,
  'AWS::SNS::Topic': topic,
  'AWS::SNS::TopicPolicy': topicPolicy,
};
