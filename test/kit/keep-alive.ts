import { dayMs, type Caller } from './day.ts';
import type { Patience } from '../../packages/server/src/invoke/index.ts';

/** What a day cost under one patience. */
export interface DayUnderPatience {
  readonly calls: number;
  /** Calls that found no environment. */
  readonly cold: number;
  readonly startsAhead: number;
  /** Environments that did nothing, added up. */
  readonly idleHours: number;
}

/** Plays a day: every function has one environment, calls take no time, and memory is never short. */
export function play(day: readonly Caller[], patience: Patience): DayUnderPatience {
  let [calls, cold, startsAhead, idleMs] = [0, 0, 0, 0];
  for (const [at, caller] of day.entries()) {
    const habit = patience.habit(String(at));
    let restedAtMs: number | undefined;
    for (const callMs of [...caller.calls, undefined]) {
      let found = false;
      if (restedAtMs !== undefined) {
        const restMs = (callMs ?? dayMs) - restedAtMs;
        const { keepMs, ahead } = habit.stay();
        idleMs += Math.min(restMs, keepMs);
        found = restMs <= keepMs;
        if (ahead !== undefined && restMs > ahead.fromMs) {
          startsAhead += 1;
          idleMs += Math.min(restMs, ahead.untilMs) - ahead.fromMs;
          found = restMs <= ahead.untilMs;
        }
      }
      if (callMs === undefined) break;
      calls += 1;
      if (!found) cold += 1;
      habit.called(callMs);
      habit.rested(callMs);
      restedAtMs = callMs;
    }
  }
  return { calls, cold, startsAhead, idleHours: idleMs / 3_600_000 };
}
