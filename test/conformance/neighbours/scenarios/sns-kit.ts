import type { Answer } from '../../kit/stage.ts';
import type { Scene, Service } from '../kit/stage.ts';

export async function topicOf(sns: Service, Name: string, Attributes: object = {}): Promise<string> {
  const { TopicArn } = await sns.ok('CreateTopic', { Name, Attributes });
  return String(TopicArn);
}

/** A topic and a queue that may listen to it. */
export class Pair {
  readonly sns: Service;
  readonly sqs: Service;
  readonly TopicArn: string;
  readonly QueueUrl: string;
  /** The queue's ARN. */
  readonly Endpoint: string;
  SubscriptionArn = '';

  private constructor(scene: Scene, names: { readonly TopicArn: string; readonly QueueUrl: string; readonly Endpoint: string }) {
    this.sns = scene.service('sns');
    this.sqs = scene.service('sqs');
    this.TopicArn = names.TopicArn;
    this.QueueUrl = names.QueueUrl;
    this.Endpoint = names.Endpoint;
  }

  static async of(
    scene: Scene,
    topic: object = {},
    queue: object = {},
    names = { topic: 'topic', queue: 'queue' },
  ): Promise<Pair> {
    // Callers of a test are no users of their own.
    scene.stage.apart('SubscriptionPrincipal');
    const TopicArn = await topicOf(scene.service('sns'), names.topic, topic);
    const { QueueUrl } = await scene.service('sqs').ok('CreateQueue', { QueueName: names.queue, Attributes: queue });
    return new Pair(scene, { TopicArn, QueueUrl: String(QueueUrl), Endpoint: scene.arn('sqs', names.queue) });
  }

  static async subscribed(scene: Scene, Attributes: object = {}): Promise<Pair> {
    const pair = await Pair.of(scene);
    await pair.subscribe(Attributes);
    return pair;
  }

  static async fifo(scene: Scene, Attributes: object = {}, topic: object = {}): Promise<Pair> {
    const pair = await Pair.of(
      scene,
      { FifoTopic: 'true', ...topic },
      { FifoQueue: 'true' },
      { topic: 'topic.fifo', queue: 'queue.fifo' },
    );
    await pair.subscribe(Attributes);
    return pair;
  }

  async subscribe(Attributes: object): Promise<void> {
    const { SubscriptionArn } = await this.sns.ok('Subscribe', {
      TopicArn: this.TopicArn,
      Protocol: 'sqs',
      Endpoint: this.Endpoint,
      Attributes,
      ReturnSubscriptionArn: true,
    });
    this.SubscriptionArn = String(SubscriptionArn);
  }

  publish(Message: string, more: object = {}): Promise<Answer> {
    return this.sns.ok('Publish', { TopicArn: this.TopicArn, Message, ...more });
  }

  /** What arrives first, taken out of the queue; an empty answer where nothing should come. */
  async received(isEmpty = false, more: object = {}): Promise<Answer> {
    const answer = await this.sqs.ok('ReceiveMessage', {
      QueueUrl: this.QueueUrl,
      WaitTimeSeconds: isEmpty ? 1 : 5,
      VisibilityTimeout: 30,
      ...more,
    });
    for (const { ReceiptHandle } of (answer['Messages'] as Answer[] | undefined) ?? [])
      await this.sqs.ok('DeleteMessage', { QueueUrl: this.QueueUrl, ReceiptHandle });
    return answer;
  }
}
