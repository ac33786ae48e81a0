import type { StateRecord } from './records.ts';

/** Who keeps a composite alarm from acting. Names are AWS's, since they go out as they are. */
export interface Suppressor {
  /** Name or ARN, as it was put. */
  readonly alarm: string;
  readonly waitS: number;
  readonly extensionS: number;
}

/** Actions that are not taken yet, and perhaps never. */
export interface Held {
  readonly by: 'Alarm' | 'WaitPeriod' | 'ExtensionPeriod';
  readonly reason: string;
  /** The state that the alarm came from. */
  readonly from: StateRecord;
  readonly untilMs?: number;
}

/**
 * What becomes of the actions of a composite alarm: they are held while its suppressor is in ALARM, for a while before
 * (it may be about to be), and for a while after. Pure.
 *
 * @param held  as they were; undefined = the alarm has just changed, coming from `from`
 * @returns undefined when the actions are to be taken now
 * @source CloudWatch User Guide, "Suppressing composite alarm actions", read 2026-11
 */
export function holding(
  { alarm, waitS, extensionS }: Suppressor,
  now: { readonly held: Held | undefined; readonly from: StateRecord; readonly isSuppressing: boolean; readonly nowMs: number },
): Held | undefined {
  const { held, from, isSuppressing, nowMs } = now;
  if (isSuppressing) return held?.by === 'Alarm' ? held : { by: 'Alarm', reason: `Actions suppressed by ${alarm}`, from };
  const [by, seconds] = held === undefined ? (['WaitPeriod', waitS] as const) : (['ExtensionPeriod', extensionS] as const);
  if (held === undefined || held.by === 'Alarm') {
    if (seconds === 0) return undefined;
    return { by, reason: `Actions suppressed by ${by} of ${seconds} seconds`, from, untilMs: nowMs + seconds * 1_000 };
  }
  return nowMs >= (held.untilMs ?? 0) ? undefined : held;
}
