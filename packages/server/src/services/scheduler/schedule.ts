import type { SchedulerOperations } from '@mayfly/wire';
import { nextAfter, parseExpression, zoneOf, type Due } from '../kit/schedule/index.ts';

export type Target = NonNullable<SchedulerOperations['CreateSchedule']['input']['Target']>;

export interface Schedule {
  readonly name: string;
  readonly group: string;
  readonly arn: string;
  readonly description?: string;
  readonly expression: string;
  readonly zone: string;
  readonly startMs?: number;
  readonly endMs?: number;
  /** 0 = on the dot. */
  readonly windowMs: number;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly target: Target;
  readonly afterCompletion: 'NONE' | 'DELETE';
  readonly kmsKeyArn?: string;
  readonly clientToken?: string;
  /** A rate without a start counts from here. */
  readonly anchorMs: number;
  readonly createdAtMs: number;
  readonly changedAtMs: number;
}

export interface Group {
  readonly name: string;
  readonly arn: string;
  readonly clientToken?: string;
  readonly createdAtMs: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** Documents of the Scheduler. Schedules are named `<group>/<schedule>`. */
export type SchedulerKinds = { readonly schedule: Schedule; readonly group: Group };

/**
 * The first slot after a moment, and when in its window it fires.
 *
 * @param chance  evenly spread in [0, 1)
 * @source spec 7.2-03; EventBridge Scheduler User Guide: StartDate does not bind one-time schedules
 */
export function nextDue(schedule: Schedule, afterMs: number, chance: number): Due | undefined {
  const expression = parseExpression(schedule.expression);
  const zone = zoneOf(schedule.zone);
  if (schedule.state === 'DISABLED' || expression === undefined || zone === undefined) return undefined;
  const once = expression.kind === 'at';
  const fromMs = once || schedule.startMs === undefined ? afterMs : Math.max(afterMs, schedule.startMs - 1);
  const slotMs = nextAfter(expression, fromMs, { anchorMs: schedule.startMs ?? schedule.anchorMs, zone });
  if (slotMs === undefined || (!once && schedule.endMs !== undefined && slotMs > schedule.endMs)) return undefined;
  return { slotMs, atMs: slotMs + Math.floor(chance * schedule.windowMs) };
}
