import type { Clock, Logger } from '../../base/index.ts';
import type { Database } from '../../storage/index.ts';
import { Records, type SummarySink } from '../kit/index.ts';
import { alarmHandlers, taggedAlarms } from './alarms/handlers.ts';
import type { AlarmKinds } from './alarms/records.ts';
import { Watch, type AlarmAction } from './alarms/watch.ts';
import { anomalyDetectorHandlers, type DetectorRecord } from './anomaly-detectors.ts';
import { dashboardHandlers, type DashboardRecord } from './dashboards.ts';
import type { CloudWatchHandlers } from './faults.ts';
import { insightHandlers, taggedInsights, type InsightRecord, type ReadLines } from './insights/handlers.ts';
import { metricStreamHandlers, taggedStreams, type StreamRecord } from './metric-streams.ts';
import { metricHandlers } from './metrics/handlers.ts';
import { applyRetention, retention } from './metrics/retention.ts';
import { MetricStore } from './metrics/store.ts';
import { tagHandlers } from './tags.ts';

export type { AlarmAction } from './alarms/watch.ts';
export type { MetricDatum, MetricSink, SummarySink } from '../kit/index.ts';

export interface CloudWatchOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** Does what alarms ask for: publishes to a topic, invokes a function. Without it they only change state. */
  readonly act?: (action: AlarmAction) => Promise<void>;
  /** What rules of Contributor Insights look at. Without it they find nothing. */
  readonly lines?: ReadLines;
}

type ResourceKinds = { readonly detector: DetectorRecord; readonly stream: StreamRecord; readonly insight: InsightRecord };

export interface CloudWatch extends AsyncDisposable {
  readonly handlers: CloudWatchHandlers;
  /** Takes what the platform, metric filters and embedded metrics measure. */
  readonly metrics: SummarySink;
  /** Looks at the alarms now, instead of within ten seconds. */
  evaluate(): Promise<void>;
  /** Applies retention now, instead of within the hour. */
  trim(): Promise<void>;
}

/** CloudWatch metrics and alarms on our own disk. */
export async function openCloudWatch(options: CloudWatchOptions): Promise<CloudWatch> {
  const { database, clock, log } = options;
  const store = await MetricStore.open({ database, clock, log });
  const records = await Records.open<AlarmKinds>(database, 'cloudwatch');
  const dashboards = await Records.open<{ readonly dashboard: DashboardRecord }>(database, 'cloudwatch dashboards');
  const resources = await Records.open<ResourceKinds>(database, 'cloudwatch resources');
  const watch = new Watch({ records, store, clock, log, act: options.act });
  const trimming = retention(store, clock, log);
  return {
    handlers: {
      ...metricHandlers({ store, clock }),
      ...alarmHandlers({ records, watch, clock }),
      ...dashboardHandlers({ records: dashboards, clock }),
      ...anomalyDetectorHandlers({ records: resources }),
      ...metricStreamHandlers({ records: resources, clock }),
      ...insightHandlers({ records: resources, clock, lines: options.lines ?? noLines }),
      ...tagHandlers([taggedAlarms(records), taggedStreams(resources), taggedInsights(resources)]),
    },
    metrics: store,
    evaluate: () => watch.run({ all: true }),
    trim: () => applyRetention(store, clock.now()),
    async [Symbol.asyncDispose]() {
      await watch[Symbol.asyncDispose]();
      await trimming[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      await Promise.all([records.settled(), dashboards.settled(), resources.settled()]);
    },
  };
}

async function* noLines(): ReturnType<ReadLines> {}
