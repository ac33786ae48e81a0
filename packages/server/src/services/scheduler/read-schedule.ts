import type { Call, SchedulerOperations } from '@mayfly/wire';
import { parseExpression, zoneOf } from '../kit/schedule/index.ts';
import { canReach } from '../kit/targets.ts';
import { invalid } from './faults.ts';
import type { SchedulerPorts } from './delivery.ts';
import type { Schedule, Target } from './schedule.ts';

type Input = SchedulerOperations['CreateSchedule']['input'] | SchedulerOperations['UpdateSchedule']['input'];

/** @throws ValidationException in the Scheduler's words */
export function readSchedule(
  input: Input,
  call: Call,
  ports: SchedulerPorts,
  options: { readonly nowMs: number; readonly before?: Schedule },
): Schedule {
  const { nowMs, before } = options;
  const text = input.ScheduleExpression ?? '';
  const expression = parseExpression(text);
  if (expression === undefined) throw invalid(`Invalid Schedule Expression ${text}.`);
  const zone = input.ScheduleExpressionTimezone ?? 'UTC';
  if (zoneOf(zone) === undefined) throw invalid(`Invalid Schedule Expression Timezone ${zone}.`);
  const [startMs, endMs] = [input.StartDate?.getTime(), input.EndDate?.getTime()];
  if (startMs !== undefined && endMs !== undefined && endMs <= startMs)
    throw invalid('The EndDate you specify must come after the StartDate.');
  if (endMs !== undefined && endMs < nowMs) throw invalid('The EndDate you specify cannot be in the past.');
  const { Mode: mode, MaximumWindowInMinutes: windowMinutes } = input.FlexibleTimeWindow ?? {};
  if (mode === 'FLEXIBLE' && windowMinutes === undefined)
    throw invalid('MaximumWindowInMinutes must be provided when FlexibleTimeWindow Mode is FLEXIBLE.');
  if (mode === 'OFF' && windowMinutes !== undefined)
    throw invalid('MaximumWindowInMinutes must not be provided when FlexibleTimeWindow Mode is OFF.');
  const target = input.Target ?? ({} as Target);
  checkTarget(target, ports);
  const name = input.Name ?? '';
  const group = input.GroupName ?? 'default';
  const isSame = before !== undefined && before.expression === text;
  return {
    name,
    group,
    arn: `arn:aws:scheduler:${call.region}:${call.account}:schedule/${group}/${name}`,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    expression: text,
    zone,
    ...(startMs === undefined ? {} : { startMs }),
    ...(endMs === undefined ? {} : { endMs }),
    windowMs: (windowMinutes ?? 0) * 60_000,
    state: input.State ?? 'ENABLED',
    target,
    afterCompletion: input.ActionAfterCompletion ?? 'NONE',
    ...(input.KmsKeyArn === undefined ? {} : { kmsKeyArn: input.KmsKeyArn }),
    ...(input.ClientToken === undefined ? {} : { clientToken: input.ClientToken }),
    anchorMs: isSame ? before.anchorMs : nowMs,
    createdAtMs: before?.createdAtMs ?? nowMs,
    changedAtMs: nowMs,
  };
}

/** @throws ValidationException for what cannot be reached from here */
function checkTarget(target: Target, ports: SchedulerPorts): void {
  const arn = target.Arn ?? '';
  const isBus = /^arn:[^:]*:events:[^:]*:[^:]*:event-bus\//.test(arn);
  if (isBus && target.EventBridgeParameters === undefined)
    throw invalid('EventBridgeParameters must be provided for an EventBridge target.');
  if (/^arn:[^:]*:kinesis:/.test(arn) && target.KinesisParameters === undefined)
    throw invalid('KinesisParameters must be provided for a Kinesis target.');
  if (isBus ? ports.eventBridge !== undefined : canReach(ports, arn)) return;
  if (!/^arn:[^:]+:[^:]+:[^:]*:[^:]*:./.test(arn)) throw invalid('Provided Arn is not in correct format.');
  throw invalid(`Mayfly cannot deliver to ${arn} yet. docs/parity.md lists what it can.`);
}
