export { platformLines } from './platform-lines.ts';
export { openObserve, type Observe } from './observe.ts';
export type { Bill, BillQuery } from './bills.ts';
export type { MinuteQuery, MinuteStatistic } from './minutes.ts';
export type { Gauge, Labels, Sample } from './prometheus.ts';
