import type { Call, Handlers, SnsOperations } from '@mayfly/wire';
import { ServiceFault } from '@mayfly/wire';
import { pageOf } from '../kit/pages.ts';
import { scopeOf } from '../kit/records.ts';
import { checkArn, invalidParameter, subscriptionNotFound, topicArnOf } from './faults.ts';
import type { Sns } from './sns.ts';
import {
  checkEndpoint,
  checkSubscriptionAttributes,
  describeSubscription,
  undelivered,
  type SubscriptionRecord,
} from './subscription.ts';
import { invalidToken, texts } from './topic-handlers.ts';

type Names =
  | 'Subscribe'
  | 'ConfirmSubscription'
  | 'Unsubscribe'
  | 'GetSubscriptionAttributes'
  | 'SetSubscriptionAttributes'
  | 'ListSubscriptions'
  | 'ListSubscriptionsByTopic';

const pageSize = 100;
/** What AWS shows for a subscription that nobody has confirmed. */
const unconfirmed = 'PendingConfirmation';
const confirmsItself = new Set(['sqs', 'lambda', 'sms', 'application', 'firehose']);

const shown = (record: SubscriptionRecord) => ({
  SubscriptionArn: record.pending ? unconfirmed : record.arn,
  Owner: record.owner,
  Protocol: record.protocol,
  Endpoint: record.endpoint,
  TopicArn: record.topicArn,
});

/** Everything that is about subscriptions. */
export function subscriptionHandlers(sns: Sns): Pick<Handlers<SnsOperations>, Names> {
  const { records } = sns;
  /** @throws NotFound */
  const existing = (arn: string | undefined): SubscriptionRecord => {
    const record = sns.subscription(checkArn(arn, 'SubscriptionArn'));
    if (record === undefined) throw subscriptionNotFound();
    return record;
  };

  return {
    async Subscribe(input, call: Call) {
      const topic = sns.topic(topicArnOf(input.TopicArn, call));
      const protocol = input.Protocol ?? '';
      const endpoint = input.Endpoint ?? '';
      const attributes = texts(input.Attributes);
      checkEndpoint(protocol, endpoint, topic);
      checkSubscriptionAttributes(attributes);
      const id = sns.random.uuid();
      const made = await records.change((draft) => {
        const same = draft
          .list('subscription', topic.arn)
          .find((each) => each.protocol === protocol && each.endpoint === endpoint);
        if (same !== undefined) {
          const differs = Object.entries(attributes).some(([key, value]) => (same.attributes[key] ?? '') !== value);
          if (differs) throw invalidParameter('Attributes Reason: Subscription already exists with different attributes');
          return same;
        }
        const record: SubscriptionRecord = {
          id,
          arn: `${topic.arn}:${id}`,
          topicArn: topic.arn,
          protocol,
          endpoint,
          owner: call.account,
          principal: call.caller.kind === 'signed' ? call.caller.arn : `arn:aws:iam::${call.account}:root`,
          pending: !confirmsItself.has(protocol),
          token: Buffer.from(sns.random.bytes(96)).toString('hex'),
          guarded: false,
          attributes,
        };
        draft.put('subscription', topic.arn, id, record);
        return record;
      });
      if (made.pending && protocol.startsWith('http')) await sns.askToConfirm(made, call.origin);
      if (undelivered.has(protocol))
        sns.log.warn('Messages of this subscription are not delivered: there is no such service here.', {
          protocol,
          subscription: made.arn,
        });
      return { SubscriptionArn: made.pending && input.ReturnSubscriptionArn !== true ? 'pending confirmation' : made.arn };
    },

    async ConfirmSubscription(input) {
      const token = input.Token ?? '';
      const topicArn = checkArn(input.TopicArn, 'TopicArn');
      if (!/^[0-9a-f]+$/.test(token)) throw new ServiceFault('InvalidParameter', 'Invalid token', { status: 400 });
      const guarded = input.AuthenticateOnUnsubscribe?.toLowerCase() === 'true';
      return records.change((draft) => {
        const record = draft.list('subscription', topicArn).find((each) => each.token === token);
        if (record === undefined) throw invalidParameter('Token');
        draft.put('subscription', topicArn, record.id, { ...record, pending: false, guarded: record.guarded || guarded });
        return { SubscriptionArn: record.arn };
      });
    },

    async Unsubscribe(input, call) {
      const arn = checkArn(input.SubscriptionArn, 'SubscriptionArn');
      const at = arn.lastIndexOf(':');
      const id = arn.slice(at + 1);
      if (!/^[0-9a-f-]{36}$/.test(id)) throw invalidParameter('SubscriptionId');
      const topicArn = arn.slice(0, at);
      await records.change((draft) => {
        const record = draft.get('subscription', topicArn, id);
        if (record === undefined) return;
        if (record.guarded && call.caller.kind === 'anonymous')
          throw new ServiceFault('AuthorizationError', 'Only the owner may end this subscription.', { status: 403 });
        draft.delete('subscription', topicArn, id);
        const [, , , region, account, name = ''] = topicArn.split(':');
        const topic = draft.get('topic', `${account}/${region}`, name);
        if (topic !== undefined) draft.put('topic', `${account}/${region}`, name, { ...topic, deleted: topic.deleted + 1 });
      });
      return {};
    },

    async GetSubscriptionAttributes(input) {
      return { Attributes: describeSubscription(existing(input.SubscriptionArn)) };
    },

    async SetSubscriptionAttributes(input) {
      const { topicArn, id } = existing(input.SubscriptionArn);
      const name = input.AttributeName ?? '';
      const value = input.AttributeValue ?? '';
      await records.change((draft) => {
        const record = draft.get('subscription', topicArn, id);
        if (record === undefined) throw subscriptionNotFound();
        const { [name]: _old, ...rest } = record.attributes;
        // Together with those there are: what a filter may look like depends on its scope.
        checkSubscriptionAttributes({ ...rest, [name]: value }, '');
        const attributes = value === '' || (name === 'FilterPolicy' && value === '{}') ? rest : { ...rest, [name]: value };
        draft.put('subscription', topicArn, id, { ...record, attributes });
      });
      return {};
    },

    async ListSubscriptions(input, call) {
      const all = records.list('topic', scopeOf(call)).flatMap(({ arn }) => records.list('subscription', arn));
      const page = pageOf(
        all.toSorted((a, b) => (a.arn < b.arn ? -1 : 1)),
        { limit: pageSize, token: input.NextToken, nameOf: ({ arn }) => arn, invalid: invalidToken },
      );
      return { Subscriptions: page.items.map(shown), ...(page.next === undefined ? {} : { NextToken: page.next }) };
    },
    async ListSubscriptionsByTopic(input, call) {
      const topic = sns.topic(topicArnOf(input.TopicArn, call));
      const page = pageOf(records.list('subscription', topic.arn), {
        limit: pageSize,
        token: input.NextToken,
        nameOf: ({ id }) => id,
        invalid: invalidToken,
      });
      return { Subscriptions: page.items.map(shown), ...(page.next === undefined ? {} : { NextToken: page.next }) };
    },
  };
}
