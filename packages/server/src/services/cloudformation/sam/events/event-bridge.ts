import { allow, policy, roleOf, trust } from '../role.ts';
import { shapeOf } from '../shape.ts';
import { getAtt, given, isMap, pick, type Fields } from '../values.ts';
import { faulty, permit, type Event, type EventType } from './event.ts';
import { permitRule, readDeadLetters } from './queues.ts';

const common = {
  text: 'RuleName Input State',
  map: 'DeadLetterConfig RetryPolicy',
  typed: { flag: 'Enabled' },
} as const;

/** A rule of EventBridge that fires by the clock. */
export const schedule: EventType = {
  shape: shapeOf(common, { text: 'Schedule Name Description', required: 'Schedule' }),
  add(event) {
    const { Schedule, Name, Description } = event.properties;
    addRule(event, { ScheduleExpression: Schedule, Name, Description });
  },
};

/** The same for a state machine, which may come with a role to be started by. */
export const scheduleOfMachine: EventType = {
  ...schedule,
  shape: shapeOf(common, { text: 'Schedule Name Description RoleArn', map: 'Target', required: 'Schedule' }),
};

/** A rule of EventBridge that waits for events; `CloudWatchEvent` is its older name. */
export const eventBridgeRule: EventType = {
  shape: shapeOf(common, { text: 'EventBusName InputPath', map: 'Pattern Target InputTransformer' }),
  add(event) {
    const { Pattern, EventBusName, RuleName } = event.properties;
    addRule(event, { EventPattern: Pattern, EventBusName, Name: RuleName });
  },
};

function addRule(event: Event, rule: Fields): void {
  const { logicalId, properties, consumer, inherited, draft } = event;
  const state = readState(event);
  const deadLetters = readDeadLetters(event);
  const isFunction = consumer.kind === 'function';
  const wanted = properties['Target'];
  const target = given({
    Arn: consumer.arn,
    Id: (isMap(wanted) ? wanted['Id'] : undefined) ?? `${logicalId}${isFunction ? 'Lambda' : 'StepFunctions'}Target`,
    RoleArn: isFunction ? undefined : (properties['RoleArn'] ?? starterRole(event)),
    ...pick(properties, ['Input', 'InputPath', 'RetryPolicy', 'InputTransformer']),
    DeadLetterConfig: deadLetters && { Arn: deadLetters.arn },
  });
  draft.add(logicalId, 'AWS::Events::Rule', { ...rule, State: state, Targets: [target] }, inherited);
  if (deadLetters !== undefined) permitRule(event, deadLetters);
  if (isFunction) permit(event, 'events.amazonaws.com', { SourceArn: getAtt(logicalId) });
}

function readState(event: Event): unknown {
  const { State, Enabled } = event.properties;
  if (State !== undefined && Enabled !== undefined) throw faulty(event, 'State and Enabled Properties cannot both be specified.');
  return Enabled === undefined ? State : Enabled === false ? 'DISABLED' : 'ENABLED';
}

/** The role by which a rule starts a state machine. @returns its ARN */
function starterRole({ logicalId, consumer, permissionsBoundary, tags, inherited, draft }: Event): Fields {
  const roleId = `${logicalId}Role`;
  const inline = [policy(`${roleId}StartExecutionPolicy`, allow('states:StartExecution', consumer.arn))];
  draft.add(
    roleId,
    'AWS::IAM::Role',
    roleOf({ trust: trust('events.amazonaws.com'), inline, permissionsBoundary, tags }),
    inherited,
  );
  return getAtt(roleId);
}
