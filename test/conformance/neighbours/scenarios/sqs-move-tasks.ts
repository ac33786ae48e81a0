import type { Answer } from '../../kit/stage.ts';
import type { Scenarios, Scene, Service } from '../kit/stage.ts';

interface Named {
  readonly QueueUrl: string;
  readonly arn: string;
}

async function queue(scene: Scene, sqs: Service, QueueName: string, deadLetterTargetArn?: string): Promise<Named> {
  const Attributes =
    deadLetterTargetArn === undefined
      ? {}
      : { RedrivePolicy: JSON.stringify({ deadLetterTargetArn, maxReceiveCount: 1 }), VisibilityTimeout: '0' };
  const { QueueUrl } = await sqs.ok('CreateQueue', { QueueName, Attributes });
  return { QueueUrl: String(QueueUrl), arn: scene.arn('sqs', QueueName) };
}

/** Sends messages and receives them until they are given up. */
async function killed(sqs: Service, { QueueUrl }: Named, dead: Named, count: number, before = 0): Promise<void> {
  for (let index = 0; index < count; index += 1) await sqs.ok('SendMessage', { QueueUrl, MessageBody: `message-${index}` });
  const isThere = (answer: Answer): boolean =>
    (answer['Attributes'] as { ApproximateNumberOfMessages: string }).ApproximateNumberOfMessages === String(before + count);
  for (;;) {
    await sqs.ok('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 });
    if (isThere(await sqs.ok('GetQueueAttributes', { QueueUrl: dead.QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] })))
      return;
  }
}

const over = (answer: Answer): boolean => (answer['Results'] as Answer[] | undefined)?.[0]?.['Status'] === 'COMPLETED';

const toDefault =
  (sources: readonly string[], names: readonly string[]): ((scene: Scene) => Promise<void>) =>
  async (scene) => {
    const sqs = scene.service('sqs');
    const dead = await queue(scene, sqs, 'dead');
    scene.match('source-arn', dead.arn);
    for (const [index, name] of sources.entries()) {
      const source = await queue(scene, sqs, name, dead.arn);
      scene.match(names[index] ?? '', source.arn);
      await killed(sqs, source, dead, 2, index * 2);
    }
    await sqs.check('start-message-move-task-response', 'StartMessageMoveTask', { SourceArn: dead.arn });
    scene.match('list-message-move-task-response', await sqs.until('ListMessageMoveTasks', { SourceArn: dead.arn }, over));
  };

export const moveTaskScenarios: Scenarios = {
  test_cancel_with_invalid_task_handle: async (scene) => {
    await scene.service('sqs').check('error', 'CancelMessageMoveTask', { TaskHandle: 'foobared' });
  },
  test_destination_needs_to_exist: async (scene) => {
    const sqs = scene.service('sqs');
    const dead = await queue(scene, sqs, 'dead');
    await queue(scene, sqs, 'source', dead.arn);
    await sqs.check('error', 'StartMessageMoveTask', { SourceArn: dead.arn, DestinationArn: scene.arn('sqs', 'no-such-queue') });
  },
  test_move_task_with_throughput_limit: async (scene) => {
    const sqs = scene.service('sqs');
    const dead = await queue(scene, sqs, 'dead');
    await killed(sqs, await queue(scene, sqs, 'source', dead.arn), dead, 3);
    await sqs.check('start-message-move-task-response', 'StartMessageMoveTask', {
      SourceArn: dead.arn,
      MaxNumberOfMessagesPerSecond: 1,
    });
    await sqs.until('ListMessageMoveTasks', { SourceArn: dead.arn }, over);
  },
  test_move_task_cancel: async (scene) => {
    const sqs = scene.service('sqs');
    const dead = await queue(scene, sqs, 'dead');
    await killed(sqs, await queue(scene, sqs, 'source', dead.arn), dead, 10);
    const to = await queue(scene, sqs, 'destination');
    const { TaskHandle } = await sqs.ok('StartMessageMoveTask', {
      SourceArn: dead.arn,
      DestinationArn: to.arn,
      MaxNumberOfMessagesPerSecond: 1,
    });
    const moved = (answer: Answer): boolean =>
      Number((answer['Results'] as Answer[])[0]?.['ApproximateNumberOfMessagesMoved']) >= 2;
    // How many have gone when it is looked at differs from run to run.
    scene.stage.apart('ApproximateNumberOfMessagesMoved');
    scene.match('list-while', await sqs.until('ListMessageMoveTasks', { SourceArn: dead.arn }, moved));
    await sqs.check('cancel', 'CancelMessageMoveTask', { TaskHandle });
    const ended = (answer: Answer): boolean => (answer['Results'] as Answer[])[0]?.['Status'] === 'CANCELLED';
    scene.match('list-after', await sqs.until('ListMessageMoveTasks', { SourceArn: dead.arn }, ended));
  },
  test_start_multiple_move_tasks: async (scene) => {
    const sqs = scene.service('sqs');
    const dead = await queue(scene, sqs, 'dead');
    await killed(sqs, await queue(scene, sqs, 'source', dead.arn), dead, 5);
    await sqs.ok('StartMessageMoveTask', { SourceArn: dead.arn, MaxNumberOfMessagesPerSecond: 1 });
    await sqs.check('error', 'StartMessageMoveTask', { SourceArn: dead.arn });
  },
  test_move_task_workflow_with_default_destination: toDefault(['source'], ['original-source']),
  test_move_task_workflow_with_multiple_sources_as_default_destination: toDefault(
    ['source-1', 'source-2'],
    ['original-source-1', 'original-source-2'],
  ),
};
