import type { Answer } from '../../kit/stage.ts';
import type { Scenarios, Scene, Service } from '../kit/stage.ts';

export type Attributes = Readonly<Record<string, string>>;
export interface Queue {
  readonly sqs: Service;
  readonly QueueUrl: string;
}
export type Play = (
  scene: Scene,
  queue: (name: string, Attributes?: Attributes) => Promise<Queue>,
  sqs: Service,
) => Promise<void>;

/** The same in the forms of the client in which it was recorded: JSON, and the older query protocol. */
export const inForms = (title: string, forms: readonly string[], scenario: Play): Scenarios =>
  Object.fromEntries(
    forms.map((form) => [
      form === '' ? title : `${title}[${form}]`,
      (scene: Scene) => {
        const sqs = scene.service('sqs', { protocol: form.startsWith('sqs_query') ? 'query' : undefined });
        return scenario(scene, (name, given = {}) => queueOf(sqs, name, given), sqs);
      },
    ]),
  );

async function queueOf(sqs: Service, QueueName: string, given: Attributes = {}): Promise<Queue> {
  const Attributes = { ...given, ...(QueueName.endsWith('.fifo') ? { FifoQueue: 'true' } : {}) };
  const { QueueUrl } = await sqs.ok('CreateQueue', { QueueName, Attributes });
  return { sqs, QueueUrl: String(QueueUrl) };
}

export const json = ['sqs'];
export const query = ['sqs_query'];
export const both = ['sqs', 'sqs_query'];

export const provider = (title: string): string => `TestSqsProvider.${title}`;

export const receiptOf = (answer: Answer, index = 0): string =>
  String((answer['Messages'] as Answer[])[index]?.['ReceiptHandle']);
export const firstIn = (answer: Answer): unknown => (answer['Messages'] as Answer[] | undefined)?.[0];
