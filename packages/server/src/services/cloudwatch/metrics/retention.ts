import type { Clock, Logger } from '../../../base/index.ts';
import { repeating } from '../../kit/index.ts';
import type { MetricStore } from './store.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/**
 * How long points are kept and how fine: seconds for three hours, minutes for 15 days, five minutes for 63
 * days, hours for 455 days.
 *
 * @source CloudWatch User Guide, "Metrics retention", read 2026-11
 */
export async function applyRetention(store: MetricStore, nowMs: number): Promise<void> {
  await store.trim(nowMs - 455 * dayMs);
  await store.coarsen(nowMs - 455 * dayMs, nowMs - 63 * dayMs, hourMs);
  await store.coarsen(nowMs - 63 * dayMs, nowMs - 15 * dayMs, 5 * minuteMs);
  await store.coarsen(nowMs - 15 * dayMs, nowMs - 3 * hourMs, minuteMs);
}

export const retention = (store: MetricStore, clock: Clock, log: Logger): AsyncDisposable =>
  repeating(clock, hourMs, () =>
    applyRetention(store, clock.now()).catch((error: unknown) => log.error('Old metrics could not be trimmed.', { error })),
  );
