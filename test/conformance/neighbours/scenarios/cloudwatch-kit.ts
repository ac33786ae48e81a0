import type { Answer } from '../../kit/stage.ts';
import type { Scenario, Scenarios } from '../kit/stage.ts';

export const Namespace = 'test/metrics';
export const minuteMs = 60_000;

/** The client's protocols by the name of the recorded case. */
export const inProtocols = (
  title: string,
  protocols: readonly string[],
  suffix: string,
  scenario: (protocol: string) => Scenario,
): Scenarios => Object.fromEntries(protocols.map((protocol) => [`${title}[${protocol}${suffix}]`, scenario(protocol)]));

export const times = (): { StartTime: Date; EndTime: Date } => ({
  StartTime: new Date(Date.now() - 5 * minuteMs),
  EndTime: new Date(Date.now() + 5 * minuteMs),
});

/** When a value was is of the moment. */
export const timeless = (answer: Answer): Answer => ({
  ...answer,
  MetricDataResults: (answer['MetricDataResults'] as Answer[]).map((result) => ({ ...result, Timestamps: 'timestamp' })),
});
