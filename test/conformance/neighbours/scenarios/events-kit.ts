import { created } from '../../kit/functions.ts';
import type { Answer } from '../../kit/stage.ts';
import type { Scene, Service, ServiceOptions } from '../kit/stage.ts';

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

  private constructor(sqs: Service, arn: string, url: string) {
    this.arn = arn;
    this.#sqs = sqs;
    this.#url = url;
  }

  static async of(scene: Scene, name = 'inbox', place: ServiceOptions = {}): Promise<Inbox> {
    const sqs = scene.service('sqs', place);
    const { QueueUrl } = await sqs.ok('CreateQueue', { QueueName: name });
    const { region = scene.region, account = scene.account } = place;
    return new Inbox(sqs, `arn:aws:sqs:${region}:${account}:${name}`, String(QueueUrl));
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

/** A function that prints its events, and what it has printed. */
export class Printer {
  readonly arn: string;
  readonly #logs: Service;

  private constructor(scene: Scene) {
    this.arn = scene.arn('lambda', 'function:printer');
    this.#logs = scene.service('logs');
  }

  static async of(scene: Scene): Promise<Printer> {
    const program = 'import json\ndef handler(event, context):\n    print(json.dumps(event))\n';
    await created(scene.stage, 'printer', {
      files: { 'handler.py': program },
      Handler: 'handler.handler',
      Runtime: 'python3.12',
    });
    return new Printer(scene);
  }

  /** The events of so many calls, in their order. */
  async printed(count: number): Promise<unknown[]> {
    const { events } = await this.#logs.until(
      'FilterLogEvents',
      { logGroupName: '/aws/lambda/printer', filterPattern: 'detail' },
      ({ events: found }) => Array.isArray(found) && found.length >= count,
    );
    return (events as { message: string }[]).map(({ message }) => JSON.parse(message) as unknown);
  }
}
