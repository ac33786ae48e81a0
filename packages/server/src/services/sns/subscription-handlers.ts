import type { Call, Handlers, SnsOperations } from '@mayfly/wire';
import { ServiceFault } from '@mayfly/wire';
import { pageOf } from '../kit/pages.ts';
import { scopeOf } from '../kit/records.ts';
import { checkArn, invalidParameter, subscriptionNotFound, topicArnOf } from './faults.ts';
import type { Sns, SnsRecords } from './sns.ts';
import {
  checkEndpoint,
  checkSubscriptionAttributes,
  describeSubscription,
  tokenLifeMs,
  undelivered,
  type EndedRecord,
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

const withoutEnd = ({ endedAt: _endedAt, ...record }: EndedRecord): SubscriptionRecord => record;
const isTopic = (draft: Parameters<Parameters<SnsRecords['change']>[0]>[0], arn: string): boolean => {
  const [, , , region, account, name = ''] = arn.split(':');
  return draft.get('topic', `${account}/${region}`, name) !== undefined;
};

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

  const newToken = (): string => Buffer.from(sns.random.bytes(96)).toString('hex');
  /** @throws InvalidParameter for a token that is none, or too old */
  const withToken = (token: string): SubscriptionRecord => {
    for (const { value } of records.all('subscription')) if (value.token === token) return value;
    for (const { value } of records.all('ended'))
      if (value.token === token && value.endedAt + tokenLifeMs >= sns.clock.now()) return value;
    throw invalidParameter('Token');
  };

  return {
    async Subscribe(input, call: Call) {
      const topic = sns.topic(topicArnOf(input.TopicArn, call));
      const protocol = input.Protocol ?? '';
      const endpoint = input.Endpoint ?? '';
      const attributes = texts(input.Attributes);
      checkEndpoint(protocol, endpoint, topic);
      if (protocol === 'application' && sns.endpoint(endpoint) === undefined)
        throw invalidParameter(`Endpoint Reason: Endpoint does not exist for endpoint ${endpoint}`);
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
          token: newToken(),
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

    async ConfirmSubscription(input, call) {
      const token = input.Token ?? '';
      const topicArn = input.TopicArn ?? '';
      if (topicArn === '') checkArn(topicArn, 'TopicArn');
      const [, , service, region, , name] = topicArn.split(':');
      if (service !== 'sns' || name === undefined) throw invalidParameter('Topic');
      if (!/^[0-9a-f]+$/.test(token)) throw new ServiceFault('InvalidParameter', 'Invalid token', { status: 400 });
      const guarded = input.AuthenticateOnUnsubscribe?.toLowerCase() === 'true';
      const authenticated = call.caller.kind === 'signed';
      // The token says which subscription; of the topic that is named only the region has to be right, as recorded.
      const { arn, topicArn: scope, id } = withToken(token);
      if (scope.split(':')[3] !== region) throw invalidParameter('Topic');
      await records.change((draft) => {
        const ended = draft.get('ended', scope, id);
        const record = ended === undefined ? draft.get('subscription', scope, id) : withoutEnd(ended);
        if (record === undefined || !isTopic(draft, scope)) throw invalidParameter('Token');
        draft.delete('ended', scope, id);
        draft.put('subscription', scope, id, { ...record, pending: false, guarded: record.guarded || guarded, authenticated });
      });
      return { SubscriptionArn: arn };
    },

    async Unsubscribe(input, call) {
      const arn = checkArn(input.SubscriptionArn, 'SubscriptionArn');
      const at = arn.lastIndexOf(':');
      const id = arn.slice(at + 1);
      if (!/^[0-9a-f-]{36}$/.test(id)) throw invalidParameter('SubscriptionId');
      const topicArn = arn.slice(0, at);
      const token = newToken();
      const endedAt = Math.floor(sns.clock.now());
      const ended = await records.change((draft) => {
        const record = draft.get('subscription', topicArn, id);
        if (record === undefined) return undefined;
        if (record.guarded && call.caller.kind === 'anonymous')
          throw new ServiceFault('AuthorizationError', 'Only the owner may end this subscription.', { status: 403 });
        draft.delete('subscription', topicArn, id);
        const [, , , region, account, name = ''] = topicArn.split(':');
        const topic = draft.get('topic', `${account}/${region}`, name);
        if (topic !== undefined) draft.put('topic', `${account}/${region}`, name, { ...topic, deleted: topic.deleted + 1 });
        for (const old of draft.list('ended', topicArn))
          if (old.endedAt + tokenLifeMs < endedAt) draft.delete('ended', topicArn, old.id);
        if (record.pending || topic === undefined || !record.protocol.startsWith('http')) return undefined;
        const farewell = { ...record, token, endedAt };
        draft.put('ended', topicArn, id, farewell);
        return farewell;
      });
      if (ended !== undefined) await sns.tellOfEnd(ended, call.origin);
      return {};
    },

    async GetSubscriptionAttributes(input) {
      const record = existing(input.SubscriptionArn);
      return { Attributes: describeSubscription(record, sns.topicOf(record.topicArn)) };
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
