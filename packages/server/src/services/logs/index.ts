export { openLogs, type Logs, type LogsOptions } from './open.ts';
export type { Delivery } from './fan.ts';
