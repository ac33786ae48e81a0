import { watched, watcher } from '../../kit/neighbours.ts';
import type { Answer } from '../../kit/stage.ts';
import { browse } from '../kit/browse.ts';
import { Listener } from '../kit/listener.ts';
import type { Scenario, Scenarios, Scene, Service } from '../kit/stage.ts';
import { each } from '../kit/stage.ts';
import { Pair, topicOf } from './sns-kit.ts';

const functionArn = (scene: Scene, name: string): string => scene.arn('lambda', `function:${name}`);

/** A function that a topic may call. */
async function listening(scene: Scene, sns: Service, TopicArn: string, Attributes: object = {}): Promise<string> {
  await watcher(scene.stage, {}, 'listener');
  await scene.service('lambda').ok('AddPermission', {
    FunctionName: 'listener',
    StatementId: 'topic',
    Action: 'lambda:InvokeFunction',
    Principal: 'sns.amazonaws.com',
    SourceArn: TopicArn,
  });
  const Endpoint = functionArn(scene, 'listener');
  const { SubscriptionArn } = await sns.ok('Subscribe', { TopicArn, Protocol: 'lambda', Endpoint, Attributes });
  return String(SubscriptionArn);
}

const toFunction =
  (Subject: string, attributes: object = {}): Scenario =>
  async (scene) => {
    const sns = scene.service('sns');
    const TopicArn = await topicOf(sns, 'topic', attributes);
    await listening(scene, sns, TopicArn);
    await sns.ok('Publish', { TopicArn, Subject, Message: 'Hello world.' });
    const [event] = (await watched(scene.stage, 1, 'listener')) as { Records?: { Sns: Answer }[] }[];
    scene.match('notification', event?.Records?.[0]?.Sns);
  };

/** The function is gone when the message comes. */
const functionToDeadLetters: Scenario = async (scene) => {
  const pair = await Pair.of(scene);
  const { sns, sqs, TopicArn, QueueUrl } = pair;
  const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: pair.Endpoint });
  const SubscriptionArn = await listening(scene, sns, TopicArn, { RedrivePolicy });
  await sns.check('subscription-attributes', 'GetSubscriptionAttributes', { SubscriptionArn });
  await scene.service('lambda').ok('DeleteFunction', { FunctionName: 'listener' });
  const MessageAttributes = { attr1: { DataType: 'Number', StringValue: '1' } };
  await sns.ok('Publish', { TopicArn, Message: 'test_redrive_policy', MessageAttributes });
  await sqs.check('messages', 'ReceiveMessage', { QueueUrl, WaitTimeSeconds: 20, MessageAttributeNames: ['All'] });
};

const deliveryLog: Scenario = async (scene) => {
  // Of a text that was not recorded.
  scene.stage.apart('messageMD5Sum');
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic');
  const feedback = async (role: string, rate: string): Promise<void> => {
    const set = { LambdaSuccessFeedbackRoleArn: role, LambdaSuccessFeedbackSampleRate: rate };
    for (const [AttributeName, AttributeValue] of Object.entries(set))
      await sns.ok('SetTopicAttributes', { TopicArn, AttributeName, AttributeValue });
  };
  const role = `arn:aws:iam::${scene.account}:role/feedback`;
  await sns.check('get-topic-attrs', 'GetTopicAttributes', { TopicArn });
  // There were no subscriptions yet where it was recorded.
  await feedback(role, '100');
  await sns.check('get-topic-attrs-with-success-feedback', 'GetTopicAttributes', { TopicArn });
  await feedback('', '');
  await listening(scene, sns, TopicArn);
  await sns.check('publish-no-logs', 'Publish', { TopicArn, Message: 'before' });
  await watched(scene.stage, 1, 'listener');
  await feedback(role, '100');
  await sns.check('publish-logs', 'Publish', { TopicArn, Message: 'after' });
  const logs = scene.service('logs');
  const logGroupName = `sns/${scene.region}/${scene.account}/topic`;
  const isThere = (answer: Answer): boolean => (answer['logStreams'] as Answer[] | undefined)?.length === 1;
  const { logStreams } = await logs.until('DescribeLogStreams', { logGroupName }, isThere);
  const logStreamName = (logStreams as Answer[])[0]?.['logStreamName'];
  const events = { logGroupName, logStreamName, startFromHead: true };
  await logs.until('GetLogEvents', events, (answer) => (answer['events'] as Answer[] | undefined)?.length === 1);
  await logs.check('delivery-events', 'GetLogEvents', events);
};

const endpoint = async (
  scene: Scene,
  listener: Listener,
  options: { readonly topic?: object; readonly subscription?: object } = {},
): Promise<{ sns: Service; TopicArn: string; SubscriptionArn: string }> => {
  scene.stage.apart('Connection', 'Content-Length', 'SubscriptionPrincipal');
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'topic', options.topic);
  const { SubscriptionArn } = await sns.ok('Subscribe', {
    TopicArn,
    Protocol: 'http',
    Endpoint: `${listener.url}/sns-endpoint`,
    Attributes: options.subscription ?? {},
    ReturnSubscriptionArn: true,
  });
  return { sns, TopicArn, SubscriptionArn: String(SubscriptionArn) };
};

interface Confirmation extends Answer {
  readonly SubscribeURL: string;
  readonly Token: string;
}

const heard = async (scene: Scene, listener: Listener, body: string | undefined, headers?: string): Promise<Confirmation> => {
  const { body: text, headers: sent } = await listener.next();
  if (body !== undefined) scene.match(body, JSON.parse(text));
  if (headers !== undefined) scene.match(headers, sent);
  return body === undefined ? ({} as Confirmation) : (JSON.parse(text) as Confirmation);
};

const throughLinks: Scenario = async (scene) => {
  await using listener = await Listener.start();
  const { sns, TopicArn } = await endpoint(scene, listener);
  const { SubscribeURL, Token } = await heard(scene, listener, 'subscription-confirmation', 'http-confirm-sub-headers');
  const follow = async (name: string, was: string, now: string): Promise<void> =>
    scene.match(name, await browse(SubscribeURL.replace(was, now)));
  await follow('broken-topic-arn-confirm', TopicArn, 'arn:broken');
  await follow('broken-token-confirm', Token, Token.replaceAll(/./g, 'a'));
  await follow('different-region-arn-confirm', scene.region, `${scene.region.slice(0, -1)}2`);
  // Of a topic that is not there; the token alone decides.
  await follow('nonexistent-token-confirm', TopicArn, `${TopicArn}-none`);
  await follow('confirm-subscribe', '', '');
  await sns.ok('Publish', { TopicArn, Message: 'test_external_http_endpoint' });
  const { UnsubscribeURL } = await heard(scene, listener, 'http-message', 'http-message-headers');
  scene.match('unsubscribe-response', await browse(String(UnsubscribeURL)));
  await heard(scene, listener, 'unsubscribe-request');
};

const retries = {
  minDelayTarget: 1,
  maxDelayTarget: 1,
  numRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  numMaxDelayRetries: 0,
  backoffFunction: 'linear',
};

const contentType =
  (RawMessageDelivery: 'true' | 'false'): Scenario =>
  async (scene) => {
    await using listener = await Listener.start();
    const isRaw = RawMessageDelivery === 'true';
    const ofTopic = { http: { defaultRequestPolicy: { headerContentType: 'application/json' } } };
    const ofSubscription = isRaw
      ? { requestPolicy: { headerContentType: 'text/csv' } }
      : { healthyRetryPolicy: retries, throttlePolicy: { maxReceivesPerSecond: 1000 } };
    const { sns, TopicArn, SubscriptionArn } = await endpoint(scene, listener, {
      topic: isRaw ? {} : { DeliveryPolicy: JSON.stringify(ofTopic) },
      subscription: { RawMessageDelivery, DeliveryPolicy: JSON.stringify(ofSubscription) },
    });
    // It was asked of the topic before there was a subscription.
    const attributes = (await sns.ok('GetTopicAttributes', { TopicArn })) as { Attributes: Answer };
    scene.match('topic-attrs', { ...attributes, Attributes: { ...attributes.Attributes, SubscriptionsPending: '0' } });
    await sns.check('sub-attrs', 'GetSubscriptionAttributes', { SubscriptionArn });
    const { SubscribeURL } = await heard(scene, listener, 'subscription-confirmation', 'http-confirm-sub-headers');
    await browse(SubscribeURL);
    await sns.ok('Publish', { TopicArn, Message: 'test_external_http_endpoint' });
    await heard(scene, listener, isRaw ? undefined : 'http-message', isRaw ? 'http-message-headers-raw' : 'http-message-headers');
  };

/** A function behind an URL that anybody may call. */
const toFunctionUrl: Scenario = async (scene) => {
  scene.stage.apart('Connection');
  const sns = scene.service('sns');
  const lambda = scene.service('lambda');
  await watcher(scene.stage, {}, 'listener');
  const { FunctionUrl } = await lambda.ok('CreateFunctionUrlConfig', { FunctionName: 'listener', AuthType: 'NONE' });
  for (const Action of ['lambda:InvokeFunctionUrl', 'lambda:InvokeFunction'])
    await lambda.ok('AddPermission', {
      FunctionName: 'listener',
      StatementId: Action.replace(':', '-'),
      Action,
      Principal: '*',
      ...(Action === 'lambda:InvokeFunctionUrl' ? { FunctionUrlAuthType: 'NONE' } : { InvokedViaFunctionUrl: true }),
    });
  const TopicArn = await topicOf(sns, 'topic');
  const Endpoint = String(FunctionUrl);
  const Protocol = new URL(Endpoint).protocol.slice(0, -1);
  const { SubscriptionArn } = await sns.ok('Subscribe', { TopicArn, Protocol, Endpoint, ReturnSubscriptionArn: true });
  /** The last of what the function got, with the headers that were recorded. */
  const got = async (name: string, count: number): Promise<Answer> => {
    const event = (await watched(scene.stage, count, 'listener'))[count - 1] as { headers: Answer; body: string };
    const { events } = scene.recorded(name) as { events: { headers: Answer }[] };
    const headers = Object.keys(events[0]?.headers ?? {}).map((header) => [header, event.headers[header]]);
    const body = JSON.parse(event.body) as Answer;
    scene.match(name, { events: [{ body, headers: Object.fromEntries(headers) as Answer }] });
    return body;
  };
  const { Token } = await got('subscription-confirmation', 1);
  await sns.check('confirm-subscription', 'ConfirmSubscription', { TopicArn, Token });
  await sns.ok('Publish', { TopicArn, Message: 'test_external_http_endpoint' });
  await got('publish-event', 2);
  await sns.ok('Unsubscribe', { SubscriptionArn });
  await got('unsubscribe-event', 3);
};

const confirmed: Scenario = async (scene) => {
  await using listener = await Listener.start();
  scene.stage.apart('Connection');
  const sns = scene.service('sns');
  const TopicArn = await topicOf(sns, 'confirm-sub-e46f689a');
  await sns.ok('Subscribe', { TopicArn, Protocol: 'http', Endpoint: listener.url });
  const { Token } = JSON.parse((await listener.next()).body) as Confirmation;
  await sns.check('confirm-subscription', 'ConfirmSubscription', { TopicArn, Token });
};

export const snsListenerScenarios: Scenarios = {
  'TestSNSSubscriptionLambda.test_python_lambda_subscribe_sns_topic': toFunction('[Subject] Test subject'),
  ...each('TestSNSSubscriptionLambda.test_publish_lambda_verify_signature', { 1: '1', 2: '2' }, (SignatureVersion) =>
    toFunction(`[Subject] Test subject Signature v${SignatureVersion}`, { SignatureVersion }),
  ),
  'TestSNSSubscriptionLambda.test_redrive_policy_lambda_subscription': functionToDeadLetters,
  'TestSNSPublishDelivery.test_delivery_lambda': deliveryLog,
  'TestSNSSubscriptionHttp.test_subscribe_external_http_endpoint[False]': throughLinks,
  ...each(
    'TestSNSSubscriptionHttp.test_subscribe_external_http_endpoint_content_type',
    { True: 'true', False: 'false' } as const,
    contentType,
  ),
  'TestSNSSubscriptionHttp.test_subscribe_external_http_endpoint_lambda_url_sig_validation': toFunctionUrl,
  'TestSNSSubscriptionCrudV2.test_confirm_subscription': confirmed,
};
