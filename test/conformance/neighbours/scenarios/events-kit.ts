import type { Answer } from '../../kit/stage.ts';
import type { Scene, Service } from '../kit/stage.ts';

export const source = 'core.update-account-command';
export const detail = { command: 'update-account', payload: { acc_id: '0a787ecb-4015', sf_id: 'baz' } };
export const EventPattern = JSON.stringify({
  source: [source],
  'detail-type': [source],
  detail: { command: ['update-account'] },
});
/** An entry of PutEvents that `EventPattern` takes. */
export const entry = (more: object = {}): object => ({
  Source: source,
  DetailType: source,
  Detail: JSON.stringify(detail),
  ...more,
});

/** The bus of a scenario: the default one, or its own. */
export async function busOf(events: Service, kind: string): Promise<string> {
  if (kind === 'custom') await events.ok('CreateEventBus', { Name: 'bus' });
  return kind === 'custom' ? 'bus' : 'default';
}

/** A queue that rules may send to. */
export class Inbox {
  readonly arn: string;
  readonly #sqs: Service;
  readonly #url: string;

  private constructor(scene: Scene, name: string, url: string) {
    this.arn = scene.arn('sqs', name);
    this.#sqs = scene.service('sqs');
    this.#url = url;
  }

  static async of(scene: Scene, name = 'inbox'): Promise<Inbox> {
    const { QueueUrl } = await scene.service('sqs').ok('CreateQueue', { QueueName: name });
    return new Inbox(scene, name, String(QueueUrl));
  }

  /** A rule whose events end here. */
  async behind(events: Service, rule: object, target: object = {}): Promise<void> {
    const { Name, EventBusName = 'default' } = rule as { Name: string; EventBusName?: string };
    await events.ok('PutRule', { EventPattern, ...rule });
    await events.ok('PutTargets', { Rule: Name, EventBusName, Targets: [{ Id: 'inbox', Arn: this.arn, ...target }] });
  }

  /** So many messages, in the order of their arrival, with what JSON they hold. */
  async messages(count: number): Promise<Answer[]> {
    const all: Answer[] = [];
    while (all.length < count) all.push(...(await this.#receive(20)));
    return all;
  }

  async isEmpty(): Promise<boolean> {
    return (await this.#receive(1)).length === 0;
  }

  async #receive(WaitTimeSeconds: number): Promise<Answer[]> {
    const { Messages = [] } = (await this.#sqs.ok('ReceiveMessage', { QueueUrl: this.#url, WaitTimeSeconds })) as {
      Messages?: Answer[];
    };
    for (const { ReceiptHandle } of Messages) await this.#sqs.ok('DeleteMessage', { QueueUrl: this.#url, ReceiptHandle });
    return Messages.map((message) => ({ ...message, Body: opened(String(message['Body'])) }));
  }
}

const opened = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

export const bodiesOf = (messages: readonly Answer[]): unknown[] => messages.map(({ Body }) => Body);
