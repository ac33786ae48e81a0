import { allow, mayWrite, policy, roleOf, trust } from '../role.ts';
import { shapeOf } from '../shape.ts';
import { getAtt, given, pick, type Fields } from '../values.ts';
import type { Event, EventType } from './event.ts';
import { readDeadLetters, type DeadLetters } from './queues.ts';

const kept = `ScheduleExpression State Description StartDate EndDate ScheduleExpressionTimezone GroupName KmsKeyArn`.split(' ');

/** A schedule of EventBridge Scheduler, and the role that it takes on. */
export const scheduleV2: EventType = {
  shape: shapeOf({
    text: `PermissionsBoundary ScheduleExpression Name State Description StartDate EndDate ScheduleExpressionTimezone GroupName
      KmsKeyArn Input RoleArn`,
    map: 'FlexibleTimeWindow DeadLetterConfig RetryPolicy',
    known: { flag: 'OmitName' },
    required: 'ScheduleExpression',
  }),
  add(event) {
    const { logicalId, properties, consumer, inherited, draft } = event;
    const deadLetters = readDeadLetters(event);
    const { Name, OmitName, FlexibleTimeWindow = { Mode: 'OFF' }, RoleArn, Input, RetryPolicy } = properties;
    const target = given({
      Arn: consumer.arn,
      RoleArn: RoleArn ?? addRole(event, deadLetters),
      Input,
      DeadLetterConfig: deadLetters && { Arn: deadLetters.arn },
      RetryPolicy,
    });
    const schedule = {
      ...pick(properties, kept),
      Name: Name ?? (OmitName === true ? undefined : logicalId),
      FlexibleTimeWindow,
      Target: target,
    };
    draft.add(logicalId, 'AWS::Scheduler::Schedule', schedule, inherited);
  },
};

/** @returns the ARN of a role that may call the consumer, and send to the queue that was made for what fails */
function addRole(
  { logicalId, properties, consumer, tags, inherited, draft }: Event,
  deadLetters: DeadLetters | undefined,
): Fields {
  const roleId = `${logicalId}Role`;
  const call =
    consumer.kind === 'function'
      ? mayWrite.Lambda(`${logicalId}LambdaPolicy`, consumer.arn)
      : policy(`${logicalId}StartExecutionPolicy`, allow('states:StartExecution', consumer.arn));
  const inline = [call, ...(deadLetters === undefined ? [] : [mayWrite.SQS(`${logicalId}SQSPolicy`, deadLetters.arn)])];
  const permissionsBoundary = properties['PermissionsBoundary'];
  const role = roleOf({ trust: trust('scheduler.amazonaws.com'), inline, permissionsBoundary, tags });
  draft.add(roleId, 'AWS::IAM::Role', role, inherited);
  return getAtt(roleId);
}
