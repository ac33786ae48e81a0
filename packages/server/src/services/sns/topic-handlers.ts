import type { Call, Handlers, SnsOperations } from '@mayfly/wire';
import { ServiceFault } from '@mayfly/wire';
import { pageOf } from '../kit/pages.ts';
import { scopeOf } from '../kit/records.ts';
import { checkArn, invalidParameter, topicArnOf, topicNotFound } from './faults.ts';
import type { Sns } from './sns.ts';
import { checkAttribute, checkTopicName, defaultPolicy, describeTopic, topicArn, type TopicRecord } from './topic.ts';

type Names =
  | 'CreateTopic'
  | 'DeleteTopic'
  | 'GetTopicAttributes'
  | 'SetTopicAttributes'
  | 'ListTopics'
  | 'TagResource'
  | 'UntagResource'
  | 'ListTagsForResource'
  | 'AddPermission'
  | 'RemovePermission';

const pageSize = 100;
export const invalidToken = (): ServiceFault => invalidParameter('NextToken');

interface Policy {
  readonly Statement: readonly { readonly Sid?: string }[];
}

/** Everything that is about topics. */
export function topicHandlers(sns: Sns): Pick<Handlers<SnsOperations>, Names> {
  const { records } = sns;
  const change = (arn: string, edit: (topic: TopicRecord) => Partial<TopicRecord>): Promise<void> =>
    records.change((draft) => {
      const { account, region, name } = sns.topic(arn);
      const topic = draft.get('topic', `${account}/${region}`, name);
      if (topic === undefined) throw topicNotFound();
      draft.put('topic', `${account}/${region}`, name, { ...topic, ...edit(topic) });
    });
  const tagged = (arn: string | undefined): TopicRecord => {
    try {
      return sns.topic(checkArn(arn, 'ResourceArn'));
    } catch (error) {
      if (error instanceof ServiceFault && error.code === 'NotFound')
        throw new ServiceFault('ResourceNotFound', 'Resource does not exist', { status: 404 });
      throw error;
    }
  };
  const policyOf = (topic: TopicRecord): Policy =>
    (topic.attributes['Policy'] === undefined ? defaultPolicy(topic) : JSON.parse(topic.attributes['Policy'])) as Policy;

  return {
    async CreateTopic(input, call: Call) {
      const name = input.Name ?? '';
      const attributes = texts(input.Attributes);
      const fifo = attributes['FifoTopic']?.toLowerCase() === 'true';
      checkTopicName(name, fifo);
      for (const [key, value] of Object.entries(attributes)) checkAttribute(key, value);
      const tags = tagsOf(input.Tags);
      const arn = topicArn({ ...call, name });
      await records.change((draft) => {
        const existing = draft.get('topic', scopeOf(call), name);
        if (existing === undefined) {
          draft.put('topic', scopeOf(call), name, {
            arn,
            name,
            account: call.account,
            region: call.region,
            fifo,
            attributes,
            tags,
            deleted: 0,
          });
          return;
        }
        const differs = Object.entries(attributes).some(([key, value]) => existing.attributes[key] !== value);
        if (differs) throw invalidParameter('Attributes Reason: Topic already exists with different attributes');
        const sameTags = Object.entries(tags).every(([key, value]) => existing.tags[key] === value);
        if (!sameTags) throw invalidParameter('Tags Reason: Topic already exists with different tags');
      });
      return { TopicArn: arn };
    },

    async DeleteTopic(input) {
      const arn = checkArn(input.TopicArn, 'TopicArn');
      await records.change((draft) => {
        const [, , , region, account, name = ''] = arn.split(':');
        draft.delete('topic', `${account}/${region}`, name);
        for (const { id } of draft.list('subscription', arn)) draft.delete('subscription', arn, id);
        for (const { id } of draft.list('ended', arn)) draft.delete('ended', arn, id);
      });
      return {};
    },

    async GetTopicAttributes(input, call) {
      const topic = sns.topic(topicArnOf(input.TopicArn, call));
      const subscriptions = records.list('subscription', topic.arn);
      const pending = subscriptions.filter((each) => each.pending).length;
      return { Attributes: describeTopic(topic, { confirmed: subscriptions.length - pending, pending }) };
    },

    async SetTopicAttributes(input, call) {
      const name = input.AttributeName ?? '';
      const value = input.AttributeValue ?? '';
      const arn = topicArnOf(input.TopicArn, call);
      checkAttribute(name, value);
      if (name === 'FifoTopic') throw invalidParameter('AttributeName');
      await change(arn, ({ attributes }) => {
        const { [name]: _old, ...rest } = attributes;
        return { attributes: value === '' && name !== 'DisplayName' ? rest : { ...rest, [name]: value } };
      });
      return {};
    },

    async ListTopics(input, call) {
      const page = pageOf(records.list('topic', scopeOf(call)), {
        limit: pageSize,
        token: input.NextToken,
        nameOf: ({ name }) => name,
        invalid: invalidToken,
      });
      return {
        Topics: page.items.map(({ arn }) => ({ TopicArn: arn })),
        ...(page.next === undefined ? {} : { NextToken: page.next }),
      };
    },

    async TagResource(input) {
      const { arn } = tagged(input.ResourceArn);
      const given = tagsOf(input.Tags);
      await change(arn, ({ tags }) => {
        const next = { ...tags, ...given };
        if (Object.keys(next).length > 50)
          throw new ServiceFault('TagLimitExceeded', 'Could not complete request: tag quota of per resource exceeded', {
            status: 400,
          });
        return { tags: next };
      });
      return {};
    },
    async UntagResource(input) {
      const { arn } = tagged(input.ResourceArn);
      const gone = new Set(input.TagKeys);
      await change(arn, ({ tags }) => ({ tags: Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))) }));
      return {};
    },
    async ListTagsForResource(input) {
      return { Tags: Object.entries(tagged(input.ResourceArn).tags).map(([Key, Value]) => ({ Key, Value })) };
    },

    async AddPermission(input, call) {
      const arn = topicArnOf(input.TopicArn, call);
      const actions = input.ActionName ?? [];
      await change(arn, (topic) => {
        const policy = policyOf(topic);
        if (policy.Statement.some(({ Sid }) => Sid === input.Label)) throw invalidParameter('Statement already exists');
        if (actions.some((action) => !/^[A-Za-z*]+$/.test(action) || !permitted.has(action))) {
          throw invalidParameter('Policy statement action out of service scope!');
        }
        const accounts = (input.AWSAccountId ?? []).map((account) => `arn:aws:iam::${account}:root`);
        const statement = {
          Sid: input.Label,
          Effect: 'Allow',
          Principal: { AWS: accounts.length === 1 ? accounts[0] : accounts },
          Action: actions.length === 1 ? `SNS:${actions[0]}` : actions.map((action) => `SNS:${action}`),
          Resource: arn,
        };
        return {
          attributes: { ...topic.attributes, Policy: JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] }) },
        };
      });
      return {};
    },
    async RemovePermission(input, call) {
      await change(topicArnOf(input.TopicArn, call), (topic) => {
        const policy = policyOf(topic);
        const rest = policy.Statement.filter(({ Sid }) => Sid !== input.Label);
        return { attributes: { ...topic.attributes, Policy: JSON.stringify({ ...policy, Statement: rest }) } };
      });
      return {};
    },
  };
}

const permitted = new Set([
  'GetTopicAttributes',
  'SetTopicAttributes',
  'AddPermission',
  'RemovePermission',
  'DeleteTopic',
  'Subscribe',
  'ListSubscriptionsByTopic',
  'Publish',
  'Receive',
  'GetDataProtectionPolicy',
  'PutDataProtectionPolicy',
  'ListTagsForResource',
]);

export const texts = (map: Readonly<Record<string, string | undefined>> | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(map ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])));

/** @throws InvalidParameter for a key that is there twice */
function tagsOf(
  list: readonly { readonly Key: string | undefined; readonly Value: string | undefined }[] = [],
): Readonly<Record<string, string>> {
  if (new Set(list.map(({ Key }) => Key)).size !== list.length) throw invalidParameter('Duplicated keys are not allowed.');
  return Object.fromEntries(list.map(({ Key, Value }) => [Key ?? '', Value ?? '']));
}
