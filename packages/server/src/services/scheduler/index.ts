export { openScheduler, type Scheduler, type SchedulerOptions } from './open.ts';
export type { SchedulerPorts } from './delivery.ts';
